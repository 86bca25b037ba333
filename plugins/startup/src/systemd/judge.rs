//! What is special about units; payloads and plain ownership are the shared judge's.

use std::collections::BTreeSet;

use coroner_core::{Confidence, Findings, Items, Severity, Text};
use coroner_parse::startup::search::UnitPlace;
use coroner_parse::startup::unit_name::UnitName;

use super::items::{Unit, UnitCommand, UnitLink};
use crate::{place, rules};

/// Units that guard the host or let people in: what they run is not an administrator's to change
/// to a program of nobody's.
const GUARDS: &[&str] = &[
    "ssh",
    "sshd",
    "getty",
    "serial-getty",
    "console-getty",
    "systemd-logind",
    "systemd-journald",
    "systemd-udevd",
    "systemd-networkd",
    "systemd-resolved",
    "systemd-timesyncd",
    "systemd-user-sessions",
    "dbus",
    "dbus-broker",
    "cron",
    "crond",
    "atd",
    "rsyslog",
    "syslog-ng",
    "auditd",
    "apparmor",
    "polkit",
    "accounts-daemon",
    "fail2ban",
    "firewalld",
    "nftables",
    "iptables",
    "ufw",
    "unattended-upgrades",
    "apt-daily",
    "apt-daily-upgrade",
    "sssd",
    "chrony",
    "chronyd",
    "ntp",
    "aide",
    "dailyaidecheck",
    "wazuh-agent",
    "osqueryd",
    "falco",
    "sysmon",
];

pub(crate) fn judge(items: &Items, out: &mut Findings) {
    let units: Vec<Unit> = items.all::<Unit>().collect();
    let vendors = VendorNames::of(items, &units);
    for unit in &units {
        name_taken(items, &vendors, unit, out);
        guard_replaced(items, unit, out);
        unexplained(items, unit, out);
    }
    for link in items.all::<UnitLink>() {
        enabled_from_hidden_place(&link, out);
    }
}

/// Names of units that packages brought.
struct VendorNames(BTreeSet<Text>);

impl VendorNames {
    fn of(items: &Items, units: &[Unit]) -> Self {
        let packaged = |unit: &&Unit| {
            let file = unit.hides.as_ref().unwrap_or(&unit.file);
            place::is_packaged(items, file)
        };
        Self(units.iter().filter(packaged).map(|unit| unit.name.clone()).collect())
    }

    fn resembled_by(&self, name: &Text) -> Option<&Text> {
        if self.0.contains(name) {
            return None;
        }
        let own = UnitName::parse(name.as_bytes())?;
        self.0.iter().find(|known| {
            let known = UnitName::parse(known.as_bytes());
            known.is_some_and(|known| {
                known.kind == own.kind && differ_in_one(&known.prefix, &own.prefix)
            })
        })
    }
}

/// One letter or separator added, left out, changed or swapped with its neighbour, in names long
/// enough for that to mislead. Digits do not count: `nginx2` stands beside `nginx` openly.
fn differ_in_one(known: &Text, name: &Text) -> bool {
    let (a, b) = (known.as_bytes(), name.as_bytes());
    if a.len().min(b.len()) < 5 || a.len().abs_diff(b.len()) > 1 || a == b {
        return false;
    }
    let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (a.get(start..).unwrap_or_default(), b.get(start..).unwrap_or_default());
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let left =
        |rest: &[u8]| rest.get(..rest.len().saturating_sub(end)).unwrap_or_default().to_vec();
    let (a, b) = (left(a), left(b));
    let digits = a.iter().chain(&b).any(u8::is_ascii_digit);
    let swapped = a.len() == 2 && a.iter().eq(b.iter().rev());
    !digits && (a.len().max(b.len()) <= 1 || swapped)
}

/// A file of somebody's own: no link, no package's, not written by a generator or the manager.
fn is_own_file(items: &Items, unit: &Unit) -> bool {
    let own = unit.place != UnitPlace::Attached && !unit.is_written_by_machine();
    own && unit.linked_to.is_none() && place::is_unowned(items, &unit.file)
}

