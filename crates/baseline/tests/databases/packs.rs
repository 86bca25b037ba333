//! Packs over dpkg's database: who is believed about what.

use std::collections::HashSet;
use std::time::Duration;

use coroner_baseline::{PackageDb, Packs};
use coroner_core::packages::{PackageKnowledge, Proof, Verification};
use coroner_core::{
    Algorithm, Deadline, Digest, FileFacts, Hasher, HostPath, PackageState, Text, sha256_of,
};
use coroner_host::{Host, HostSources};
use coroner_pack::{
    Content, FileKind, Header, Pack, PackFile, PackKind, PackageFiles, PackageId, SCHEMA,
};
use coroner_testkit::Tree;

use super::suspect;

const SS: &str = "stands for the vendor's ss";
const TROJAN: &str = "stands for another ss";
const CONF: &str = "a=1\n";

fn md5(content: &str) -> Digest {
    let mut hasher = Hasher::new(Algorithm::Md5);
    hasher.update(content.as_bytes());
    hasher.finish()
}

/// iproute2 with its files, some of which the list below leaves to the pack.
fn installed(list: &str, sums: &str) -> Tree {
    let conffile = format!(" /etc/iproute2/ematch_map {}\n", md5(CONF).hex());
    let status = format!(
        "Package: iproute2\nStatus: install ok installed\nArchitecture: amd64\nVersion: 6.1.0-3\n\
         Conffiles:\n{conffile}\n"
    );
    Tree::new()
        .link("/bin", "usr/bin")
        .file("/usr/bin/ss", SS)
        .link("/usr/sbin/ip", "/bin/ip")
        .file("/etc/iproute2/ematch_map", CONF)
        .file("/var/lib/dpkg/status", status)
        .file("/var/lib/dpkg/info/iproute2.list", list)
        .file("/var/lib/dpkg/info/iproute2.md5sums", sums)
}

const LIST: &str = "/.\n/bin\n/bin/ss\n/usr\n/usr/sbin\n/usr/sbin/ip\n";

fn sums(of_ss: &str) -> String {
    format!("{}  bin/ss\n", md5(of_ss).hex())
}

fn debian() -> Tree {
    installed(LIST, &sums(SS))
}

fn file(path: &str, kind: FileKind) -> PackFile {
    let root = Text::from("root");
    PackFile {
        path: Text::from(path),
        kind,
        mode: 0o755,
        user: root.clone(),
        group: root,
        conffile: false,
    }
}

fn holds(content: &str) -> FileKind {
    let sha256 = sha256_of(content.as_bytes()).as_bytes().try_into().unwrap();
    let md5 = md5(content).as_bytes().try_into().unwrap();
    FileKind::Regular(Content { size: content.len() as u64, sha256, md5, build_id: None })
}

fn package(name: &str, version: &str, files: Vec<PackFile>) -> PackageFiles {
    let (name, version, architecture) =
        (Text::from(name), Text::from(version), Text::from("amd64"));
    PackageFiles { id: PackageId { name, version, architecture }, files }
}

fn iproute2(version: &str) -> PackageFiles {
    let conffile = file("/etc/iproute2/ematch_map", holds(CONF));
    let files = vec![
        file("/bin/ss", holds(SS)),
        file("/usr/sbin/ip", FileKind::Link(Text::from("/bin/ip"))),
        PackFile { conffile: true, ..conffile },
    ];
    package("iproute2", version, files)
}

fn pack(kind: PackKind, packages: Vec<PackageFiles>) -> Pack {
    let header = Header {
        schema: SCHEMA.to_owned(),
        name: "test-1".to_owned(),
        kind,
        os: "debian".to_owned(),
        os_version: "12".to_owned(),
        manager: "dpkg".to_owned(),
        sources: Vec::new(),
    };
    Pack::parse(coroner_pack::write(&header, packages).unwrap()).unwrap()
}

/// A tree with a pack laid over it.
struct Proved {
    _dir: tempfile::TempDir,
    host: Host,
    db: PackageDb,
}

