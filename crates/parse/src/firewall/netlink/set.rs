//! Members of nft sets, for rules that look them up.

use std::collections::HashMap;

use super::super::model::{Family, Verdict};
use crate::Text;

/// `NFT_SET_ELEM_INTERVAL_END`.
const INTERVAL_END: u32 = 1;

/// A member as the kernel tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) key: Vec<u8>,
    pub(super) key_end: Option<Vec<u8>>,
    pub(super) flags: u32,
    pub(super) verdict: Option<Verdict>,
}

/// The members of one set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetMembers {
    pub(super) elements: Vec<Element>,
}

impl SetMembers {
    /// Adds what another message of the same dump told.
    pub fn append(&mut self, mut more: SetMembers) {
        self.elements.append(&mut more.elements);
    }

    /// Members as first and last key. An interval's end is a member of its own, one beyond its
    /// last key; keys are in network order, so that bytes compare as numbers.
    pub(super) fn ranges(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let intervals = self.elements.iter().any(|element| element.flags & INTERVAL_END != 0);
        let mut sorted: Vec<&Element> = self.elements.iter().collect();
        sorted.sort_by(|a, b| {
            let ends = |element: &Element| element.flags & INTERVAL_END == 0;
            (&a.key, ends(a)).cmp(&(&b.key, ends(b)))
        });
        let mut ranges = Vec::new();
        for (index, element) in sorted.iter().enumerate() {
            if element.flags & INTERVAL_END != 0 {
                continue;
            }
            let next = sorted.get(index + 1).filter(|_| intervals);
            let last = match (&element.key_end, next) {
                (Some(end), _) => end.clone(),
                (None, Some(next)) => before(&next.key),
                (None, None) if intervals => vec![0xff; element.key.len()],
                (None, None) => element.key.clone(),
            };
            ranges.push((element.key.clone(), last));
        }
        ranges
    }

    /// What a verdict map says, each verdict once.
    pub(super) fn verdicts(&self) -> Vec<Verdict> {
        let mut verdicts: Vec<Verdict> =
            self.elements.iter().filter_map(|element| element.verdict.clone()).collect();
        verdicts.sort();
        verdicts.dedup();
        verdicts
    }
}

/// The key just below.
pub(super) fn before(key: &[u8]) -> Vec<u8> {
    let mut key = key.to_vec();
    for byte in key.iter_mut().rev() {
        let borrow = *byte == 0;
        *byte = byte.wrapping_sub(1);
        if !borrow {
            break;
        }
    }
    key
}

/// The key just above.
pub(super) fn after(key: &[u8]) -> Vec<u8> {
    let mut key = key.to_vec();
    for byte in key.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            break;
        }
    }
    key
}

/// Sets of a dump by family, table and name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sets(HashMap<(Family, Text, Text), SetMembers>);

impl Sets {
    /// Adds members to a set.
    pub fn add(&mut self, family: Family, table: Text, name: Text, members: SetMembers) {
        self.0.entry((family, table, name)).or_default().append(members);
    }

    pub(super) fn get(&self, family: Family, table: &Text, name: &Text) -> Option<&SetMembers> {
        self.0.get(&(family, table.clone(), name.clone()))
    }
}
