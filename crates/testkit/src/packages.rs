//! A package database made of statements about a fixture tree.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use coroner_core::packages::{
    Claim, EditedLine, Package, PackageKnowledge, Proof, Proven, Rewritten, VendorFile,
    Verification,
};
use coroner_core::{Deadline, Gap, HostPath, Text, Time, sha256_of};
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
    /// The packages that the database lists.
    pub listed: Vec<Package>,
    /// Owned files that a pack knows.
    pub proved: BTreeSet<String>,
    /// Files that a pack knows, replaced along with their lines of the host's list.
    pub forged: BTreeSet<String>,
    /// Links that a pack knows, with their vendor's text.
    pub vendor_links: BTreeMap<String, String>,
    /// Permission bits that a pack has for a file it knows; 0755 where none are stated.
    pub vendor_modes: BTreeMap<String, u32>,
    /// Packages to the files of which their edited lists speak wrongly.
    pub edited_lists: BTreeMap<String, Vec<String>>,
    /// Packages whose list of digests is younger than their installation.
    pub rewritten_lists: BTreeSet<String>,
}

/// The same with what each file should hold.
pub(crate) struct Database {
    known: bool,
    claims: BTreeMap<HostPath, Claim>,
    packages: Vec<Package>,
}

impl FixturePackages {
    pub(crate) fn database(&self, tree: &Tree) -> Database {
        let pairs = self.owned.iter().flat_map(|(package, files)| {
            files.iter().map(move |file| (HostPath::new(file), self.claim(package, file, tree)))
        });
        let owned = self.owned.keys().map(|name| self.package(name));
        let packages = owned.chain(self.listed.iter().cloned()).collect();
        Database { known: !self.no_database, claims: pairs.collect(), packages }
    }

    fn package(&self, name: &str) -> Package {
        let line = |file: &String| EditedLine {
            path: HostPath::new(file),
            listed: Some(sha256_of(b"another line")),
            vendor: sha256_of(b"the vendor's line"),
        };
        let (installed, digests) =
            (Time::from_seconds(1_700_000_000), Time::from_seconds(1_780_000_000));
        Package {
            name: Text::from(name),
            version: Text::from("1"),
            architecture: Text::from("amd64"),
            manager: "dpkg".to_owned(),
            files: 0,
            with_digest: 0,
            edited: self.edited_lists.get(name).into_iter().flatten().map(line).collect(),
            rewritten: self
                .rewritten_lists
                .contains(name)
                .then_some(Rewritten { digests, installed }),
            vendor: None,
            proof: Proof::None,
        }
    }

    /// What a pack says of a file.
    fn vendor(&self, file: &str, original: &[u8]) -> Option<VendorFile> {
        let content = match self.vendor_links.get(file) {
            Some(target) => Proven::Link(Text::from(target.as_str())),
            None if self.proved.contains(file) || self.forged.contains(file) => {
                let sha256 = sha256_of(original);
                Proven::File { listed: Some(sha256.clone()), sha256 }
            }
            None => return None,
        };
        let mode = self.vendor_modes.get(file).copied().unwrap_or(0o755);
        Some(VendorFile { by: "fixture-1".into(), trusted: true, content, mode })
    }

    fn claim(&self, package: &str, file: &str, tree: &Tree) -> Claim {
        let content = tree.content(file).unwrap_or_default();
        let replaced = self.modified.contains(file) || self.forged.contains(file);
        let original = if replaced { b"what the package brought" } else { content };
        let listed = if self.forged.contains(file) { content } else { original };
        let has_digest =
            !self.without_digest.contains(file) && !self.vendor_links.contains_key(file);
        Claim {
            package: Text::from(package),
            conffile: self.conffiles.contains(file),
            expected: has_digest.then(|| sha256_of(listed)),
            may_be_missing: false,
            vendor: self.vendor(file, original),
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
        self.packages.clone()
    }

    fn gaps(&self) -> Vec<Gap> {
        Vec::new()
    }

    /// Rule cases name the files they speak of; there are no others to verify.
    fn verify(&self, _: &Host, _: &HashSet<HostPath>, _: Deadline) -> Verification {
        Verification::default()
    }
}
