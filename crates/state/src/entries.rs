//! What the cache knows, and the form in which it is kept.

use std::collections::HashMap;

use coroner_core::{Algorithm, ContentFacts, Digest};
use coroner_host::Identity;
use serde::{Deserialize, Serialize};

/// All that is known.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Entries {
    pub(crate) digests: HashMap<(Identity, Algorithm), Digest>,
    pub(crate) facts: HashMap<Identity, ContentFacts>,
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    digests: Vec<(Identity, Digest)>,
    facts: Vec<(Identity, ContentFacts)>,
}

/// More than the files of any host's packages.
const MOST: usize = 2_000_000;

impl Entries {
    pub(crate) fn len(&self) -> usize {
        self.digests.len() + self.facts.len()
    }

    pub(crate) fn has_room(&self) -> bool {
        self.len() < MOST
    }

    /// Sorted, so that the same knowledge gives the same bytes.
    pub(crate) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let digests = self.digests.iter().map(|((key, _), digest)| (*key, digest.clone()));
        let facts = self.facts.iter().map(|(key, facts)| (*key, facts.clone()));
        let mut kept = Kept { digests: digests.collect(), facts: facts.collect() };
        kept.digests.sort_by_key(|(key, digest)| (*key, digest.algorithm()));
        kept.facts.sort_by_key(|(key, _)| *key);
        serde_json::to_vec(&kept)
    }

    pub(crate) fn from_json(json: &[u8]) -> Option<Self> {
        let kept: Kept = serde_json::from_slice(json).ok()?;
        let digests =
            kept.digests.into_iter().map(|(key, digest)| ((key, digest.algorithm()), digest));
        Some(Self { digests: digests.collect(), facts: kept.facts.into_iter().collect() })
    }
}
