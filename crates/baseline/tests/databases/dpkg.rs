//! dpkg: what a clean, an ordinary and a tampered Debian look like.

use std::collections::HashSet;
use std::time::Duration;

use coroner_core::packages::PackageKnowledge;
use coroner_core::{Blocked, Deadline, HostPath, PackageState};
use coroner_testkit::Tree;

use super::{Loaded, suspect};

const PS: &[u8] = b"\x7fELF a process lister";
/// MD5 of [`PS`] and of `a=1\n`, by md5sum.
const PS_MD5: &str = "20199d5d1f572d1379390a2d89eda75b";
const CONF_MD5: &str = "d5e29449b9e66d5b4bb0d6ce48fbbcb1";

fn status(rest: &str) -> String {
    let conffile = format!(" /etc/procps.conf {CONF_MD5}\n");
    format!(
        "Package: procps\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2:4.0.2-3\n\
         Conffiles:\n{conffile}Description: x\n\n{rest}"
    )
}

/// A merged /usr; the database says /bin/ps, as Debian 12 does.
fn debian() -> Tree {
    without_files().file("/usr/bin/ps", PS).file("/etc/procps.conf", "a=1\n")
}

fn without_files() -> Tree {
    Tree::new()
        .link("/bin", "usr/bin")
        .dir("/usr/bin")
        .file("/var/lib/dpkg/status", status(""))
        .file("/var/lib/dpkg/info/procps.list", "/.\n/bin\n/bin/ps\n/etc\n/etc/procps.conf\n")
        .file("/var/lib/dpkg/info/procps.md5sums", format!("{PS_MD5}  bin/ps\n"))
}

/// [`debian`] with a second package.
fn with_package(stanza: &str, name: &str, list: &str, sums: &str) -> Tree {
    debian()
        .file("/var/lib/dpkg/status", status(stanza))
        .file(format!("/var/lib/dpkg/info/{name}.list"), list)
        .file(format!("/var/lib/dpkg/info/{name}.md5sums"), sums)
}

#[test]
fn a_clean_root_has_nothing_to_tell() {
    let root = Loaded::new(&debian());
    let found = root.verify();
    assert_eq!((found.checked, found.agreed, found.suspects.len()), (2, 2, 0));
    assert!(found.gaps.is_empty() && root.db.gaps().is_empty());
    let package = &root.db.packages()[0];
    assert_eq!((package.files, package.with_digest), (2, 1));
}

#[test]
fn a_file_has_one_owner_whatever_link_it_is_reached_by() {
    let root = Loaded::new(&debian());
    for path in ["/bin/ps", "/usr/bin/ps"] {
        assert_eq!(root.owner(path).as_deref(), Some("procps"), "{path}");
    }
    assert_eq!(root.claim("/usr/bin/ss"), None);
}

#[test]
fn a_replaced_program_is_told_with_both_digests_and_its_sha256() {
    let root = Loaded::new(&debian().file("/usr/bin/ps", "#!/bin/sh\nps.orig | grep -v x\n"));
    let found = root.verify();
    let facts = &found.suspects[0];
    assert_eq!(
        (facts.path.to_string().as_str(), facts.state),
        ("/usr/bin/ps", PackageState::Modified)
    );
    assert_eq!(facts.expected.as_ref().unwrap().hex(), PS_MD5);
    assert!(facts.actual.is_some() && facts.actual != facts.expected);
    assert_eq!(facts.sha256.as_ref().unwrap().len(), 64);
    assert_eq!(facts.shebang.as_ref().unwrap(), &"/bin/sh");
    assert_eq!(facts.package.as_ref().unwrap(), &"procps");
}

#[test]
fn a_program_replaced_by_a_link_is_told_with_its_target() {
    let tree = debian().link("/usr/bin/ps", "/opt/ps").file("/opt/ps", "other");
    let found = Loaded::new(&tree).verify();
    assert_eq!(found.suspects[0].state, PackageState::Modified);
    assert_eq!(found.suspects[0].target.as_ref().unwrap(), &"/opt/ps");
    assert!(found.suspects[0].sha256.is_some());
}

#[test]
fn an_edited_conffile_is_an_administrators_and_so_is_a_removed_or_linked_one() {
    let root = Loaded::new(&debian().file("/etc/procps.conf", "a=2\n"));
    assert_eq!(root.suspects(), [suspect("/etc/procps.conf", PackageState::ConffileChanged)]);
    let without = without_files().file("/usr/bin/ps", PS);
    assert_eq!(Loaded::new(&without).suspects(), []);
    let linked = without.link("/etc/procps.conf", "/srv/conf").file("/srv/conf", "a=1\n");
    assert_eq!(Loaded::new(&linked).suspects(), []);
}

