//! Whole packs: written, read again, damaged.

use coroner_parse::Text;
use proptest::prelude::*;

use super::*;

fn header() -> Header {
    Header {
        schema: SCHEMA.to_owned(),
        name: "test-1".to_owned(),
        kind: PackKind::Distribution,
        os: "debian".to_owned(),
        os_version: "12".to_owned(),
        manager: "dpkg".to_owned(),
        sources: vec![Source {
            kind: SourceKind::Release,
            name: "bookworm".to_owned(),
            sha256: Some(trust::sha256(b"InRelease")),
            date: Some("Sat, 06 Jun 2026 10:00:00 UTC".to_owned()),
            signer: None,
        }],
    }
}

fn id(name: &str, version: &str, architecture: &str) -> PackageId {
    let text = Text::from;
    PackageId { name: text(name), version: text(version), architecture: text(architecture) }
}

fn file(path: &str, kind: FileKind) -> PackFile {
    let root = Text::from("root");
    let path = Text::from(path);
    PackFile { path, kind, mode: 0o4755, user: root.clone(), group: root, conffile: false }
}

fn holds(byte: u8, build_id: Option<&[u8]>) -> FileKind {
    let build_id = build_id.map(Into::into);
    FileKind::Regular(Content { size: 7, sha256: [byte; 32], md5: [byte; 16], build_id })
}

fn packages() -> Vec<PackageFiles> {
    let conffile = PackFile { conffile: true, ..file("/etc/procps.conf", holds(9, None)) };
    vec![
        PackageFiles {
            id: id("procps", "2:4.0", "amd64"),
            files: vec![
                conffile,
                file("/usr/bin", FileKind::Directory),
                file("/usr/bin/pgrep", holds(1, Some(&[0xab; 20]))),
                file("/usr/bin/pkill", FileKind::Link(Text::from("pgrep"))),
                file("/usr/bin/ps", holds(2, None)),
            ],
        },
        PackageFiles {
            id: id("procps", "2:4.0", "arm64"),
            files: vec![file("/usr/bin/ps", holds(3, None)), file("/usr/share/x", holds(1, None))],
        },
        PackageFiles { id: id("empty", "1", "all"), files: Vec::new() },
    ]
}

fn sample() -> Vec<u8> {
    write(&header(), packages()).unwrap()
}

#[test]
fn what_is_written_is_read_again_and_found_by_name() {
    let pack = Pack::parse(sample()).unwrap();
    assert_eq!(*pack.header(), header());
    for written in packages() {
        let PackageId { name, version, architecture } = &written.id;
        let found = pack.find(name.as_bytes(), version.as_bytes(), architecture.as_bytes());
        assert_eq!(pack.files(found.unwrap()).unwrap(), written.files);
    }
    assert!(pack.find(b"procps", b"2:4.1", b"amd64").is_none());
    assert_eq!(pack.named(b"procps").len(), 2);
    assert_eq!(pack.named(b"proc").len(), 0);
    // pgrep of amd64 and /usr/share/x of arm64 hold the same.
    assert_eq!(pack.contents(), 4);
}

#[test]
fn the_order_in_which_packages_and_files_come_changes_no_byte() {
    let mut other = packages();
    other.reverse();
    for package in &mut other {
        package.files.reverse();
    }
    assert_eq!(write(&header(), other).unwrap(), sample());
}

#[test]
fn a_package_or_a_path_that_comes_twice_is_refused() {
    let mut twice = packages();
    twice.extend(packages());
    assert!(write(&header(), twice).is_err());
    let mut twice = packages();
    twice[0].files.push(file("/usr/bin/ps", FileKind::Special));
    assert!(write(&header(), twice).is_err());
}

#[test]
fn another_schema_says_which() {
    let other = Header { schema: "coroner.pack/9".to_owned(), ..header() };
    let refused = Pack::parse(write(&other, Vec::new()).unwrap()).unwrap_err();
    assert_eq!(refused, PackError::Schema("coroner.pack/9".to_owned()));
    assert_eq!(Pack::parse(b"#!/bin/sh\n".to_vec()).unwrap_err(), PackError::NotAPack);
}

#[test]
fn a_pack_that_was_cut_anywhere_is_refused() {
    let whole = sample();
    for length in 0..whole.len() {
        assert!(Pack::parse(whole[..length].to_vec()).is_err(), "{length} bytes");
    }
}

/// Reads all there is to read.
fn read_all(bytes: Vec<u8>) {
    let Ok(pack) = Pack::parse(bytes) else { return };
    for package in pack.packages() {
        let _ = pack.files(package);
    }
}

proptest! {
    #[test]
    fn no_damage_makes_reading_panic(place in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = sample();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        read_all(bytes);
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_all([MAGIC, &bytes].concat());
    }
}
