//! Binary tables of iptables-legacy: what `getsockopt` returns for `IPT_SO_GET_INFO` and
//! `IPT_SO_GET_ENTRIES` (`linux/netfilter_ipv4/ip_tables.h`, `linux/netfilter_ipv6/ip6_tables.h`,
//! `linux/netfilter/x_tables.h`), in the layout of a 64-bit kernel.

mod decoded;
mod entry;
mod matches;
mod payload;
mod targets;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use self::entry::Entry;
use super::bytes::native_u32;
use super::model::{Chain, Family, Hook, Rule, RuleSet, Verdict};
use crate::{BadLine, Text};

pub(super) use decoded::Decoded;
pub(super) use matches::decode_match;
pub(super) use targets::decode_target;

/// Bytes of `struct ipt_getinfo`.
pub const INFO_SIZE: usize = 84;

/// A chain of the kernel's own in each table, in the order of `enum nf_inet_hooks`.
const BUILT_IN: [&str; 5] = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];

/// Where a table's own chains begin and end (`struct ipt_getinfo`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableInfo {
    /// One bit for each hook that the table has.
    pub valid_hooks: u32,
    /// Offset of each own chain's first entry.
    pub hook_entry: [u32; 5],
    /// Offset of each own chain's policy.
    pub underflow: [u32; 5],
    /// Count of entries.
    pub entries: u32,
    /// Bytes of all entries.
    pub size: u32,
}

impl TableInfo {
    /// Reads the kernel's answer to `IPT_SO_GET_INFO`.
    pub fn parse(answer: &[u8]) -> Option<Self> {
        let five = |at: usize| {
            let mut words = [0; 5];
            for (index, word) in words.iter_mut().enumerate() {
                *word = native_u32(answer, at + 4 * index)?;
            }
            Some(words)
        };
        Some(Self {
            valid_hooks: native_u32(answer, 32)?,
            hook_entry: five(36)?,
            underflow: five(56)?,
            entries: native_u32(answer, 76)?,
            size: native_u32(answer, 80)?,
        })
    }

    fn own_chain(&self, offset: u32) -> Option<&'static str> {
        let hooks = BUILT_IN.iter().zip(self.hook_entry).enumerate();
        hooks
            .filter(|(hook, _)| self.valid_hooks & (1 << hook) != 0)
            .find(|(_, (_, entry))| *entry == offset)
            .map(|(_, (name, _))| *name)
    }

    fn is_policy(&self, offset: u32) -> bool {
        let ends = self.underflow.iter().enumerate();
        ends.filter(|(hook, _)| self.valid_hooks & (1 << hook) != 0).any(|(_, end)| *end == offset)
    }
}

/// Reads a table's entries. An entry that makes no sense is a bad line with its number; the walk
/// ends there, for nothing tells where the next one begins.
pub fn parse_entries(blob: &[u8], info: &TableInfo, family: Family, table: &Text) -> RuleSet {
    let mut set = RuleSet::default();
    let entries = entry::walk(blob, family, &mut set.bad);
    let starts = chain_starts(&entries, info);
    let mut chain = Text::default();
    let mut position = 0;
    for (index, entry) in entries.iter().enumerate() {
        if let Some(name) = info.own_chain(entry.offset) {
            chain = Text::from(name);
            position = 0;
            set.chains.push(new_chain(family, table, &chain));
        } else if let Some(name) = entry.head() {
            chain = name;
            position = 0;
            if index + 1 < entries.len() {
                set.chains.push(new_chain(family, table, &chain));
            }
            continue;
        }
        let last = entries.get(index + 1).is_none_or(|next| next.head().is_some());
        if info.is_policy(entry.offset) {
            close_chain(&mut set, entry);
        } else if !(last && entry.is_bare_return()) {
            position += 1;
            set.rules.push(rule_of(entry, &starts, family, table, &chain, position));
        }
    }
    set
}

/// Names of chains by the offset of their first entry, which is what jumps point at.
fn chain_starts(entries: &[Entry<'_>], info: &TableInfo) -> HashMap<u32, Text> {
    let mut starts = HashMap::new();
    for pair in entries.windows(2) {
        let [head, first] = pair else { continue };
        if let Some(name) = head.head() {
            starts.insert(first.offset, name);
        }
    }
    for (name, offset) in BUILT_IN.iter().zip(info.hook_entry) {
        starts.entry(offset).or_insert_with(|| Text::from(*name));
    }
    starts
}

fn new_chain(family: Family, table: &Text, name: &Text) -> Chain {
    Chain {
        family,
        table: table.clone(),
        name: name.clone(),
        hook: None,
        priority: None,
        kind: None,
        policy: None,
        line: 0,
    }
}

/// The last entry of a chain of the kernel's own is its policy.
fn close_chain(set: &mut RuleSet, entry: &Entry<'_>) {
    if let Some(chain) = set.chains.last_mut() {
        chain.hook = Hook::from_name(chain.name.as_bytes());
        chain.policy = entry.standard().and_then(|code| match code {
            -1 => Some(Verdict::Drop),
            -2 => Some(Verdict::Accept),
            _ => None,
        });
    }
}

fn rule_of(
    entry: &Entry<'_>,
    starts: &HashMap<u32, Text>,
    family: Family,
    table: &Text,
    chain: &Text,
    position: u32,
) -> Rule {
    let header = entry.header_matches();
    let mut text = [b"-A ".as_slice(), chain.as_bytes(), header.text.as_bytes()].concat();
    let mut matches = header.matches;
    for (name, revision, data) in entry.match_records() {
        let decoded = decode_match(&name, revision, data, family);
        text.extend_from_slice(decoded.text.as_bytes());
        matches.extend(decoded.matches);
    }
    let (verdict, target) = entry.verdict(starts, family);
    text.extend_from_slice(target.as_bytes());
    Rule {
        family,
        table: table.clone(),
        chain: chain.clone(),
        position,
        line: 0,
        matches,
        verdict,
        counters: entry.counters(),
        text: Text::from(text),
    }
}

/// What was found in entries, for the reader of a gap.
fn bad_entry(number: usize, reason: &'static str) -> BadLine {
    BadLine { number: u32::try_from(number).unwrap_or(u32::MAX), reason, start: Text::default() }
}
