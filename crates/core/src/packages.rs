//! What core asks of a package database. `coroner-baseline` answers.

use std::collections::HashSet;

use coroner_host::{Host, HostPath};
use coroner_parse::Text;
use serde::{Deserialize, Serialize};

use crate::{Deadline, Digest, FileFacts, Gap, ItemKind, PackageState};

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
    /// What somebody outside the host says of its entry in the database.
    #[serde(default, skip_serializing_if = "Proof::is_none")]
    pub proof: Proof,
}

/// What vouches for a package's entry in the host's database, beside the host itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Proof {
    /// Nothing could: its package manager keeps no signatures.
    #[default]
    None,
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

    /// Whether somebody outside the host vouches for the entry.
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

/// What the database says of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The package that owns it.
    pub package: Text,
    /// An administrator may change it.
    pub conffile: bool,
    /// What its content is, if the database says so.
    pub expected: Option<Digest>,
    /// Its absence is normal (documentation paths excluded, ghost files, removed conffiles).
    pub may_be_missing: bool,
    /// Somebody outside the host vouches for what is expected.
    pub proven: bool,
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
    /// Files whose package says nothing of their content.
    pub without_digest: u64,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

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

/// The state of a file that exists, from what its package claims and what its content is.
pub fn state_of(known: bool, claim: Option<&Claim>, actual: Option<&Digest>) -> PackageState {
    match claim {
        None if known => PackageState::Unowned,
        None => PackageState::Unknown,
        Some(claim) => match (&claim.expected, actual) {
            (Some(expected), Some(actual)) if expected == actual && claim.proven => {
                PackageState::Vendor
            }
            (Some(expected), Some(actual)) if expected == actual => PackageState::Local,
            (Some(_), Some(_)) if claim.conffile => PackageState::ConffileChanged,
            (Some(_), Some(_)) => PackageState::Modified,
            _ => PackageState::Unknown,
        },
    }
}
