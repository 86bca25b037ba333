//! XDG autostart: what a desktop session starts, for everybody and for each account.
//!
//! An intruder adds an entry that looks like a helper of the desktop and points it at a file that
//! lies among configuration, where programs do not belong.

use coroner_core::{Cx, Findings, HostPath, ItemKind, Items, Launch, Text, Trigger};
use coroner_parse::startup::desktop::DesktopEntry;
use coroner_parse::startup::exec::split_words;
use serde::{Deserialize, Serialize};

use crate::homes::Home;
use crate::{place, rules, starts};

/// A desktop entry in an autostart directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Autostart {
    /// The entry.
    pub file: HostPath,
    /// Line of its command.
    pub line: u32,
    /// The command.
    pub exec: Text,
    /// Whether a session starts it.
    pub started: bool,
    /// Whether menus leave it out.
    pub no_display: bool,
    /// Keys that begin with `X-`, as `key=value`.
    pub extensions: Vec<Text>,
}

impl ItemKind for Autostart {
    const KIND: &'static str = "desktop.autostart";

    fn key(&self) -> Text {
        Text::from(&self.file)
    }
}

const SYSTEM: &[&str] = &[
    "/etc/xdg/autostart",
    "/usr/share/autostart",
    "/usr/share/gnome/autostart",
    "/usr/local/etc/xdg/autostart",
];

/// Collects the entries of the system and of every home.
pub(crate) fn collect(cx: &mut Cx<'_>, homes: &[Home]) {
    for dir in SYSTEM {
        entries(cx, &HostPath::new(dir), None);
    }
    for home in homes {
        entries(cx, &home.path.join(".config/autostart"), Some(&home.account));
        for name in [".config/autostart-scripts", ".config/plasma-workspace/shutdown"] {
            for script in cx.list(&home.path.join(name)) {
                starts::file(cx, Trigger::Login, Some(&home.account), &script.path, true);
            }
        }
    }
}

fn entries(cx: &mut Cx<'_>, dir: &HostPath, user: Option<&Text>) {
    for entry in cx.list(dir) {
        if entry.name.as_bytes().ends_with(b".desktop") {
            autostart(cx, &entry.path, user);
        }
    }
}

fn autostart(cx: &mut Cx<'_>, path: &HostPath, user: Option<&Text>) {
    let Some(content) = cx.read(path) else { return };
    let entry = DesktopEntry::parse(&content.bytes);
    for bad in &entry.bad {
        cx.bad_line(path, bad);
    }
    let started = entry.is_started();
    cx.launch(Launch {
        trigger: Trigger::Login,
        user: user.cloned(),
        command: entry.exec.clone(),
        file: path.clone(),
        line: entry.exec_line,
        name: Text::from(path.name()),
        enabled: started,
        programs: Vec::new(),
    });
    if let Some(program) = program(&entry.exec) {
        cx.want(&program);
    }
    cx.emit(Autostart {
        file: path.clone(),
        line: entry.exec_line,
        exec: entry.exec,
        started,
        no_display: entry.no_display,
        extensions: entry.extensions,
    });
}

fn program(exec: &Text) -> Option<HostPath> {
    let word = split_words(exec.as_bytes()).into_iter().next()?;
    word.as_bytes().starts_with(b"/").then(|| HostPath::new(word.as_bytes()))
}

pub(crate) fn judge(items: &Items, out: &mut Findings) {
    for entry in items.all::<Autostart>().filter(|entry| entry.started) {
        let Some(program) = program(&entry.exec) else { continue };
        let among = program.is_under("/etc") || place::is_hidden_file(&program);
        let beside = entry.file.parent() == program.parent();
        if (among || beside) && place::is_unowned(items, &program) {
            let draft = out.raise(&rules::AUTOSTART_FROM_CONFIGURATION, &entry);
            draft.at(&entry.file, entry.line);
            place::show(draft, items, "program", &program);
        }
    }
}
