//! The qemu processes of a live host.

use std::collections::BTreeSet;

use coroner_core::{Cx, HostPath, Process, Text};
use coroner_parse::virt::{QemuCommand, arguments, qemu_command};

/// A process that runs a guest.
#[derive(Debug)]
pub(crate) struct QemuProcess<'a> {
    pub(crate) process: &'a Process,
    pub(crate) command: QemuCommand,
    /// What it was started as.
    pub(crate) program: Text,
    /// Inodes of its sockets; `None` when its descriptors could not be listed.
    pub(crate) sockets: Option<BTreeSet<u64>>,
}

impl QemuProcess<'_> {
    pub(crate) fn pid(&self) -> i32 {
        self.process.pid()
    }

    /// Its network namespace, when it could be told.
    pub(crate) fn network(&self) -> Option<u64> {
        self.process.namespaces.network
    }

    /// What it really runs.
    pub(crate) fn executable(&self) -> Option<&HostPath> {
        self.process.executable.as_ref().map(|executable| &executable.path)
    }
}

/// Every qemu process.
pub(crate) fn qemu_processes<'a>(cx: &mut Cx<'a>) -> Vec<QemuProcess<'a>> {
    let Some(processes) = cx.processes() else { return Vec::new() };
    processes.iter().filter_map(|process| qemu_process(cx, process)).collect()
}

fn qemu_process<'a>(cx: &mut Cx<'_>, process: &'a Process) -> Option<QemuProcess<'a>> {
    let arguments = arguments(&process.command);
    let command = qemu_command(&arguments)?;
    let program = arguments.into_iter().next().unwrap_or_default();
    let sockets = sockets(cx, process);
    Some(QemuProcess { process, command, program, sockets })
}

/// A kernel or a sandbox that keeps a process's descriptors back is said once for the process; its
/// peers are then told by their ports.
fn sockets(cx: &mut Cx<'_>, process: &Process) -> Option<BTreeSet<u64>> {
    match (&process.descriptors, &process.refused) {
        (None, Some((_, why))) => {
            let detail = "its connections are told by port, not by socket";
            cx.minor_gap(&process.file("fd"), *why, detail);
            None
        }
        _ => Some(process.sockets().iter().copied().collect()),
    }
}
