//! Work that need not be done again: nothing that it looked at has changed.
//!
//! While a plugin collects, or named and packaged files are examined, a [`Trace`] notes every path
//! that is looked at and what lay there. The result is kept with it. The next audit first looks
//! whether all of that still lies as it did, by the inode's own times, and does only the work that
//! saw something which has changed. What asked the running kernel is never kept.

use coroner_host::{Blocked, Root, Sightings, Trace, is_privileged};
use coroner_parse::Digest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::audit::Audit;
use crate::{Gap, NothingKnown, Time, sha256_of};

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

/// The memory of one audit.
pub(crate) struct Recall<'a> {
    audit: &'a Audit,
}

impl<'a> Recall<'a> {
    pub(crate) fn of(audit: &'a Audit) -> Self {
        Self { audit }
    }

    /// A tool that does not know itself cannot tell whether another one did the work.
    pub(crate) fn is_on(&self) -> bool {
        self.audit.memory.keeps() && self.audit.tool.sha256.is_some()
    }

    pub(crate) fn may_recall(&self, name: &str) -> bool {
        self.is_on() && self.audit.memory.may_recall(self.audit.host.root(), name)
    }

    /// What came of work of this name and these inputs, if it still holds.
    pub(crate) fn recall<T: DeserializeOwned>(&self, name: &str, more: &Digest) -> Option<T> {
        if !self.may_recall(name) {
            return None;
        }
        let result = self.audit.memory.recall(self.audit.host.root(), name, &self.inputs(more))?;
        serde_json::from_slice(&result).ok()
    }

    /// Keeps what came of work, unless it might come out differently on the same root.
    pub(crate) fn keep<T: Serialize>(
        &self,
        (name, more): (&str, &Digest),
        files: u64,
        result: &T,
        trace: &Trace,
    ) {
        let Some(seen) = trace.finish() else { return };
        let Ok(result) = serde_json::to_vec(result) else { return };
        let day = trace.knows_day().then(|| day_of(self.audit.options.now.outside_plugins()));
        let (name, inputs) = (name.to_owned(), self.inputs(more));
        self.audit.memory.keep(Done { name, inputs, day, files, result }, seen);
    }

    fn inputs(&self, more: &Digest) -> Digest {
        let Audit { options, tool, host, evidence, .. } = self.audit;
        let nets: Vec<_> = options.trusted_nets.iter().map(ToString::to_string).collect();
        let sources = format!("{:?}", host.sources());
        let asked = (options.scope, nets, &options.wordlist, options.redact, options.traffic);
        let all = (tool, sources, is_privileged(), asked, evidence, more.hex());
        sha256_of(&serde_json::to_vec(&all).unwrap_or_default())
    }
}

/// What went into work beside the root and the options.
pub(crate) fn digest_of(inputs: &impl Serialize) -> Digest {
    sha256_of(&serde_json::to_vec(inputs).unwrap_or_default())
}

/// Whether work with these gaps would have the same ones again.
pub(crate) fn are_steady(gaps: &[Gap]) -> bool {
    gaps.iter()
        .all(|gap| matches!(gap.reason, Blocked::Malformed | Blocked::TooLarge | Blocked::Loop))
}
