# What the scripts that prepare tests share; sourced by tests/run and tests/guest/make.

say() { printf 'tests: %s\n' "$*" >&2; }

# The mirror that this machine's own apt uses; without one mmdebstrap knows Debian's.
mirror() {
    local line
    line=$(cat /etc/apt/sources.list.d/*.sources 2>/dev/null | sed -n 's,^URIs: \(.*\)/debian/*$,\1,p' | head -n 1)
    [ -n "$line" ] || line=$(sed -n 's,^deb \(\[[^]]*\] \)\?\([^ ]*\)/debian/* .*,\2,p' /etc/apt/sources.list 2>/dev/null | head -n 1)
    echo "$line"
}

# Reads the mirror's lists anew, waiting for whoever else holds their lock, as a new machine's own timers do.
update() {
    local tries=60
    until apt-get -qq "$@" update; do
        [ $((tries -= 1)) -gt 0 ] || return 1
        sleep 5
    done
}

# Installs packages, waiting for whoever else holds dpkg's lock: install [APT OPTION...] PACKAGE...
install() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" >/dev/null
}

# Ends if FOLDER's disk has less than GIB free: a linker on a full disk dies of a bus error. room FOLDER GIB
room() {
    local free
    mkdir -p "$1"
    free=$(df -Pk "$1" | awk 'NR == 2 { print int($4 / 1048576) }')
    [ "$free" -lt "$2" ] || return 0
    say "$(realpath "$1") has $free GiB free, the first run takes 7 to 11: make room, or set CARGO_TARGET_DIR and CORONER_LAB"
    exit 74
}
