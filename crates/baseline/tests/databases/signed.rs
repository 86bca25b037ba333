//! Signed headers: `data/signed/Packages.gz` is a Berkeley DB that Debian 11's rpm wrote, with a
//! package that rpmsign signed (`verdict`) and one that nobody did (`plain`); `Packages.db.gz` is
//! rpm 6's ndb with a package of its own. Edited headers lie in sqlite databases, as an intruder
//! with any `SQLite` at hand would put them there.

use std::io::Read;

use coroner_baseline::VendorKeys;
use coroner_core::packages::{PackageKnowledge, Proof};
use coroner_core::{Algorithm, PackageState};
use coroner_parse::package::rpm::{Header, Tag, berkeley_headers};
use coroner_testkit::Tree;
use sha1::{Digest, Sha1};

use super::rpm::RPMS_OWN;
use super::{Loaded, suspect};

const KEY: &[u8] = include_bytes!("data/signed/key.asc");

fn unpacked(packed: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut out).unwrap();
    out
}

fn packages() -> Vec<u8> {
    unpacked(include_bytes!("data/signed/Packages.gz"))
}

/// The header of `verdict`, as rpm wrote it.
fn verdict() -> Vec<u8> {
    let content = packages();
    let mut headers = berkeley_headers(&content).unwrap().map(|header| header.unwrap());
    let name = |blob: &[u8]| Header::parse(blob).unwrap().text(Tag::Name) == Some(b"verdict");
    headers.find(|blob| name(blob)).unwrap().into_owned()
}

fn files() -> Tree {
    let tree = ["verdict", "plain"].iter().fold(Tree::new(), |tree, name| {
        tree.file(format!("/usr/bin/{name}"), "#!/bin/sh\n")
            .file(format!("/etc/{name}.conf"), "a=1\n")
            .file(format!("/usr/lib/{name}/part1"), "1\n")
    });
    let part = |tree: Tree, n| tree.file(format!("/usr/lib/verdict/part{n}"), format!("{n}\n"));
    (2..=200).fold(tree, part)
}

fn keys() -> VendorKeys {
    let mut keys = VendorKeys::shipped();
    keys.add(KEY).unwrap();
    keys
}

fn centos() -> Tree {
    files().file("/var/lib/rpm/Packages", packages())
}

/// A root whose database holds this header.
fn with_header(blob: &[u8]) -> Loaded {
    let dir = files().dir("/var/lib/rpm").write();
    let file = dir.path().join("var/lib/rpm/rpmdb.sqlite");
    let database = rusqlite::Connection::open(&file).unwrap();
    database.execute_batch(RPMS_OWN).unwrap();
    database.execute("INSERT INTO Packages (blob) VALUES (?)", [blob]).unwrap();
    drop(database);
    Loaded::with(dir, &keys())
}

fn proof(root: &Loaded, name: &str) -> Proof {
    let packages = root.db.packages();
    packages.iter().find(|package| package.name == *name).unwrap().proof.clone()
}

fn is_broken(root: &Loaded) -> bool {
    matches!(proof(root, "verdict"), Proof::Broken { .. })
}

/// Puts bytes in the place of others of the same length.
fn replaced(blob: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = blob.windows(old.len()).position(|part| part == old).unwrap();
    let mut blob = blob.to_vec();
    blob[at..at + old.len()].copy_from_slice(new);
    blob
}

/// Makes the digests fit again, as whoever edits a header can.
fn resummed(blob: &[u8]) -> Vec<u8> {
    let header = Header::parse(blob).unwrap();
    let signed = header.immutable().unwrap().unwrap().signed_bytes();
    let said = header.signatures();
    let sha256 = sha256(&signed);
    let sha1 = coroner_core::Digest::new(Algorithm::Sha1, &Sha1::digest(&signed)).unwrap().hex();
    let blob = replaced(blob, said.sha256.unwrap(), sha256.as_bytes());
    replaced(&blob, said.sha1.unwrap(), sha1.as_bytes())
}

/// The index entry of a tag under another number: its value is there and nobody finds it.
fn hidden(blob: &[u8], tag: Tag) -> Vec<u8> {
    replaced(blob, &(tag as u32).to_be_bytes(), &9999_u32.to_be_bytes())
}

/// One more text, added behind the signed region.
fn with_texts(blob: &[u8], tag: Tag, texts: &[String]) -> Vec<u8> {
    let word = |at: usize| u32::from_be_bytes(blob[at..at + 4].try_into().unwrap());
    let (tags, bytes) = (word(0), word(4));
    let store = 8 + 16 * tags as usize;
    let data: Vec<u8> = texts.iter().flat_map(|text| text.bytes().chain([0])).collect();
    let more = u32::try_from(data.len()).unwrap();
    let count = u32::try_from(texts.len()).unwrap();
    let entry = [tag as u32, 8, bytes, count].map(u32::to_be_bytes).concat();
    let head = [tags + 1, bytes + more].map(u32::to_be_bytes).concat();
    [&head, &blob[8..store], &entry, &blob[store..store + bytes as usize], &data].concat()
}

fn sha256(content: &[u8]) -> String {
    coroner_core::sha256_of(content).hex()
}

