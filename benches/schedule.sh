#!/usr/bin/env bash
# What a second scheduled audit of an unchanged root costs beside the first.
#
#   benches/schedule.sh --root DIR [--runs N] [--coroner FILE] [-- MORE ARGUMENTS OF audit]
#
# Each round begins with an empty state folder: a first audit, then a second. Prints the medians of user, system and
# whole processor seconds, and the ratio. The root is read once beforehand, so that no disk is measured. Without --coroner
# the release binary is built. `--root /` measures a live machine; its traffic sample is left out.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
root='' runs=5 coroner=''
die() { echo "schedule.sh: $*" >&2; exit 64; }
while [ $# -gt 0 ]; do
  case $1 in
    --root) root=${2:?--root needs a directory}; shift 2 ;;
    --runs) runs=${2:?--runs needs a number}; shift 2 ;;
    --coroner) coroner=${2:?--coroner needs a file}; shift 2 ;;
    --) shift; break ;;
    *) die "unknown argument: $1" ;;
  esac
done
[ -d "$root" ] || die "needs --root DIR"
if [ -z "$coroner" ]; then
  coroner=$("$here/deploy/build" "${CARGO_TARGET_DIR:-$here/target}")
fi
[ -x "$coroner" ] || die "no coroner binary"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

TIMEFORMAT='%3U %3S'
audit() {
  { time "$coroner" audit --root "$root" --state "$work/state" --traffic 0s --format json "${@:2}" >/dev/null 2>&1 || true; } \
    2>>"$work/$1"
}

audit warm "$@"
for _ in $(seq "$runs"); do
  rm -rf "$work/state"
  audit first "$@"
  audit second "$@"
done

median() {
  grep -E '^[0-9.]+ [0-9.]+$' "$work/$1" | awk "{ print $2 }" | sort -n |
    awk '{ all[NR] = $1 } END { print (NR % 2) ? all[(NR + 1) / 2] : (all[NR / 2] + all[NR / 2 + 1]) / 2 }'
}

printf '%-8s %8s %8s %8s\n' audit user sys cpu
for which in first second; do
  printf '%-8s %8.3f %8.3f %8.3f\n' $which "$(median $which '$1')" "$(median $which '$2')" "$(median $which '$1 + $2')"
done
awk -v a="$(median first '$1 + $2')" -v b="$(median second '$1 + $2')" 'BEGIN { printf "ratio %.3f\n", b / a }'
