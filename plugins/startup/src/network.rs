//! Commands in `/etc/network/interfaces`, and single files that network programs run.

use coroner_core::{Cx, HostPath, Text, Trigger};
use coroner_parse::startup::ifupdown;

use crate::starts;

/// Run by dhclient, pppd and ifup when they are there.
const FILES: &[&str] = &[
    "/etc/dhclient-enter-hooks",
    "/etc/dhclient-exit-hooks",
    "/etc/dhcp/dhclient-enter-hooks",
    "/etc/dhcp/dhclient-exit-hooks",
    "/etc/dhcpcd.enter-hook",
    "/etc/dhcpcd.exit-hook",
    "/etc/ppp/ip-up",
    "/etc/ppp/ip-down",
    "/etc/ppp/ip-up.local",
    "/etc/ppp/ip-down.local",
    "/etc/ppp/auth-up",
    "/sbin/ifup-local",
];

/// Collects commands of interfaces and single hook files.
pub(crate) fn collect(cx: &mut Cx<'_>) {
    interfaces(cx, &HostPath::new("/etc/network/interfaces"));
    for entry in cx.list(&HostPath::new("/etc/network/interfaces.d")) {
        interfaces(cx, &entry.path);
    }
    for path in FILES.iter().map(HostPath::new) {
        if let Some(stat) = cx.stat_followed(&path).filter(coroner_core::Stat::is_file) {
            let sourced = path.is_under("/etc/dhcp") || !path.is_under("/etc/ppp");
            starts::file(
                cx,
                Trigger::Network,
                Some(&Text::from("root")),
                &path,
                sourced || stat.is_executable(),
            );
        }
    }
}

fn interfaces(cx: &mut Cx<'_>, path: &HostPath) {
    let Some(content) = cx.read(path) else { return };
    for found in ifupdown::commands(&content.bytes) {
        match found {
            Ok(found) => {
                let (root, at) = (Text::from("root"), (path, found.line));
                starts::command(
                    cx,
                    Trigger::Network,
                    Some(&root),
                    at,
                    found.value.when,
                    found.value.command,
                );
            }
            Err(bad) => cx.bad_line(path, &bad),
        }
    }
}
