//! The qemu processes of a live host.

use std::collections::BTreeSet;

use coroner_core::{Blocked, Cx, HostPath, ReadError, Text};
use coroner_parse::virt::{QemuCommand, arguments, qemu_command};

/// More processes than any kernel allows (`PID_MAX_LIMIT`).
const MOST_PROCESSES: usize = 4 << 20;
/// libvirt's longest command lines have some 20 KiB.
const LONGEST_COMMAND: usize = 1 << 20;
/// Descriptors of one process that are looked at.
const MOST_DESCRIPTORS: usize = 100_000;

/// A process that runs a guest.
#[derive(Debug)]
pub(crate) struct QemuProcess {
    pub(crate) pid: i32,
    pub(crate) command: QemuCommand,
    /// What it was started as.
    pub(crate) program: Text,
    /// What it really runs, by /proc/PID/exe.
    pub(crate) executable: Option<Text>,
    /// Inodes of its sockets; `None` when its descriptors could not be listed.
    pub(crate) sockets: Option<BTreeSet<u64>>,
    /// Its network namespace; empty when unknown.
    pub(crate) network: Text,
}

impl QemuProcess {
    /// A file of its own below /proc.
    pub(crate) fn file(&self, name: &str) -> HostPath {
        of_process(self.pid, name)
    }
}

fn of_process(pid: i32, name: &str) -> HostPath {
    HostPath::new(format!("/proc/{pid}/{name}"))
}

/// Every qemu process. One that ends while it is read is no gap.
pub(crate) fn qemu_processes(cx: &mut Cx<'_>) -> Vec<QemuProcess> {
    let proc = HostPath::new("/proc");
    let listing = match cx.host().list(&proc, MOST_PROCESSES) {
        Ok(listing) => listing,
        Err(error) => {
            cx.gap(&proc, reason(error));
            return Vec::new();
        }
    };
    let pids = listing.entries.iter().filter_map(|entry| entry.name.as_str()?.parse().ok());
    pids.filter_map(|pid| process(cx, pid)).collect()
}

fn process(cx: &mut Cx<'_>, pid: i32) -> Option<QemuProcess> {
    if cx.deadline().is_over() {
        cx.gap(&HostPath::new("/proc"), Blocked::OutOfTime);
        return None;
    }
    let host = cx.host();
    let cmdline = host.read(&of_process(pid, "cmdline"), LONGEST_COMMAND).ok()?;
    let arguments = arguments(&cmdline.bytes);
    let command = qemu_command(&arguments)?;
    let program = arguments.into_iter().next().unwrap_or_default();
    let executable = host.read_link(&of_process(pid, "exe")).ok();
    let network = host.read_link(&of_process(pid, "ns/net")).unwrap_or_default();
    let sockets = sockets(cx, pid);
    Some(QemuProcess { pid, command, program, executable, sockets, network })
}

/// A kernel or a sandbox that keeps a process's descriptors back is said once for the process; its
/// peers are then told by their ports.
fn sockets(cx: &mut Cx<'_>, pid: i32) -> Option<BTreeSet<u64>> {
    let dir = of_process(pid, "fd");
    match read_sockets(cx, &dir) {
        Ok(inodes) => Some(inodes),
        Err(ReadError::Absent) => Some(BTreeSet::new()),
        Err(ReadError::Blocked(why)) => {
            cx.minor_gap(&dir, why, "its connections are told by port, not by socket");
            None
        }
    }
}

fn read_sockets(cx: &Cx<'_>, dir: &HostPath) -> Result<BTreeSet<u64>, ReadError> {
    let listing = cx.host().list(dir, MOST_DESCRIPTORS)?;
    let mut inodes = BTreeSet::new();
    for descriptor in &listing.entries {
        match cx.host().read_link(&descriptor.path) {
            Ok(link) => inodes.extend(socket_inode(&link)),
            Err(ReadError::Blocked(Blocked::Denied)) => return Err(Blocked::Denied.into()),
            // Closed since it was listed.
            Err(_) => {}
        }
    }
    Ok(inodes)
}

/// `socket:[104714]`
fn socket_inode(link: &Text) -> Option<u64> {
    link.as_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

fn reason(error: ReadError) -> Blocked {
    match error {
        ReadError::Absent => Blocked::Vanished,
        ReadError::Blocked(reason) => reason,
    }
}
