#!/usr/bin/env bash
# Rebuilds the shipped packs from what Debian signs: fetches each suite's InRelease, its indexes and the
# packages that packages/debian.txt names into a mirror folder, once, and lets coroner check the whole chain.
# Needs a Debian machine (apt-helper, xz) and cargo, or the binary in CORONER.
#   baselines/build.sh [RELEASE...]          all releases, or such as 12
#   MIRROR=http://HOST baselines/build.sh    another mirror: the address before /debian and /debian-security
#   CACHE=DIR KEYRING=FILE CORONER=BINARY    other places
set -euo pipefail
cd "$(dirname "$0")"
export LC_ALL=C
cache=${CACHE:-$PWD/../target/baselines}
keyring=${KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
wanted=packages/debian.txt
architectures=(amd64 arm64)
declare -A codename=([11]=bullseye [12]=bookworm [13]=trixie)
[ $# -gt 0 ] || set -- 11 12 13

say() { printf 'build.sh: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# The mirror that this machine's own apt uses.
mirror() {
    local line
    line=$(cat /etc/apt/sources.list.d/*.sources 2>/dev/null | sed -n 's,^URIs: \(.*\)/debian/*$,\1,p' | head -n 1)
    [ -n "$line" ] || line=$(sed -n 's,^deb \(\[[^]]*\] \)\?\([^ ]*\)/debian/* .*,\2,p' /etc/apt/sources.list 2>/dev/null | head -n 1)
    [ -n "$line" ] || fail "no mirror in apt's sources: give MIRROR"
    echo "$line"
}

# Fetches what is not there yet, by way of apt and its settings: lines of "PATH SHA256", the path below both
# the mirror and the cache; "-" where no hash is known. A file appears under its name when it is whole. Stops
# at the first that cannot be had.
fetch() {
    local path hash
    while read -r path hash; do
        [ ! -f "$cache/$path" ] || continue
        mkdir -p "$cache/$(dirname "$path")"
        [ "$hash" = - ] && hash="" || hash=SHA256:$hash
        /usr/lib/apt/apt-helper -qq -o APT::Sandbox::User=root download-file \
            "$mirror/$path" "$cache/$path.part" ${hash:+"$hash"} 2>/dev/null || return 1
        mv "$cache/$path.part" "$cache/$path"
    done
}

# The SHA-256 that a suite's InRelease gives for a file.
listed() { sed -n '/^SHA256:/,/^[A-Z]/p' "$1" | awk -v file="$2" '$3 == file { print $1 }'; }

# "PATH SHA256" of each wanted package of an index.
chosen() {
    xz -dc "$1" | awk -v area="$2" '
        NR == FNR { sub(/#.*/, ""); if ($1 != "") want[$1]; next }
        /^Package: / { name = $2 } /^Filename: / { file = $2 } /^SHA256: / { sum = $2 }
        /^$/ { if (name in want) print area "/" file, sum; name = "" }
        END { if (name in want) print area "/" file, sum }' "$wanted" -
}

# A suite's signature and indexes are fetched anew each time; packages never change under their name.
fetch_suite() {
    local area=$1 suite=$2 at=$1/dists/$2 arch index hash
    rm -f "$cache/$at/InRelease"
    fetch <<<"$at/InRelease -" || fail "cannot fetch $at/InRelease"
    for arch in "${architectures[@]}"; do
        index=main/binary-$arch/Packages.xz
        hash=$(listed "$cache/$at/InRelease" "$index")
        [ -n "$hash" ] || fail "$suite has no $index"
        fetch <<<"$at/main/binary-$arch/by-hash/SHA256/$hash $hash" || fail "cannot fetch $at/$index"
        # A mirror of an old release may lack packages that its index still names: coroner leaves them out, and
        # names them.
        chosen "$cache/$at/main/binary-$arch/by-hash/SHA256/$hash" "$area" |
            while read -r line; do fetch <<<"$line" || true; done
    done
}

build() {
    local release=$1 code=${codename[$1]:-} arch options=()
    [ -n "$code" ] || fail "release $release is not known: add it to this script"
    say "Debian $release ($code)"
    fetch_suite debian "$code"
    fetch_suite debian "$code-updates"
    fetch_suite debian-security "$code-security"
    [ -z "${FETCH_ONLY:-}" ] || return 0
    for arch in "${architectures[@]}"; do options+=(--arch "$arch"); done
    "${coroner[@]}" baseline build --mirror "$cache/debian" --mirror "$cache/debian-security" \
        --suite "$code" --suite "$code-updates" --suite "$code-security" "${options[@]}" \
        --packages "$wanted" --keyring "$keyring" --skip-missing -o "debian-$release.pack"
}

mirror=${MIRROR:-$(mirror)}
coroner=(${CORONER:-cargo run --quiet --release --bin coroner --})
for release in "$@"; do build "$release"; done
[ -n "${FETCH_ONLY:-}" ] || sha256sum -- *.pack >SHA256SUMS