impl Proved {
    fn by(tree: &Tree, trusted: bool, kind: PackKind, packages: Vec<PackageFiles>) -> Self {
        let mut packs = Packs::default();
        packs.add(pack(kind, packages), trusted);
        let dir = tree.write();
        let host = Host::open(HostSources::offline(dir.path())).unwrap();
        let db = PackageDb::load_with(host.root(), &packs);
        Self { _dir: dir, host, db }
    }

    fn vendor(tree: &Tree) -> Self {
        Self::by(tree, true, PackKind::Distribution, vec![iproute2("6.1.0-3")])
    }

    fn verify(&self) -> Verification {
        self.db.verify(&self.host, &HashSet::new(), Deadline::after(Duration::from_mins(5)))
    }

    fn suspects(&self) -> Vec<(String, PackageState)> {
        let named = |facts: &FileFacts| (facts.path.to_string(), facts.state);
        self.verify().suspects.iter().map(named).collect()
    }

    fn edited(&self) -> Vec<String> {
        let packages = PackageKnowledge::packages(&self.db);
        packages.iter().flat_map(|p| &p.edited).map(|line| line.path.to_string()).collect()
    }
}

#[test]
fn what_agrees_with_the_pack_is_counted_by_the_packs_name() {
    let root = Proved::vendor(&debian());
    let found = root.verify();
    assert_eq!(found.suspects, []);
    assert_eq!((found.checked, found.agreed), (2, 2));
    assert_eq!(found.proved.get("test-1"), Some(&2));
    assert_eq!(root.db.packages()[0].proof, Proof::Pack { name: "test-1".to_owned() });
    assert_eq!(root.edited(), [""; 0]);
}

#[test]
fn a_program_replaced_with_its_line_is_forged_and_both_hashes_and_the_hosts_are_told() {
    let root = Proved::vendor(&installed(LIST, &sums(TROJAN)).file("/usr/bin/ss", TROJAN));
    let found = root.verify();
    let facts = &found.suspects[0];
    assert_eq!(
        (facts.path.to_string().as_str(), facts.state),
        ("/usr/bin/ss", PackageState::Forged)
    );
    assert_eq!(facts.expected, Some(sha256_of(SS.as_bytes())));
    assert_eq!(facts.actual, Some(sha256_of(TROJAN.as_bytes())));
    assert_eq!(facts.listed, Some(md5(TROJAN)));
    assert_eq!(facts.proof.as_deref(), Some("test-1"));
    assert_eq!(root.edited(), ["/usr/bin/ss"]);
}

#[test]
fn a_program_replaced_without_its_line_is_modified() {
    let root = Proved::vendor(&debian().file("/usr/bin/ss", TROJAN));
    assert_eq!(root.suspects(), [suspect("/usr/bin/ss", PackageState::Modified)]);
    assert_eq!(root.verify().suspects[0].listed, None);
}

#[test]
fn a_program_that_the_hosts_list_leaves_out_is_the_packages_all_the_same() {
    let list = "/.\n/usr\n/usr/sbin\n/usr/sbin/ip\n";
    let root = Proved::vendor(&installed(list, "").file("/usr/bin/ss", TROJAN));
    assert_eq!(root.suspects(), [suspect("/usr/bin/ss", PackageState::Modified)]);
    assert_eq!(root.edited(), ["/usr/bin/ss"]);
    let claim = root.db.claim(&HostPath::new("/bin/ss")).unwrap();
    assert_eq!(claim.package, Text::from("iproute2"));
}

#[test]
fn a_list_edited_around_the_vendors_file_is_told_and_the_file_is_the_vendors() {
    let root = Proved::vendor(&installed(LIST, &sums(TROJAN)));
    assert_eq!(root.suspects(), []);
    assert_eq!(root.edited(), ["/usr/bin/ss"]);
}

#[test]
fn a_program_called_a_conffile_by_the_host_is_none_and_a_changed_conffile_is_quiet() {
    let own_status = format!(
        "Package: iproute2\nStatus: install ok installed\nArchitecture: amd64\nVersion: 6.1.0-3\n\
         Conffiles:\n /bin/ss {}\n",
        md5(SS).hex()
    );
    let tree = debian()
        .file("/var/lib/dpkg/status", own_status)
        .file("/usr/bin/ss", TROJAN)
        .file("/etc/iproute2/ematch_map", "a=2\n");
    let expected = [
        suspect("/etc/iproute2/ematch_map", PackageState::ConffileChanged),
        suspect("/usr/bin/ss", PackageState::Modified),
    ];
    assert_eq!(Proved::vendor(&tree).suspects(), expected);
}

