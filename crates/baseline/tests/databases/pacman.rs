//! pacman: ownership in `files`, digests in a gzipped `mtree`.

use std::io::Write;

use coroner_core::packages::PackageKnowledge;
use coroner_core::{Blocked, PackageState, sha256_of};
use coroner_testkit::Tree;
use flate2::{Compression, write::GzEncoder};

use super::{Loaded, suspect};

const AT: &str = "/var/lib/pacman/local/tool-1.2-3";

fn gzip(text: &str) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(text.as_bytes()).unwrap();
    out.finish().unwrap()
}

fn mtree() -> String {
    let (tool, conf) = (sha256_of(b"tool\n").hex(), sha256_of(b"a=1\n").hex());
    format!(
        "#mtree\n/set type=file uid=0 gid=0 mode=644\n./.PKGINFO time=1.0 size=1\n\
         ./etc/tool.conf time=1.0 size=4 sha256digest={conf}\n\
         ./usr/bin time=1.0 mode=755 type=dir\n\
         ./usr/bin/tool time=1.0 mode=755 size=5 sha256digest={tool}\n\
         ./usr/bin/t time=1.0 mode=777 type=link link=tool\n"
    )
}

fn arch() -> Tree {
    Tree::new()
        .file("/usr/bin/tool", "tool\n")
        .link("/usr/bin/t", "tool")
        .file("/etc/tool.conf", "a=1\n")
        .file("/var/lib/pacman/local/ALPM_DB_VERSION", "9\n")
        .file(format!("{AT}/desc"), "%NAME%\ntool\n\n%VERSION%\n1.2-3\n\n%ARCH%\nx86_64\n\n")
        .file(
            format!("{AT}/files"),
            "%FILES%\netc/\netc/tool.conf\nusr/\nusr/bin/\nusr/bin/t\nusr/bin/tool\n\n\
             %BACKUP%\netc/tool.conf\t00000000000000000000000000000000\n",
        )
        .file(format!("{AT}/mtree"), gzip(&mtree()))
}

#[test]
fn a_clean_root_agrees() {
    let root = Loaded::new(&arch());
    let found = root.verify();
    assert_eq!((found.checked, found.agreed, found.without_digest), (2, 2, 1));
    assert_eq!((found.suspects, root.db.gaps()), (Vec::new(), Vec::new()));
    let package = &root.db.packages()[0];
    assert_eq!((package.files, package.with_digest), (3, 2));
}

#[test]
fn a_changed_program_is_modified_and_a_backup_file_is_the_administrators() {
    let tree = arch().file("/usr/bin/tool", "evil\n").file("/etc/tool.conf", "a=2\n");
    let expected = [
        suspect("/etc/tool.conf", PackageState::ConffileChanged),
        suspect("/usr/bin/tool", PackageState::Modified),
    ];
    assert_eq!(Loaded::new(&tree).suspects(), expected);
}

#[test]
fn a_package_whose_mtree_is_damaged_still_owns_its_files() {
    let root = Loaded::new(&arch().file(format!("{AT}/mtree"), "not gzip"));
    assert_eq!(root.owner("/usr/bin/tool").as_deref(), Some("tool"));
    assert_eq!(root.db.gaps()[0].reason, Blocked::Malformed);
}

#[test]
fn an_mtree_that_unpacks_without_end_is_cut_and_told() {
    let bomb = gzip(&format!("#{}\n", "x".repeat(60_000)).repeat(2000));
    let root = Loaded::new(&arch().file(format!("{AT}/mtree"), bomb));
    assert_eq!(root.db.gaps()[0].reason, Blocked::TooLarge);
}
