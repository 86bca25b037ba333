//! What the databases say, by the real place of each file.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, HashMap, HashSet};

use coroner_core::packages::{EditedLine, Proof, Proven, Rewritten, VendorFile};
use coroner_host::{Blocked, HostPath, ReadError, Root};
use coroner_parse::Digest;
use coroner_parse::Text;

use crate::diversions::Diversions;
use crate::exclude::Excludes;
use crate::keys::VendorKeys;
use crate::links::{Links, parent};
use crate::packs::Packs;
use crate::{load, proof};

/// Paths that all databases together may name; a server has 15,000 to 100,000, a workstation with
/// everything some 600,000.
const MOST_FILES: usize = 1_000_000;
/// Bytes of database that are read; a server's are some 20 MB.
const MOST_READ: usize = 768 << 20;
/// Longer paths cannot be opened (`PATH_MAX`).
const LONGEST_PATH: usize = 4096;
/// No package nests deeper; it bounds what a hostile list can cost.
const DEEPEST_PATH: usize = 128;

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
    /// The place of its package in [`PackageDb::packages`].
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

/// The package databases of one root.
#[derive(Debug)]
pub struct PackageDb {
    pub(crate) packages: Vec<Package>,
    pub(crate) entries: HashMap<Box<[u8]>, Entry>,
    pub(crate) links: Links,
    pub(crate) excludes: Excludes,
    pub(crate) troubles: Vec<Trouble>,
    pub(crate) diversions: Diversions,
    /// Packages of which not all files need be there: half installed, removed but for their
    /// configuration.
    pub(crate) unsettled: HashSet<u32>,
    /// Packages that stand for the unpackaged files of a host's image.
    pub(crate) images: HashSet<u32>,
    /// Lines of the host's lists that are not the vendor's, by package.
    pub(crate) edited: BTreeMap<u32, Vec<EditedLine>>,
    /// Lists of digests that are younger than the installation, by package.
    pub(crate) rewritten: BTreeMap<u32, Rewritten>,
    pub(crate) known: bool,
    /// Bytes of database that may still be read.
    pub(crate) budget: usize,
    full: bool,
}

impl PackageDb {
    /// Reads every database that the root has, without packs.
    pub fn load(root: &Root) -> Self {
        Self::load_with(root, &Packs::default())
    }

    /// Reads every database that the root has, and lays over it what packs say.
    pub fn load_with(root: &Root, packs: &Packs) -> Self {
        Self::load_with_keys(root, packs, &VendorKeys::shipped())
    }

    /// The same with keys that the operator gave, for databases whose entries are signed.
    pub fn load_with_keys(root: &Root, packs: &Packs, keys: &VendorKeys) -> Self {
        let mut db = Self {
            packages: Vec::new(),
            entries: HashMap::new(),
            links: Links::default(),
            excludes: Excludes::default(),
            troubles: Vec::new(),
            diversions: Diversions::default(),
            unsettled: HashSet::new(),
            images: HashSet::new(),
            edited: BTreeMap::new(),
            rewritten: BTreeMap::new(),
            known: false,
            budget: MOST_READ,
            full: false,
        };
        load::dpkg(&mut db, root);
        load::rpm(&mut db, root, keys);
        load::apk(&mut db, root);
        load::pacman(&mut db, root);
        proof::apply(&mut db, root, packs);
        db
    }

    /// Whether the root has a database.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// The installed packages.
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// What could not be read or understood.
    pub fn troubles(&self) -> &[Trouble] {
        &self.troubles
    }

    /// What the database says of a path, whatever links its directories are; links in its last
    /// component are not followed.
    pub fn entry(&self, path: &HostPath) -> Option<&Entry> {
        let path = path.as_bytes();
        self.entries.get(path).or_else(|| self.entries.get(self.links.place(path).as_slice()))
    }

    /// The package that owns a path.
    pub fn owner(&self, path: &HostPath) -> Option<&Package> {
        self.package(self.entry(path)?)
    }

    pub(crate) fn package(&self, entry: &Entry) -> Option<&Package> {
        self.packages.get(entry.package as usize)
    }

    /// Whether a packaged file's absence says nothing: the database says so, it is documentation,
    /// or the host is told to leave such files out.
    pub(crate) fn may_be_missing(&self, path: &[u8], entry: &Entry) -> bool {
        entry.may_be_missing || self.excludes.covers(path)
    }

    /// Adds a package and says where it is kept.
    pub(crate) fn add_package(&mut self, package: Package) -> u32 {
        self.packages.push(package);
        u32::try_from(self.packages.len() - 1).unwrap_or(u32::MAX)
    }

    /// The real place of a packaged path; `None` when no such path can be.
    pub(crate) fn place(&mut self, root: &Root, path: &[u8]) -> Option<Box<[u8]>> {
        let path = path.strip_suffix(b"/").unwrap_or(path);
        if !is_plausible(path) {
            return None;
        }
        let directory = parent(path);
        let real = self.links.real(root, directory);
        let name = path.get(directory.len()..).unwrap_or_default();
        Some([&*real, name].concat().into())
    }

    /// Where a file of a package really lies, as dpkg diverts it.
    pub(crate) fn place_of(
        &mut self,
        root: &Root,
        path: &[u8],
        package: &[u8],
    ) -> Option<Box<[u8]>> {
        let place = self.place(root, path)?;
        match self.diversions.moved(&place, package) {
            Some(to) => Some(to.into()),
            None => Some(place),
        }
    }

    /// Adds a path, unless an earlier package has it: directories are in many lists, and a file of
    /// several architectures of one package is the same in all. One who knows its content comes
    /// before one who does not (a ghost of rpm's, a link).
    pub(crate) fn add_entry(&mut self, place: Box<[u8]>, entry: Entry) {
        if self.entries.len() >= MOST_FILES {
            return self.tell_too_many();
        }
        let order = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let (package, file, known) = (entry.package, !entry.directory, entry.first().is_some());
        let entry = Entry { order, ..entry };
        match self.entries.entry(place) {
            Slot::Vacant(slot) => {
                slot.insert(entry);
            }
            Slot::Occupied(mut slot) if known && slot.get().first().is_none() => {
                slot.insert(entry);
            }
            Slot::Occupied(_) => return,
        }
        if file {
            self.count(package, known);
        }
    }

    fn tell_too_many(&mut self) {
        if !std::mem::replace(&mut self.full, true) {
            let kind = TroubleKind::Blocked(Blocked::TooLarge);
            let detail = Some("more packaged files than any host has".to_owned());
            self.troubles.push(Trouble { path: HostPath::new("/"), kind, line: None, detail });
        }
    }

    fn count(&mut self, package: u32, with_digest: bool) {
        if let Some(package) = self.packages.get_mut(package as usize) {
            package.files += 1;
            package.with_digest += u64::from(with_digest);
        }
    }

    pub(crate) fn trouble(&mut self, path: &HostPath, error: ReadError) {
        if let Some(reason) = error.blocked() {
            self.troubles.push(Trouble {
                path: path.clone(),
                kind: TroubleKind::Blocked(reason),
                line: None,
                detail: None,
            });
        }
    }
}

/// An absolute path in its shortest form that some file system could hold.
fn is_plausible(path: &[u8]) -> bool {
    let names = || path.split(|&byte| byte == b'/').skip(1);
    path.len() > 1
        && path.len() < LONGEST_PATH
        && path.starts_with(b"/")
        && !path.contains(&0)
        && names().count() <= DEEPEST_PATH
        && names().all(|name| !matches!(name, b"" | b"." | b".."))
}
