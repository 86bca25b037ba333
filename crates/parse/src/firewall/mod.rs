//! Rule sets: saved files and the kernel's own records, all read into one model ([`Rule`]).
//!
//! Sources: `iptables-save` text, nft scripts, firewalld XML, xtables binary tables (as
//! `getsockopt(IPT_SO_GET_ENTRIES)` returns them) and nftables netlink messages.

#![allow(clippy::similar_names)] // text and test, ports and parts: the words of this field

mod address;
mod bytes;
mod firewalld;
mod model;
mod names;
pub mod netlink;
mod nft;
mod save;
mod words;
pub mod xtables;

pub use address::{AddressRange, Peer, PortRange};
pub use firewalld::{parse_firewalld_direct, parse_firewalld_zone};
pub use model::{
    Chain, Condition, Counters, Family, Hook, Match, Rule, RuleSet, Statement, Verdict,
};
pub use names::{is_well_known_port, protocol_name};
pub use nft::parse_nft_script;
pub use save::parse_iptables_save;
