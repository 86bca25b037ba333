//! Who keeps a BPF program and its links: processes by their descriptors, names in the BPF file
//! system.

use std::collections::BTreeSet;

use coroner_core::{Blocked, Cx, HostPath, Process, Processes};
use coroner_host::views::{BpfPin, BpfTable, bpf_link, bpf_pins, bpf_program};
use coroner_parse::process::{BpfKind, mounts};

use crate::items::{BpfItem, BpfLinkItem, BpfOwner};
use crate::steady::steady;

/// Network programs that `ip` and `tc` leave attached without keeping them: traffic control (3, 4)
/// and XDP (6), `enum bpf_prog_type`.
const OF_DEVICES: [u32; 3] = [3, 4, 6];
/// Mount namespaces whose BPF file systems are looked for.
const MOST_NAMESPACES: usize = 500;

/// Tells the programs and the links.
pub(crate) fn attached(cx: &mut Cx<'_>) {
    let programs = BpfTable::Programs.listed().unwrap_or_default();
    let links = BpfTable::Links.listed().unwrap_or_default();
    if programs.is_empty() && links.is_empty() {
        return;
    }
    let pins = bpf_pins(cx.host());
    let Some(processes) = cx.processes() else { return };
    let all_seen = pins.is_ok() && keepers_are_seen(cx, processes);
    let pins = pins.unwrap_or_default();
    let mut told: Vec<BpfLinkItem> =
        links.into_iter().filter_map(|id| link(processes, &pins, id)).collect();
    let suspects: BTreeSet<u32> = told.iter().filter(|l| l.is_unkept()).map(|l| l.id).collect();
    if !suspects.is_empty() && !all_seen {
        let why = "who keeps BPF links: not every process or BPF file system was seen";
        cx.minor_gap(&HostPath::new("/sys/fs/bpf"), Blocked::Denied, why);
    }
    let ownerless = if all_seen { unkept(cx, &suspects) } else { BTreeSet::new() };
    for link in &mut told {
        link.ownerless = ownerless.contains(&link.id);
    }
    for id in programs {
        let Some(mut program) = program(processes, &pins, id) else { continue };
        let linked = told.iter().any(|link| link.program == id);
        program.ownerless = all_seen && program.is_left_attached() && !linked && pins.is_empty();
        cx.emit(program);
    }
    let owners = told.iter().flat_map(|link| &link.owners);
    let programs: BTreeSet<HostPath> = owners.filter_map(BpfOwner::file).cloned().collect();
    for path in programs {
        cx.want(&path);
    }
    for link in told {
        cx.emit(link);
    }
}

/// Whether every process showed what it holds, and every BPF file system is the one at /sys/fs/bpf.
fn keepers_are_seen(cx: &Cx<'_>, processes: &Processes) -> bool {
    let seen = |process: &Process| match &process.descriptors {
        Some(held) => !held.truncated,
        None => holds_nothing(process) || has_ended(cx, process),
    };
    processes.left_out == 0 && processes.iter().all(seen) && has_one_file_system(cx, processes)
}

/// A process whose first thread has ended goes on with the others.
fn holds_nothing(process: &Process) -> bool {
    process.stat.is_kernel_thread() || process.stat.is_zombie() && process.stat.threads < 2
}

/// It ended while it was read.
fn has_ended(cx: &Cx<'_>, process: &Process) -> bool {
    let now = u32::try_from(process.pid()).ok().and_then(|pid| cx.host().process(pid));
    now.is_none_or(|now| now.stat.started != process.stat.started || holds_nothing(&now))
}

fn has_one_file_system(cx: &Cx<'_>, processes: &Processes) -> bool {
    let mut namespaces = BTreeSet::new();
    let mut devices = BTreeSet::new();
    let first = processes.iter().filter(|process| {
        process.namespaces.mount.is_some_and(|namespace| namespaces.insert(namespace))
    });
    for process in first.take(MOST_NAMESPACES) {
        let Ok(content) = cx.host().read(&process.file("mountinfo"), 4 << 20) else { continue };
        let of_bpf = mounts(&content.bytes).flatten().filter(|mount| mount.file_system == "bpf");
        devices.extend(of_bpf.map(|mount| mount.device));
    }
    devices.len() < 2 && namespaces.len() <= MOST_NAMESPACES
}

/// Those that nobody keeps in two more readings.
fn unkept(cx: &Cx<'_>, suspects: &BTreeSet<u32>) -> BTreeSet<u32> {
    let mut first = true;
    let read = || {
        if std::mem::take(&mut first) {
            return Some(suspects.clone());
        }
        let processes = cx.host().read_processes().ok()?;
        let pins = bpf_pins(cx.host()).ok()?;
        let still = |id: &&u32| link(&processes, &pins, **id).is_some_and(|link| link.is_unkept());
        Some(suspects.iter().filter(still).copied().collect())
    };
    let keep =
        |told: &mut BTreeSet<u32>, again: &BTreeSet<u32>| told.retain(|id| again.contains(id));
    steady(read, BTreeSet::is_empty, keep).unwrap_or_default()
}

fn program(processes: &Processes, pins: &[BpfPin], id: u32) -> Option<BpfItem> {
    let program = bpf_program(id)?;
    let owners = owners(processes, BpfKind::Program, id);
    Some(BpfItem {
        id,
        kind: program.kind,
        name: program.name,
        uid: program.uid,
        holders: owners.into_iter().map(|owner| owner.pid).collect(),
        pins: of(pins, BpfKind::Program, id),
        ownerless: false,
    })
}

fn link(processes: &Processes, pins: &[BpfPin], id: u32) -> Option<BpfLinkItem> {
    let link = bpf_link(id)?;
    Some(BpfLinkItem {
        id,
        kind: link.kind,
        program: link.program,
        program_kind: bpf_program(link.program).map(|program| program.kind),
        hook: link.hook,
        owners: owners(processes, BpfKind::Link, id),
        pins: of(pins, BpfKind::Link, id),
        ownerless: false,
    })
}

fn of(pins: &[BpfPin], kind: BpfKind, id: u32) -> Vec<HostPath> {
    let these = pins.iter().filter(|pin| pin.object.kind == kind && pin.object.id == id);
    these.map(|pin| pin.path.clone()).collect()
}

fn owners(processes: &Processes, kind: BpfKind, id: u32) -> Vec<BpfOwner> {
    let holds = |process: &&Process| {
        let held = process.descriptors.iter().flat_map(|held| &held.bpf);
        held.into_iter().any(|object| object.kind == kind && object.id == id)
    };
    processes.iter().filter(holds).map(BpfOwner::from).collect()
}

impl From<&Process> for BpfOwner {
    fn from(process: &Process) -> Self {
        let executable = process.executable.as_ref();
        Self {
            pid: u32::try_from(process.pid()).unwrap_or_default(),
            name: process.stat.comm.clone(),
            program: executable.map(|executable| executable.path.clone()),
            of_host: executable.is_some_and(|executable| executable.of_host),
            in_memory: executable.is_some_and(|executable| executable.memory.is_some()),
        }
    }
}

impl BpfOwner {
    /// The file whose package speaks for it.
    pub(crate) fn file(&self) -> Option<&HostPath> {
        self.program.as_ref().filter(|_| self.of_host && !self.in_memory)
    }
}

impl BpfLinkItem {
    fn is_unkept(&self) -> bool {
        self.owners.is_empty() && self.pins.is_empty()
    }
}

impl BpfItem {
    fn is_left_attached(&self) -> bool {
        OF_DEVICES.contains(&self.kind) && self.holders.is_empty() && self.pins.is_empty()
    }
}
