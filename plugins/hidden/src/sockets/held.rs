//! Sockets that processes hold, beside the tables.
//!
//! Most descriptors prove nothing: a TCP or UDP socket that is not bound is in no table, and many
//! families have none. A raw or a packet socket is in its table from its first to its last moment,
//! and the kernel names the protocol of each descriptor. It does not name the network namespace: a
//! socket may be of another than its holder's, so the tables of all are asked.

use std::collections::{BTreeMap, BTreeSet};

use coroner_core::{Cx, HostPath, Process, Processes, Text};
use coroner_host::Host;

use super::items::{HeldSocket, SocketHolder};
use super::listed;
use crate::steady::steady;

/// Protocols whose sockets are always in a table, and that table.
const ALWAYS_LISTED: [(&str, &str); 3] = [("RAW", "raw"), ("RAWv6", "raw6"), ("PACKET", "packet")];
/// Processes of one socket that are told.
const MOST_HOLDERS: usize = 10;
/// A node has some hundred network namespaces.
const MOST_NETWORKS: usize = 4096;

/// Inode to the protocol and the process.
type Found = BTreeMap<u64, (Text, i32)>;

pub(super) fn held(cx: &mut Cx<'_>) {
    let Some(processes) = cx.processes() else { return };
    let networks = processes.networks();
    if networks.is_empty() || networks.len() > MOST_NETWORKS {
        return;
    }
    let (host, deadline) = (cx.host(), cx.deadline());
    let reading = || if deadline.is_over() { None } else { Some(unlisted(host, processes)) };
    let Some(found) = steady(reading, BTreeMap::is_empty, |first, again| {
        first.retain(|inode, _| again.contains_key(inode));
    }) else {
        return;
    };
    let elsewhere = !found.is_empty() && has_other_networks(host, &networks);
    for (inode, (protocol, pid)) in found {
        let holder = processes.get(pid).map(holder);
        cx.emit(HeldSocket { inode, protocol, holder, elsewhere });
    }
}

/// Held sockets that stand in a table neither before nor after the processes are asked.
fn unlisted(host: &Host, processes: &Processes) -> Found {
    let before = in_tables(host, processes);
    let mut found = Found::new();
    for process in processes.iter().filter(|process| !process.sockets().is_empty()) {
        let Ok(protocols) = host.socket_protocols(process.pid()) else { continue };
        let always = |protocol: &Text| ALWAYS_LISTED.iter().any(|(name, _)| *protocol == *name);
        let odd = protocols
            .into_iter()
            .filter(|(inode, protocol)| always(protocol) && !before.contains(inode));
        found.extend(odd.map(|(inode, protocol)| (inode, (protocol, process.pid()))));
    }
    if !found.is_empty() {
        let after = in_tables(host, processes);
        found.retain(|inode, _| !after.contains(inode));
    }
    found
}

fn in_tables(host: &Host, processes: &Processes) -> BTreeSet<u64> {
    let mut inodes = BTreeSet::new();
    for pid in processes.networks().into_values() {
        let dir = HostPath::new(format!("/proc/{pid}/net"));
        for (_, table) in ALWAYS_LISTED {
            inodes.extend(listed(host, &dir, table).unwrap_or_default().into_keys());
        }
    }
    inodes
}

/// Whether a network namespace is kept by a mount (`ip netns`, container engines) and no process lives in it.
fn has_other_networks(host: &Host, known: &BTreeMap<u64, i32>) -> bool {
    let mounts = host.read(&HostPath::new("/proc/1/mountinfo"), 16 << 20);
    let Ok(mounts) = mounts else { return true };
    let mut kept = mounts.bytes.split(u8::is_ascii_whitespace).filter_map(network);
    mounts.truncated || kept.any(|network| !known.contains_key(&network))
}

/// `net:[4026532000]`, the root of such a mount.
fn network(word: &[u8]) -> Option<u64> {
    let number = word.strip_prefix(b"net:[")?.strip_suffix(b"]")?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// Who holds a socket, as far as processes were read.
pub(super) fn holders(cx: &mut Cx<'_>, inode: u64) -> Vec<SocketHolder> {
    let Some(processes) = cx.processes() else { return Vec::new() };
    processes.holders(inode).take(MOST_HOLDERS).map(holder).collect()
}

fn holder(process: &Process) -> SocketHolder {
    SocketHolder {
        pid: process.pid(),
        name: process.stat.comm.clone(),
        program: process.executable.as_ref().map(|executable| executable.path.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_namespace_that_a_mount_keeps_is_known_by_its_number() {
        let line = b"52 24 0:4 net:[4026532000] /run/netns/blue rw shared:9 - nsfs nsfs rw";
        let found: Vec<u64> = line.split(u8::is_ascii_whitespace).filter_map(network).collect();
        assert_eq!(found, [4_026_532_000]);
        assert_eq!(
            (network(b"net:[]"), network(b"net:[1"), network(b"mnt:[1]")),
            (None, None, None)
        );
    }
}
