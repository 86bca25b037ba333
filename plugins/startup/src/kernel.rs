//! Programs the kernel itself starts: the core dump handler, modprobe, the hotplug helper, and
//! interpreters of binary formats.
//!
//! The kernel runs them as root and outside every container, which is why an intruder in one
//! writes here. A live value counts before any file.

use std::collections::HashSet;

use coroner_core::{
    Confidence, Cx, FileType, Findings, HostPath, ItemKind, Items, Launch, Severity, Text, Trigger,
};
use coroner_parse::startup::binfmt::{self, BinaryFormat};
use coroner_parse::startup::exec::split_words;
use coroner_parse::startup::sysctl::{self, KernelHelper};
use serde::{Deserialize, Serialize};

use crate::automount::Mounts;
use crate::{place, rules};

/// A program the kernel starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Helper {
    /// Where it is set.
    pub file: HostPath,
    /// The line.
    pub line: u32,
    /// `kernel.core_pattern`, `uevent_helper`, ...
    pub setting: Text,
    /// The program and its arguments.
    pub command: Text,
}

impl ItemKind for Helper {
    const KIND: &'static str = "kernel.helper";

    fn key(&self) -> Text {
        let line = self.line.to_string();
        Text::new([self.file.as_bytes(), b":", line.as_bytes()].concat())
    }
}

/// A format whose files the kernel hands to an interpreter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Format {
    /// Where it is registered.
    pub file: HostPath,
    /// The line; 0 for a live entry.
    pub line: u32,
    /// Its name.
    pub name: Text,
    /// The program run.
    pub interpreter: HostPath,
    /// It runs with the rights of the file, set-uid included.
    pub takes_credentials: bool,
    /// The bytes matched.
    pub magic: Text,
}

impl ItemKind for Format {
    const KIND: &'static str = "kernel.binary_format";

    fn key(&self) -> Text {
        Text::new([self.file.as_bytes(), b":", self.name.as_bytes()].concat())
    }
}

const LIVE: &[(&str, &str)] = &[
    ("/proc/sys/kernel/core_pattern", "kernel.core_pattern"),
    ("/proc/sys/kernel/modprobe", "kernel.modprobe"),
    ("/proc/sys/kernel/hotplug", "kernel.hotplug"),
    ("/sys/kernel/uevent_helper", "kernel.hotplug"),
];
const SYSCTL: &[&str] = &[
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
];
const BINFMT: &[&str] =
    &["/etc/binfmt.d", "/run/binfmt.d", "/usr/local/lib/binfmt.d", "/usr/lib/binfmt.d"];
/// Handlers of core dumps that distributions set, which need not lie in the audited root.
const KNOWN: &[&str] = &[
    "systemd-coredump",
    "apport",
    "abrt-hook-ccpp",
    "kdump",
    "modprobe",
    "false",
    "true",
    "wsl-capture-crash",
    "core_collector",
    "crash_reporter",
];

