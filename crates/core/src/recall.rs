//! What one audit recalls and keeps.

use std::sync::Arc;

use coroner_host::{Blocked, Host, Trace, is_privileged};
use coroner_parse::Digest;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::audit::Audit;
use crate::memory::{Done, day_of};
use crate::{Gap, sha256_of};

/// The name of the work that is no plugin's: named and packaged files.
pub(crate) const FILES: &str = "files";

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

    /// The host, seen through a trace when that is to be kept.
    pub(crate) fn noting(&self, trace: &Arc<Trace>) -> Arc<Host> {
        let host = &self.audit.host;
        if self.is_on() { Arc::new(host.traced(trace)) } else { Arc::clone(host) }
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