#[test]
fn a_link_that_leads_elsewhere_and_a_file_in_place_of_a_link_are_modified() {
    for tree in [
        debian().link("/usr/sbin/ip", "/opt/ip").file("/opt/ip", TROJAN),
        debian().file("/usr/sbin/ip", TROJAN),
    ] {
        let found = Proved::vendor(&tree).suspects();
        assert_eq!(found, [suspect("/usr/sbin/ip", PackageState::Modified)]);
    }
}

#[test]
fn a_version_that_the_pack_does_not_know_is_local_and_said() {
    let replaced = installed(LIST, &sums(TROJAN)).file("/usr/bin/ss", TROJAN);
    let other = vec![iproute2("6.1.0-4")];
    let root = Proved::by(&replaced, true, PackKind::Distribution, other);
    let found = root.verify();
    assert_eq!((found.suspects.len(), found.agreed, found.proved.len()), (0, 2, 0));
    assert_eq!(root.db.packages()[0].proof, Proof::UnknownVersion);
}

#[test]
fn a_pack_that_nobody_signed_proves_nothing() {
    let packages = || vec![iproute2("6.1.0-3")];
    let root = Proved::by(&debian(), false, PackKind::Distribution, packages());
    let found = root.verify();
    assert_eq!((found.agreed, found.proved.len()), (2, 0));
    assert_eq!(root.db.packages()[0].proof, Proof::None);
    let replaced = installed(LIST, &sums(TROJAN)).file("/usr/bin/ss", TROJAN);
    let root = Proved::by(&replaced, false, PackKind::Distribution, packages());
    assert_eq!(root.suspects(), [suspect("/usr/bin/ss", PackageState::Modified)]);
}

#[test]
fn a_file_that_moved_to_another_package_is_that_ones_when_a_pack_knows_it() {
    let second =
        "Package: ss-tools\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n";
    let tree = |content: &str| {
        let first = "Package: iproute2\nStatus: install ok installed\nArchitecture: amd64\nVersion: 6.1.0-3\n";
        installed("/.\n/usr\n/usr/sbin\n/usr/sbin/ip\n", "")
            .file("/var/lib/dpkg/status", format!("{first}\n{second}"))
            .file("/var/lib/dpkg/info/ss-tools.list", "/.\n/bin\n/bin/ss\n")
            .file("/var/lib/dpkg/info/ss-tools.md5sums", sums(content))
            .file("/usr/bin/ss", content)
    };
    let newer = package("ss-tools", "1", vec![file("/bin/ss", holds(TROJAN))]);
    let known = vec![iproute2("6.1.0-3"), newer];
    let root = Proved::by(&tree(TROJAN), true, PackKind::Distribution, known);
    assert_eq!(root.suspects(), []);
    // A package that no pack knows does not get at a vendor's file by naming it in its own list.
    assert_eq!(Proved::vendor(&tree(SS)).suspects(), []);
    let found = Proved::vendor(&tree(TROJAN)).suspects();
    assert_eq!(found, [suspect("/usr/bin/ss", PackageState::Forged)]);
}

#[test]
fn a_diverted_file_is_proved_where_it_lies() {
    let diverted = "/bin/ss\n/bin/ss.distrib\n:\n";
    let tree = debian()
        .file("/var/lib/dpkg/diversions", diverted)
        .file("/usr/bin/ss", "an administrator's own")
        .file("/usr/bin/ss.distrib", SS);
    let root = Proved::vendor(&tree);
    assert_eq!(root.suspects(), []);
    assert_eq!(root.db.claim(&HostPath::new("/usr/bin/ss")), None);
}

