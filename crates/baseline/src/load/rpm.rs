//! rpm's database: /var/lib/rpm or /usr/lib/sysimage/rpm, in sqlite (Fedora, Red Hat 9) or ndb (SUSE).

use coroner_core::packages::Proof;
use coroner_host::{Blocked, HostPath, Root};
use coroner_parse::Text;
use coroner_parse::package::rpm::{self, File, FileState, Header};

use super::{blocked, read, sqlite};
use crate::index::{Access, Entry, Manager, Package, PackageDb};

/// Where distributions keep it; one of them is often a link to the other.
const DIRECTORIES: [&str; 2] = ["/usr/lib/sysimage/rpm", "/var/lib/rpm"];
const NDB: &str = "Packages.db";
const BERKELEY: &str = "Packages";

/// A database is some 50 KB a package.
const LARGEST_NDB: usize = 384 << 20;
/// Bad records told; the rest would be the same.
const MOST_BAD: usize = 20;

const TYPE: u16 = 0o170_000;
const DIRECTORY: u16 = 0o040_000;
const REGULAR: u16 = 0o100_000;

/// Reads the database, if there is one.
pub(crate) fn rpm(db: &mut PackageDb, root: &Root) {
    let mut seen = None;
    for directory in DIRECTORIES {
        let Ok(directory) = root.resolve(&HostPath::new(directory)) else { continue };
        if seen.replace(directory.clone()).as_ref() != Some(&directory) {
            sqlite_database(db, root, &directory.join(sqlite::NAME));
            ndb_database(db, root, &directory.join(NDB));
            berkeley_database(db, root, &directory.join(BERKELEY));
        }
    }
}

fn sqlite_database(db: &mut PackageDb, root: &Root, path: &HostPath) {
    let mut loading = Loading { db, root, path, bad: 0 };
    match sqlite::each_header(root, path, &mut |blob| loading.header(blob)) {
        Ok(()) => {}
        Err(sqlite::Trouble::Read(error)) => db.trouble(path, error),
        Err(sqlite::Trouble::Database(detail)) => {
            blocked(db, path, Blocked::Malformed, Some(detail));
        }
    }
}

fn ndb_database(db: &mut PackageDb, root: &Root, path: &HostPath) {
    let Some(content) = read(db, root, path, LARGEST_NDB) else { return };
    let mut loading = Loading { db, root, path, bad: 0 };
    match rpm::headers(&content) {
        Ok(headers) => headers.for_each(|header| match header {
            Ok(blob) => loading.header(blob),
            Err(bad) => loading.bad(&bad.to_string()),
        }),
        Err(reason) => loading.bad(reason),
    }
}

/// Berkeley DB (Red Hat 7 and 8): not read, and said so when it is the host's only database.
fn berkeley_database(db: &mut PackageDb, root: &Root, path: &HostPath) {
    if !db.is_known() && root.stat_followed(path).is_ok_and(|stat| stat.is_file()) {
        let detail = "an rpm database in Berkeley DB, which is not read".to_owned();
        blocked(db, path, Blocked::Unsupported, Some(detail));
    }
}

struct Loading<'a> {
    db: &'a mut PackageDb,
    root: &'a Root,
    path: &'a HostPath,
    bad: usize,
}

impl Loading<'_> {
    fn header(&mut self, blob: &[u8]) {
        match Header::parse(blob).and_then(rpm::Package::new) {
            Ok(package) => self.package(&package),
            Err(reason) => self.bad(reason),
        }
    }

    fn bad(&mut self, reason: &str) {
        self.bad += 1;
        if self.bad <= MOST_BAD {
            blocked(self.db, self.path, Blocked::Malformed, Some(reason.to_owned()));
        }
    }

    fn package(&mut self, package: &rpm::Package<'_>) {
        self.db.known = true;
        let id = self.db.add_package(Package {
            name: Text::from(package.name),
            version: version(package),
            architecture: Text::from(package.arch.unwrap_or_default()),
            manager: Manager::Rpm,
            weight: package.files().filter_map(|file| file.size).fold(0, u64::saturating_add),
            files: 0,
            with_digest: 0,
            proof: Proof::None,
        });
        for file in package.files() {
            let path = [file.directory, file.name].concat();
            if let Some(place) = self.db.place(self.root, &path) {
                self.db.add_entry(place, entry(id, file));
            }
        }
    }
}

/// `[EPOCH:]VERSION-RELEASE`.
fn version(package: &rpm::Package<'_>) -> Text {
    let epoch = package.epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
    Text::new([epoch.as_bytes(), package.version, b"-", package.release].concat())
}

fn entry(package: u32, file: File<'_>) -> Entry {
    let shipped =
        !file.flags.is_ghost() && matches!(file.state, FileState::Normal | FileState::Unknown);
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
            || flags.is_config()
            || flags.may_be_missing()
            || flags.is_doc()
            || flags.is_artifact(),
        directory: kind == Some(DIRECTORY),
        access: shipped.then(|| Box::new(access)),
        ..Entry::default()
    }
}
