//! rpm: `data/Packages.db` holds two packages that rpmbuild 4.18 built, written by rpm's own ndb
//! code; the sqlite databases hold the same headers.

use std::path::Path;

use coroner_core::packages::PackageKnowledge;
use coroner_core::{Blocked, PackageState};
use coroner_parse::package::rpm::headers;
use coroner_testkit::Tree;

use super::{Loaded, suspect};

const NDB: &[u8] = include_bytes!("data/Packages.db");

/// What the two packages installed; `/usr/share/doc` was left out, as containers do.
fn files() -> Tree {
    ["sleuth", "second"].iter().fold(Tree::new(), |tree, name| {
        tree.file(format!("/usr/bin/{name}"), "#!/bin/sh\n")
            .link(format!("/usr/bin/{name}-alias"), *name)
            .file(format!("/etc/{name}.conf"), "a=1\n")
            .file(format!("/usr/lib/{name}.dat"), vec![0; 100_000])
    })
}

fn suse() -> Tree {
    files().file("/usr/lib/sysimage/rpm/Packages.db", NDB)
}

/// The same headers as Red Hat keeps them, with a write-ahead log asked for, as rpm leaves it.
fn red_hat(table: &str) -> tempfile::TempDir {
    let dir = files().dir("/var/lib/rpm").write();
    let file = dir.path().join("var/lib/rpm/rpmdb.sqlite");
    let database = rusqlite::Connection::open(&file).unwrap();
    database.execute_batch(table).unwrap();
    for blob in headers(NDB).unwrap() {
        database.execute("INSERT INTO Packages (blob) VALUES (?)", [blob.unwrap()]).unwrap();
    }
    drop(database);
    ask_for_a_log(&file);
    dir
}

fn ask_for_a_log(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[18..20].fill(2);
    std::fs::write(file, bytes).unwrap();
}

pub(super) const RPMS_OWN: &str =
    "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)";

#[test]
fn both_containers_give_the_same_packages_and_a_clean_root() {
    for root in [Loaded::new(&suse()), Loaded::at(red_hat(RPMS_OWN))] {
        let mut names: Vec<_> = root.db.packages().iter().map(|p| p.name.to_string()).collect();
        names.sort();
        assert_eq!(names, ["second-tool", "sleuth-tool"]);
        assert_eq!(root.db.packages()[0].version, "1.2-3");
        assert_eq!(root.suspects(), []);
        assert!(root.db.gaps().is_empty());
        assert_eq!(root.verify().agreed, 6);
    }
}

#[test]
fn digests_are_sha256_and_conffiles_and_modes_are_known() {
    let root = Loaded::new(&suse());
    let claim = root.claim("/usr/bin/sleuth").unwrap();
    assert_eq!(claim.expected, Some(coroner_core::sha256_of(b"#!/bin/sh\n")));
    assert!(root.claim("/etc/sleuth.conf").unwrap().conffile);
    let entry = root.db.entry(&"/usr/bin/sleuth".into()).unwrap();
    assert_eq!(entry.access.as_ref().unwrap().mode, Some(0o4755));
    assert_eq!(root.claim("/usr/bin/sleuth-alias").unwrap().expected, None);
}

#[test]
fn a_ghost_and_left_out_documentation_may_be_missing_and_programs_may_not() {
    let root = Loaded::new(&Tree::new().file("/var/lib/rpm/Packages.db", NDB));
    assert!(root.claim("/var/log/sleuth.log").unwrap().may_be_missing);
    let expected = [
        "/usr/bin/second",
        "/usr/bin/second-alias",
        "/usr/bin/sleuth",
        "/usr/bin/sleuth-alias",
        "/usr/lib/second.dat",
        "/usr/lib/sleuth.dat",
    ];
    assert_eq!(root.suspects(), expected.map(|path| suspect(path, PackageState::Missing)));
}

#[test]
fn changed_programs_and_changed_configuration_are_told_apart() {
    let tree =
        suse().file("/usr/bin/sleuth", "#!/bin/sh\nevil\n").file("/etc/sleuth.conf", "a=2\n");
    let expected = [
        suspect("/etc/sleuth.conf", PackageState::ConffileChanged),
        suspect("/usr/bin/sleuth", PackageState::Modified),
    ];
    assert_eq!(Loaded::new(&tree).suspects(), expected);
}

#[test]
fn one_database_under_two_names_is_read_once() {
    let tree = suse().link("/var/lib/rpm", "../../usr/lib/sysimage/rpm");
    assert_eq!(Loaded::new(&tree).db.packages().len(), 2);
}

#[test]
fn a_table_that_computes_its_rows_is_refused() {
    let computed = "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL, \
                    more BLOB AS (zeroblob(1000000)))";
    let root = Loaded::at(red_hat(computed));
    assert_eq!(root.db.gaps()[0].reason, Blocked::Malformed);
    assert!(!root.db.is_known());
}

#[test]
fn packages_that_are_in_the_write_ahead_log_alone_are_seen() {
    let dir = files().dir("/var/lib/rpm").write();
    let database = rusqlite::Connection::open(dir.path().join("var/lib/rpm/rpmdb.sqlite")).unwrap();
    database.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;").unwrap();
    database.execute_batch(RPMS_OWN).unwrap();
    for blob in headers(NDB).unwrap() {
        database.execute("INSERT INTO Packages (blob) VALUES (?)", [blob.unwrap()]).unwrap();
    }
    let root = Loaded::at(dir);
    assert_eq!(root.db.packages().len(), 2);
    assert!(root.db.gaps().is_empty());
    drop(database);
}

#[test]
fn a_damaged_database_of_either_kind_is_a_gap() {
    let tree = files().file("/usr/lib/sysimage/rpm/Packages.db", b"RpmP not at all").file(
        "/var/lib/rpm/rpmdb.sqlite",
        [b"SQLite format 3\0".as_slice(), &[0xff; 9000]].concat(),
    );
    let gaps = Loaded::new(&tree).db.gaps();
    assert_eq!(gaps.len(), 2);
    assert!(gaps.iter().all(|gap| gap.reason == Blocked::Malformed && gap.matters));
}

#[test]
fn every_cut_of_a_database_is_survived() {
    for length in (0..NDB.len()).step_by(331) {
        let tree = Tree::new().file("/var/lib/rpm/Packages.db", &NDB[..length]);
        assert!(Loaded::new(&tree).db.packages().len() <= 2);
    }
}

#[test]
fn a_damaged_berkeley_database_is_a_gap() {
    let tree = Tree::new().file("/var/lib/rpm/Packages", [0; 4096]);
    assert_eq!(Loaded::new(&tree).db.gaps()[0].reason, Blocked::Malformed);
}