#[test]
fn a_link_to_the_same_content_or_to_nothing_is_not_what_the_package_brought() {
    for tree in [debian().file("/opt/ps", PS), debian()] {
        let root = Loaded::new(&tree.link("/usr/bin/ps", "/opt/ps"));
        assert_eq!(root.suspects(), [suspect("/usr/bin/ps", PackageState::Modified)]);
    }
}

#[test]
fn a_deleted_program_is_missing_and_deleted_documentation_is_not() {
    let root = Loaded::new(&without_files().file("/etc/procps.conf", "a=1\n"));
    assert_eq!(root.suspects(), [suspect("/usr/bin/ps", PackageState::Missing)]);
    let stanza = "Package: doc\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n";
    let list = "/usr/share/doc/doc/README\n/opt/excluded/x\n/opt/excluded/kept\n";
    let sums = format!(
        "{PS_MD5}  usr/share/doc/doc/README\n{PS_MD5}  opt/excluded/x\n{PS_MD5}  opt/excluded/kept\n"
    );
    let tree = with_package(stanza, "doc", list, &sums).file(
        "/etc/dpkg/dpkg.cfg.d/docker",
        "path-exclude=/opt/excluded/*\npath-include=/opt/excluded/kept\n",
    );
    let root = Loaded::new(&tree);
    assert_eq!(root.suspects(), [suspect("/opt/excluded/kept", PackageState::Missing)]);
    assert!(root.claim("/usr/share/doc/doc/README").unwrap().may_be_missing);
}

#[test]
fn a_diverted_file_is_checked_where_it_was_moved_to() {
    let stanza = "Package: shell\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n";
    let tree = with_package(stanza, "shell", "/bin\n/bin/ps\n", &format!("{CONF_MD5}  bin/ps\n"))
        .file("/var/lib/dpkg/diversions", "/bin/ps\n/bin/ps.distrib\nshell\n")
        .file("/usr/bin/ps.distrib", PS)
        .file("/usr/bin/ps", "a=1\n");
    let root = Loaded::new(&tree);
    assert_eq!(root.suspects(), []);
    assert_eq!(root.owner("/usr/bin/ps").as_deref(), Some("shell"));
    assert_eq!(root.owner("/bin/ps.distrib").as_deref(), Some("procps"));
}

#[test]
fn diversions_that_are_cut_off_and_bad_ones_are_told_within_bounds() {
    let gaps = |diversions: &str| {
        Loaded::new(&debian().file("/var/lib/dpkg/diversions", diversions)).db.gaps()
    };
    let bad = gaps(&"no path\n/x\n:\n".repeat(100));
    assert_eq!((bad.len(), bad[0].reason, bad[0].line), (20, Blocked::Malformed, Some(1)));
    let long = gaps(&"/x\n/y\n:\n".repeat(200_000));
    assert!(long.iter().any(|gap| gap.reason == Blocked::TooLarge), "{long:?}");
}

#[test]
fn packages_that_architectures_share_are_found_by_their_longer_name() {
    let stanza = "Package: libx\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\nVersion: 1\n\n\
                  Package: libx\nStatus: install ok installed\nArchitecture: i386\nMulti-Arch: same\nVersion: 1\n";
    let tree = with_package(
        stanza,
        "libx:amd64",
        "/usr/lib/a.so\n/usr/share/x\n",
        &format!("{PS_MD5} usr/lib/a.so\n{PS_MD5} usr/share/x\n"),
    )
    .file("/var/lib/dpkg/info/libx:i386.list", "/usr/lib/b.so\n/usr/share/x\n")
    .file(
        "/var/lib/dpkg/info/libx:i386.md5sums",
        format!("{PS_MD5} usr/lib/b.so\n{PS_MD5} usr/share/x\n"),
    )
    .file("/usr/lib/a.so", PS)
    .file("/usr/lib/b.so", PS)
    .file("/usr/share/x", PS);
    let root = Loaded::new(&tree);
    assert_eq!(root.suspects(), []);
    assert_eq!(root.owner("/usr/lib/b.so").as_deref(), Some("libx:i386"));
}

#[test]
fn a_package_without_digests_is_unknown_and_counted_never_modified() {
    let stanza = "Package: vendor\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n";
    let tree = with_package(stanza, "vendor", "/opt\n/opt/vendor\n/opt/vendor/run\n", "")
        .file("/opt/vendor/run", "x");
    let root = Loaded::new(&tree);
    let claim = root.claim("/opt/vendor/run").unwrap();
    assert_eq!((claim.package.to_string().as_str(), claim.expected), ("vendor", None));
    assert_eq!(root.verify().without_digest, 1);
    let gap = &root.db.gaps()[0];
    assert!(gap.path == "/var/lib/dpkg/info/vendor.list" && !gap.matters);
}