#[test]
fn a_berkeley_database_of_the_real_rpm_gives_its_packages_and_who_signed_them() {
    let root = Loaded::with(centos().write(), &keys());
    assert!(root.db.gaps().is_empty(), "{:?}", root.db.gaps());
    assert!(matches!(proof(&root, "verdict"), Proof::Signed { .. }));
    assert_eq!(proof(&root, "plain"), Proof::Unsigned);
    assert!(root.claim("/usr/bin/verdict").unwrap().proven);
    assert!(!root.claim("/usr/bin/plain").unwrap().proven);
    assert_eq!(root.suspects(), []);
    assert_eq!(root.verify().agreed, 205);
}

#[test]
fn rpm_6_signs_in_base_64_and_is_believed_too() {
    let ndb = unpacked(include_bytes!("data/signed/Packages.db.gz"));
    let tree = Tree::new()
        .file("/usr/lib/sysimage/rpm/Packages.db", &ndb)
        .file("/usr/bin/verdict", "#!/bin/sh\n");
    let mut keys = VendorKeys::shipped();
    keys.add(include_bytes!("data/signed/key6.asc")).unwrap();
    let root = Loaded::with(tree.write(), &keys);
    assert!(proof(&root, "verdict").holds(), "{:?}", proof(&root, "verdict"));
    assert_eq!(root.suspects(), []);
    let other = Loaded::with(tree.write(), &self::keys());
    assert!(matches!(proof(&other, "verdict"), Proof::UnknownKey { .. }));
}

#[test]
fn without_the_key_a_signed_package_is_local() {
    let root = Loaded::new(&centos());
    assert!(matches!(proof(&root, "verdict"), Proof::UnknownKey { .. }));
    assert!(!root.claim("/usr/bin/verdict").unwrap().proven);
}

#[test]
fn a_changed_file_of_a_signed_package_is_told() {
    let tree = centos().file("/usr/bin/verdict", "#!/bin/sh\nevil\n");
    let root = Loaded::with(tree.write(), &keys());
    assert_eq!(root.suspects(), [suspect("/usr/bin/verdict", PackageState::Modified)]);
}

#[test]
fn the_header_as_it_was_signed_holds_in_any_container() {
    let root = with_header(&verdict());
    assert!(proof(&root, "verdict").holds());
    assert_eq!(root.suspects(), []);
}

#[test]
fn a_header_edited_to_agree_with_a_changed_file_is_broken_and_not_believed() {
    let (old, new) = (sha256(b"#!/bin/sh\n"), sha256(b"#!/bin/sh\nevil\n"));
    let edited = replaced(&verdict(), old.as_bytes(), new.as_bytes());
    let root = with_header(&edited);
    let careless = Proof::Broken { reason: "the header's SHA-256 does not fit".to_owned() };
    assert_eq!(proof(&root, "verdict"), careless);
    let root = with_header(&resummed(&edited));
    assert!(is_broken(&root));
    assert_eq!(root.claim("/usr/bin/verdict").unwrap().expected, None);
}

#[test]
fn digests_added_beside_the_signed_ones_are_broken_though_the_signature_holds() {
    let count = Header::parse(&verdict()).unwrap().texts(Tag::FileDigests).count();
    let evil = vec![sha256(b"evil"); count];
    let root = with_header(&with_texts(&verdict(), Tag::FileDigests, &evil));
    assert!(is_broken(&root));
}

#[test]
fn names_added_beside_the_signed_ones_are_a_relocation_that_proves_nothing() {
    let header = verdict();
    let parsed = Header::parse(&header).unwrap();
    let names = parsed.texts(Tag::DirNames).map(|dir| format!("/opt{}", dir.escape_ascii()));
    let root = with_header(&with_texts(&header, Tag::DirNames, &names.collect::<Vec<_>>()));
    assert!(matches!(proof(&root, "verdict"), Proof::Unbelieved { .. }));
    assert!(!root.claim("/opt/usr/bin/verdict").unwrap().proven);
}

#[test]
fn a_header_whose_signature_was_taken_away_is_unsigned() {
    let root = with_header(&hidden(&verdict(), Tag::RsaHeader));
    assert_eq!(proof(&root, "verdict"), Proof::Unsigned);
    assert!(!root.claim("/usr/bin/verdict").unwrap().proven);
}

#[test]
fn a_region_that_was_cut_short_is_broken() {
    let mut header = verdict();
    // The region's own entry says where its end is.
    header[8 + 8..8 + 12].copy_from_slice(&16_u32.to_be_bytes());
    assert!(is_broken(&with_header(&header)));
}

#[test]
fn a_file_that_the_host_calls_replaced_without_a_successor_is_still_checked() {
    let mut header = verdict();
    let parsed = Header::parse(&header).unwrap();
    let states = parsed.numbers(Tag::FileStates).count();
    let normal = vec![0; states];
    // The states are the only run of so many zero bytes behind the region.
    let region = header.len() - parsed.immutable().unwrap().unwrap().signed_bytes().len();
    let from = header.len() - region;
    let at = from + header[from..].windows(states).position(|part| part == normal).unwrap();
    header[at..at + states].fill(1);
    let root = with_header(&header);
    assert!(proof(&root, "verdict").holds());
    let expected = root.claim("/usr/bin/verdict").unwrap().expected;
    assert_eq!(expected.map(|digest| digest.hex()), Some(sha256(b"#!/bin/sh\n")));
}

#[test]
fn every_cut_of_a_berkeley_database_is_survived() {
    let whole = packages();
    for length in (0..whole.len()).step_by(7919) {
        let tree = Tree::new().file("/var/lib/rpm/Packages", &whole[..length]);
        assert!(Loaded::new(&tree).db.packages().len() <= 2);
    }
}
