#!/usr/bin/env bash
# How long it takes to ask the kernel for every process number there can be (4,194,304), in two ways
# each, and for everything else that the plugin `hidden` looks at.
#
#   benches/hidden.sh [--runs N] [--coroner FILE]
#
# Without --coroner the release binary is built. The limit of process numbers (kernel.pid_max) is
# raised for the measurement where it is lower, and put back. Needs root.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
runs=5 coroner='' limit=4194304

die() { echo "hidden.sh: $*" >&2; exit 64; }

while [ $# -gt 0 ]; do
  case $1 in
    --runs) runs=${2:?--runs needs a number}; shift 2 ;;
    --coroner) coroner=${2:?--coroner needs a file}; shift 2 ;;
    *) die "unknown argument: $1" ;;
  esac
done
[ "$(id -u)" = 0 ] || die "must be root"

if [ -z "$coroner" ]; then
  coroner=$("$here/deploy/build" "${CARGO_TARGET_DIR:-$here/target}")
fi
[ -x "$coroner" ] || die "no coroner binary"

before=$(cat /proc/sys/kernel/pid_max)
root=$(mktemp -d)
trap 'echo "$before" >/proc/sys/kernel/pid_max; rm -rf "$root"' EXIT
[ "$before" -ge $limit ] || echo $limit >/proc/sys/kernel/pid_max

# An empty root, so that no package database is read beside it; processes are the machine's own.
measure() {
  "$coroner" audit --root "$root" --proc /proc --only hidden --scope "$1" --format json |
    awk '
      /"plugin":/ { own = /"hidden"/ }
      /"highest":/ { asked = $2 + 0 }
      /"ms":/ && own { took = $2 + 0; own = 0 }
      END { print took, asked }'
}

for scope in standard quick; do
  for _ in $(seq "$runs"); do measure $scope; done | sort -n | awk -v scope=$scope '
    { all[NR] = $1; asked = $2 }
    END {
      middle = (NR % 2) ? all[(NR + 1) / 2] : (all[NR / 2] + all[NR / 2 + 1]) / 2
      printf "%-9s %5d ms (median of %d, worst %d ms), %d numbers asked for twice\n", scope, middle, NR, all[NR], asked
    }'
done
