//! What core asks of a package database. `coroner-baseline` answers.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use coroner_host::{Host, HostPath};
use coroner_parse::Text;
use serde::{Deserialize, Serialize};

pub use crate::claim::{Claim, Proven, VendorFile, state_of};
use crate::{Deadline, Digest, FileFacts, Gap, ItemKind, Time};

/// An installed package, and what checking its files came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Package {
    /// The name, with the architecture where two are installed.
    pub name: Text,
    /// The version as the package manager writes it.
    pub version: Text,
    /// The architecture.
    pub architecture: Text,
    /// `dpkg`, `rpm`, `apk` or `pacman`.
    pub manager: String,
    /// Files it brought.
    pub files: u64,
    /// Of these, how many have a digest in the database.
    pub with_digest: u64,
    /// Who says that they built it, where the database knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<Text>,
    /// Lines of the host's own list that are not as the vendor made them, at most a hundred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edited: Vec<EditedLine>,
    /// The host's list of digests was written after the package was installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewritten: Option<Rewritten>,
    /// What somebody outside the host says of its entry in the database.
    #[serde(default, skip_serializing_if = "Proof::is_none")]
    pub proof: Proof,
}

/// A line of the host's list that differs from the vendor's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EditedLine {
    /// The file that it is about.
    pub path: HostPath,
    /// What the host's list says its content is; none when the list leaves the file out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<Digest>,
    /// What the vendor's list says, by the same algorithm.
    pub vendor: Digest,
}

/// A list of digests that is younger than the list of files written at the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Rewritten {
    /// When the digests were written (mtime); a package brings them with the time of its build.
    pub digests: Time,
    /// When the package was installed: mtime of its list of files.
    pub installed: Time,
}

/// What vouches for a package, or its entry in the host's database, beside the host itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Proof {
    /// Nothing does: no pack speaks of it, and its package manager keeps no signatures.
    #[default]
    None,
    /// A pack knows this very version.
    Pack {
        /// The pack's name.
        name: String,
    },
    /// Packs know other versions of it alone: built elsewhere, or newer than they are.
    UnknownVersion,
    /// A known key signed the entry as it stands.
    Signed {
        /// The fingerprint of the vendor's certificate.
        key: String,
    },
    /// Signed by a key that nobody gave.
    UnknownKey {
        /// The key's id.
        key: String,
    },
    /// The entry bears no signature.
    Unsigned,
    /// Signed in a way that proves nothing: a weak algorithm, a key that was taken back, an
    /// algorithm that is not spoken here.
    Unbelieved {
        /// Why.
        reason: String,
    },
    /// The entry is not what was signed: it was changed on the host.
    Broken {
        /// What does not fit.
        reason: String,
    },
}

impl Proof {
    /// Whether it is as if there were nothing to say.
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// Whether somebody outside the host vouches for the host's own entry. A pack speaks of each
    /// file by itself ([`VendorFile`]).
    pub const fn holds(&self) -> bool {
        matches!(self, Self::Signed { .. })
    }
}

impl ItemKind for Package {
    const KIND: &'static str = "package";

    fn key(&self) -> Text {
        self.name.clone()
    }

    fn normal(&self) -> Option<Text> {
        Some(Text::new([self.name.as_bytes(), b" ", self.version.as_bytes()].concat()))
    }
}

/// What checking every packaged file found.
#[derive(Debug, Default)]
pub struct Verification {
    /// Facts of each file that does not agree with its package.
    pub suspects: Vec<FileFacts>,
    /// Files opened and digested.
    pub checked: u64,
    /// Of these, how many agree.
    pub agreed: u64,
    /// Of those, how many are proved from outside the host: by a pack, by its name, or by
    /// [`SIGNATURES`].
    pub proved: BTreeMap<Arc<str>, u64>,
    /// Files whose package says nothing of their content.
    pub without_digest: u64,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// Who proves files whose package's entry the vendor signed, where a pack would have its name.
pub const SIGNATURES: &str = "vendor signatures";

/// The package databases of one root.
pub trait PackageKnowledge: Send + Sync {
    /// Who owns a path, and what it should hold. The path's directories may be links in the root
    /// (merged /usr): the answer is the same for every name of a file.
    fn claim(&self, path: &HostPath) -> Option<Claim>;

    /// Whether the root has a database at all; without one nothing is `unowned`.
    fn is_known(&self) -> bool;

    /// The installed packages, as items.
    fn packages(&self) -> Vec<Package>;

    /// What of the databases could not be read.
    fn gaps(&self) -> Vec<Gap>;

    /// Opens and digests every packaged file once, but for those in `done`.
    fn verify(&self, host: &Host, done: &HashSet<HostPath>, deadline: Deadline) -> Verification;
}

/// A root without any package database: everything is `unknown`.
#[derive(Debug, Clone, Copy)]
pub struct NoPackages;

impl PackageKnowledge for NoPackages {
    fn claim(&self, _: &HostPath) -> Option<Claim> {
        None
    }

    fn is_known(&self) -> bool {
        false
    }

    fn packages(&self) -> Vec<Package> {
        Vec::new()
    }

    fn gaps(&self) -> Vec<Gap> {
        Vec::new()
    }

    fn verify(&self, _: &Host, _: &HashSet<HostPath>, _: Deadline) -> Verification {
        Verification::default()
    }
}
