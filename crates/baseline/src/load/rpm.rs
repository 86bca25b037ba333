//! rpm's database: /var/lib/rpm or /usr/lib/sysimage/rpm, in sqlite (Fedora, Red Hat 9), ndb (SUSE) or
//! Berkeley DB (Red Hat to 8).

use coroner_core::packages::Proof;
use coroner_host::{Blocked, HostPath, Root};
use coroner_parse::package::rpm::{self, File, FileState};
use coroner_parse::{Digest, Text};
use rayon::prelude::*;

use super::reading::{blocked, read};
use super::{proof, sqlite};
use crate::index::PackageDb;
use crate::keys::VendorKeys;
use crate::package::{Access, Entry, Manager, Package};

/// Where distributions keep it; one of them is often a link to the other.
const DIRECTORIES: [&str; 2] = ["/usr/lib/sysimage/rpm", "/var/lib/rpm"];
const NDB: &str = "Packages.db";
const BERKELEY: &str = "Packages";

/// A database is some 50 KB a package.
const LARGEST: usize = 384 << 20;
/// Bad records told; the rest would be the same.
const MOST_BAD: usize = 20;
/// Packages whose signatures are verified: a server has 500 to 3000. Each costs a third of a
/// millisecond, and a hostile one eight times that.
const MOST_PACKAGES: usize = 20_000;
/// Headers whose signatures are verified side by side.
const BATCH: usize = 256;
const BATCH_BYTES: usize = 32 << 20;

const TYPE: u16 = 0o170_000;
const DIRECTORY: u16 = 0o040_000;
const REGULAR: u16 = 0o100_000;

/// Reads the database, if there is one.
pub(super) fn load(db: &mut PackageDb, root: &Root, keys: &VendorKeys) {
    let mut seen = None;
    for directory in DIRECTORIES {
        let Ok(directory) = root.resolve(&HostPath::new(directory)) else { continue };
        if seen.replace(directory.clone()).as_ref() != Some(&directory) {
            sqlite_database(db, root, keys, &directory.join(sqlite::NAME));
            ndb_database(db, root, keys, &directory.join(NDB));
            berkeley_database(db, root, keys, &directory.join(BERKELEY));
        }
    }
}

fn sqlite_database(db: &mut PackageDb, root: &Root, keys: &VendorKeys, path: &HostPath) {
    let mut loading = Loading::new(db, root, keys, path);
    let read = sqlite::each_header(root, path, &mut |blob| loading.header(blob));
    loading.finish();
    match read {
        Ok(()) => {}
        Err(sqlite::Trouble::Read(error)) => db.trouble(path, error),
        Err(sqlite::Trouble::Database(detail)) => {
            blocked(db, path, Blocked::Malformed, Some(detail));
        }
    }
}

fn ndb_database(db: &mut PackageDb, root: &Root, keys: &VendorKeys, path: &HostPath) {
    let Some(content) = read(db, root, path, LARGEST) else { return };
    let mut loading = Loading::new(db, root, keys, path);
    match rpm::headers(&content) {
        Ok(headers) => headers.for_each(|header| match header {
            Ok(blob) => loading.header(blob),
            Err(bad) => loading.bad(&bad.to_string()),
        }),
        Err(reason) => loading.bad(reason),
    }
    loading.finish();
}

fn berkeley_database(db: &mut PackageDb, root: &Root, keys: &VendorKeys, path: &HostPath) {
    let Some(content) = read(db, root, path, LARGEST) else { return };
    let mut loading = Loading::new(db, root, keys, path);
    match rpm::berkeley_headers(&content) {
        Ok(headers) => headers.for_each(|header| match header {
            Ok(blob) => loading.header(&blob),
            Err(bad) => loading.bad(&bad.to_string()),
        }),
        Err(reason) => loading.bad(reason),
    }
    loading.finish();
}

/// Headers on their way into the index.
struct Loading<'a> {
    db: &'a mut PackageDb,
    root: &'a Root,
    keys: &'a VendorKeys,
    path: &'a HostPath,
    bad: usize,
    seen: usize,
    batch: Vec<Vec<u8>>,
    batch_bytes: usize,
    /// Files that the host says another package's took the place of.
    replaced: Vec<(Box<[u8]>, u32, Digest)>,
}

