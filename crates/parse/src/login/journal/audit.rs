//! Does the file hold what its header and its index say?

use super::object::{ObjectHead, ObjectKind};
use super::{Journal, Source};

/// Holes kept one by one; further ones are only counted.
const MOST_HOLES: usize = 64;

/// Numbers that are missing between two entries that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeqnumHole {
    /// The number before the hole.
    pub after: u64,
    /// The number behind it.
    pub before: u64,
    /// When the entry before it was written, microseconds since 1970.
    pub from: u64,
    /// When the entry behind it was written.
    pub to: u64,
}

/// What a walk over all objects found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// Entries met in the file.
    pub entries: u64,
    /// Entries that the index reaches.
    pub indexed: u64,
    /// Entries that are in the file and not in its index: journalctl does not show them.
    pub unlinked: u64,
    /// The first holes in the numbering.
    pub holes: Vec<SeqnumHole>,
    /// How many numbers are missing in all.
    pub missing: u64,
    /// Entries older than the one before them in number.
    pub out_of_order: u64,
    /// The walk came to where no object is before it came to the end; the rest was not seen.
    pub broken_at: Option<u64>,
}

impl<S: Source + ?Sized> Journal<'_, S> {
    /// Walks over every object. Linear in the number of objects; payloads are not read.
    pub fn audit(&self) -> Audit {
        let mut audit = Audit::default();
        let mut fingerprint = Fingerprint::default();
        let mut last = None;
        let mut offset = self.header().header_size.next_multiple_of(8);
        while offset <= self.header().tail_object_offset {
            let Some(head) = ObjectHead::read(self.source, &self.header, offset) else {
                audit.broken_at = Some(offset);
                break;
            };
            if head.kind == Some(ObjectKind::Entry) {
                fingerprint.add(offset);
                self.count_entry(offset, &mut last, &mut audit);
            }
            let Some(next) = head.next() else { break };
            offset = next;
        }
        self.compare_index(fingerprint, &mut audit);
        audit
    }

    fn count_entry(&self, offset: u64, last: &mut Option<(u64, u64)>, audit: &mut Audit) {
        audit.entries = audit.entries.saturating_add(1);
        let Some(now) = self.number(offset, 16).zip(self.number(offset, 24)) else { return };
        if let Some((after, from)) = last.replace(now) {
            let (before, to) = now;
            if before <= after {
                audit.out_of_order = audit.out_of_order.saturating_add(1);
            } else if let Some(missing @ 1..) = (before - after).checked_sub(1) {
                audit.missing = audit.missing.saturating_add(missing);
                if audit.holes.len() < MOST_HOLES {
                    audit.holes.push(SeqnumHole { after, before, from, to });
                }
            }
        }
    }

    /// Two sets of offsets are the same when their counts and sums of mixed values are: no set need
    /// be held in memory.
    fn compare_index(&self, met: Fingerprint, audit: &mut Audit) {
        let mut indexed = Fingerprint::default();
        self.each_in_arrays(self.header.entry_array_offset, |entry| indexed.add(entry));
        audit.indexed = indexed.count;
        if audit.broken_at.is_none() && indexed != met {
            audit.unlinked = met.count.saturating_sub(indexed.count).max(1);
        }
    }
}

#[derive(Default, PartialEq, Eq, Clone, Copy)]
struct Fingerprint {
    count: u64,
    sum: u64,
}

impl Fingerprint {
    fn add(&mut self, offset: u64) {
        self.count = self.count.saturating_add(1);
        // A multiplication and a shift mix enough: an offset is no secret, a swap must show.
        let mixed = offset.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.sum = self.sum.wrapping_add(mixed ^ (mixed >> 29));
    }
}
