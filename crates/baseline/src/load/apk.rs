//! apk's database: /lib/apk/db/installed, below /usr since apk 3.

use coroner_core::packages::Proof;
use coroner_host::{HostPath, Root};
use coroner_parse::Text;
use coroner_parse::package::apk::{self, File};

use super::reading::{bad_line, read};
use crate::index::PackageDb;
use crate::package::{Access, Entry, Manager, Package};

const INSTALLED: [&str; 2] = ["/usr/lib/apk/db/installed", "/lib/apk/db/installed"];
const LARGEST: usize = 128 << 20;
/// apk gives links these permissions and no other sign.
const LINK: u32 = 0o777;

/// Reads the database, if there is one.
pub(super) fn load(db: &mut PackageDb, root: &Root) {
    // The first name leads to the same file where /lib is a link.
    let found =
        INSTALLED.map(HostPath::new).into_iter().find(|path| root.stat_followed(path).is_ok());
    let Some(path) = found else { return };
    let Some(content) = read(db, root, &path, LARGEST) else { return };
    db.known = true;
    for package in apk::packages(&content) {
        match package {
            Ok(package) => add(db, root, &package),
            Err(bad) => bad_line(db, &path, &bad),
        }
    }
}

fn add(db: &mut PackageDb, root: &Root, package: &apk::Package<'_>) {
    let id = db.add_package(Package {
        name: Text::from(package.name),
        version: Text::from(package.version),
        architecture: Text::from(package.architecture),
        manager: Manager::Apk,
        weight: package.installed_size.unwrap_or(0),
        files: 0,
        with_digest: 0,
        vendor: None,
        proof: Proof::None,
    });
    for file in &package.files {
        let path = if file.directory.is_empty() {
            [b"/", file.name].concat()
        } else {
            [b"/", file.directory, b"/", file.name].concat()
        };
        if let Some(place) = db.place(root, &path) {
            db.add_entry(place, entry(id, file));
        }
    }
}

/// apk keeps an administrator's changes below /etc (its default `protected_paths`).
fn entry(package: u32, file: &File<'_>) -> Entry {
    let conffile = file.directory == b"etc" || file.directory.starts_with(b"etc/");
    let link = file.access.is_some_and(|access| access.mode == LINK);
    let access = file.access.map(|access| {
        Box::new(Access {
            mode: Some(access.mode),
            user: Some(Text::from(access.uid.to_string())),
            group: Some(Text::from(access.gid.to_string())),
            ..Access::default()
        })
    });
    Entry {
        package,
        expected: file.digest.clone().filter(|_| !link),
        conffile,
        may_be_missing: conffile,
        access: access.filter(|_| !link),
        ..Entry::default()
    }
}