impl<'a> Loading<'a> {
    fn new(
        db: &'a mut PackageDb,
        root: &'a Root,
        keys: &'a VendorKeys,
        path: &'a HostPath,
    ) -> Self {
        let (batch, replaced) = (Vec::new(), Vec::new());
        Self { db, root, keys, path, bad: 0, seen: 0, batch, batch_bytes: 0, replaced }
    }

    fn header(&mut self, blob: &[u8]) {
        self.seen += 1;
        if self.seen > MOST_PACKAGES {
            return self.bad("more packages than any host has");
        }
        self.batch_bytes += blob.len();
        self.batch.push(blob.to_vec());
        if self.batch.len() >= BATCH || self.batch_bytes >= BATCH_BYTES {
            self.take_batch();
        }
    }

    fn take_batch(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        if batch.is_empty() {
            return;
        }
        let keyring = self.keys.keyring();
        let judged: Vec<_> = batch.par_iter().map(|blob| proof::judge(blob, keyring)).collect();
        for judged in judged {
            match judged {
                Ok((package, proof)) => self.package(&package, proof),
                Err(reason) => self.bad(reason),
            }
        }
    }

    /// What no package owns after all is still the one's whose it was: a host that calls a file
    /// replaced must show by what.
    fn finish(mut self) {
        self.take_batch();
        for (place, package, digest) in self.replaced {
            if let Some(entry) = self.db.entries.get_mut(&place)
                && entry.package == package
                && entry.expected.is_none()
            {
                entry.expected = Some(digest);
            }
        }
    }

    fn bad(&mut self, reason: &str) {
        self.bad += 1;
        if self.bad <= MOST_BAD {
            blocked(self.db, self.path, Blocked::Malformed, Some(reason.to_owned()));
        }
    }

    fn package(&mut self, package: &rpm::Package<'_>, proof: Proof) {
        self.db.known = true;
        let is_broken = matches!(proof, Proof::Broken { .. });
        let id = self.db.add_package(Package {
            name: Text::from(package.name),
            version: version(package),
            architecture: Text::from(package.arch.unwrap_or_default()),
            manager: Manager::Rpm,
            weight: package.files().filter_map(|file| file.size).fold(0, u64::saturating_add),
            files: 0,
            with_digest: 0,
            vendor: package.vendor.map(Text::from),
            proof,
        });
        for file in package.files() {
            let path = [file.directory, file.name].concat();
            let Some(place) = self.db.place(self.root, &path) else { continue };
            let replaced = matches!(file.state, FileState::Replaced | FileState::WrongColor);
            let digest = file.digest.clone().filter(|_| replaced && !is_broken);
            self.replaced.extend(digest.map(|digest| (place.clone(), id, digest)));
            let mut entry = entry(id, file);
            // An edited header's digests are what its editor wants them to be.
            entry.expected = entry.expected.filter(|_| !is_broken);
            self.db.add_entry(place, entry);
        }
    }
}

/// `[EPOCH:]VERSION-RELEASE`.
fn version(package: &rpm::Package<'_>) -> Text {
    let epoch = package.epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
    Text::new([epoch.as_bytes(), package.version, b"-", package.release].concat())
}

fn entry(package: u32, file: File<'_>) -> Entry {
    // What was left out (documentation, languages) must be the package's if it is there.
    let left_out = file.state == FileState::NotInstalled;
    let shipped = !file.flags.is_ghost()
        && (left_out || matches!(file.state, FileState::Normal | FileState::Unknown));
    let kind = file.mode.map(|mode| mode & TYPE);
    let regular = kind.is_none_or(|kind| kind == REGULAR);
    let text = |bytes: Option<&[u8]>| bytes.map(Text::from);
    let access = Access {
        mode: file.mode.map(|mode| u32::from(mode & !TYPE)),
        size: file.size.filter(|_| regular),
        user: text(file.user),
        group: text(file.group),
        capabilities: text(file.capabilities),
    };
    let flags = file.flags;
    Entry {
        package,
        expected: file.digest.filter(|_| shipped && regular),
        conffile: flags.is_config(),
        may_be_missing: !shipped
            || left_out
            || flags.is_config()
            || flags.may_be_missing()
            || flags.is_doc()
            || flags.is_artifact(),
        directory: kind == Some(DIRECTORY),
        access: shipped.then(|| Box::new(access)),
        ..Entry::default()
    }
}
