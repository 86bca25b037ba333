//! The running kernel's packet filter: iptables-legacy tables and nftables.
//!
//! Looking must not change anything. Asking for an xtables table makes the kernel create it, so
//! only tables that exist are asked for; speaking to a netlink subsystem that is not there makes
//! the kernel start the host's modprobe, so `crate::presence` finds out first, from /proc alone.

mod legacy;
mod nftables;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use coroner_parse::Text;
use coroner_parse::firewall::{Family, RuleSet};

pub use crate::Unseen;
use crate::{Host, HostPath};

/// Time for all of it; a busy kernel answers in milliseconds.
const BUDGET: Duration = Duration::from_secs(20);

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
        match legacy::tables(host, &names) {
            Ok(tables) if tables.is_empty() => {}
            Ok(tables) => ask_legacy(host, family, &names, tables, &mut rules),
            Err(unseen) => rules.unseen.push(unseen),
        }
    }
    match nftables::is_there(host, net) {
        Ok(false) => {}
        Ok(true) if !host.has_network() => {
            let path = net.join("netlink");
            rules.unseen.push(Unseen::not_ours(&path));
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
    if !host.has_network() {
        rules.unseen.push(Unseen::not_ours(names));
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
