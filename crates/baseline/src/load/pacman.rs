//! pacman's database: /var/lib/pacman/local, a directory per package.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;

use coroner_core::packages::Proof;
use coroner_host::{Blocked, HostPath, Root};
use coroner_parse::Digest;
use coroner_parse::Text;
use coroner_parse::package::pacman::{self, Facts, Kind};
use flate2::read::MultiGzDecoder;

use super::reading::{bad_line, blocked, read};
use crate::index::PackageDb;
use crate::package::{Access, Entry, Manager, Package};

const LOCAL: &str = "/var/lib/pacman/local";
const MOST_PACKAGES: usize = 100_000;
const LARGEST_FILE: usize = 32 << 20;
/// Of an unpacked mtree; a small one can unpack to any size.
const LARGEST_TREE: usize = 64 << 20;

type Tree<'a> = HashMap<Cow<'a, [u8]>, Facts>;

/// Reads the database, if there is one.
pub(super) fn load(db: &mut PackageDb, root: &Root) {
    let local = HostPath::new(LOCAL);
    let listing = match root.list(&local, MOST_PACKAGES) {
        Ok(listing) => listing,
        Err(error) => return db.trouble(&local, error),
    };
    for package in listing.entries {
        // ALPM_DB_VERSION lies beside the packages.
        if let Some(desc) = read(db, root, &package.path.join("desc"), LARGEST_FILE) {
            db.known = true;
            add(db, root, &package.path, &desc);
        }
    }
}

fn add(db: &mut PackageDb, root: &Root, directory: &HostPath, desc: &[u8]) {
    let desc = pacman::desc(desc);
    let tree_path = directory.join("mtree");
    let packed = read(db, root, &tree_path, LARGEST_FILE).unwrap_or_default();
    let unpacked = unpack(db, &tree_path, &packed);
    let mut tree = tree(db, &tree_path, &unpacked);
    let files = read(db, root, &directory.join("files"), LARGEST_FILE).unwrap_or_default();
    let backups: HashMap<&[u8], Option<Digest>> =
        pacman::backups(&files).map(|backup| (backup.path, backup.digest)).collect();
    let id = db.add_package(Package {
        name: Text::from(desc.name),
        version: Text::from(desc.version),
        architecture: Text::from(desc.architecture),
        manager: Manager::Pacman,
        weight: tree.values().filter_map(|facts| facts.size).fold(0, u64::saturating_add),
        files: 0,
        with_digest: 0,
        vendor: None,
        proof: Proof::None,
    });
    for path in pacman::files(&files) {
        let place = db.place(root, &[b"/", path].concat());
        let facts = tree.remove(path.strip_suffix(b"/").unwrap_or(path));
        let mut entry = entry(id, path, facts.unwrap_or_default());
        if let Some(shipped) = backups.get(path) {
            entry.conffile = true;
            entry.may_be_missing = true;
            entry.expected = entry.expected.or_else(|| shipped.clone());
        }
        if let Some(place) = place {
            db.add_entry(place, entry);
        }
    }
}

fn entry(package: u32, path: &[u8], facts: Facts) -> Entry {
    let access = Access {
        mode: facts.mode,
        size: facts.size,
        user: facts.uid.map(|uid| Text::from(uid.to_string())),
        group: facts.gid.map(|gid| Text::from(gid.to_string())),
        capabilities: None,
    };
    let known = facts.kind == Kind::File && access != Access::default();
    Entry {
        package,
        expected: facts.digest.filter(|_| facts.kind == Kind::File),
        directory: path.ends_with(b"/"),
        access: known.then(|| Box::new(access)),
        ..Entry::default()
    }
}

fn unpack(db: &mut PackageDb, path: &HostPath, packed: &[u8]) -> Vec<u8> {
    let mut unpacked = Vec::new();
    if packed.is_empty() {
        return unpacked;
    }
    let most = LARGEST_TREE.min(db.budget);
    let read = MultiGzDecoder::new(packed).take(most as u64).read_to_end(&mut unpacked);
    db.budget = db.budget.saturating_sub(unpacked.len());
    if read.is_err() {
        blocked(db, path, Blocked::Malformed, None);
    } else if unpacked.len() >= most {
        blocked(db, path, Blocked::TooLarge, None);
    }
    unpacked
}

fn tree<'a>(db: &mut PackageDb, path: &HostPath, unpacked: &'a [u8]) -> Tree<'a> {
    let mut tree = HashMap::new();
    for entry in pacman::mtree(unpacked) {
        match entry {
            Ok(entry) => drop(tree.insert(entry.path, entry.facts)),
            Err(bad) => bad_line(db, path, &bad),
        }
    }
    tree
}
