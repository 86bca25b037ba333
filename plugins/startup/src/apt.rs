//! Commands that package managers run: apt and dpkg hooks, plugins and hooks of dnf, yum, pacman.
//!
//! Updates run by themselves, as root, often daily: a hook is a timer that no list of timers shows.

use coroner_core::{Cx, HostPath, Text, Trigger};
use coroner_parse::{lines, startup::apt};

use crate::starts;

/// Collects the hooks of all package managers; most roots have one of them.
pub(crate) fn collect(cx: &mut Cx<'_>) {
    apt_file(cx, &HostPath::new("/etc/apt/apt.conf"));
    for dir in ["/etc/apt/apt.conf.d", "/usr/share/apt/apt.conf.d"] {
        for entry in cx.list(&HostPath::new(dir)) {
            if is_read_by_apt(&entry.name) {
                apt_file(cx, &entry.path);
            }
        }
    }
    dpkg_file(cx, &HostPath::new("/etc/dpkg/dpkg.cfg"));
    for entry in cx.list(&HostPath::new("/etc/dpkg/dpkg.cfg.d")) {
        dpkg_file(cx, &entry.path);
    }
    for entry in cx.list(&HostPath::new("/etc/dnf/plugins/post-transaction-actions.d")) {
        settings(cx, &entry.path, dnf_action);
    }
    for dir in ["/etc/pacman.d/hooks", "/usr/share/libalpm/hooks"] {
        for entry in cx.list(&HostPath::new(dir)) {
            settings(cx, &entry.path, pacman_hook);
        }
    }
}

/// Letters, digits, `-`, `_`, `.`; with an extension only `conf` (apt.conf(5)).
fn is_read_by_apt(name: &Text) -> bool {
    let name = name.as_bytes();
    let plain = name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte));
    plain && (!name.contains(&b'.') || name.ends_with(b".conf"))
}

fn apt_file(cx: &mut Cx<'_>, path: &HostPath) {
    let Some(content) = cx.read(path) else { return };
    for found in apt::settings(&content.bytes) {
        if found.value.is_command() {
            launch(cx, path, found.line, found.value.name, found.value.value);
        }
    }
}

fn dpkg_file(cx: &mut Cx<'_>, path: &HostPath) {
    settings(cx, path, |line| {
        let (name, command) = split(line, b'=')?;
        let name = name.trim_ascii();
        let hooks: [&[u8]; 3] = [b"pre-invoke", b"post-invoke", b"status-logger"];
        let command = command.trim_ascii();
        let bare = command.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
        hooks.contains(&name).then(|| (Text::from(name), Text::from(bare.unwrap_or(command))))
    });
}

/// `package:state:command`
fn dnf_action(line: &[u8]) -> Option<(Text, Text)> {
    let (package, rest) = split(line, b':')?;
    let (_, command) = split(rest, b':')?;
    (!package.starts_with(b"#")).then(|| (Text::from(package), Text::from(command)))
}

/// `Exec = command` (alpm-hooks(5))
fn pacman_hook(line: &[u8]) -> Option<(Text, Text)> {
    let (key, command) = split(line, b'=')?;
    (key.trim_ascii() == b"Exec").then(|| (Text::from("Exec"), Text::from(command.trim_ascii())))
}

fn split(line: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let index = line.iter().position(|&byte| byte == at)?;
    Some((line.get(..index)?, line.get(index + 1..)?))
}

fn settings(cx: &mut Cx<'_>, path: &HostPath, read: impl Fn(&[u8]) -> Option<(Text, Text)>) {
    let Some(content) = cx.read(path) else { return };
    for line in lines(&content.bytes) {
        match line {
            Ok(line) => {
                if let Some((name, command)) = read(line.bytes) {
                    launch(cx, path, line.number, name, command);
                }
            }
            Err(bad) => cx.bad_line(path, &bad),
        }
    }
}

fn launch(cx: &mut Cx<'_>, path: &HostPath, line: u32, name: Text, command: Text) {
    starts::command(
        cx,
        Trigger::PackageRun,
        Some(&Text::from("root")),
        (path, line),
        name,
        command,
    );
}
