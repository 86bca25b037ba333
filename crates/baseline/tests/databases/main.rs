//! Whole databases on fixture roots, of every package manager.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod apk;
mod dpkg;
mod packs;
mod pacman;
mod rpm;
mod signed;

use std::collections::HashSet;
use std::time::Duration;

use coroner_baseline::{PackageDb, Packs, VendorKeys};
use coroner_core::packages::{Claim, PackageKnowledge, Verification};
use coroner_core::{Deadline, FileFacts, HostPath, PackageState};
use coroner_host::{Host, HostSources};
use coroner_testkit::Tree;

/// A fixture root with its databases loaded.
struct Loaded {
    _dir: tempfile::TempDir,
    host: Host,
    db: PackageDb,
}

impl Loaded {
    fn new(tree: &Tree) -> Self {
        Self::at(tree.write())
    }

    fn at(dir: tempfile::TempDir) -> Self {
        Self::with(dir, &VendorKeys::shipped())
    }

    fn with(dir: tempfile::TempDir, keys: &VendorKeys) -> Self {
        let host = Host::open(HostSources::offline(dir.path())).unwrap();
        let db = PackageDb::load_with_keys(host.root(), &Packs::default(), keys);
        Self { _dir: dir, host, db }
    }

    fn claim(&self, path: &str) -> Option<Claim> {
        self.db.claim(&HostPath::new(path))
    }

    fn owner(&self, path: &str) -> Option<String> {
        self.claim(path).map(|claim| claim.package.to_string())
    }

    fn verify(&self) -> Verification {
        let deadline = Deadline::after(Duration::from_mins(10));
        self.db.verify(&self.host, &HashSet::new(), deadline)
    }

    /// The paths that disagree, with their states.
    fn suspects(&self) -> Vec<(String, PackageState)> {
        let named = |facts: &FileFacts| (facts.path.to_string(), facts.state);
        self.verify().suspects.iter().map(named).collect()
    }
}

fn suspect(path: &str, state: PackageState) -> (String, PackageState) {
    (path.to_owned(), state)
}
