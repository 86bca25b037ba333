//! The running kernel's packet filter: iptables-legacy tables and nftables.
//!
//! Looking must not change anything. Asking for an xtables table makes the kernel create it, so
//! only tables that exist are asked for; speaking to a netlink subsystem that is not there makes
//! the kernel start the host's modprobe, so `presence` finds out first, from /proc alone.

mod legacy;
mod nftables;
mod presence;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use coroner_parse::Text;
use coroner_parse::firewall::{Family, RuleSet};

use crate::{Blocked, Host, HostPath, ReadError};

/// Time for all of it; a busy kernel answers in milliseconds.
const BUDGET: Duration = Duration::from_secs(20);

/// A view of the kernel that could not be had, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// The file that would have told, or stands for what would.
    pub path: HostPath,
    /// Why.
    pub reason: Blocked,
    /// In words.
    pub detail: String,
}

impl Unseen {
    pub(crate) fn new(path: &HostPath, reason: Blocked, detail: impl Into<String>) -> Self {
        Self { path: path.clone(), reason, detail: detail.into() }
    }
}

/// A table of iptables-legacy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyTable {
    /// IPv4 or IPv6.
    pub family: Family,
    /// `filter`, `nat`, ...
    pub name: Text,
    /// Its chains and rules.
    pub rules: RuleSet,
}

/// What the kernel filters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KernelRules {
    /// Tables of iptables-legacy that exist.
    pub legacy: Vec<LegacyTable>,
    /// nftables, with what iptables-nft put there; none when the kernel has no nftables.
    pub nftables: Option<RuleSet>,
    /// What could not be seen.
    pub unseen: Vec<Unseen>,
}

/// Reads the rules of the network namespace that this process lives in, when that is the host's.
pub fn read(host: &Host) -> KernelRules {
    read_beside(host, &HostPath::new("/proc/1/net"))
}

/// The same, with the directory of /proc that shows this thread's network namespace.
fn read_beside(host: &Host, net: &HostPath) -> KernelRules {
    let deadline = Instant::now() + BUDGET;
    let mut rules = KernelRules::default();
    for (family, names) in [(Family::Ip, "ip_tables_names"), (Family::Ip6, "ip6_tables_names")] {
        let names = net.join(names);
        match presence::legacy_tables(host, &names) {
            Ok(tables) if tables.is_empty() => {}
            Ok(tables) => ask_legacy(host, family, &names, tables, &mut rules),
            Err(unseen) => rules.unseen.push(unseen),
        }
    }
    match presence::nftables(host, net) {
        Ok(false) => {}
        Ok(true) if !may_ask(host) => {
            let path = net.join("netlink");
            rules.unseen.push(not_ours(&path));
        }
        Ok(true) => match nftables::read(deadline) {
            Ok(set) => rules.nftables = set,
            Err(reason) => {
                let path = net.join("netlink");
                rules.unseen.push(Unseen::new(&path, reason, "nftables rules"));
            }
        },
        Err(unseen) => rules.unseen.push(unseen),
    }
    rules
}

fn ask_legacy(
    host: &Host,
    family: Family,
    names: &HostPath,
    tables: Vec<Text>,
    rules: &mut KernelRules,
) {
    if !may_ask(host) {
        rules.unseen.push(not_ours(names));
        return;
    }
    for name in tables {
        match legacy::read(family, &name) {
            Ok(set) => rules.legacy.push(LegacyTable { family, name, rules: set }),
            Err(reason) => {
                rules.unseen.push(Unseen::new(names, reason, format!("table {name}")));
            }
        }
    }
}

/// System calls of this process show the audited host's network.
fn may_ask(host: &Host) -> bool {
    host.has_kernel() && host.has_network()
}

fn not_ours(path: &HostPath) -> Unseen {
    Unseen::new(path, Blocked::Unavailable, "this process is not in the host's network namespace")
}

/// What a read says, or the gap that it is; absence is the given answer.
fn or_unseen(
    result: Result<crate::Content, ReadError>,
    path: &HostPath,
) -> Result<Option<Vec<u8>>, Unseen> {
    match result {
        Ok(content) if content.truncated => {
            Err(Unseen::new(path, Blocked::TooLarge, "longer than any kernel writes it"))
        }
        Ok(content) => Ok(Some(content.bytes)),
        Err(ReadError::Absent) => Ok(None),
        Err(ReadError::Blocked(reason)) => Err(Unseen::new(path, reason, "not readable")),
    }
}
