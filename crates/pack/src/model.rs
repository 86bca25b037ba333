//! What a pack holds: packages, and each file as its vendor made it.

use coroner_parse::{Digest, Text};
use serde::{Deserialize, Serialize};

/// The schema of pack headers that this version writes and reads.
pub const SCHEMA: &str = "coroner.pack/1";

/// What a pack is about and what it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`SCHEMA`].
    pub schema: String,
    /// Its name, such as `debian-12`.
    pub name: String,
    /// What it is a record of.
    pub kind: PackKind,
    /// `ID` of os-release(5): a pack speaks only of hosts of its own distribution, because others
    /// rebuild packages under the same version.
    pub os: String,
    /// `VERSION_ID` of os-release(5); empty where a distribution has none.
    pub os_version: String,
    /// The package manager whose names and versions it uses: `dpkg`, `rpm`, `apk`, `pacman`.
    pub manager: String,
    /// What it was made from, as far as it can be followed.
    pub sources: Vec<Source>,
}

/// What a pack is a record of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackKind {
    /// Packages as a distribution published them.
    Distribution,
    /// One host that is known to be good; files that no package owns stand in a package without a
    /// name.
    Host,
}

/// One link of the chain from a pack back to whoever signed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// What it is.
    pub kind: SourceKind,
    /// The suite, the archive's file name, or the host's name.
    pub name: String,
    /// Of the signed index, or of the archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
    /// When it was signed or made, as the source itself writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Fingerprint of the key that signed it, in lower-case hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
}

/// A kind of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// A signed index of a repository (`InRelease`).
    Release,
    /// A package archive by itself, believed because the operator named it.
    Archive,
    /// The root of a host.
    Root,
}

/// Which package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId {
    /// Its name, without the architecture; empty for the files of a host that no package owns.
    pub name: Text,
    /// Its version, with epoch and revision, as the package manager writes it.
    pub version: Text,
    /// Its architecture.
    pub architecture: Text,
}

/// A package and its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageFiles {
    /// Which package.
    pub id: PackageId,
    /// Its files, by path.
    pub files: Vec<PackFile>,
}

/// A file as its package has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackFile {
    /// Absolute path.
    pub path: Text,
    /// What it is.
    pub kind: FileKind,
    /// Permission bits with set-uid, set-gid and sticky.
    pub mode: u32,
    /// Owner, by name where the archive has one.
    pub user: Text,
    /// Group, by name where the archive has one.
    pub group: Text,
    /// An administrator may change it.
    pub conffile: bool,
}

/// What a packaged path is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file, or another name of one.
    Regular(Content),
    /// A directory.
    Directory,
    /// A symbolic link and its text.
    Link(Text),
    /// A device, FIFO or socket.
    Special,
}

/// What a regular file holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Content {
    /// Bytes.
    pub size: u64,
    /// SHA-256 of all of it.
    pub sha256: [u8; 32],
    /// MD5 of all of it, which is what dpkg's own lists have; zeroes where the maker did not say (rpm).
    pub md5: [u8; 16],
    /// The note `NT_GNU_BUILD_ID` of an ELF file (elf.h), at most 64 bytes.
    pub build_id: Option<Box<[u8]>>,
}

impl Content {
    /// Its SHA-256.
    pub fn sha256(&self) -> Digest {
        Digest::sha256(self.sha256)
    }
}
