//! Work that need not be done again: nothing that it looked at has changed.
//!
//! While a plugin collects, or named and packaged files are examined, a trace notes every path that
//! is looked at and what lay there ([`Sightings`]). The result is kept with it. The next audit first
//! looks whether all of that still lies as it did, by the inode's own times, and does only the work
//! that saw something which has changed. What asked the running kernel is never kept.

use coroner_host::{Root, Sightings};
use coroner_parse::Digest;
use serde::{Deserialize, Serialize};

use crate::known::NothingKnown;
use crate::time::Time;

/// A piece of work that was done before, or is to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Which work.
    pub name: String,
    /// Of all that went into it beside the root: another tool, option or pack makes other work of it.
    pub inputs: Digest,
    /// The day it holds for, in days since 1970, when it asked what day it is.
    pub day: Option<i64>,
    /// Files that it read.
    pub files: u64,
    /// What came of it.
    pub result: Vec<u8>,
}

/// Keeps work from one audit to the next. Whoever keeps it on the audited host lets an intruder
/// forge it.
pub trait Memory: Send + Sync {
    /// Whether anything is to be kept; noting what is looked at costs time.
    fn keeps(&self) -> bool;

    /// Whether work of this name may be recalled, whatever went into it.
    fn may_recall(&self, root: &Root, name: &str) -> bool;

    /// The result of work, when nothing that it looked at has changed.
    fn recall(&self, root: &Root, name: &str, inputs: &Digest) -> Option<Vec<u8>>;

    /// Keeps work with what it saw.
    fn keep(&self, work: Done, seen: Sightings);
}

impl Memory for NothingKnown {
    fn keeps(&self) -> bool {
        false
    }

    fn may_recall(&self, _: &Root, _: &str) -> bool {
        false
    }

    fn recall(&self, _: &Root, _: &str, _: &Digest) -> Option<Vec<u8>> {
        None
    }

    fn keep(&self, _: Done, _: Sightings) {}
}

/// The day of a time, in days since 1970, in UTC.
pub fn day_of(now: Time) -> i64 {
    now.seconds().div_euclid(86_400)
}
