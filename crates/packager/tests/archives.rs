//! Package archives made by hand: good ones read to their end, hostile ones refused with their reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests

mod support;

use coroner_pack::{FileKind, PackageFiles};
use coroner_packager::{BuildError, archive};
use proptest::prelude::*;
use support::{Deb, Tar, gz, member, write};
use tar::EntryType;

fn read(name: &str, bytes: &[u8]) -> Result<PackageFiles, BuildError> {
    let file = write(name, bytes);
    archive(&file.path().join(name), None).map(|archive| archive.package)
}

fn refusal(deb: &Deb) -> String {
    read("x.deb", &deb.bytes()).unwrap_err().to_string()
}

fn refused(deb: &Deb, reason: &str) {
    let text = refusal(deb);
    assert!(text.contains(reason), "{text}");
    assert!(text.contains("x.deb: ") && !text.contains('\n'), "{text}");
}

fn usual() -> Tar {
    Tar::new()
        .dir("./")
        .dir("./etc/")
        .file("./etc/tool.conf", b"level = 1\n", 0o644)
        .dir("./usr/")
        .dir("./usr/bin/")
        .file("./usr/bin/tool", b"\x7fELF and more", 0o4755)
        .entry(EntryType::Link, "./usr/bin/other", "./usr/bin/tool")
        .entry(EntryType::Symlink, "./usr/bin/alias", "tool")
        .entry(EntryType::Fifo, "./usr/pipe", "")
}

#[test]
fn a_deb_gives_each_file_as_it_was_packed() {
    let deb = Deb::new(usual()).control("./conffiles", b"/etc/tool.conf\n/etc/none\n");
    let package = read("x.deb", &deb.bytes()).unwrap();
    let id = &package.id;
    assert_eq!((id.name.as_bytes(), id.version.as_bytes()), (&b"tool"[..], &b"1:2-3"[..]));
    assert_eq!(id.architecture.as_bytes(), b"amd64");
    let find =
        |path: &str| package.files.iter().find(|file| file.path.as_bytes() == path.as_bytes());
    let tool = find("/usr/bin/tool").unwrap();
    let FileKind::Regular(content) = &tool.kind else { panic!("{tool:?}") };
    assert_eq!((content.size, tool.mode), (13, 0o4755));
    assert_eq!((tool.user.as_bytes(), tool.group.as_bytes()), (&b"root"[..], &b"staff"[..]));
    assert_eq!(find("/usr/bin/other").unwrap().kind, tool.kind);
    assert!(
        matches!(&find("/usr/bin/alias").unwrap().kind, FileKind::Link(to) if to.as_bytes() == b"tool")
    );
    assert_eq!(find("/usr/pipe").unwrap().kind, FileKind::Special);
    assert_eq!(find("/etc").unwrap().kind, FileKind::Directory);
    assert!(find("/etc/tool.conf").unwrap().conffile && !tool.conffile);
    assert_eq!(package.files.len(), 8, "the root itself is nobody's");
    assert_eq!(read("x.deb", &deb.bytes()).unwrap(), package);
}

#[test]
fn long_names_and_pax_records_are_read() {
    let long = format!("./usr/{}/file", "d".repeat(200));
    let tar = Tar::new().extension(EntryType::GNULongName, &[long.as_bytes(), b"\0"].concat());
    let tar = tar.file("./cut", b"1", 0o644);
    let pax = support::record("path", "usr/ümläut");
    let tar = tar.extension(EntryType::XHeader, &pax).file("cut", b"2", 0o644);
    let package = read("x.deb", &Deb::new(tar).bytes()).unwrap();
    let paths: Vec<_> = package.files.iter().map(|file| file.path.to_string()).collect();
    assert_eq!(paths, [long.replacen('.', "", 1), "/usr/ümläut".to_owned()]);
}

#[test]
fn a_deb_that_was_cut_anywhere_is_refused() {
    let whole = Deb::new(usual()).bytes();
    // The last byte may be the filler of an odd part, which some writers leave out.
    for length in (0..whole.len() - 1).step_by(3) {
        let text = read("x.deb", &whole[..length]).unwrap_err().to_string();
        assert!(!text.is_empty(), "{length}");
    }
    let text = read("x.deb", &whole[..whole.len() - 40]).unwrap_err().to_string();
    assert!(text.contains("cut off"), "{text}");
}

#[test]
fn names_that_leave_the_package_are_refused() {
    let file = |name: &str| Deb::new(Tar::new().file(name, b"x", 0o644));
    refused(&file("../etc/passwd"), "climbs out");
    refused(&file("./usr/../../etc/passwd"), "climbs out");
    refused(&file("/etc/passwd"), "absolute");
    let nul = Tar::new().extension(EntryType::GNULongName, b"./etc/pass\0wd\0");
    refused(&Deb::new(nul.file("./x", b"x", 0o644)), "NUL");
    let climbing = support::record("path", "../../etc/passwd");
    let pax = Tar::new().extension(EntryType::XHeader, &climbing).file("./x", b"x", 0o644);
    refused(&Deb::new(pax), "climbs out");
}

