#!/usr/bin/env bash
# What `coroner traffic` costs and misses at 10, 100 and 500 thousand packets a second.
#
#   benches/traffic.sh [--seconds N] [--pairs N] [--kind frames|raw|udp] [--coroner FILE] [--sender FILE] [RATE...]
#
# A sender (crates/traffic/examples/sender.rs) floods 10.66.0.0/16 from one network namespace into another, both
# made here; nothing leaves the machine. It runs through all pairs of a rate; in each pair it is left alone for some
# seconds, then watched for as long, and its processor time by packet (/proc/PID/schedstat) is compared: what the
# kernel does for a sample and for the capture is paid by whoever sends. So the machine's other work falls on both
# halves alike, and sender and coroner run at real-time priority, as if it had none. Told are coroner's own processor
# time and what the sender's grew by, both in percent of one processor; packets and samples lost; the told rate beside
# the real one; and the part of packets that the right process was named for. The last line of a rate holds medians.
# Needs root, iproute2, jq and util-linux.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
seconds=5 pairs=5 kind=frames coroner='' sender='' rates=()
die() { echo "traffic.sh: $*" >&2; exit 64; }
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=${2:?--seconds needs a number}; shift 2 ;;
    --pairs) pairs=${2:?--pairs needs a number}; shift 2 ;;
    --kind) kind=${2:?--kind needs frames, raw or udp}; shift 2 ;;
    --coroner) coroner=${2:?--coroner needs a file}; shift 2 ;;
    --sender) sender=${2:?--sender needs a file}; shift 2 ;;
    [0-9]*) rates+=("$1"); shift ;;
    *) die "unknown argument: $1" ;;
  esac
done
[ ${#rates[@]} -gt 0 ] || rates=(10000 100000 500000)
[ "$(id -u)" = 0 ] || die "must be root"
for tool in ip jq chrt; do command -v "$tool" >/dev/null || die "needs $tool"; done

built() {
  (cd "$here" && cargo build --quiet --release "$@" --message-format json) | jq -r 'select(.executable) | .executable' | tail -n 1
}
[ -n "$coroner" ] || coroner=$("$here/deploy/build" "${CARGO_TARGET_DIR:-$here/target}")
[ -n "$sender" ] || sender=$(built -p coroner-traffic --example sender)

near=coroner-bench-$$-near far=coroner-bench-$$-far work=$(mktemp -d) pid=
trap '[ -z "$pid" ] || kill "$pid"; ip netns del $near; ip netns del $far; rm -rf "$work"' EXIT
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

# Packets sent so far, the sender's processor time so far and the time, both in nanoseconds.
now() {
  echo "$(ip -n $near -s -j link show v0 | jq '.[0].stats64.tx.packets') $(cut -d ' ' -f 1 /proc/"$pid"/schedstat) $(date +%s%N)"
}

watch() {
  ip netns exec $near chrt -f 2 sh -c 'mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null; exec "$@"' sh \
    "$coroner" traffic --dev v0 --for "${seconds}s" --json >"$work/seen"
}

# One row: the rate that was wanted, and the counters before, between and after the two halves.
row() {
  local grown sent
  sent=$(echo "$3 $4" | awk '{ printf "%d", ($4 - $1) * 1e9 / ($6 - $3) }')
  grown=$(echo "$2 $3 $4" | awk '{ alone = ($5 - $2) / ($4 - $1); watched = ($8 - $5) / ($7 - $4)
    printf "%.1f", (watched - alone) * ($7 - $4) * 100 / ($9 - $6) }')
  jq -r --arg wanted "$1" --arg sent "$sent" --arg grown "$grown" --arg pid "$pid" '
    .observation as $o | ($o.flows[] | select(.port == 80 and .protocol == "tcp")) as $f | $o.seen as $s |
    [$wanted, $sent, ($f.packets * 1000 / $f.ms | floor), ($s.cpu_ms * 1000 / $s.ms | floor / 10), $grown,
     $s.captured, $s.capture_lost, $s.samples, $s.samples_lost, $s.one_in,
     (($f.senders | map(select(.pid == ($pid | tonumber)) | .packets) | add // 0) * 1000 / $f.packets | floor / 10)] | @tsv' \
    "$work/seen"
}

shown() { awk -F'\t' '{ printf "%8s %8s %8s %6s %9s %9s %5s %8s %5s %7s %8s\n", $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 }'; }

medians() {
  local column
  for column in 1 2 3 4 5 6 7 8 9 10 11; do
    cut -f $column "$work/rows" | sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'
  done | paste -s
}

printf 'wanted\tsent/s\ttold/s\town %%\tsender+%%\tcaptured\tlost\tsamples\tlost\tone in\tnamed %%\n' | shown
for rate in "${rates[@]}"; do
  : >"$work/rows"
  ip netns exec $near chrt -f 1 "$sender" "$kind" "$rate" $((pairs * (2 * seconds + 6) + 10)) >/dev/null &
  pid=$!
  sleep 1
  for _ in $(seq "$pairs"); do
    before=$(now)
    sleep "$seconds"
    between=$(now)
    watch
    row "$rate" "$before" "$between" "$(now)" | tee -a "$work/rows" | shown
  done
  kill "$pid"
  wait "$pid" 2>/dev/null || true
  pid=
  medians | shown
done
