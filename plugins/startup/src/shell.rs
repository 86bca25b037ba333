//! Files that shells and sessions read when they start, and what those arrange for later.
//!
//! An intruder appends a line to a profile, or sets a trap that runs with each command or at
//! logout. The file as a whole is a launch; traps and prompt commands are launches of their own.

use std::collections::HashSet;

use coroner_core::{Cx, HostPath, Text, Trigger};
use coroner_parse::startup::shell::{self, Arranged};

use crate::environment::{self, Reach};
use crate::homes::Home;
use crate::starts;

/// Read by every login, shell or session.
const SYSTEM: &[&str] = &[
    "/etc/profile",
    "/etc/bash.bashrc",
    "/etc/bashrc",
    "/etc/bash.bash_logout",
    "/etc/zshenv",
    "/etc/zprofile",
    "/etc/zshrc",
    "/etc/zlogin",
    "/etc/zlogout",
    "/etc/zsh/zshenv",
    "/etc/zsh/zprofile",
    "/etc/zsh/zshrc",
    "/etc/zsh/zlogin",
    "/etc/zsh/zlogout",
    "/etc/csh.cshrc",
    "/etc/csh.login",
    "/etc/csh.logout",
    "/etc/ksh.kshrc",
    "/etc/mkshrc",
    "/etc/fish/config.fish",
    "/etc/ssh/sshrc",
    "/etc/X11/Xsession",
    "/etc/X11/xinit/xinitrc",
    "/etc/xprofile",
];
const SYSTEM_DIRS: &[&str] = &[
    "/etc/profile.d",
    "/etc/bashrc.d",
    "/etc/fish/conf.d",
    "/etc/csh/login.d",
    "/etc/csh/cshrc.d",
];
/// Read by the logins, shells or sessions of one account.
const HOME: &[&str] = &[
    ".profile",
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".bash_aliases",
    ".zshenv",
    ".zprofile",
    ".zshrc",
    ".zlogin",
    ".zlogout",
    ".kshrc",
    ".mkshrc",
    ".shrc",
    ".ashrc",
    ".cshrc",
    ".tcshrc",
    ".login",
    ".logout",
    ".config/fish/config.fish",
    ".xprofile",
    ".xinitrc",
    ".xsession",
    ".xsessionrc",
    ".Xsession",
    ".ssh/rc",
];
const HOME_DIRS: &[&str] = &[".bashrc.d", ".config/fish/conf.d", ".config/plasma-workspace/env"];

/// Collects the start files of the system and of every home.
pub(crate) fn collect(cx: &mut Cx<'_>, homes: &[Home]) {
    let mut seen = HashSet::new();
    for path in SYSTEM {
        start_file(cx, &HostPath::new(path), None, &mut seen);
    }
    for dir in SYSTEM_DIRS {
        start_directory(cx, &HostPath::new(dir), None, &mut seen);
    }
    for home in homes {
        for name in HOME {
            start_file(cx, &home.path.join(name), Some(home), &mut seen);
        }
        for name in HOME_DIRS {
            start_directory(cx, &home.path.join(name), Some(home), &mut seen);
        }
    }
}

fn start_directory(
    cx: &mut Cx<'_>,
    dir: &HostPath,
    home: Option<&Home>,
    seen: &mut HashSet<HostPath>,
) {
    const SOURCED: [&[u8]; 5] = [b".sh", b".csh", b".fish", b".bash", b".zsh"];
    for entry in cx.list(dir) {
        let name = entry.name.as_bytes();
        if SOURCED.iter().any(|suffix| name.ends_with(suffix)) || !name.contains(&b'.') {
            start_file(cx, &entry.path, home, seen);
        }
    }
}

fn start_file(cx: &mut Cx<'_>, path: &HostPath, home: Option<&Home>, seen: &mut HashSet<HostPath>) {
    // A directory of this name (.login, .ssh/rc) is read by no shell; anything else is a gap.
    if cx.stat_followed(path).is_none_or(|stat| stat.is_dir()) {
        return;
    }
    let Some(content) = cx.read(path) else { return };
    if !seen.insert(content.real.clone()) {
        return;
    }
    let user = home.map(|home| &home.account);
    starts::file(cx, Trigger::Login, user, path, true);
    let reach = if home.is_some() { Reach::Account } else { Reach::Everything };
    for found in shell::arranged(&content.bytes) {
        match found {
            Ok(found) => arranged(cx, path, found.line, &found.value, (user, reach)),
            Err(bad) => cx.bad_line(path, &bad),
        }
    }
}

fn arranged(
    cx: &mut Cx<'_>,
    path: &HostPath,
    line: u32,
    what: &Arranged,
    of: (Option<&Text>, Reach),
) {
    let (name, body) = match what {
        Arranged::Variable(set) => return environment::record(cx, path, line, set, of.1),
        Arranged::Prompt(body) => (Text::from("PROMPT_COMMAND"), body),
        Arranged::Trap { body, signals } => {
            let signals: Vec<&[u8]> = signals.iter().map(Text::as_bytes).collect();
            (Text::new([&b"trap "[..], &signals.join(&b' ')].concat()), body)
        }
    };
    starts::command(cx, Trigger::Login, of.0, (path, line), name, body.clone());
}
