#!/usr/bin/env bash
# How long whole-root verification takes, beside other tools, on the same warm root.
#
#   benches/verify.sh [--root DIR] [--runs N] [--coroner FILE] [--paketkoll FILE] [--without-rkhunter]
#
# The row coroner-proved audits with a pack that knows every package of the root, so that all is verified by
# SHA-256 alone; coroner-standard takes no packs, and is MD5 as dpkg's lists have it. At the end stands how
# long opening each shipped pack takes, with the start of the process.
#
# Without --root a Debian 12 server root is made once with mmdebstrap (15,000 packaged files, 550 MB)
# below $XDG_CACHE_HOME/coroner, and kept. Without --coroner the release binary is built.
# paketkoll (`cargo install paketkoll`) and debsums and rkhunter (packages inside the root) are
# measured where they are found. All of them look at the live root only, so each runs inside the
# root, in a mount namespace of its own with its writable directories in memory: the root stays as it
# is. Needs root, for chroot. The traffic sample of a live audit is no part of this (--traffic 0).
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
root='' runs=5 coroner='' paketkoll=$(command -v paketkoll || true) rkhunter=yes
packages=systemd-sysv,udev,dbus,procps,iproute2,lsof,net-tools,openssh-server,cron,at,sudo
packages+=,iptables,nftables,kmod,rsyslog,logrotate,psmisc,tcpdump,curl,wget,vim,less,python3,perl
packages+=,git,ca-certificates,bash-completion,man-db,apparmor,unattended-upgrades,polkitd,binutils
packages+=,linux-image-cloud-amd64,debsums,rkhunter

die() { echo "verify.sh: $*" >&2; exit 64; }

while [ $# -gt 0 ]; do
  case $1 in
    --root) root=${2:?--root needs a directory}; shift 2 ;;
    --runs) runs=${2:?--runs needs a number}; shift 2 ;;
    --coroner) coroner=${2:?--coroner needs a file}; shift 2 ;;
    --paketkoll) paketkoll=${2:?--paketkoll needs a file}; shift 2 ;;
    --without-rkhunter) rkhunter=no; shift ;;
    *) die "unknown argument: $1" ;;
  esac
done
[ "$(id -u)" = 0 ] || die "must be root, to run the other tools inside the root"
[ -x /usr/bin/time ] || die "needs GNU time (package 'time')"

