//! What the databases say, by the real place of each file.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, HashMap, HashSet};

use coroner_core::packages::{EditedLine, Rewritten};
use coroner_host::{Blocked, HostPath, ReadError, Root};

use crate::diversions::Diversions;
use crate::exclude::Excludes;
use crate::links::{Links, parent};
use crate::package::{Entry, Package, Trouble, TroubleKind};

/// Who speaks in gaps of package databases.
pub(crate) const SPEAKER: &str = "core";
/// Paths that all databases together may name; a server has 15,000 to 100,000, a workstation with
/// everything some 600,000.
const MOST_FILES: usize = 1_000_000;
/// Bytes of database that are read; a server's are some 20 MB.
const MOST_READ: usize = 768 << 20;
/// Longer paths cannot be opened (`PATH_MAX`).
const LONGEST_PATH: usize = 4096;
/// No package nests deeper; it bounds what a hostile list can cost.
const DEEPEST_PATH: usize = 128;

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
    /// Nothing read yet.
    pub(crate) fn empty() -> Self {
        Self {
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
        }
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
