//! Every network namespace that a process lives in, socket by socket.

mod diag;
mod interfaces;
mod tables;

use std::collections::BTreeMap;

use coroner_core::{Blocked, Cx, HostPath, Process, Processes};
use coroner_parse::process::Placement;

use crate::items::{Owner, RawSocket};
use tables::Tables;

/// Network namespaces that are read; a node has some hundred.
const MOST_NETWORKS: usize = 4096;

pub(crate) fn everything(cx: &mut Cx<'_>) {
    let Some(processes) = cx.processes() else { return };
    let hosts = processes.get(1).and_then(|first| first.namespaces.network);
    let networks = processes.networks();
    if networks.len() > MOST_NETWORKS {
        cx.gap_because(
            &HostPath::new("/proc"),
            Blocked::TooLarge,
            "more network namespaces than are read",
        );
    }
    let mut raw = Vec::new();
    for (network, pid) in networks.into_iter().take(MOST_NETWORKS) {
        let Some(process) = processes.get(pid) else { continue };
        let foreign = hosts.is_some_and(|hosts| hosts != network);
        let scene =
            Scene { processes, process, network: foreign.then(|| process.placement.clone()) };
        let tables = Tables::read(cx, pid);
        tables.tell_listeners(cx, &scene);
        tables.tell_connections(cx, &scene);
        raw.extend(tables.raw(&scene));
    }
    raw.retain(|(inode, _, _)| !is_auditors(processes, *inode));
    let filters = diag::tell(cx, processes);
    for (inode, _, socket) in &mut raw {
        socket.filter = filters.get(inode).cloned();
    }
    let raw = settled(cx, raw);
    interfaces::promiscuous(cx, &raw);
    for socket in raw {
        name_program(cx, socket.owner.as_ref());
        cx.emit(socket);
    }
}

/// One network namespace.
struct Scene<'a> {
    processes: &'a Processes,
    /// Who lives there, and by whom it is read.
    process: &'a Process,
    /// Whose it is, when it is not the host's own.
    network: Option<Placement>,
}

impl Scene<'_> {
    fn owner(&self, inode: u64) -> Option<Owner> {
        owner(self.processes, inode)
    }
}

fn owner(processes: &Processes, inode: u64) -> Option<Owner> {
    let mut holders = processes.holders(inode);
    let first = holders.next()?;
    let executable = first.executable.as_ref();
    Some(Owner {
        pid: first.pid(),
        name: first.stat.comm.clone(),
        program: executable.map(|executable| executable.path.clone()),
        deleted: executable.is_some_and(|executable| executable.deleted),
        from_memory: executable.is_some_and(|executable| executable.memory.is_some()),
        of_host: executable.is_some_and(|executable| executable.of_host),
        place: first.placement.clone(),
        uid: first.status.as_ref().map(|status| status.uids[1]),
        others: u32::try_from(holders.count()).unwrap_or(u32::MAX),
    })
}

/// The auditor has packet sockets while it watches the traffic.
fn is_auditors(processes: &Processes, inode: u64) -> bool {
    processes.holders(inode).any(|holder| holder.is_auditor)
}

/// The facts of an owner's program are needed where the host's packages know it.
fn name_program(cx: &mut Cx<'_>, owner: Option<&Owner>) {
    let Some(owner) = owner.filter(|owner| owner.of_host && !owner.from_memory) else { return };
    if let Some(program) = &owner.program {
        cx.want(program);
    }
}

/// How often a socket that nobody holds is looked for again.
const LOOKS: usize = 3;

/// A raw socket with nobody to hold it was opened, closed or handed over while processes were read, or its
/// holder is hidden: all is read anew before it is said.
fn settled(cx: &mut Cx<'_>, mut found: Vec<(u64, i32, RawSocket)>) -> Vec<RawSocket> {
    for _ in 0..LOOKS {
        if found.iter().all(|(_, _, socket)| socket.owner.is_some()) {
            break;
        }
        let Ok(again) = cx.host().read_processes() else { break };
        let mut there: BTreeMap<i32, Vec<u64>> = BTreeMap::new();
        found.retain_mut(|(inode, pid, socket)| {
            if socket.owner.is_some() {
                return true;
            }
            if is_auditors(&again, *inode) {
                return false;
            }
            socket.owner = owner(&again, *inode);
            socket.all_asked = all_asked(&again);
            let table = there.entry(*pid).or_insert_with(|| Tables::read(cx, *pid).raw_inodes());
            socket.owner.is_some() || table.contains(inode)
        });
    }
    found.into_iter().map(|(_, _, socket)| socket).collect()
}

/// No process kept its descriptors back, and none was left out.
fn all_asked(processes: &Processes) -> bool {
    let asked = |process: &Process| {
        let has_program = !process.stat.is_kernel_thread() && !process.stat.is_zombie();
        let whole = process.descriptors.as_ref().is_some_and(|held| !held.truncated);
        whole || !has_program
    };
    processes.left_out == 0 && processes.iter().all(asked)
}