# The mirror that this machine itself uses; mmdebstrap's own choice where that cannot be told.
mirror() {
  { sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/*.sources
    sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list
  } 2>/dev/null | grep -m1 '/debian/\?$' || true
}

if [ -z "$root" ]; then
  root=${XDG_CACHE_HOME:-$HOME/.cache}/coroner/bench-root
  if [ ! -d "$root" ]; then
    command -v mmdebstrap >/dev/null || die "needs mmdebstrap, or a root by --root"
    echo "making $root" >&2
    mkdir -p "$(dirname "$root")"
    mmdebstrap --quiet --variant=important --include="$packages" bookworm "$root.new" $(mirror)
    mv "$root.new" "$root"
  fi
fi
[ -d "$root/var/lib/dpkg" ] || die "$root is no Debian root"

if [ -z "$coroner" ]; then
  coroner=$("$here/deploy/build" "${CARGO_TARGET_DIR:-$here/target}")
fi
[ -x "$coroner" ] || die "no coroner binary"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Runs "$@" inside the root; a tool from outside lies in /mnt there.
inside() {
  BENCH_ROOT=$root BENCH_TOOL=$paketkoll unshare --mount --propagation private bash -c '
    set -eu
    for dir in mnt tmp var/log var/lib/rkhunter/tmp run; do
      if [ -d "$BENCH_ROOT/$dir" ]; then mount -t tmpfs tmpfs "$BENCH_ROOT/$dir"; fi
    done
    mount -t proc proc "$BENCH_ROOT/proc"
    if [ -n "$BENCH_TOOL" ]; then cp "$BENCH_TOOL" "$BENCH_ROOT/mnt/paketkoll"; fi
    /usr/bin/time -a -o "$0" -f "%U %S %e %M" chroot "$BENCH_ROOT" "$@" >/dev/null 2>&1 || true
  ' "$work/$1" "${@:2}"
}

outside() {
  /usr/bin/time -a -o "$work/$1" -f '%U %S %e %M' "${@:2}" >/dev/null 2>&1 || true
}

# A pack of the whole root, and one that speaks of no such root: with it the shipped packs are not taken.
"$coroner" baseline build --root "$root" -o "$work/root.pack" 2>/dev/null
"$coroner" baseline build --root "$root" --os none -o "$work/none.pack" 2>/dev/null

audit() { outside "$1" "$coroner" audit --root "$root" --format json --allow-unsigned "${@:2}"; }

measure() {
  case $1 in
    coroner-quick) audit "$1" --baseline "$work/none.pack" --scope quick ;;
    coroner-standard) audit "$1" --baseline "$work/none.pack" ;;
    coroner-proved) audit "$1" --baseline "$work/root.pack" ;;
    paketkoll) inside "$1" /mnt/paketkoll check ;;
    paketkoll-conffiles) inside "$1" /mnt/paketkoll --config-files include check ;;
    debsums) inside "$1" /usr/bin/debsums --all ;;
    rkhunter) inside "$1" /usr/bin/rkhunter --check --skip-keypress --report-warnings-only ;;
  esac
}

tools=(coroner-quick coroner-standard coroner-proved)
if [ -n "$paketkoll" ]; then tools+=(paketkoll paketkoll-conffiles); fi
if [ -x "$root/usr/bin/debsums" ]; then tools+=(debsums); fi

# Warm: everything has been read once, and every tool has run once.
find "$root" -xdev -type f -print0 | xargs -0 cat >/dev/null
for tool in "${tools[@]}"; do measure "$tool"; rm -f "$work/$tool"; done
# One after another in turns, so that what else the machine does meets all of them alike.
for _ in $(seq "$runs"); do
  for tool in "${tools[@]}"; do measure "$tool"; done
done
if [ $rkhunter = yes ] && [ -x "$root/usr/bin/rkhunter" ]; then
  measure rkhunter
  tools+=(rkhunter)
fi

# The middle of a column of a tool's runs; lines that time adds about exit statuses are left out.
median() {
  grep -E '^[0-9.]+ [0-9.]+ [0-9.]+ [0-9]+$' "$work/$1" | awk "{ print $2 }" | sort -n |
    awk '{ all[NR] = $1 } END { print (NR % 2) ? all[(NR + 1) / 2] : (all[NR / 2] + all[NR / 2 + 1]) / 2 }'
}

listed=$(cat "$root"/var/lib/dpkg/info/*.md5sums | wc -l)
bytes=$(cut -c 35- "$root"/var/lib/dpkg/info/*.md5sums | sed "s|^|$root/|" | tr '\n' '\0' |
  xargs -0 stat -L -c %s 2>/dev/null | awk '{ sum += $1 } END { printf "%d", sum / 1000000 }')
echo "$listed packaged files, $bytes MB, warm; medians of $runs runs on $(nproc) processors, seconds"
printf '%-20s %8s %8s %8s %8s %10s\n' tool user sys cpu wall 'peak MB'
for tool in "${tools[@]}"; do
  printf '%-20s %8.2f %8.2f %8.2f %8.2f %10.1f\n' "$tool" "$(median "$tool" '$1')" \
    "$(median "$tool" '$2')" "$(median "$tool" '$1 + $2')" "$(median "$tool" '$3')" \
    "$(median "$tool" '$4 / 1024')"
done

for pack in "$here"/baselines/*.pack; do
  [ -e "$pack" ] || continue
  "$coroner" baseline list --baseline "$pack" >/dev/null 2>&1 || true
  start=$(date +%s%N)
  for _ in 1 2 3 4 5 6 7 8 9 10; do "$coroner" baseline list --baseline "$pack" >/dev/null; done
  end=$(date +%s%N)
  awk -v name="$(basename "$pack")" -v bytes="$(stat -c %s "$pack")" -v ns=$((end - start)) \
    'BEGIN { printf "opening %s (%.1f MB): %.1f ms\n", name, bytes / 1e6, ns / 1e7 }'
done
