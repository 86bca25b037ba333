//! What the writers of records do not do.

use super::record::{Kind, Layout, Record};

/// Something in a file of records that the programs that write it do not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Oddity {
    /// Records of nothing but NUL, between records that hold something.
    Zeroed {
        /// The first of them.
        first: u64,
        /// How many in a row.
        count: u64,
        /// They fill whole file-system blocks, or lie behind the last record: a power cut does that.
        like_a_power_cut: bool,
    },
    /// `ut_type` 0 with other fields filled: the record was marked as deleted.
    Unmarked {
        /// Which record.
        index: u64,
    },
    /// A record older than the one before it by more than the skew allowed.
    Backwards {
        /// The later record.
        index: u64,
        /// By how many seconds.
        seconds: i64,
    },
    /// Text behind the terminator of a name.
    Residue {
        /// Which record.
        index: u64,
    },
    /// A type that no program writes.
    UnknownType {
        /// Which record.
        index: u64,
    },
}

/// Clocks are stepped by this much without anybody noticing.
const SKEW: i64 = 300;
/// Records after a boot during which the clock may be set without a word.
const SETTLING: u64 = 16;
/// File systems hand out blocks of this size.
const BLOCK: u64 = 4096;

/// Watches a file's records for what their writers do not do.
#[derive(Debug)]
pub struct Watch {
    size: u64,
    zeroes: Option<(u64, u64)>,
    latest: Option<i64>,
    settles_at: u64,
}

impl Watch {
    /// For records of this layout.
    pub fn new(layout: Layout) -> Self {
        Self { size: layout.size() as u64, zeroes: None, latest: None, settles_at: 0 }
    }

    /// Takes the next record.
    pub fn see(&mut self, record: &Record<'_>) -> Vec<Oddity> {
        if record.zero {
            let (_, count) = self.zeroes.get_or_insert((record.index, 0));
            *count = count.saturating_add(1);
            return Vec::new();
        }
        let mut odd: Vec<Oddity> = self.end_of_zeroes(false).into_iter().collect();
        let index = record.index;
        match record.kind {
            Kind::Empty => odd.push(Oddity::Unmarked { index }),
            Kind::Other(raw) if raw != 9 => odd.push(Oddity::UnknownType { index }),
            _ => odd.extend(self.clock(record)),
        }
        if record.residue {
            odd.push(Oddity::Residue { index });
        }
        odd
    }

    /// No more records: zeroed ones at the very end.
    pub fn finish(&mut self) -> Option<Oddity> {
        self.end_of_zeroes(true)
    }

    fn end_of_zeroes(&mut self, at_end: bool) -> Option<Oddity> {
        let (first, count) = self.zeroes.take()?;
        let (start, length) = (first.saturating_mul(self.size), count.saturating_mul(self.size));
        // Lost blocks rarely begin where a record does: the zeroed run then misses at most one
        // record on each side of the blocks.
        let whole_blocks = length.saturating_add(2 * self.size) >= BLOCK
            && start % BLOCK < self.size
            && count >= BLOCK / self.size;
        Some(Oddity::Zeroed { first, count, like_a_power_cut: at_end || whole_blocks })
    }

    fn clock(&mut self, record: &Record<'_>) -> Option<Oddity> {
        if record.kind.around_a_clock_change() {
            self.settles_at = record.index.saturating_add(SETTLING);
            self.latest = None;
            return None;
        }
        let before = self.latest.replace(record.seconds);
        let back = before?.saturating_sub(record.seconds);
        let settled = record.index >= self.settles_at;
        (back > SKEW && settled).then_some(Oddity::Backwards { index: record.index, seconds: back })
    }
}
