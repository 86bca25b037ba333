//! What a process holds open: /proc/PID/fd.

use std::collections::BTreeMap;

use coroner_parse::Text;
use coroner_parse::process::{BpfObject, Descriptor, bpf_object, tun_interface};

use crate::{Blocked, ReadError, Root};

use super::ProcessDir;

/// Descriptors of one process that are looked at.
const MOST_DESCRIPTORS: usize = 100_000;
/// Bytes of one descriptor's fdinfo: a dozen short lines.
const LONGEST_INFO: usize = 4096;
/// BPF objects, taps and pieces of memory of one process that are kept, of each kind.
const MOST_KEPT: usize = 1000;

/// The descriptors of a process, as far as they matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Descriptors {
    /// Standard input, output and error.
    pub standard: [Option<Descriptor>; 3],
    /// Inodes of sockets, in order, each once.
    pub sockets: Vec<u64>,
    /// BPF programs, maps and links.
    pub bpf: Vec<BpfObject>,
    /// Interfaces of tun(4) that end in this process.
    pub taps: Vec<Text>,
    /// Memory made with `memfd_create(2)`.
    pub memory: Vec<Text>,
    /// How many there are.
    pub count: usize,
    /// There were more than are looked at.
    pub truncated: bool,
}

/// The protocol of each socket of a process, as the kernel names it (`system.sockprotoname`, which
/// every socket has since Linux 3.3): `TCP`, `PACKET`, ...
pub(crate) fn socket_protocols(tree: &Root, pid: i32) -> Result<BTreeMap<u64, Text>, ReadError> {
    let dir = ProcessDir::open(tree, pid)?;
    let listing = dir.list("fd", MOST_DESCRIPTORS)?;
    let mut found = BTreeMap::new();
    for name in listing.entries.iter().filter_map(|entry| entry.name.as_str()) {
        let Ok(link) = dir.link(&format!("fd/{name}")) else { continue };
        let Descriptor::Socket(inode) = Descriptor::new(link.as_bytes()) else { continue };
        let protocol = dir.protocol(&format!("fd/{name}"));
        // The number may lead to another socket by now.
        if dir.link(&format!("fd/{name}")).is_ok_and(|again| again == link) {
            found.extend(protocol.map(|protocol| (inode, protocol)));
        }
    }
    Ok(found)
}

impl Descriptors {
    /// Reads them. One that is closed in between is left out; one that is refused refuses all.
    pub(super) fn read(dir: &ProcessDir) -> Result<Self, ReadError> {
        let listing = dir.list("fd", MOST_DESCRIPTORS)?;
        let mut held = Self { truncated: listing.truncated, ..Self::default() };
        for name in listing.entries.iter().filter_map(|entry| entry.name.as_str()) {
            match dir.link(&format!("fd/{name}")) {
                Ok(link) => held.take(dir, name, Descriptor::new(link.as_bytes())),
                Err(ReadError::Blocked(Blocked::Denied)) => return Err(Blocked::Denied.into()),
                Err(_) => {}
            }
        }
        held.sockets.sort_unstable();
        held.sockets.dedup();
        held.bpf.sort();
        Ok(held)
    }

    fn take(&mut self, dir: &ProcessDir, name: &str, descriptor: Descriptor) {
        self.count += 1;
        let info = || dir.read(&format!("fdinfo/{name}"), LONGEST_INFO).ok().map(|(text, _)| text);
        match &descriptor {
            Descriptor::Socket(inode) => self.sockets.push(*inode),
            Descriptor::Memory(name) if self.memory.len() < MOST_KEPT => {
                self.memory.push(name.clone());
            }
            Descriptor::Anonymous(kind)
                if kind.as_bytes().starts_with(b"bpf") && self.bpf.len() < MOST_KEPT =>
            {
                self.bpf.extend(info().and_then(|text| bpf_object(&text)));
            }
            Descriptor::File(path) if *path == "/dev/net/tun" && self.taps.len() < MOST_KEPT => {
                self.taps.extend(info().and_then(|text| tun_interface(&text)));
            }
            _ => {}
        }
        let standard = name.parse().ok().and_then(|number: usize| self.standard.get_mut(number));
        if let Some(place) = standard {
            *place = Some(descriptor);
        }
    }
}
