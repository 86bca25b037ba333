//! Weakening the host's defences: firewall, audit, mandatory access control, libraries, modules.

use super::super::shell::{Command, base_name};
use super::walk::Walk;
use super::{Kind, Place, Strength, place};

/// Services whose absence an intruder likes.
const GUARDS: [&str; 26] = [
    "auditd",
    "rsyslog",
    "syslog",
    "syslog-ng",
    "systemd-journald",
    "fail2ban",
    "apparmor",
    "firewalld",
    "ufw",
    "nftables",
    "iptables",
    "falco",
    "falcon-sensor",
    "osqueryd",
    "wazuh-agent",
    "ossec",
    "clamav",
    "clamav-daemon",
    "aide",
    "crowdsec",
    "sysmon",
    "mdatp",
    "cbagentd",
    "aegis",
    "cloudmonitor",
    "tripwire",
];

/// Libraries that are preloaded for good reasons.
const ORDINARY_PRELOADS: [&str; 22] = [
    "jemalloc",
    "tcmalloc",
    "mimalloc",
    "eatmydata",
    "faketime",
    "fakeroot",
    "stdbuf",
    "nosync",
    "gomp",
    "asan",
    "tsan",
    "libSegFault",
    "fakechroot",
    "proxychains",
    "torsocks",
    "libarmmem",
    "vgl",
    "nss_wrapper",
    "libc_malloc_debug",
    "mkl",
    "pthread",
    "bindtextdomain",
];

pub(super) fn command(command: &Command, walk: &mut Walk<'_>) {
    preload(command, walk);
    match command.name() {
        b"iptables" | b"ip6tables" | b"iptables-legacy" | b"iptables-nft" => {
            iptables(command, walk);
        }
        b"nft" => {
            if command.has("flush") && command.has("ruleset") {
                walk.state.flushed.get_or_insert_with(|| command.span.clone());
            } else {
                walk.state.firewall_rules += 1;
            }
        }
        b"iptables-restore" | b"ip6tables-restore" | b"ufw" | b"firewall-cmd" => {
            firewall_program(command, walk);
        }
        b"systemctl" | b"service" | b"rc-service" | b"chkconfig" | b"update-rc.d" => {
            stopped_guard(command, walk);
        }
        b"setenforce" if command.has("0") || command.has("Permissive") => {
            off("turns SELinux off", command, walk);
        }
        b"auditctl" => audit(command, walk),
        b"aa-teardown" => off("turns AppArmor off", command, walk),
        b"insmod" | b"modprobe" | b"finit_module" => module(command, walk),
        b"pkill" | b"killall" | b"kill" => killed_guard(command, walk),
        _ => {}
    }
}

fn off(technique: &'static str, command: &Command, walk: &mut Walk<'_>) {
    walk.raise(Kind::SecurityOff, Strength::Likely, technique, &command.span);
}

fn preload(command: &Command, walk: &mut Walk<'_>) {
    for pair in &command.assignments {
        let loads = matches!(pair.name.as_slice(), b"LD_PRELOAD" | b"LD_AUDIT");
        let searches = matches!(pair.name.as_slice(), b"LD_LIBRARY_PATH");
        let parts = pair.value.split(|byte| b": ".contains(byte)).filter(|part| !part.is_empty());
        for part in parts.take(32) {
            let odd =
                place(&[part, b"/"].concat()) != Place::Ordinary || place(part) != Place::Ordinary;
            let strength = match (loads, searches, odd) {
                (true, _, true) => Strength::Certain,
                (true, _, false) if is_ordinary(part) => continue,
                (true, _, false) if part.starts_with(b"/") => Strength::Likely,
                (true, ..) => Strength::Weak,
                (_, true, true) => Strength::Likely,
                _ => continue,
            };
            let technique = "puts a library under a program";
            walk.raise(Kind::Preload, strength, technique, &command.span);
        }
    }
}

/// Known helpers, and names that hold a variable of the script around them.
fn is_ordinary(library: &[u8]) -> bool {
    let name = base_name(library);
    library.contains(&b'$')
        || ORDINARY_PRELOADS
            .iter()
            .any(|known| memchr::memmem::find(name, known.as_bytes()).is_some())
}

fn iptables(command: &Command, walk: &mut Walk<'_>) {
    let adds = ["-A", "-I", "-R", "--append", "--insert"].iter().any(|flag| command.has(flag));
    if command.has("-F") || command.has("--flush") {
        walk.state.flushed.get_or_insert_with(|| command.span.clone());
    } else if adds {
        walk.state.firewall_rules += 1;
    }
}

fn firewall_program(command: &Command, walk: &mut Walk<'_>) {
    if command.name() == b"ufw" && (command.has("disable") || command.has("reset")) {
        walk.raise(Kind::FirewallOff, Strength::Likely, "turns the firewall off", &command.span);
    } else {
        walk.state.firewall_rules += 1;
    }
}

/// Firewall scripts flush first and then add; flushing alone leaves the host open.
pub(super) fn conclude(walk: &mut Walk<'_>) {
    if walk.state.firewall_rules == 0
        && let Some(span) = walk.state.flushed.clone()
    {
        let technique = "removes all firewall rules and adds none";
        walk.raise(Kind::FirewallOff, Strength::Likely, technique, &span);
    }
}

fn is_guard(name: &[u8]) -> bool {
    let name = name.strip_suffix(b".service").unwrap_or(name);
    GUARDS.iter().any(|guard| guard.as_bytes() == name)
}

fn stopped_guard(command: &Command, walk: &mut Walk<'_>) {
    let stops = ["stop", "disable", "mask", "off"].iter().any(|verb| command.has(verb));
    if stops && command.argv().iter().skip(1).any(|word| is_guard(&word.text)) {
        off("stops a service that guards the host", command, walk);
    }
}

fn killed_guard(command: &Command, walk: &mut Walk<'_>) {
    let signals = command.argv().iter().skip(1).any(|word| {
        matches!(word.text.as_slice(), b"-HUP" | b"-1" | b"-USR1" | b"-USR2" | b"-0" | b"-hup")
    });
    if !signals && command.argv().iter().skip(1).any(|word| is_guard(&word.text)) {
        off("kills a service that guards the host", command, walk);
    }
}

fn audit(command: &Command, walk: &mut Walk<'_>) {
    let words = command.argv();
    let disabled = words
        .windows(2)
        .any(|pair| matches!(pair, [flag, value] if flag.text == b"-e" && value.text == b"0"));
    if disabled || command.has("-e0") {
        off("turns the audit off", command, walk);
    }
}

/// A module file from where no modules are.
fn module(command: &Command, walk: &mut Walk<'_>) {
    let arguments = command.argv().iter().skip(1).filter(|word| !word.text.starts_with(b"-"));
    for word in arguments {
        let path = word.text.as_slice();
        let is_file = path.starts_with(b"/") || path.starts_with(b"./");
        let usual = [
            &b"/lib/modules/"[..],
            b"/usr/lib/modules/",
            b"/opt/",
            b"/lib/",
            b"/usr/lib/",
            b"/usr/src/",
            b"/usr/local/",
        ];
        let ordinary =
            usual.iter().any(|prefix| path.starts_with(prefix)) && place(path) == Place::Ordinary;
        if is_file && !ordinary && !path.contains(&b'$') {
            let strength =
                if place(path) == Place::Ordinary { Strength::Likely } else { Strength::Certain };
            let technique = "loads a kernel module from an odd place";
            walk.raise(Kind::KernelModule, strength, technique, &command.span);
        }
    }
}