#[test]
fn a_set_uid_bit_that_the_vendor_does_not_ship_stands_in_the_facts_unless_dpkg_was_asked_for_it() {
    let mode = |tree: &Tree| {
        let root = Proved::vendor(&tree.clone().mode("/usr/bin/ss", 0o4755).file("/x", ""));
        let claim = root.db.claim(&HostPath::new("/usr/bin/ss")).unwrap();
        claim.vendor.unwrap().mode
    };
    assert_eq!(mode(&debian()), 0o755);
    let asked = debian().file("/var/lib/dpkg/statoverride", "root root 4755 /bin/ss\n");
    assert_eq!(mode(&asked), 0o4755);
}

#[test]
fn lists_of_digests_younger_than_the_installation_are_told_but_not_those_of_a_copy() {
    let at = |tree: Tree, name: &str, sums: i64| {
        tree.modified(format!("/var/lib/dpkg/info/{name}.list"), 1_700_000_000)
            .modified(format!("/var/lib/dpkg/info/{name}.md5sums"), sums)
    };
    let rewritten = |tree: &Tree| {
        let packages = PackageKnowledge::packages(&Proved::vendor(tree).db);
        packages.iter().filter(|package| package.rewritten.is_some()).count()
    };
    assert_eq!(rewritten(&at(debian(), "iproute2", 1_690_000_000)), 0);
    assert_eq!(rewritten(&at(debian(), "iproute2", 1_700_000_000)), 0);
    assert_eq!(rewritten(&at(debian(), "iproute2", 1_700_090_000)), 1);
    let mut status = String::new();
    let mut copied = debian();
    for number in 0..12 {
        let name = format!("p{number}");
        status += "Package: ";
        status += &name;
        status += "\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n";
        copied = copied
            .file(format!("/var/lib/dpkg/info/{name}.list"), "/.\n/opt\n/opt/x\n")
            .file(format!("/var/lib/dpkg/info/{name}.md5sums"), "");
        copied = at(copied, &name, 1_700_090_000);
    }
    assert_eq!(rewritten(&copied.file("/var/lib/dpkg/status", status)), 0);
}

/// An image of a host: its own tool, its configuration, and what dpkg installed.
fn image() -> Vec<PackageFiles> {
    let own = vec![
        file("/usr/local/bin/deploy", holds("#!/bin/sh\ndeploy\n")),
        file("/etc/hosts", holds("127.0.0.1 localhost\n")),
    ];
    vec![iproute2("6.1.0-3"), package("", "", own)]
}

fn sibling(deploy: &str) -> Tree {
    debian().file("/usr/local/bin/deploy", deploy).file("/etc/hosts", "127.0.0.1 localhost\n")
}

#[test]
fn a_sibling_of_a_recorded_host_is_proved_to_its_own_tools() {
    let root = Proved::by(&sibling("#!/bin/sh\ndeploy\n"), true, PackKind::Host, image());
    let found = root.verify();
    assert_eq!(found.suspects, []);
    assert_eq!(found.proved.get("test-1"), Some(&4));
    // What stands for the image's own files is no installed package.
    assert_eq!(root.db.packages().len(), 2);
    assert_eq!(PackageKnowledge::packages(&root.db).len(), 1);
}

#[test]
fn a_changed_tool_of_a_sibling_is_named_and_its_changed_configuration_is_an_administrators() {
    let tree = sibling("#!/bin/sh\nsomething else\n").file("/etc/hosts", "192.0.2.1 db\n");
    let expected = [
        suspect("/etc/hosts", PackageState::ConffileChanged),
        suspect("/usr/local/bin/deploy", PackageState::Modified),
    ];
    assert_eq!(Proved::by(&tree, true, PackKind::Host, image()).suspects(), expected);
}

#[test]
fn an_image_accuses_nobody_of_forging_since_nobody_knows_what_the_vendor_shipped() {
    let root = Proved::by(
        &installed(LIST, &sums(TROJAN)).file("/usr/bin/ss", TROJAN),
        true,
        PackKind::Host,
        vec![iproute2("6.1.0-3")],
    );
    assert_eq!(root.suspects(), [suspect("/usr/bin/ss", PackageState::Modified)]);
    assert_eq!(root.edited(), [""; 0]);
}
