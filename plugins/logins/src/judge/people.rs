//! What accounts did: made and gone again, root by way of a web server.

use std::collections::BTreeSet;

use coroner_core::{Findings, Items, Text};

use crate::items::{AccountDeed, AccountEvent, Elevation, Standing};
use crate::rules::{CREATED_AND_GONE, WEB_ACCOUNT_ROOT_SHELL, WEB_ACCOUNT_SUDO};

pub(super) fn judge(items: &Items, out: &mut Findings) {
    created_and_gone(items, out);
    for elevation in items.all::<Elevation>() {
        if is_web_account(elevation.user.as_bytes()) {
            web_account(&elevation, out);
        }
    }
}

fn created_and_gone(items: &Items, out: &mut Findings) {
    let events: Vec<AccountEvent> = items.all().collect();
    let of = |deed: AccountDeed| events.iter().filter(move |event| event.deed == deed);
    let left: BTreeSet<&Text> =
        of(AccountDeed::Deleted).chain(of(AccountDeed::Renamed)).map(|event| &event.name).collect();
    for event in of(AccountDeed::Added) {
        if event.standing == Standing::Absent && !left.contains(&event.name) {
            out.raise(&CREATED_AND_GONE, event)
                .at(&event.file, event.line)
                .evidence("account", event.name.clone())
                .evidence("shell", event.detail.clone())
                .evidence("made", event.first.to_string());
        }
    }
}

/// Accounts that web servers and application servers run as.
fn is_web_account(user: &[u8]) -> bool {
    const NAMES: [&[u8]; 14] = [
        b"www-data",
        b"apache",
        b"apache2",
        b"nginx",
        b"http",
        b"httpd",
        b"wwwrun",
        b"www",
        b"lighttpd",
        b"caddy",
        b"php-fpm",
        b"jetty",
        b"nobody",
        b"webapp",
    ];
    NAMES.contains(&user) || user.starts_with(b"tomcat")
}

/// Programs that are a shell or give one.
fn gives_a_shell(program: &[u8]) -> bool {
    const NAMES: [&[u8]; 14] = [
        b"sh", b"bash", b"dash", b"zsh", b"ksh", b"ash", b"fish", b"csh", b"tcsh", b"busybox",
        b"su", b"perl", b"ruby", b"node",
    ];
    let name = program.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    NAMES.contains(&name) || name.starts_with(b"python") || name.starts_with(b"lua")
}

fn web_account(elevation: &Elevation, out: &mut Findings) {
    let to_root = elevation.target.as_bytes() == b"root";
    let shell = elevation.by.as_bytes() == b"su" || gives_a_shell(elevation.program.as_bytes());
    let rule = if to_root && shell && elevation.granted {
        &WEB_ACCOUNT_ROOT_SHELL
    } else {
        &WEB_ACCOUNT_SUDO
    };
    out.raise(rule, elevation)
        .at(&elevation.file, elevation.line)
        .evidence("account", elevation.user.clone())
        .evidence("as", elevation.target.clone())
        .evidence("command", elevation.command.clone())
        .evidence("granted", if elevation.granted { "yes" } else { "no" })
        .evidence("times", elevation.count.to_string())
        .evidence("first", elevation.first.to_string())
        .evidence("last", elevation.last.to_string());
}