#[test]
fn digests_in_sha256_and_with_a_leading_slash_are_understood() {
    let sha256 = coroner_core::sha256_of(b"x").hex();
    let stanza = "Package: vendor\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n";
    let tree = with_package(
        stanza,
        "vendor",
        "/opt/a\n/opt/b\n",
        &format!("{sha256} /opt/a\n{sha256}  ./opt/b\n"),
    )
    .file("/opt/a", "x")
    .file("/opt/b", "not x");
    assert_eq!(Loaded::new(&tree).suspects(), [suspect("/opt/b", PackageState::Modified)]);
}

#[test]
fn a_half_installed_package_accuses_nobody() {
    let stanza = "Package: half\nStatus: install reinstreq half-installed\nArchitecture: amd64\nVersion: 1\n";
    let tree = with_package(
        stanza,
        "half",
        "/opt/a\n/opt/b\n",
        &format!("{PS_MD5}  opt/a\n{PS_MD5}  opt/b\n"),
    )
    .file("/opt/a", "half of it");
    let root = Loaded::new(&tree);
    assert_eq!(root.suspects(), []);
    assert_eq!(root.claim("/opt/a").unwrap().expected, None);
}

#[test]
fn alternatives_belong_to_whoever_they_lead_to_and_a_foreign_target_to_nobody() {
    let group =
        "auto\n/usr/bin/lister\nlister.1\n/usr/share/man/man1/lister.1\n\n/bin/ps\n50\n\n\n";
    let tree = debian()
        .file("/var/lib/dpkg/alternatives/lister", group)
        .link("/etc/alternatives/lister", "/bin/ps")
        .link("/usr/bin/lister", "/etc/alternatives/lister");
    let root = Loaded::new(&tree);
    for path in ["/usr/bin/lister", "/etc/alternatives/lister"] {
        assert_eq!(root.owner(path).as_deref(), Some("procps"), "{path}");
    }
    let turned = tree.link("/etc/alternatives/lister", "/tmp/evil");
    assert_eq!(Loaded::new(&turned).owner("/usr/bin/lister"), None);
}

#[test]
fn an_obsolete_conffile_that_another_package_took_over_is_judged_by_the_other() {
    let stanza = format!(
        "Package: old\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\
         Conffiles:\n /etc/procps.conf {PS_MD5} obsolete\n"
    );
    let root = Loaded::new(&with_package(&stanza, "old", "/etc\n", ""));
    assert_eq!(root.owner("/etc/procps.conf").as_deref(), Some("procps"));
    assert_eq!(root.suspects(), []);
}

#[test]
fn what_is_no_regular_file_any_more_is_modified_and_never_waited_for() {
    let root = Loaded::new(&debian().fifo("/usr/bin/ps"));
    assert_eq!(root.suspects(), [suspect("/usr/bin/ps", PackageState::Modified)]);
}

#[test]
fn a_sparse_file_of_ten_gigabytes_is_a_gap_and_costs_nothing() {
    let found = Loaded::new(&debian().sparse("/usr/bin/ps", 10 << 30)).verify();
    assert_eq!(found.gaps[0].reason, Blocked::TooLarge);
    assert!(found.gaps[0].matters);
}

#[test]
fn files_known_already_are_left_out_and_time_that_is_up_is_told() {
    let root = Loaded::new(&debian().file("/usr/bin/ps", "changed"));
    let done = HashSet::from([HostPath::new("/usr/bin/ps")]);
    let found = root.db.verify(&root.host, &done, Deadline::after(Duration::from_mins(10)));
    assert_eq!((found.checked, found.suspects.len()), (1, 0));
    let found = root.db.verify(&root.host, &done, Deadline::after(Duration::ZERO));
    assert_eq!((found.checked, found.gaps[0].reason), (0, Blocked::OutOfTime));
    assert_eq!(found.gaps[0].detail.as_deref(), Some("1 packaged files were not checked"));
}

#[test]
fn a_corrupt_status_costs_its_bad_stanzas_and_says_so() {
    let text = [b"\xff\xfe\0 junk\n\n".as_slice(), status("").as_bytes()].concat();
    let root = Loaded::new(&debian().file("/var/lib/dpkg/status", text));
    assert_eq!(root.owner("/bin/ps").as_deref(), Some("procps"));
    assert_eq!(root.db.gaps()[0].line, Some(1));
}

#[test]
fn a_status_that_is_no_file_is_a_gap_and_nothing_is_unowned_by_it() {
    let root = Loaded::new(&debian().fifo("/var/lib/dpkg/status"));
    assert!(!root.db.is_known());
    assert_eq!(root.db.gaps()[0].reason, Blocked::NotRegular);
    assert!(root.db.gaps()[0].matters);
}

#[test]
fn a_root_without_any_database_is_unknown_without_a_gap() {
    let root = Loaded::new(&Tree::new().file("/bin/ps", PS));
    assert!(!root.db.is_known() && root.db.gaps().is_empty());
}
