//! One snapshot of /proc for everything that looks at processes.
//!
//! Each process is read through a handle on its own directory, so that a number that is given to another
//! process in between mixes no facts: the old handle answers no more. A process that ends while it is read
//! is normal and only counted. Kernel threads have no program, descriptors or environment and are not
//! asked for any.

mod descriptors;
mod dir;
mod executable;
mod memory;
mod process;
mod read;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use descriptors::Descriptors;
pub(crate) use descriptors::socket_protocols;
pub(crate) use dir::ProcessDir;
pub use executable::{Executable, OnDisk};
pub(crate) use memory::read_code;
pub use memory::{AnonymousCode, ForeignCode, ForeignPage, MappedFile, ProcessCode};
pub use process::{Namespaces, Process};
pub(crate) use read::{Outcome, Reader, pids};

/// The processes of a live host at one time. Those that were read in vain are counted.
#[derive(Debug, Default)]
pub struct Processes {
    by_pid: BTreeMap<i32, Process>,
    holders: BTreeMap<u64, Vec<i32>>,
    /// Ended while they were read.
    pub vanished: usize,
    /// Not read: the time for the snapshot was up.
    pub left_out: usize,
}

impl Processes {
    /// Of what came of `asked` processes; those without an outcome were given up.
    pub(crate) fn of(asked: usize, outcomes: Vec<Outcome>) -> Self {
        let mut all = Self { left_out: asked.saturating_sub(outcomes.len()), ..Self::default() };
        for outcome in outcomes {
            match outcome {
                Outcome::Read(process) => {
                    all.by_pid.insert(process.pid(), *process);
                }
                Outcome::Vanished => all.vanished += 1,
                Outcome::LeftOut => all.left_out += 1,
            }
        }
        for process in all.by_pid.values() {
            for &inode in process.sockets() {
                all.holders.entry(inode).or_default().push(process.pid());
            }
        }
        all
    }

    /// The processes, by their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &Process> {
        self.by_pid.values()
    }

    /// One of them.
    pub fn get(&self, pid: i32) -> Option<&Process> {
        self.by_pid.get(&pid)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_pid.len()
    }

    /// None at all: no live host, or none that could be read.
    pub fn is_empty(&self) -> bool {
        self.by_pid.is_empty()
    }

    /// The processes that hold a socket, the oldest number first.
    pub fn holders(&self, socket: u64) -> impl Iterator<Item = &Process> {
        let pids = self.holders.get(&socket).map(Vec::as_slice).unwrap_or_default();
        pids.iter().filter_map(|pid| self.get(*pid))
    }

    /// One process for each network namespace, by the namespace's number, the lowest pid that shows its own:
    /// /proc/PID/net of it has the tables.
    pub fn networks(&self) -> BTreeMap<u64, i32> {
        let mut found = BTreeMap::new();
        for process in self.iter() {
            if let Some(network) = process.namespaces.network {
                found.entry(network).or_insert(process.pid());
            }
        }
        found
    }
}