/// Collects live values, sysctl files and registered formats.
pub(crate) fn collect(cx: &mut Cx<'_>, mounts: &Mounts) {
    if cx.live() {
        live_helpers(cx);
        live_formats(cx, mounts);
    }
    sysctl_file(cx, &HostPath::new("/etc/sysctl.conf"));
    let mut seen = HashSet::new();
    for (dirs, read) in [(SYSCTL, sysctl_file as fn(&mut Cx<'_>, &HostPath)), (BINFMT, binfmt_file)]
    {
        for dir in dirs.iter().map(HostPath::new) {
            let new = cx.resolve(&dir).is_some_and(|real| seen.insert(real));
            for entry in if new { cx.list(&dir) } else { Vec::new() } {
                let masked = entry.kind == FileType::Link
                    && cx.read_link(&entry.path).is_some_and(|target| target == "/dev/null");
                if entry.name.as_bytes().ends_with(b".conf") && !masked {
                    read(cx, &entry.path);
                }
            }
        }
    }
}

fn live_helpers(cx: &mut Cx<'_>) {
    for (path, name) in LIVE {
        let path = HostPath::new(path);
        let Some(content) = cx.read(&path) else { continue };
        if let Some(found) = sysctl::helper(name, &content.bytes) {
            helper(cx, &path, 1, found);
        }
    }
}

/// Only when the file system of formats is mounted: looking for it would mount it.
fn live_formats(cx: &mut Cx<'_>, mounts: &Mounts) {
    let dir = HostPath::new("/proc/sys/fs/binfmt_misc");
    if !mounts.has(&dir, "binfmt_misc") {
        return;
    }
    for entry in cx.list(&dir) {
        if entry.name != "register" && entry.name != "status" {
            let Some(content) = cx.read(&entry.path) else { continue };
            if let Some(found) = binfmt::live_entry(&entry.name, &content.bytes) {
                format(cx, &entry.path, 0, found);
            }
        }
    }
}

fn sysctl_file(cx: &mut Cx<'_>, path: &HostPath) {
    let Some(content) = cx.read(path) else { return };
    for found in sysctl::helpers(&content.bytes) {
        match found {
            Ok(found) => helper(cx, path, found.line, found.value),
            Err(bad) => cx.bad_line(path, &bad),
        }
    }
}

fn binfmt_file(cx: &mut Cx<'_>, path: &HostPath) {
    let Some(content) = cx.read(path) else { return };
    for found in binfmt::registrations(&content.bytes) {
        match found {
            Ok(found) => format(cx, path, found.line, found.value),
            Err(bad) => cx.bad_line(path, &bad),
        }
    }
}

fn helper(cx: &mut Cx<'_>, path: &HostPath, line: u32, found: KernelHelper) {
    launch(cx, (path, line), &found.name, &found.command);
    cx.emit(Helper { file: path.clone(), line, setting: found.name, command: found.command });
}

fn format(cx: &mut Cx<'_>, path: &HostPath, line: u32, found: BinaryFormat) {
    launch(cx, (path, line), &found.name, &found.interpreter);
    cx.emit(Format {
        file: path.clone(),
        line,
        takes_credentials: found.takes_credentials(),
        name: found.name,
        interpreter: HostPath::new(found.interpreter.as_bytes()),
        magic: found.magic,
    });
}

fn launch(cx: &mut Cx<'_>, at: (&HostPath, u32), name: &Text, command: &Text) {
    cx.launch(Launch {
        trigger: Trigger::Kernel,
        user: Some(Text::from("root")),
        command: command.clone(),
        file: at.0.clone(),
        line: at.1,
        name: name.clone(),
        enabled: true,
        programs: program(command).into_iter().collect(),
    });
}

fn program(command: &Text) -> Option<HostPath> {
    let word = split_words(command.as_bytes()).into_iter().next()?;
    word.as_bytes().starts_with(b"/").then(|| HostPath::new(word.as_bytes()))
}

pub(crate) fn judge(items: &Items, out: &mut Findings) {
    for helper in items.all::<Helper>() {
        let Some(program) = program(&helper.command) else { continue };
        let Some((severity, confidence)) = grade(items, &program) else { continue };
        let draft = out.raise(&rules::KERNEL_HELPER_FOREIGN, &helper);
        draft.at(&helper.file, helper.line).graded(severity, confidence);
        draft
            .evidence("setting", helper.setting.clone())
            .evidence("command", helper.command.clone());
        place::show(draft, items, "program", &program);
    }
    for format in items.all::<Format>().filter(|format| format.takes_credentials) {
        if place::is_unowned(items, &format.interpreter) {
            let draft = out.raise(&rules::FORMAT_TAKES_CREDENTIALS, &format);
            draft.at(&format.file, format.line);
            place::show(draft, items, "interpreter", &format.interpreter);
            draft.evidence("matches", format.magic.clone());
        }
    }
}

/// Storage of containers: a handler there is one that a container set for its host.
fn is_in_container_storage(path: &HostPath) -> bool {
    ["/var/lib/docker", "/var/lib/containerd", "/var/lib/containers", "/run/containerd", "/proc"]
        .iter()
        .any(|dir| path.is_under(dir))
}

fn grade(items: &Items, program: &HostPath) -> Option<(Severity, Confidence)> {
    if place::is_packaged(items, program) {
        return None;
    }
    let known = KNOWN.iter().any(|name| program.name() == name.as_bytes());
    if place::is_odd(program) || is_in_container_storage(program) {
        Some((Severity::High, Confidence::Certain))
    } else if place::is_unowned(items, program) {
        let own = place::is_administrators(program);
        Some(if own {
            (Severity::Low, Confidence::Possible)
        } else {
            (Severity::High, Confidence::Likely)
        })
    } else {
        (items.file(program).is_none() && !known).then_some((Severity::Low, Confidence::Possible))
    }
}
