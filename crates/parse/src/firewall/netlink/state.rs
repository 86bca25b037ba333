//! The registers that expressions of a rule work on, and what they have said so far.

use std::collections::BTreeMap;

use super::super::address::{AddressRange, Peer, PortRange};
use super::super::model::{Condition, Counters, Family, Match, Verdict};
use super::field::Loaded;
use super::set::{SetMembers, Sets};
use crate::Text;

/// Registers hold 16 bytes and are also seen as 32-bit words (`NFT_REG_1` is word 4,
/// `NFT_REG32_00` too).
pub(super) fn register_word(register: u32) -> u32 {
    if register <= 4 { register.saturating_mul(4) } else { register.saturating_sub(4) }
}

/// Reads a rule's expressions one after the other.
pub(super) struct Decoder<'s> {
    pub(super) family: Family,
    table: Text,
    sets: &'s Sets,
    /// What each register word holds.
    pub(super) loaded: BTreeMap<u32, Loaded>,
    /// The protocol that earlier expressions settled.
    pub(super) protocol: Option<u8>,
    /// IPv6 settled by the table, or by `meta nfproto`.
    pub(super) six: Option<bool>,
    pub(super) done: Decoded,
}

/// What the expressions said.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    pub(super) matches: Vec<Match>,
    pub(super) verdict: Verdict,
    pub(super) counters: Option<Counters>,
    pub(super) text: Vec<String>,
}

impl<'s> Decoder<'s> {
    pub(super) fn new(family: Family, table: &Text, sets: &'s Sets) -> Self {
        let six = match family {
            Family::Ip => Some(false),
            Family::Ip6 => Some(true),
            _ => None,
        };
        Self {
            family,
            table: table.clone(),
            sets,
            loaded: BTreeMap::new(),
            protocol: None,
            six,
            done: Decoded::default(),
        }
    }

    pub(super) fn set(&self, name: &Text) -> Option<&'s SetMembers> {
        self.sets.get(self.family, &self.table, name)
    }

    pub(super) fn load(&mut self, register: Option<u32>, loaded: Loaded) {
        if let Some(register) = register {
            self.loaded.insert(register_word(register), loaded);
        }
    }

    pub(super) fn register(&self, register: Option<u32>) -> Option<&Loaded> {
        self.loaded.get(&register_word(register?))
    }

    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.done.text.push(text.into());
    }

    pub(super) fn condition(&mut self, found: Match, text: String) {
        self.done.text.push(text);
        let narrowed = self.done.matches.last().and_then(|last| narrowed(last, &found));
        match (narrowed, self.done.matches.last_mut()) {
            (Some(range), Some(last)) => last.condition = range,
            _ => self.done.matches.push(found),
        }
    }

    /// A verdict that ends the rule stands; a log or a setting does not push it away.
    pub(super) fn verdict(&mut self, verdict: Verdict, text: String) {
        let weak = matches!(verdict, Verdict::Log | Verdict::Other(_));
        if !(weak && self.done.verdict != Verdict::Continue) {
            self.done.verdict = verdict;
        }
        self.say(text);
    }

    pub(super) fn finish(self) -> Decoded {
        self.done
    }
}

/// A range comes as two comparisons, "at least" and "at most": one condition of the model.
fn narrowed(low: &Match, high: &Match) -> Option<Condition> {
    if low.negated || high.negated {
        return None;
    }
    let ports = |low: &[PortRange], high: &[PortRange]| match (low, high) {
        ([low], [high]) if low.last == u16::MAX && high.first == 0 && low.first <= high.last => {
            Some(vec![PortRange { first: low.first, last: high.last }])
        }
        _ => None,
    };
    match (&low.condition, &high.condition) {
        (Condition::SourcePort(low), Condition::SourcePort(high)) => {
            ports(low, high).map(Condition::SourcePort)
        }
        (Condition::DestinationPort(low), Condition::DestinationPort(high)) => {
            ports(low, high).map(Condition::DestinationPort)
        }
        (Condition::Source(low), Condition::Source(high)) => {
            addresses(low, high).map(Condition::Source)
        }
        (Condition::Destination(low), Condition::Destination(high)) => {
            addresses(low, high).map(Condition::Destination)
        }
        _ => None,
    }
}

fn addresses(low: &[Peer], high: &[Peer]) -> Option<Vec<Peer>> {
    let ([Peer::Address(low)], [Peer::Address(high)]) = (low, high) else { return None };
    let whole = AddressRange::network(low.first, 0);
    let open = low.last == whole.last && high.first == whole.first && low.first <= high.last;
    open.then(|| vec![Peer::Address(AddressRange { first: low.first, last: high.last })])
}
