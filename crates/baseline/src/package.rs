//! What a database says of a package and of its files, and what of a database could not be read.

use coroner_core::packages::{Proof, Proven, VendorFile};
use coroner_host::{Blocked, HostPath};
use coroner_parse::{Digest, Text};

/// A package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Manager {
    /// Debian and its children.
    Dpkg,
    /// Fedora, Red Hat, SUSE and theirs.
    Rpm,
    /// Alpine.
    Apk,
    /// Arch.
    Pacman,
}

impl Manager {
    /// Its name, as reports write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dpkg => "dpkg",
            Self::Rpm => "rpm",
            Self::Apk => "apk",
            Self::Pacman => "pacman",
        }
    }
}

/// An installed package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name, with the architecture where several can be installed.
    pub name: Text,
    /// Its version.
    pub version: Text,
    /// Its architecture.
    pub architecture: Text,
    /// Who keeps the database it is in.
    pub manager: Manager,
    /// Bytes on the disk, roughly: the largest packages are verified first.
    pub weight: u64,
    /// Files it brought, directories left out.
    pub files: u64,
    /// Of these, how many have a digest.
    pub with_digest: u64,
    /// Who says that they built it.
    pub vendor: Option<Text>,
    /// What somebody outside the host says of its entry.
    pub proof: Proof,
}

/// What a database says of one path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// The place of its package in [`crate::PackageDb::packages`].
    pub package: u32,
    /// Its place among all, which within a package is the order in which it was written to the disk.
    pub order: u32,
    /// What its content is.
    pub expected: Option<Digest>,
    /// An administrator may change it.
    pub conffile: bool,
    /// The database itself says that it need not be there.
    pub may_be_missing: bool,
    /// It is a directory, as far as the database tells.
    pub directory: bool,
    /// Owner, permissions and size, where the database knows them.
    pub access: Option<Box<Access>>,
    /// What a pack says of it.
    pub vendor: Option<Box<VendorFile>>,
}

impl Entry {
    /// The digest that its content is compared with first, as [`coroner_core::packages::Claim::first`].
    pub(crate) fn first(&self) -> Option<&Digest> {
        match self.vendor.as_ref().map(|vendor| &vendor.content) {
            Some(Proven::File { sha256, .. }) => Some(sha256),
            Some(Proven::Link(_)) => None,
            None => self.expected.as_ref(),
        }
    }

    /// The text of the link that its package has there.
    pub(crate) fn link(&self) -> Option<&Text> {
        match self.vendor.as_ref().map(|vendor| &vendor.content) {
            Some(Proven::Link(target)) => Some(target),
            _ => None,
        }
    }
}

/// Owner, permissions and size of a file, as far as its database knows them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Permission bits with set-uid, set-gid and sticky.
    pub mode: Option<u32>,
    /// Bytes.
    pub size: Option<u64>,
    /// Owner, a name or a number.
    pub user: Option<Text>,
    /// Group, a name or a number.
    pub group: Option<Text>,
    /// Capabilities as text, where the package sets some.
    pub capabilities: Option<Text>,
}

/// A part of a database that could not be read or understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Where.
    pub path: HostPath,
    /// What is wrong.
    pub kind: TroubleKind,
    /// The line, where one line is.
    pub line: Option<u32>,
    /// More, in plain words.
    pub detail: Option<String>,
}

/// What is wrong with a part of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TroubleKind {
    /// It could not be read.
    Blocked(Blocked),
    /// A package's files have no digests, which is the packager's doing.
    NoDigests,
    /// A pack that was found is not used.
    PackRefused,
}
