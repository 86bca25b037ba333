//! Who the senders are: looked at when they are first seen, because many end soon.

use std::collections::HashMap;

use coroner_host::{Host, HostPath, Process, process_exists};
use coroner_parse::Text;
use coroner_parse::process::net::{inet_table, packet_table};
use coroner_parse::process::{CgroupPath, Placement, mounts};
use coroner_parse::virt::{arguments, qemu_command};

use crate::cgroups;
use crate::join::Origin;
use crate::result::{Hidden, Sender};

/// Senders that are looked at in one observation.
const MOST_SENDERS: usize = 4_096;
/// Tasks whose network namespaces are remembered.
const MOST_TASKS: usize = 16_384;
/// Names that tasks gave themselves while they were watched.
const MOST_NAMES: usize = 16_384;
/// Bytes of a command line that a report needs to tell programs apart.
const COMMAND: usize = 256;
const LONGEST_TABLE: usize = 4 << 20;

#[derive(Debug)]
struct Known {
    process: Option<Process>,
    cgroup: Option<u64>,
}

/// The senders that were seen.
#[derive(Debug, Default)]
pub(crate) struct Senders {
    known: HashMap<u32, Known>,
    /// By the kernel's records of tasks that name themselves.
    names: HashMap<u32, Text>,
    /// The network namespaces of tasks, where they could be read.
    networks: HashMap<u32, Option<u64>>,
}

impl Senders {
    /// Looks at a sender when it is new.
    pub(crate) fn note(&mut self, host: &Host, origin: Origin) {
        if origin.pid == 0 || self.known.len() >= MOST_SENDERS {
            return;
        }
        self.known
            .entry(origin.pid)
            .or_insert_with(|| Known { process: host.process(origin.pid), cgroup: origin.cgroup });
    }

    /// The network namespace of the task that sent; threads of a process can be in several.
    pub(crate) fn network(&mut self, host: &Host, origin: Origin) -> Option<u64> {
        if self.networks.len() >= MOST_TASKS {
            return self.networks.get(&origin.tid).copied().flatten();
        }
        let Self { known, networks, .. } = self;
        *networks.entry(origin.tid).or_insert_with(|| {
            let own = known.get(&origin.pid).filter(|_| origin.pid == origin.tid);
            let process = own.and_then(|known| known.process.as_ref());
            let network = process.map(|process| process.namespaces.network);
            network.unwrap_or_else(|| host.process(origin.tid)?.namespaces.network)
        })
    }

    /// A task has a new name.
    pub(crate) fn named(&mut self, pid: u32, comm: Text) {
        if self.names.len() < MOST_NAMES {
            self.names.insert(pid, comm);
        }
    }

    /// What is known of a sender, its numbers of packets left open.
    pub(crate) fn describe(&self, host: &Host, views: &Views, pid: u32) -> Sender {
        let known = self.known.get(&pid);
        let process = known.and_then(|known| known.process.as_ref());
        let mut sender = process.map_or_else(blank, |process| describe(host, process));
        sender.pid = Some(pid);
        if sender.comm.is_empty() {
            sender.comm = self.names.get(&pid).cloned().unwrap_or_default();
        }
        if process.is_none() {
            place_by_cgroup(host, known, &mut sender);
        }
        sender.hidden = views.hidden(host, pid, process);
        sender.gone = sender.hidden.is_none() && !is_still(host, pid, process);
        if sender.who.is_empty() {
            let comm = if sender.comm.is_empty() { "unknown" } else { &*sender.comm.lossy() };
            sender.who = Text::from(format!("process called {comm}").as_str());
        }
        sender
    }
}

/// The sample's own cgroup is all that is left of a process that ended or hides.
fn place_by_cgroup(host: &Host, known: Option<&Known>, sender: &mut Sender) {
    let Some(number) = known.and_then(|known| known.cgroup) else { return };
    let Some(path) = cgroups::path_of(host, number) else { return };
    let line = CgroupPath { hierarchy: 0, controllers: Text::default(), path: path.clone() };
    sender.placement = Placement::of(&[line]);
    sender.cgroup = Some(path);
}

fn blank() -> Sender {
    Sender {
        who: Text::default(),
        pid: None,
        comm: Text::default(),
        exe: None,
        command: Text::default(),
        uid: None,
        cgroup: None,
        placement: Placement::default(),
        guest: None,
        kernel: false,
        holds: Vec::new(),
        cpu_ms: None,
        written: None,
        gone: false,
        hidden: None,
        packets: 0,
        bytes: 0,
        flows: Vec::new(),
    }
}

/// A sender that is no process.
pub(crate) fn nobody(who: &str) -> Sender {
    Sender { who: Text::from(who), ..blank() }
}

