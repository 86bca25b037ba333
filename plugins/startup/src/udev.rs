//! udev rules that run programs or pull in units.
//!
//! An intruder writes a rule for a device that every host has (a network interface, /dev/random),
//! and lets it run a program or, because udev kills what lasts, hand one to `at`.

use std::collections::HashSet;

use coroner_core::{
    Blocked, Confidence, Cx, FileType, Findings, HostPath, ItemKind, Items, Launch, Severity, Text,
    Trigger,
};
use coroner_parse::startup::exec::split_words;
use coroner_parse::startup::udev::{self, Operator, UdevRule, UdevStart};
use serde::{Deserialize, Serialize};

use crate::{place, rules};

/// Something a udev rule starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UdevStarter {
    /// The rules file.
    pub file: HostPath,
    /// The line the rule begins in.
    pub line: u32,
    /// How it starts it.
    pub by: UdevStart,
    /// The command or unit.
    pub starts: Text,
    /// Where the program lies, for commands.
    pub program: Option<HostPath>,
    /// The rule matches a device that every host has, and asks nothing more of it.
    pub on_every_host: bool,
}

impl ItemKind for UdevStarter {
    const KIND: &'static str = "udev.start";

    fn key(&self) -> Text {
        let line = self.line.to_string();
        let parts: [&[u8]; 5] =
            [self.file.as_bytes(), b":", line.as_bytes(), b":", self.starts.as_bytes()];
        Text::new(parts.concat())
    }
}

const DIRECTORIES: &[&str] = &[
    "/etc/udev/rules.d",
    "/run/udev/rules.d",
    "/usr/local/lib/udev/rules.d",
    "/usr/lib/udev/rules.d",
    "/lib/udev/rules.d",
];
/// Rules read from one file; distributions' longest have a few hundred.
const MOST_RULES: usize = 5_000;
/// Where udev looks for a program without a path.
const HELPERS: [&str; 2] = ["/usr/lib/udev", "/lib/udev"];
/// Schedulers: a rule has no use for them but to outlive udev's own time limit.
const SCHEDULERS: [&[u8]; 4] = [b"at", b"batch", b"crontab", b"atd"];

/// Collects what all rules start.
pub(crate) fn collect(cx: &mut Cx<'_>) {
    let mut seen = HashSet::new();
    for dir in DIRECTORIES {
        let dir = HostPath::new(dir);
        let Some(real) = cx.resolve(&dir) else { continue };
        if !seen.insert(real) {
            continue;
        }
        for entry in cx.list(&dir) {
            let masked = entry.kind == FileType::Link
                && cx.read_link(&entry.path).is_some_and(|target| target == "/dev/null");
            if entry.name.as_bytes().ends_with(b".rules") && !masked {
                rules_file(cx, &entry.path);
            }
        }
    }
}

fn rules_file(cx: &mut Cx<'_>, path: &HostPath) {
    let Some(content) = cx.read(path) else { return };
    cx.want(path);
    let mut jumps = false;
    let parsed = udev::rules(&content.bytes);
    if parsed.len() > MOST_RULES {
        cx.gap_because(path, Blocked::TooLarge, "more rules than are kept");
    }
    for rule in parsed.into_iter().take(MOST_RULES) {
        match rule {
            Ok(rule) => {
                jumps |= rule.tokens.iter().any(|token| token.key == "GOTO");
                let on_every_host = is_on_every_host(&rule, jumps);
                for (by, value) in rule.starts() {
                    starter(cx, (path, rule.line), by, value, on_every_host);
                }
            }
            Err(bad) => cx.bad_line(path, &bad),
        }
    }
}

fn starter(
    cx: &mut Cx<'_>,
    at: (&HostPath, u32),
    by: UdevStart,
    value: &Text,
    on_every_host: bool,
) {
    let (path, line) = at;
    let runs = !matches!(by, UdevStart::Wants | UdevStart::UserWants);
    let program = if runs { program(cx, value) } else { None };
    if runs {
        cx.launch(Launch {
            trigger: Trigger::Device,
            user: Some(Text::from("root")),
            command: value.clone(),
            file: path.clone(),
            line,
            name: Text::from(path.name()),
            enabled: true,
            programs: program.clone().into_iter().collect(),
        });
    }
    let (file, starts) = (path.clone(), value.clone());
    cx.emit(UdevStarter { file, line, by, starts, program, on_every_host });
}

fn program(cx: &mut Cx<'_>, value: &Text) -> Option<HostPath> {
    let word = split_words(value.as_bytes()).into_iter().next()?;
    if word.as_bytes().starts_with(b"/") {
        return Some(HostPath::new(word.as_bytes()));
    }
    let plain = !word.is_empty() && !word.as_bytes().iter().any(|byte| b"/$%".contains(byte));
    let mut helpers = HELPERS.iter().map(|dir| HostPath::new(dir).join(word.as_bytes()));
    plain.then(|| helpers.find(|path| cx.stat(path).is_some())).flatten()
}

/// Whether nothing in the rule asks for a particular device: only a kind of device that every
/// host has, or one of the kernel's own (/dev/random, lo). After a jump the device may have been
/// asked for in a rule before, so that a rule that asks nothing itself does not count.
fn is_on_every_host(rule: &UdevRule, after_jump: bool) -> bool {
    const KINDS: [&[u8]; 11] = [
        b"net", b"mem", b"tty", b"block", b"misc", b"module", b"cpu", b"memory", b"bdi", b"input",
        b"*",
    ];
    const DEVICES: [&[u8]; 8] =
        [b"lo", b"random", b"urandom", b"null", b"zero", b"full", b"tty", b"*"];
    let asks: Vec<_> =
        rule.tokens.iter().filter(|token| token.operator == Operator::Equal).collect();
    let everyday = |key: &[u8], attribute: &[u8], value: &[u8]| match key {
        b"ACTION" => value != b"remove",
        b"SUBSYSTEM" => KINDS.contains(&value),
        b"KERNEL" => DEVICES.contains(&value),
        b"ENV" => matches!(attribute, b"MAJOR" | b"MINOR"),
        _ => false,
    };
    let asks_itself = asks.iter().any(|token| token.key != "ACTION");
    (asks_itself || !after_jump)
        && asks
            .iter()
            .all(|t| everyday(t.key.as_bytes(), t.attribute.as_bytes(), t.value.as_bytes()))
}

pub(crate) fn judge(items: &Items, out: &mut Findings) {
    for starter in items.all::<UdevStarter>().filter(|one| place::is_unowned(items, &one.file)) {
        let Some(program) = &starter.program else { continue };
        if SCHEDULERS.contains(&program.name()) {
            let draft = out.raise(&rules::UDEV_STARTS_SCHEDULER, &starter);
            draft.at(&starter.file, starter.line).evidence("command", starter.starts.clone());
        } else if starter.on_every_host && place::is_unowned(items, program) {
            let draft = out.raise(&rules::UDEV_ON_EVERY_HOST, &starter);
            draft.at(&starter.file, starter.line).evidence("command", starter.starts.clone());
            place::show(draft, items, "program", program);
            if place::is_administrators(program) {
                draft.graded(Severity::Low, Confidence::Possible);
            }
        }
    }
}