#[test]
fn links_that_would_put_files_elsewhere_are_refused() {
    let link = Tar::new().entry(EntryType::Symlink, "./usr/lib", "/etc");
    refused(&Deb::new(link.file("./usr/lib/passwd", b"x", 0o644)), "below a link");
    let outside = Tar::new().entry(EntryType::Link, "./a", "../../etc/shadow");
    refused(&Deb::new(outside), "climbs out");
    let later = Tar::new().entry(EntryType::Link, "./a", "./b").file("./b", b"x", 0o644);
    refused(&Deb::new(later), "did not come before");
}

#[test]
fn what_comes_twice_or_is_no_packages_kind_is_refused() {
    let twice = Tar::new().file("./a", b"1", 0o644).file("a", b"2", 0o644);
    refused(&Deb::new(twice), "comes twice");
    refused(&Deb::new(Tar::new().entry(EntryType::GNUSparse, "./a", "")), "kind");
    let size = support::record("size", "1");
    let pax = Tar::new().extension(EntryType::XHeader, &size).file("./a", b"xyz", 0o644);
    refused(&Deb::new(pax), "changes a size");
}

#[test]
fn a_list_that_disagrees_with_its_files_is_refused() {
    let with = |line: &str| Deb::new(usual()).control("./md5sums", line.as_bytes());
    refused(&with("d41d8cd98f00b204e9800998ecf8427e  usr/bin/tool\n"), "not what its own md5sums");
    refused(&with("d41d8cd98f00b204e9800998ecf8427e  usr/bin/gone\n"), "not in it");
    refused(&with("nonsense\n"), "broken line");
    let right = with("4fea653ef21d841aacda332fcf69bfa4  usr/bin/tool\n");
    assert!(read("x.deb", &right.bytes()).is_ok());
}

#[test]
fn what_unpacks_to_far_more_than_it_is_is_refused() {
    let zeroes = vec![0; 100 << 20];
    let deb = Deb::new(Tar::new().file("./big", &zeroes, 0o644));
    assert!(deb.bytes().len() < 200_000);
    refused(&deb, "decompression bomb");
}

#[test]
fn other_formats_and_compressions_are_named() {
    let bytes = [b"!<arch>\n".to_vec(), member("debian-binary", b"2.0\n")].concat();
    let bz = [bytes.clone(), member("control.tar.bz2", b"BZh")].concat();
    assert!(read("x.deb", &bz).unwrap_err().to_string().contains("bz2 is not supported"));
    let three = [b"!<arch>\n".to_vec(), member("debian-binary", b"3.0\n")].concat();
    assert!(read("x.deb", &three).unwrap_err().to_string().contains("version"));
    assert!(read("x.deb", b"MZ").unwrap_err().to_string().contains("cut off"));
    assert!(read("x.deb", b"#!/bin/sh\n").unwrap_err().to_string().contains("not a .deb"));
    assert!(read("x.tar", &bytes).unwrap_err().to_string().contains("not a package"));
    let nameless = Deb::new(usual()).control("./control", b"Version: 1\n");
    assert!(refusal(&nameless).contains("twice"));
}

#[test]
fn an_apk_is_its_streams_one_after_another() {
    let info = b"# made\npkgname = tool\npkgver = 1.2-r3\narch = x86_64\n";
    let signature = Tar::new().file(".SIGN.RSA.key", b"sig", 0o644).unended();
    let control = Tar::new().file(".PKGINFO", info, 0o644).file(".post-install", b"x", 0o755);
    let data = Tar::new().dir("usr/").file("usr/tool", b"\x7fELF", 0o755).bytes();
    let whole = [gz(&signature), gz(&control.unended()), gz(&data)].concat();
    let package = read("x.apk", &whole).unwrap();
    assert_eq!(package.id.version.as_bytes(), b"1.2-r3");
    let paths: Vec<_> = package.files.iter().map(|file| file.path.to_string()).collect();
    assert_eq!(paths, ["/usr", "/usr/tool"]);
    let climbing = Tar::new().file("../x", b"x", 0o644).bytes();
    let hostile = [gz(&control.unended()), gz(&climbing)].concat();
    assert!(read("x.apk", &hostile).unwrap_err().to_string().contains("climbs out"));
    assert!(read("x.apk", &gz(&data)).unwrap_err().to_string().contains("PKGINFO"));
    assert!(read("x.apk", &whole[..whole.len() - 9]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_damage_makes_reading_panic(place in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = Deb::new(usual()).plain();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let _ = read("x.deb", &bytes);
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for name in ["x.deb", "x.rpm", "x.apk"] {
            let _ = read(name, &bytes);
        }
    }
}