/// What one process shows of itself.
pub(crate) fn describe(host: &Host, process: &Process) -> Sender {
    let kernel = process.stat.is_kernel_thread();
    let exe = process.executable.as_ref().map(|exe| match (&exe.memory, exe.deleted) {
        (Some(name), _) => Text::new([b"memfd:", name.as_bytes()].concat()),
        (None, true) => Text::new([exe.path.as_bytes(), b" (deleted)"].concat()),
        (None, false) => Text::from(exe.path.as_bytes()),
    });
    let guest = guest_of(host, process);
    let who = match (&guest, &exe) {
        (Some(guest), _) => Text::new([b"guest ", guest.as_bytes()].concat()),
        (None, Some(exe)) => exe.clone(),
        (None, None) if kernel => kernel_name(&process.stat.comm),
        (None, None) => Text::default(),
    };
    let command: Vec<u8> = process.command.iter().copied().take(COMMAND).collect();
    let command = command.strip_suffix(b"\0").unwrap_or(&command);
    let spaced = command.iter().map(|&byte| if byte == 0 { b' ' } else { byte });
    Sender {
        who,
        comm: process.stat.comm.clone(),
        exe,
        command: Text::new(spaced.collect::<Vec<u8>>()),
        uid: process.status.as_ref().map(|status| status.uids[1]),
        cgroup: process.cgroups.iter().min_by_key(|line| line.hierarchy).map(|c| c.path.clone()),
        placement: process.placement.clone(),
        guest,
        kernel,
        holds: holds(host, process),
        ..blank()
    }
}

/// Numbers in the names of kernel threads are processors and counters.
fn kernel_name(comm: &Text) -> Text {
    let masked = comm.as_bytes().iter().map(|&b| if b.is_ascii_digit() { b'N' } else { b });
    let mut name = vec![b'['];
    name.extend(masked);
    name.push(b']');
    name.dedup_by(|a, b| *a == b'N' && *b == b'N');
    Text::new(name)
}

/// The guest of a qemu process, or of the kernel's thread that moves its packets (`vhost-PID`).
fn guest_of(host: &Host, process: &Process) -> Option<Text> {
    if process.stat.is_kernel_thread() {
        let owner = process.stat.comm.as_str()?.strip_prefix("vhost-")?.parse().ok()?;
        let owner = host.process(owner).filter(|owner| !owner.stat.is_kernel_thread())?;
        return guest_of(host, &owner);
    }
    let named = qemu_command(&arguments(&process.command)).and_then(|qemu| qemu.guest);
    named.or_else(|| match &process.placement {
        Placement::Domain { name } => Some(name.clone()),
        _ => None,
    })
}

/// What a process holds open that sends without a connection.
fn holds(host: &Host, process: &Process) -> Vec<Text> {
    let mut found = Vec::new();
    let own = |inode: &u64| process.sockets().binary_search(inode).is_ok();
    let table = |name: &str| {
        let content = host.read(&process.file(&format!("net/{name}")), LONGEST_TABLE);
        content.map(|content| content.bytes).unwrap_or_default()
    };
    if !process.sockets().is_empty() {
        let raw = ["raw", "raw6"].map(table).concat();
        if inet_table(&raw).flatten().any(|socket| own(&socket.inode)) {
            found.push(Text::from("raw socket"));
        }
        if packet_table(&table("packet")).flatten().any(|socket| own(&socket.inode)) {
            found.push(Text::from("packet socket"));
        }
    }
    for tap in process.descriptors.iter().flat_map(|held| &held.taps) {
        found.push(Text::new([b"tun ", tap.as_bytes()].concat()));
    }
    found
}

/// The process that was looked at is there and still the same.
fn is_still(host: &Host, pid: u32, before: Option<&Process>) -> bool {
    let now = host.process(pid);
    matches!((before, now), (Some(before), Some(now)) if before.stat.started == now.stat.started)
}

/// How /proc looks to everybody.
#[derive(Debug, Default)]
pub(crate) struct Views {
    listed: Vec<u32>,
    covered: Vec<u32>,
}

/// `PID_MAX_LIMIT` of linux/threads.h.
const MOST_PIDS: usize = 4 << 20;

impl Views {
    pub(crate) fn read(host: &Host) -> Self {
        let listing = host.list(&HostPath::new("/proc"), MOST_PIDS).ok();
        let entries = listing.into_iter().flat_map(|listing| listing.entries);
        let mut listed: Vec<u32> =
            entries.filter_map(|entry| entry.name.as_str()?.parse().ok()).collect();
        listed.sort_unstable();
        let table = host.read(&HostPath::new("/proc/self/mountinfo"), LONGEST_TABLE);
        let table = table.map(|content| content.bytes).unwrap_or_default();
        let covered = mounts(&table).flatten().filter_map(|mount| {
            let inside = mount.point.as_bytes().strip_prefix(b"/proc/")?;
            std::str::from_utf8(inside).ok()?.parse().ok()
        });
        Self { listed, covered: covered.collect() }
    }

    /// How a living process is kept from sight. Seen twice: one that has just begun is not hidden.
    fn hidden(&self, host: &Host, pid: u32, process: Option<&Process>) -> Option<Hidden> {
        if self.covered.contains(&pid) {
            return Some(Hidden::MountedOver);
        }
        if process.is_some() && !is_still(host, pid, process) {
            return None;
        }
        if self.listed.binary_search(&pid).is_ok() || !process_exists(pid) {
            return None;
        }
        let again = Self::read(host);
        if again.listed.binary_search(&pid).is_ok() || !process_exists(pid) {
            return None;
        }
        Some(if process.is_some() { Hidden::NotListed } else { Hidden::NotInProc })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_threads_have_one_name_whatever_their_numbers() {
        assert_eq!(kernel_name(&Text::from("kworker/12:3")), Text::from("[kworker/N:N]"));
    }
}
