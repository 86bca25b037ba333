//! sshd's configuration, its includes put in place, and what it starts.

use std::collections::HashSet;

use coroner_core::{Cx, HostPath, Launch, Text, Trigger};
use coroner_parse::account::{SshdConfig, SshdFile, resolve_sshd};

use crate::items::{SshdInclude, SshdSetting};

/// Bad lines that are named one by one.
const MOST_BAD_LINES: usize = 50;

const MAIN: &str = "/etc/ssh/sshd_config";

/// Settings whose value is a command.
const COMMANDS: &[(&str, Trigger)] = &[
    ("authorizedkeyscommand", Trigger::Authentication),
    ("authorizedprincipalscommand", Trigger::Authentication),
    ("forcecommand", Trigger::Login),
    ("subsystem", Trigger::Login),
];

pub(super) fn collect(cx: &mut Cx<'_>) -> SshdConfig {
    let config = read(cx);
    for (file, bad) in config.bad.iter().take(MOST_BAD_LINES) {
        cx.bad_line(&HostPath::new(file.as_bytes()), bad);
    }
    for file in &config.files {
        cx.want(&HostPath::new(file.as_bytes()));
    }
    if config.cut {
        cx.gap(&HostPath::new(MAIN), coroner_core::Blocked::TooLarge);
    }
    for (file, line, pattern) in &config.includes {
        let file = HostPath::new(file.as_bytes());
        cx.emit(SshdInclude { file, line: *line, pattern: pattern.clone() });
    }
    settings(cx, &config);
    rc_file(cx);
    config
}

/// The vendor's file below /usr counts where /etc has none (openSUSE).
fn read(cx: &mut Cx<'_>) -> SshdConfig {
    let vendor = HostPath::new("/usr/etc/ssh/sshd_config");
    let Some(main) = cx.read(&HostPath::new(MAIN)).or_else(|| cx.read(&vendor)) else {
        return SshdConfig::default();
    };
    let main = SshdFile { path: Text::from(&main.path), content: main.bytes };
    resolve_sshd(&main, &mut |pattern| include(cx, pattern))
}

fn include(cx: &mut Cx<'_>, pattern: &Text) -> Vec<SshdFile> {
    let paths = expand(cx, &HostPath::new("/etc/ssh").join(pattern.as_bytes()));
    let mut out = Vec::new();
    for path in paths {
        if let Some(content) = cx.read(&path) {
            out.push(SshdFile { path: Text::from(&path), content: content.bytes });
        }
    }
    out
}

/// glob(7) with `*` and `?` in the last component, as every distribution's Include has it; a
/// pattern in an earlier component is expanded one level at a time.
pub(super) fn expand(cx: &mut Cx<'_>, pattern: &HostPath) -> Vec<HostPath> {
    let mut found = vec![HostPath::new("/")];
    for part in pattern.components() {
        let is_pattern = part.iter().any(|b| matches!(b, b'*' | b'?' | b'['));
        let mut next = Vec::new();
        for dir in found.into_iter().take(256) {
            if !is_pattern {
                next.push(dir.join(part));
                continue;
            }
            let entries = cx.list(&dir).into_iter();
            next.extend(entries.filter(|entry| fits(part, entry.path.name())).map(|e| e.path));
        }
        found = next;
    }
    found
}

/// Whether a name fits a pattern of `*`, `?` and classes; a leading dot must be asked for.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    if name.starts_with(b".") && !pattern.starts_with(b".") {
        return false;
    }
    let (mut p, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(&byte) = name.get(n) {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p, n));
                p += 1;
                continue;
            }
            Some(b'[') if class(pattern, p, byte).is_some() => {
                p = class(pattern, p, byte).unwrap_or(p);
                n += 1;
                continue;
            }
            Some(&c) if c == b'?' || c == byte => {
                p += 1;
                n += 1;
                continue;
            }
            _ => {}
        }
        let Some((star, at)) = retry else { return false };
        retry = Some((star, at + 1));
        (p, n) = (star + 1, at + 1);
    }
    pattern.get(p..).unwrap_or_default().iter().all(|&b| b == b'*')
}

/// The place behind the class that starts at `open`, when `byte` is in it.
fn class(pattern: &[u8], open: usize, byte: u8) -> Option<usize> {
    let inner = pattern.get(open + 1..)?;
    let negated = matches!(inner.first(), Some(b'!' | b'^'));
    let start = usize::from(negated);
    let end = inner.iter().skip(start + 1).position(|&b| b == b']')? + start + 1;
    let members = inner.get(start..end)?;
    let range = |w: &[u8]| matches!(w, [low, b'-', high] if (*low..=*high).contains(&byte));
    let listed = members.contains(&byte) || members.windows(3).any(range);
    (listed != negated).then_some(open + 1 + end + 1)
}

fn settings(cx: &mut Cx<'_>, config: &SshdConfig) {
    let mut seen = HashSet::new();
    for setting in &config.settings {
        let file = HostPath::new(setting.file.as_bytes());
        let decides = seen.insert((&setting.keyword, &setting.conditions));
        if decides {
            launch(cx, &file, setting);
        }
        cx.emit(SshdSetting {
            file,
            line: setting.line,
            keyword: setting.keyword.clone(),
            arguments: setting.arguments.clone(),
            conditions: setting.conditions.clone(),
            decides,
        });
    }
}

fn launch(cx: &mut Cx<'_>, file: &HostPath, setting: &coroner_parse::account::SshdSetting) {
    let Some(&(_, trigger)) = COMMANDS.iter().find(|(name, _)| *name == setting.keyword) else {
        return;
    };
    // A subsystem's first argument is its name.
    let from = usize::from(setting.keyword == "subsystem");
    let words = setting.arguments.get(from..).unwrap_or_default();
    let command = words.iter().map(Text::as_bytes).collect::<Vec<_>>().join(&b' ');
    if command.is_empty() || matches!(command.as_slice(), b"none" | b"internal-sftp") {
        return;
    }
    if let Some(program) = words.first().filter(|program| program.as_bytes().starts_with(b"/")) {
        cx.want(&HostPath::new(program.as_bytes()));
    }
    cx.launch(Launch {
        trigger,
        user: None,
        command: Text::new(command),
        file: file.clone(),
        line: setting.line,
        name: Text::from(setting.keyword.as_str()),
        enabled: true,
        programs: Vec::new(),
    });
}

/// /etc/ssh/sshrc runs by /bin/sh at every login over SSH.
fn rc_file(cx: &mut Cx<'_>) {
    let path = HostPath::new("/etc/ssh/sshrc");
    if cx.stat(&path).is_some() {
        cx.launch(rc_launch(path, None));
    }
}

/// A file that sshd gives to /bin/sh at login.
pub(super) fn rc_launch(path: HostPath, user: Option<Text>) -> Launch {
    Launch {
        trigger: Trigger::Login,
        user,
        command: Text::default(),
        programs: vec![path.clone()],
        file: path,
        line: 0,
        name: Text::from("ssh rc"),
        enabled: true,
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_fit_as_glob_fits_them() {
        assert!(fits(b"*.conf", b"50-cloud-init.conf"));
        assert!(!fits(b"*.conf", b".hidden.conf"));
        assert!(fits(b"a*b*c", b"axxbyyc") && !fits(b"a*b*c", b"axxbyy"));
        assert!(fits(b"[0-9]?-[!a]", b"10-b") && !fits(b"[0-9]?-[!a]", b"10-a"));
    }
}
