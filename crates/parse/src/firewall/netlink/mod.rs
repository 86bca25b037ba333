//! nftables as the kernel tells it over netlink (`linux/netfilter/nf_tables.h`).
//!
//! Attributes are walked with netlink-packet-core; what they say is decoded here and not with
//! netlink-packet-netfilter's types, because those take names as UTF-8: one chain with a name that
//! is not would hide its rules behind an error.

mod attributes;
mod comparison;
mod expression;
mod field;
mod message;
mod set;
mod state;
#[cfg(test)]
mod tests;
mod value;
mod verdict;

pub use message::{
    SetName, generation, parse_chain, parse_rule, parse_set_elements, parse_set_name,
};
pub use set::{SetMembers, Sets};
