//! The kernel's command line: a first program instead of the usual one.
//!
//! `init=/x.sh` starts an intruder's script before anything that could see it; the script then
//! starts the usual program. The running line and the boot loader's files are looked at.

use coroner_core::{Blocked, Cx, Findings, HostPath, ItemKind, Items, Launch, Text, Trigger};
use coroner_parse::startup::Found;
use coroner_parse::startup::boot::{self, FirstProgram};
use serde::{Deserialize, Serialize};

use crate::automount::Mounts;
use crate::{place, rules, starts};

/// A first program that a command line names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BootProgram {
    /// The file with the command line.
    pub file: HostPath,
    /// The line.
    pub line: u32,
    /// As written.
    pub program: Text,
    /// `rdinit=`: it lies in the initramfs, not in the root.
    pub in_initramfs: bool,
}

impl ItemKind for BootProgram {
    const KIND: &'static str = "boot.program";

    fn key(&self) -> Text {
        let line = self.line.to_string();
        let parts: [&[u8]; 5] =
            [self.file.as_bytes(), b":", line.as_bytes(), b":", self.program.as_bytes()];
        Text::new(parts.concat())
    }
}

type Reader = fn(&[u8]) -> Vec<Found<Text>>;

const FILES: &[(&str, Reader)] = &[
    ("/boot/grub/grub.cfg", boot::of_grub_cfg),
    ("/boot/grub2/grub.cfg", boot::of_grub_cfg),
    ("/etc/default/grub", boot::of_grub_defaults),
    ("/etc/kernel/cmdline", whole),
    ("/boot/cmdline.txt", whole),
    ("/boot/firmware/cmdline.txt", whole),
];
const DIRS: &[(&str, Reader)] = &[
    ("/etc/default/grub.d", boot::of_grub_defaults),
    ("/boot/loader/entries", boot::of_loader_entry),
    ("/boot/efi/loader/entries", boot::of_loader_entry),
    ("/efi/loader/entries", boot::of_loader_entry),
];

fn whole(content: &[u8]) -> Vec<Found<Text>> {
    vec![Found { line: 1, value: Text::from(content.trim_ascii()) }]
}

/// Collects the first programs of all command lines.
pub(crate) fn collect(cx: &mut Cx<'_>, mounts: &Mounts) {
    for (path, reader) in FILES {
        if let Some(path) = untouched(cx, mounts, path) {
            file(cx, &path, *reader);
        }
    }
    for (dir, reader) in DIRS {
        let Some(dir) = untouched(cx, mounts, dir) else { continue };
        for entry in cx.list(&dir) {
            file(cx, &entry.path, *reader);
        }
    }
    if cx.live() {
        file(cx, &HostPath::new("/proc/cmdline"), whole);
    }
}

/// The path, unless opening it would make the system mount its boot partition.
fn untouched(cx: &mut Cx<'_>, mounts: &Mounts, path: &str) -> Option<HostPath> {
    let path = HostPath::new(path);
    if mounts.would_mount(&path) {
        cx.minor_gap(&path, Blocked::Unavailable, "not mounted yet, and looking would mount it");
        return None;
    }
    Some(path)
}

fn file(cx: &mut Cx<'_>, path: &HostPath, reader: Reader) {
    let Some(content) = cx.read(path) else { return };
    for found in reader(&content.bytes) {
        for command in boot::commands(found.value.as_bytes()) {
            let (root, at) = (Text::from("root"), (path, found.line));
            starts::command(cx, Trigger::Boot, Some(&root), at, "systemd.run", command);
        }
        for FirstProgram { in_initramfs, program } in boot::first_programs(found.value.as_bytes()) {
            cx.launch(Launch {
                trigger: Trigger::Boot,
                user: Some(Text::from("root")),
                command: program.clone(),
                file: path.clone(),
                line: found.line,
                name: Text::from(if in_initramfs { "rdinit" } else { "init" }),
                enabled: true,
                programs: Vec::new(),
            });
            if !in_initramfs {
                cx.want(&HostPath::new(program.as_bytes()));
            }
            cx.emit(BootProgram { file: path.clone(), line: found.line, program, in_initramfs });
        }
    }
}

pub(crate) fn judge(items: &Items, out: &mut Findings) {
    for boot in items.all::<BootProgram>() {
        let program = HostPath::new(boot.program.as_bytes());
        if !boot.in_initramfs && place::is_unowned(items, &program) {
            let draft = out.raise(&rules::FIRST_PROGRAM_REPLACED, &boot);
            draft.at(&boot.file, boot.line).evidence("program", boot.program.clone());
            place::show(draft, items, "file", &program);
        }
    }
}