fn name_taken(items: &Items, vendors: &VendorNames, unit: &Unit, out: &mut Findings) {
    if unit.masked || !is_own_file(items, unit) {
        return;
    }
    let bytes = unit.name.as_bytes();
    let runs_own =
        unit.commands.iter().any(|one| place::is_nobodys_or_interpreter(items, &one.program));
    let (confidence, resembles) = if bytes.starts_with(b"dbus-org.") {
        (Confidence::Likely, Text::from("an alias that only links of packages have"))
    } else if let Some(known) = vendors.resembled_by(&unit.name).filter(|_| runs_own) {
        (Confidence::Possible, known.clone())
    } else if bytes.starts_with(b"systemd-") && unit.hides.is_none() && runs_own {
        (Confidence::Possible, Text::from("a name that systemd keeps for its own units"))
    } else {
        return;
    };
    let draft = out.raise(&rules::VENDOR_NAME_TAKEN, unit);
    draft.in_file(&unit.file).evidence("unit", unit.name.clone()).evidence("resembles", resembles);
    if confidence == Confidence::Possible {
        draft.graded(Severity::Medium, confidence);
    }
    for command in &unit.commands {
        draft.evidence("command", command.command.clone());
    }
    place::show(draft, items, "file", &unit.file);
}

fn guard_replaced(items: &Items, unit: &Unit, out: &mut Findings) {
    let Some(name) = UnitName::parse(unit.name.as_bytes()) else { return };
    let vendor =
        if unit.place == UnitPlace::Vendor { Some(&unit.file) } else { unit.hides.as_ref() };
    let guard = GUARDS.iter().any(|guard| name.prefix == *guard);
    let Some(vendor) = vendor.filter(|file| guard && place::is_packaged(items, file)) else {
        return;
    };
    for command in unit.commands.iter().filter(|command| command.setting == "ExecStart") {
        let elsewhere = command.file != *vendor && !place::is_packaged(items, &command.file);
        if elsewhere && is_foreign(items, command) {
            let draft = out.raise(&rules::GUARD_COMMAND_REPLACED, unit);
            draft.at(&command.file, command.line).evidence("unit", unit.name.clone());
            draft.evidence("command", command.command.clone()).evidence("packaged unit", vendor);
            if let Some(program) = place::program(items, &command.program) {
                place::show(draft, items, "program", &program);
            }
        }
    }
}

/// The program is nobody's, or an interpreter that is told a program's text.
fn is_foreign(items: &Items, command: &UnitCommand) -> bool {
    let file = place::program(items, &command.program);
    let nobodys = file.is_some_and(|file| place::is_unowned(items, &file));
    let words = coroner_parse::startup::exec::split_words(command.command.as_bytes());
    let told = words.iter().any(|word| word == "-c" || word == "-e");
    nobodys || (place::is_interpreter(&command.program) && told)
}

fn unexplained(items: &Items, unit: &Unit, out: &mut Findings) {
    let written = unit.place == UnitPlace::Runtime && is_own_file(items, unit);
    // netplan and LXD keep their units in this place, beside `systemctl edit --runtime`.
    let known =
        [&b"netplan-"[..], b"lxd-", b"snap"].iter().any(|p| unit.name.as_bytes().starts_with(p));
    let mut commands = unit.commands.iter();
    let foreign =
        commands.find(|command| place::is_nobodys_or_interpreter(items, &command.program));
    if let Some(command) = foreign.filter(|_| written && !known) {
        let draft = out.raise(&rules::UNEXPLAINED_RUNTIME_UNIT, unit);
        draft.at(&command.file, command.line).evidence("unit", unit.name.clone());
        draft.evidence("command", command.command.clone());
    }
}

fn enabled_from_hidden_place(link: &UnitLink, out: &mut Findings) {
    let parent = link.file.parent().unwrap_or_else(|| link.file.clone());
    let named = parent.join(link.target.as_bytes());
    let last = link.leads_to.as_ref().unwrap_or(&named);
    if place::is_odd(last) && !last.is_under("/dev/null") {
        let draft = out.raise(&rules::UNIT_FROM_HIDDEN_PLACE, link);
        draft.in_file(&link.file).evidence("leads to", last);
        if let Some(unit) = &link.pulled_in_by {
            draft.evidence("pulled in by", unit.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resembles(known: &str, name: &str) -> bool {
        differ_in_one(&Text::from(known), &Text::from(name))
    }

    #[test]
    fn one_letter_or_a_swap_misleads() {
        assert!(resembles("rsyslog", "rsyslogd") && resembles("rsyslog", "rsylsog"));
        assert!(resembles("systemd-resolved", "systemd-resolve"));
        assert!(resembles("containerd", "comtainerd"));
    }

    #[test]
    fn numbers_short_names_and_different_names_do_not() {
        assert!(!resembles("nginx", "nginx2") && !resembles("cron", "crond"));
        assert!(!resembles("docker", "dockerfs") && !resembles("nginx", "nginx"));
    }
}
