//! Without samples nobody knows who sends. What is left: who could send without a connection (raw and
//! packet sockets, tun devices, UDP sockets), and how busy it was meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use coroner_host::{Host, HostPath, Process, Processes};
use coroner_parse::process::bytes_written;
use coroner_parse::process::net::{inet_table, packet_table};

use crate::result::Sender;
use crate::senders::{describe, nobody};

/// Suspects that are told.
const MOST: usize = 20;
const LONGEST_TABLE: usize = 4 << 20;

/// What a process had used when the observation began.
#[derive(Debug, Clone, Copy, Default)]
struct Used {
    ticks: u64,
    written: Option<u64>,
}

impl Used {
    fn by(host: &Host, process: &Process) -> Self {
        let io = host.read(&process.file("io"), 4096).ok();
        let written = io.and_then(|content| bytes_written(&content.bytes));
        Self { ticks: process.stat.ticks, written }
    }
}

/// What every process had used when the observation began.
#[derive(Debug, Default)]
pub(crate) struct Suspects(BTreeMap<(i32, u64), Used>);

impl Suspects {
    pub(crate) fn before(host: &Host) -> Self {
        let Ok(processes) = host.read_processes() else { return Self::default() };
        let used =
            |process: &Process| ((process.pid(), process.stat.started), Used::by(host, process));
        Self(processes.iter().map(used).collect())
    }

    /// Processes that could send without a connection, the busiest first.
    pub(crate) fn now(&self, host: &Host) -> Vec<Sender> {
        let Ok(processes) = host.read_processes() else { return Vec::new() };
        let able = able_sockets(host, &processes);
        let own = i32::try_from(std::process::id()).unwrap_or(0);
        let could = |process: &&Process| {
            if process.pid() == own {
                return false; // the capture's sockets
            }
            let tun = process.descriptors.as_ref().is_some_and(|held| !held.taps.is_empty());
            tun || process.sockets().iter().any(|inode| able.contains(inode))
        };
        let mut found: Vec<Sender> =
            processes.iter().filter(could).map(|process| self.suspect(host, process)).collect();
        found.sort_by(|a, b| b.cpu_ms.cmp(&a.cpu_ms).then_with(|| a.who.cmp(&b.who)));
        found.truncate(MOST);
        found
    }

    fn suspect(&self, host: &Host, process: &Process) -> Sender {
        let mut sender = describe(host, process);
        let before = self.0.get(&(process.pid(), process.stat.started)).copied();
        let before = before.unwrap_or_default();
        let now = Used::by(host, process);
        let ticks = now.ticks.saturating_sub(before.ticks);
        let begun = before.written.unwrap_or(0);
        sender.written = now.written.map(|written| written.saturating_sub(begun));
        let per_second = rustix::param::clock_ticks_per_second().max(1);
        sender.cpu_ms = Some(ticks.saturating_mul(1000) / per_second);
        sender.pid = u32::try_from(process.pid()).ok();
        if sender.who.is_empty() {
            sender.who = nobody("process").who;
        }
        sender
    }
}

/// Inodes of sockets that send without a connection, in every network namespace.
fn able_sockets(host: &Host, processes: &Processes) -> BTreeSet<u64> {
    let mut able = BTreeSet::new();
    for pid in processes.networks().into_values() {
        let table = |name: &str| {
            let path = HostPath::new(format!("/proc/{pid}/net/{name}"));
            host.read(&path, LONGEST_TABLE).map(|content| content.bytes).unwrap_or_default()
        };
        for name in ["raw", "raw6", "udp", "udp6"] {
            able.extend(inet_table(&table(name)).flatten().map(|socket| socket.inode));
        }
        able.extend(packet_table(&table("packet")).flatten().map(|socket| socket.inode));
    }
    able.remove(&0);
    able
}
