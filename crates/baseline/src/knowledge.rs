//! The answers that core asks for.

use std::collections::HashSet;
use std::sync::Arc;

use coroner_core::packages::{Claim, Package, PackageKnowledge, Verification};
use coroner_core::{Blocked, Deadline, Gap, HostPath, KnownContent, NothingKnown};
use coroner_host::Host;

use crate::index::{PackageDb, SPEAKER};
use crate::keys::VendorKeys;
use crate::package::{Entry, Trouble, TroubleKind};
use crate::packs::Packs;

impl PackageDb {
    /// Loads the databases of a host, as [`coroner_core::audit::Audit`] wants it done.
    /// Files that `known` knows to be unchanged are not read.
    pub fn of_host(
        host: &Host,
        packs: &Packs,
        keys: &VendorKeys,
        known: Arc<dyn KnownContent>,
    ) -> Box<dyn PackageKnowledge> {
        Box::new(Knowing { db: Self::load_with_keys(host.root(), packs, keys), known })
    }

    pub(crate) fn claim_of(&self, path: &[u8], entry: &Entry) -> Claim {
        let package = self.package(entry);
        Claim {
            package: package.map(|package| package.name.clone()).unwrap_or_default(),
            conffile: entry.conffile,
            expected: entry.expected.clone(),
            may_be_missing: self.may_be_missing(path, entry),
            vendor: entry.vendor.as_deref().cloned(),
            proven: package.is_some_and(|package| package.proof.holds()),
        }
    }
}

impl PackageKnowledge for PackageDb {
    fn claim(&self, path: &HostPath) -> Option<Claim> {
        Some(self.claim_of(path.as_bytes(), self.entry(path)?))
    }

    fn is_known(&self) -> bool {
        PackageDb::is_known(self)
    }

    fn packages(&self) -> Vec<Package> {
        let as_item = |(id, package): (u32, &crate::Package)| Package {
            name: package.name.clone(),
            version: package.version.clone(),
            architecture: package.architecture.clone(),
            manager: package.manager.name().to_owned(),
            files: package.files,
            with_digest: package.with_digest,
            vendor: package.vendor.clone(),
            proof: package.proof.clone(),
            edited: self.edited.get(&id).cloned().unwrap_or_default(),
            rewritten: self.rewritten.get(&id).copied(),
        };
        let installed = (0..).zip(&self.packages).filter(|(id, _)| !self.images.contains(id));
        installed.map(as_item).collect()
    }

    fn gaps(&self) -> Vec<Gap> {
        self.troubles.iter().map(gap).collect()
    }

    fn verify(&self, host: &Host, done: &HashSet<HostPath>, deadline: Deadline) -> Verification {
        crate::verify::verify(self, host.root(), done, &NothingKnown, deadline)
    }
}

/// The databases beside what an earlier audit knows of the files.
struct Knowing {
    db: PackageDb,
    known: Arc<dyn KnownContent>,
}

impl PackageKnowledge for Knowing {
    fn claim(&self, path: &HostPath) -> Option<Claim> {
        self.db.claim(path)
    }

    fn is_known(&self) -> bool {
        self.db.is_known()
    }

    fn packages(&self) -> Vec<Package> {
        PackageKnowledge::packages(&self.db)
    }

    fn gaps(&self) -> Vec<Gap> {
        self.db.gaps()
    }

    fn verify(&self, host: &Host, done: &HashSet<HostPath>, deadline: Deadline) -> Verification {
        crate::verify::verify(&self.db, host.root(), done, self.known.as_ref(), deadline)
    }
}

/// A database that cannot be read matters; a line of it, or a package that ships no digests, is
/// something ordinary hosts have. Without a pack the host is judged as it would be without packs.
fn gap(trouble: &Trouble) -> Gap {
    let (reason, detail) = match trouble.kind {
        TroubleKind::Blocked(reason) => (reason, trouble.detail.clone()),
        TroubleKind::NoDigests => {
            (Blocked::Unavailable, Some("the package came without digests of its files".to_owned()))
        }
        TroubleKind::PackRefused => (Blocked::Unavailable, trouble.detail.clone()),
    };
    let ordinary = matches!(trouble.kind, TroubleKind::NoDigests | TroubleKind::PackRefused);
    let matters = trouble.line.is_none() && !ordinary;
    let plugin = SPEAKER.to_owned();
    Gap { plugin, path: trouble.path.clone(), line: trouble.line, reason, detail, matters }
}
