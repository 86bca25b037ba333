#!/usr/bin/env bash
# What `coroner traffic` costs and misses at 10, 100 and 500 thousand packets a second.
#
#   benches/traffic.sh [--seconds N] [--runs N] [--coroner FILE] [--sender FILE] [RATE...]
#
# A sender (crates/traffic/examples/sender.rs) floods 10.66.0.0/16 from one network namespace into another, both
# made here; nothing leaves the machine. For each rate, in turns: the sender alone, then watched. Told are
# coroner's own processor time, what the sender's grew by (samples and captured packets are paid by whoever
# sends), both in percent of one processor; packets and samples lost; the measured rate beside the real one; and the part of
# packets that the right process was named for. Needs root, iproute2, jq and GNU time.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
seconds=10 runs=3 coroner='' sender='' rates=()
die() { echo "traffic.sh: $*" >&2; exit 64; }
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=${2:?--seconds needs a number}; shift 2 ;;
    --runs) runs=${2:?--runs needs a number}; shift 2 ;;
    --coroner) coroner=${2:?--coroner needs a file}; shift 2 ;;
    --sender) sender=${2:?--sender needs a file}; shift 2 ;;
    [0-9]*) rates+=("$1"); shift ;;
    *) die "unknown argument: $1" ;;
  esac
done
[ ${#rates[@]} -gt 0 ] || rates=(10000 100000 500000)
[ "$(id -u)" = 0 ] || die "must be root"
for tool in ip jq /usr/bin/time; do command -v "$tool" >/dev/null || die "needs $tool"; done

built() {
  (cd "$here" && cargo build --quiet --release "$@" --message-format json) | jq -r 'select(.executable) | .executable' | tail -n 1
}
[ -n "$coroner" ] || coroner=$(built -p coroner-cli)
[ -n "$sender" ] || sender=$(built -p coroner-traffic --example sender)

near=coroner-bench-$$-near far=coroner-bench-$$-far work=$(mktemp -d)
trap 'ip netns del $near; ip netns del $far; rm -rf "$work"' EXIT
ip netns add $near
ip netns add $far
ip -n $near link add v0 type veth peer name v1 netns $far
ip -n $near addr add 10.65.0.1/24 dev v0
ip -n $far addr add 10.65.0.2/24 dev v1
for side in $near $far; do ip -n $side link set lo up; done
ip -n $near link set v0 up
ip -n $far link set v1 up
ip -n $near route add 10.66.0.0/16 via 10.65.0.2
ip -n $far route add blackhole 10.66.0.0/16 # taken and dropped, without answers

# Sends for $2 seconds at $1; leaves how many packets, and the processor time, in files of the name $3.
send() {
  ip netns exec $near nice -n -15 /usr/bin/time -o "$work/$3.time" -f '%U %S' "$sender" raw "$1" "$2" >"$work/$3.sent"
}

counted() { ip -n $near -s -j link show v0 | jq '.[0].stats64.tx.packets'; }

watch() {
  ip netns exec $near nice -n -5 sh -c 'mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null; exec "$@"' sh \
    "$coroner" traffic --dev v0 --for "${seconds}s" --json >"$work/seen"
}

# Processor time for a million packets, in milliseconds.
each() { awk '{ print ($1 + $2) * 1e9 }' "$work/$1.time" | awk -v sent="$(cat "$work/$1.sent")" '{ printf "%.0f", $1 / sent }'; }

printf '%9s %9s %9s %8s %9s %7s %9s %9s %8s %7s\n' \
  wanted sent/s seen/s 'own %' 'sender+%' lost 'samples' 'lost' 'one in' 'named %'
for rate in "${rates[@]}"; do
  for _ in $(seq "$runs"); do
    send "$rate" "$seconds" alone
    send "$rate" $((seconds + 3)) watched &
    sleep 1
    before=$(counted) begun=$(date +%s%N)
    watch
    sent=$((($(counted) - before) * 1000000000 / ($(date +%s%N) - begun)))
    wait
    grown=$(awk -v a="$(each alone)" -v w="$(each watched)" -v rate="$sent" -v part="$((seconds + 3))/$seconds" \
      'BEGIN { split(part, p, "/"); printf "%.1f", (w - a) * rate / 1e6 / 10 * p[1] / p[2] }')
    jq -r --arg wanted "$rate" --arg sent "$sent" --arg grown "$grown" '
      .observation as $o | ($o.flows[] | select(.port == 80)) as $f | $o.seen as $s |
      [$wanted, $sent, ($f.packets * 1000 / $f.ms | floor), ($s.cpu_ms * 1000 / $s.ms | floor / 10), $grown,
       $s.capture_lost, $s.samples, $s.samples_lost, $s.one_in,
       (($f.senders | map(select(.who | test("sender$")) | .packets) | add // 0) * 1000 / $f.packets | floor / 10)] | @tsv' \
      "$work/seen" | awk -F'\t' '{ printf "%9s %9s %9s %8s %9s %7s %9s %9s %8s %7s\n", $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 }'
  done
done
