# The incident's set-up on a kernel that has everything, beside the ten commands typed by hand.
. ./throttle-lab.sh
modprobe -a sch_htb sch_sfq cls_u32 sch_ingress act_police
join near far
join hand away

# 1. Line for line.
throttle apply --dev v0 --rate 1mbit --total 1gbit --dport 80,443 >&2
while read -r words; do
    # shellcheck disable=SC2086
    ip netns exec hand tc $words
done <ten-commands
dump near | without_counts >$OUT/ours
dump hand | without_counts >$OUT/theirs

# The same packets go to the same class of both, but for what the two ends say to each other by themselves. An
# sfq holds 127 packets, so each lot is let out before the next one comes.
for side in near hand; do
    send $side 10.66.1.2 80 100
    drained $side
    send $side 10.66.1.3 5000 50
    send $side fd65::2 443 20
    send $side 10.66.1.4 443 40
    send $side fd65::2 5000 30
    drained $side
    echo "$(class_packets 1:10 $side) in the attack's class"
done >$OUT/sorted

# 2. Status and tc, when nothing moves.
throttle status --json >$OUT/status.json
near tc -s qdisc show dev v0 >$OUT/qdiscs
near tc -s class show dev v0 >$OUT/classes
near tc -s filter show dev v0 parent 1: >$OUT/filters
throttle status >$OUT/status.text
throttle revert >&2
near tc qdisc show dev v0 >$OUT/after

# 3. Marks.
throttle apply --dev v0 --rate 1mbit --mark 0x10/0xf0 >&2
marked() {
    local attack rest
    attack=$(class_packets 1:10) rest=$(class_packets 1:30)
    send near "$1" 9 3 "$2"
    until [ $(($(class_packets 1:10) + $(class_packets 1:30))) -ge $((attack + rest + 3)) ]; do sleep 0.1; done
    echo "$(($(class_packets 1:10) - attack)) of 3 with mark $2 to $1"
}
{ marked 10.66.0.1 0x13; marked 10.66.0.1 0x23; marked 10.66.0.1 0; marked fd65::2 0x1f; } >$OUT/marks
throttle revert >&2

# 4. What comes in.
near nft 'table inet count { chain in { type filter hook prerouting priority -300; udp dport 9 counter; udp dport 10 counter; }; }'
throttle apply --dev v0 --ingress --rate 100kbit --burst 20k --dport 9 >&2
begun=$(date +%s%N)
send far 10.65.0.1 9 200
send far fd65::1 9 100
echo $(($(date +%s%N) - begun)) >$OUT/ingress.nanoseconds
send far 10.65.0.1 10 200
throttle status --json >$OUT/ingress.json
near tc -s filter show dev v0 parent ffff: >$OUT/ingress.filters
near tc -s qdisc show dev v0 >$OUT/ingress.qdiscs
near nft list chain inet count in >$OUT/ingress.arrived
throttle revert >&2
near tc qdisc show dev v0 >$OUT/ingress.after

# 5. A real device: its speed is known, and its default qdisc is Debian's.
card=$(ls -d /sys/class/net/*/device | head -n 1 | cut -d/ -f5)
ip link set "$card" up
tc -d qdisc show dev "$card" >$OUT/card.before
cat /sys/class/net/"$card"/speed >$OUT/card.speed
said card.rate ./coroner throttle apply --dev "$card" --rate 1gbit --dport 80
said card.total ./coroner throttle apply --dev "$card" --rate 1mbit --total 2gbit --dport 80
./coroner throttle apply --dev "$card" --rate 1mbit --dport 80 >$OUT/card.applied
tc class show dev "$card" >$OUT/card.classes
./coroner throttle revert >&2
tc -d qdisc show dev "$card" >$OUT/card.after
ls /run/coroner 2>&1 || true
