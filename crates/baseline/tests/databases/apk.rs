//! apk: SHA-1 in base64, links that show by their mode alone.

use coroner_core::PackageState;
use coroner_core::packages::PackageKnowledge;
use coroner_testkit::Tree;

use super::{Loaded, suspect};

/// `Q1` and base64 of the SHA-1 of `busybox\n` and of `a=1\n`, by sha1sum.
const INSTALLED: &str = "P:busybox
V:1.36.1-r2
A:x86_64
F:bin
R:busybox
a:0:0:755
Z:Q10fHUncRM1a23Y6xx2/O0uVBz+Qk=
R:sh
a:0:0:777
Z:Q1pcfTfDNEbNKQc2s1tia7da05M8Q=
F:etc
R:conf
Z:Q1ncnP07OLd1YewitJpyNDLiYYEAM=
";

fn alpine() -> Tree {
    Tree::new()
        .file("/bin/busybox", "busybox\n")
        .link("/bin/sh", "/bin/busybox")
        .file("/etc/conf", "a=1\n")
        .file("/lib/apk/db/installed", INSTALLED)
}

#[test]
fn a_clean_root_agrees_and_links_are_not_digested() {
    let root = Loaded::new(&alpine());
    let found = root.verify();
    assert_eq!((found.checked, found.agreed, found.without_digest), (2, 2, 1));
    assert_eq!((found.suspects, root.db.gaps()), (Vec::new(), Vec::new()));
    assert_eq!(root.owner("/bin/sh").as_deref(), Some("busybox"));
}

#[test]
fn a_changed_program_is_modified_and_what_lies_in_etc_is_the_administrators() {
    let tree = alpine().file("/bin/busybox", "other\n").file("/etc/conf", "a=2\n");
    let expected = [
        suspect("/bin/busybox", PackageState::Modified),
        suspect("/etc/conf", PackageState::ConffileChanged),
    ];
    assert_eq!(Loaded::new(&tree).suspects(), expected);
}

#[test]
fn a_missing_link_is_missing() {
    let tree =
        Tree::new().file("/bin/busybox", "busybox\n").file("/lib/apk/db/installed", INSTALLED);
    assert_eq!(Loaded::new(&tree).suspects(), [suspect("/bin/sh", PackageState::Missing)]);
}
