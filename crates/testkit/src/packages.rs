//! A package database made of statements about a fixture tree.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use coroner_core::packages::{Claim, Package, PackageKnowledge, Verification};
use coroner_core::{Deadline, Gap, HostPath, Text, sha256_of};
use coroner_host::Host;

use crate::Tree;

/// Who owns which files of a tree, and which of them were changed since.
#[derive(Debug, Clone, Default)]
pub struct FixturePackages {
    /// The root has no database at all.
    pub no_database: bool,
    /// Package to its files.
    pub owned: BTreeMap<String, Vec<String>>,
    /// Owned files whose content is not the package's.
    pub modified: BTreeSet<String>,
    /// Owned files that an administrator may change.
    pub conffiles: BTreeSet<String>,
    /// Owned files whose digest the database lacks.
    pub without_digest: BTreeSet<String>,
}

/// The same with what each file should hold.
pub(crate) struct Database {
    known: bool,
    claims: BTreeMap<HostPath, Claim>,
}

impl FixturePackages {
    pub(crate) fn database(&self, tree: &Tree) -> Database {
        let pairs = self.owned.iter().flat_map(|(package, files)| {
            files.iter().map(move |file| (HostPath::new(file), self.claim(package, file, tree)))
        });
        Database { known: !self.no_database, claims: pairs.collect() }
    }

    fn claim(&self, package: &str, file: &str, tree: &Tree) -> Claim {
        let content = tree.content(file).unwrap_or_default();
        let original =
            if self.modified.contains(file) { b"what the package brought" } else { content };
        Claim {
            package: Text::from(package),
            conffile: self.conffiles.contains(file),
            expected: (!self.without_digest.contains(file)).then(|| sha256_of(original)),
            may_be_missing: false,
            vendor: None,
            proven: false,
        }
    }
}

impl PackageKnowledge for Database {
    fn claim(&self, path: &HostPath) -> Option<Claim> {
        self.claims.get(path).cloned()
    }

    fn is_known(&self) -> bool {
        self.known
    }

    fn packages(&self) -> Vec<Package> {
        Vec::new()
    }

    fn gaps(&self) -> Vec<Gap> {
        Vec::new()
    }

    /// Rule cases name the files they speak of; there are no others to verify.
    fn verify(&self, _: &Host, _: &HashSet<HostPath>, _: Deadline) -> Verification {
        Verification::default()
    }
}
