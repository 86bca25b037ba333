# Sourced by the scripts of tests/throttle_guest.rs: two namespaces joined by a veth pair. near has v0
# (10.65.0.1, fd65::1); far has v1 (10.65.0.2, fd65::2) and answers for all of 10.66.0.0/16.
join() {
    local near=$1 far=$2
    ip netns add "$near"
    ip netns add "$far"
    local mac=02:00:00:00:65 side device end other address
    ip -n "$near" link add v0 address $mac:01 numtxqueues 4 type veth peer name v1 address $mac:02 netns "$far"
    for side in "$near v0 1 2" "$far v1 2 1"; do
        # No chatter of IPv6, and nobody asks for the other's link address: counters hold what the test sends
        # and nothing else, also between two looks at them.
        read -r side device end other <<<"$side"
        ip netns exec "$side" sysctl -qw "net.ipv6.conf.$device.addr_gen_mode=1"
        ip -n "$side" link set lo up
        ip -n "$side" link set "$device" up
        ip -n "$side" addr add "10.65.0.$end/24" dev "$device"
        ip -n "$side" addr add "fd65::$end/64" dev "$device" nodad
        for address in 10.65.0.$other fd65::$other; do
            ip -n "$side" neigh add $address lladdr $mac:0$other dev "$device" nud permanent
        done
    done
    ip -n "$near" route add 10.66.0.0/16 via 10.65.0.2 dev v0
    ip -n "$far" route add local 10.66.0.0/16 dev lo
}

near() { ip netns exec near "$@"; }
far() { ip netns exec far "$@"; }
throttle() { near ./coroner throttle "$@"; }

# Runs it, keeps what it said in $OUT/NAME and gives its exit status as a word.
said() {
    local name=$1 status=0
    shift
    "$@" >"$OUT/$name" 2>&1 || status=$?
    echo "$status"
}

# Everything that tc knows of v0 in a namespace, in detail and without what counts.
dump() {
    local handle
    ip netns exec "$1" tc -d qdisc show dev v0
    ip netns exec "$1" tc -d class show dev v0 | grep '^class htb' || true
    for handle in $(ip netns exec "$1" tc qdisc show dev v0 | awk '$3 != "0:" { print $3 }'); do
        ip netns exec "$1" tc -d filter show dev v0 parent "$handle" 2>/dev/null || true
    done
}

without_counts() { sed -E 's/ direct_packets_stat [0-9]+//; s/ *\((rule hit|success) [^)]*\)//g'; }

# UDP datagrams of 1000 bytes: send NAMESPACE ADDRESS PORT COUNT [MARK]
send() {
    ip netns exec "$1" python3 -c '
import socket, sys
to, port, count, mark = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4], 0)
s = socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET, socket.SOCK_DGRAM)
if mark: s.setsockopt(socket.SOL_SOCKET, 36, mark)
for _ in range(count):
    try: s.sendto(bytes(1000), (to, port))
    except OSError: pass' "$2" "$3" "$4" "${5:-0}"
}

# Packets that a class of v0 has sent: class_packets CLASS [NAMESPACE]
class_packets() { ip netns exec "${2:-near}" tc -s class show dev v0 | awk -v class="$1" '$1 == "class" { on = $3 == class } on && $1 == "Sent" { print $4 }'; }

# Waits until nothing waits in the qdiscs of v0: drained [NAMESPACE]
drained() {
    local try
    for try in {1..300}; do
        # All of it is read, so that tc does not die of a closed pipe.
        ip netns exec "${1:-near}" tc -s qdisc show dev v0 | grep 'backlog [^0]' >/dev/null || return 0
        sleep 0.1
    done
    return 1
}
