//! Packs in an audit of whole Debian roots: a database edited to agree is seen through, untouched roots
//! are proved, and what the packs do not know is quiet and counted; packs that nobody vouches for are
//! refused with their reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use coroner_core::packages::{Package, Proof};
use coroner_core::{FileFacts, Finding, ItemKind, Items, Level, PackageState, Report, Severity};
use coroner_testkit::Tree;
use support::packs::{Operator, PackOf};
use support::{audit, copy_of, copy_program, coroner, lab, plant, shown, status};

const RELEASES: [&str; 3] = ["bullseye", "bookworm", "trixie"];

fn all<T: ItemKind>(report: &Report) -> Vec<T> {
    Items::new(report.items.clone()).all().collect()
}

fn packages(report: &Report) -> Vec<Package> {
    all(report)
}

/// The facts of one file.
fn facts(report: &Report, path: &str) -> Option<FileFacts> {
    all::<FileFacts>(report).into_iter().find(|file| file.path == *path)
}

fn loud(report: &Report) -> Vec<String> {
    let loud: Vec<&Finding> =
        report.findings.iter().filter(|finding| finding.severity > Severity::Info).collect();
    shown(&loud)
}

fn of_rule<'a>(report: &'a Report, rule: &str) -> Vec<&'a Finding> {
    report.findings.iter().filter(|finding| finding.rule == rule).collect()
}

/// Debian's usual places of what an intruder replaces first, with their packages.
const REPLACED: [(&str, &str); 4] = [
    ("/usr/bin/ss", "iproute2"),
    ("/usr/bin/lsof", "lsof"),
    ("/usr/bin/su", "util-linux"),
    ("/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "libc6:amd64"),
];

/// Replaces each file and edits its line, keeping all times that touch(1) can keep.
fn forge(root: &Path) {
    for (path, package) in REPLACED {
        let at = root.join(path.trim_start_matches('/'));
        let meta = std::fs::metadata(&at).unwrap();
        let mut other = std::fs::read(&at).unwrap();
        other.extend_from_slice(b"what an intruder added");
        std::fs::write(&at, &other).unwrap();
        set_modified(&at, meta.modified().unwrap());
        edit_line(root, package, path, &support::packs::md5(&other).hex());
    }
}

fn set_modified(at: &Path, time: std::time::SystemTime) {
    std::fs::File::options().write(true).open(at).unwrap().set_modified(time).unwrap();
}

/// Writes another digest into a package's list, which keeps its time.
fn edit_line(root: &Path, package: &str, path: &str, digest: &str) {
    let list = root.join(format!("var/lib/dpkg/info/{package}.md5sums"));
    let time = std::fs::metadata(&list).unwrap().modified().unwrap();
    let text = std::fs::read_to_string(&list).unwrap();
    // Debian 12 lists /usr/bin and /lib as the package has them, before the merge of /usr.
    let name = |line: &str| line.split_once("  ").unwrap().1.to_owned();
    let same = |line: &str| {
        path.ends_with(&format!("/{}", name(line))) || format!("/{}", name(line)) == path
    };
    let edited = text
        .lines()
        .map(|line| if same(line) { format!("{digest}  {}", name(line)) } else { line.to_owned() });
    let edited = edited.collect::<Vec<_>>().join("\n") + "\n";
    assert_ne!(edited, text, "{package} lists {path}");
    std::fs::write(&list, edited).unwrap();
    set_modified(&list, time);
}

/// What the host's own tools say of the four packages.
fn own_tools(root: &Path) -> String {
    let names = ["iproute2", "lsof", "util-linux", "libc6"];
    let debsums = Command::new("debsums").arg("-s").arg("-r").arg(root).args(names).output();
    let dpkg = Command::new("chroot").arg(root).args(["dpkg", "-V"]).args(names).output();
    [debsums, dpkg].map(|output| text(&output.expect("tests/run installs debsums"))).concat()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&*output.stdout, &output.stderr].concat()).into_owned()
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn tools_replaced_with_their_lines_of_the_list_are_forged_while_debsums_and_dpkg_stay_silent() {
    let operator = Operator::new();
    let pack = operator.signed(&PackOf::root(&lab().join("bookworm")).named("debian-12"));
    let root = copy_of(&lab().join("bookworm"));
    forge(root.path());
    assert_eq!(own_tools(root.path()), "");
    let (report, exit) = audit(root.path(), &operator.using(&pack));
    assert_eq!((report.verdict.level, exit), (Level::Compromised, 2));
    let forged = of_rule(&report, "binaries/forged");
    let paths: BTreeSet<String> =
        forged.iter().map(|finding| finding.path.as_ref().unwrap().to_string()).collect();
    assert_eq!(paths, REPLACED.map(|(path, _)| path.to_owned()).into());
    for (path, _) in REPLACED {
        let file = facts(&report, path).unwrap();
        let clean =
            std::fs::read(lab().join("bookworm").join(path.trim_start_matches('/'))).unwrap();
        let replaced = std::fs::read(root.path().join(path.trim_start_matches('/'))).unwrap();
        assert_eq!(file.state, PackageState::Forged);
        assert_eq!(file.expected, Some(coroner_core::sha256_of(&clean)));
        assert_eq!(file.actual, Some(coroner_core::sha256_of(&replaced)));
        let line = shown(&[of_path(&forged, path)]).concat();
        for digest in [file.expected, file.actual, Some(support::packs::md5(&replaced))] {
            assert!(line.contains(&digest.unwrap().to_string()), "{line}");
        }
    }
    // Without a pack nothing tells: that is what packs are for.
    let other = operator.signed(&PackOf::root(&lab().join("bookworm")).named("x").of_os("other"));
    let (report, _) = audit(root.path(), &operator.using(&other));
    assert_eq!(loud(&report), Vec::<String>::new());
}

fn of_path<'a>(findings: &[&'a Finding], path: &str) -> &'a Finding {
    findings.iter().find(|finding| finding.path.as_ref().is_some_and(|own| *own == *path)).unwrap()
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn a_list_that_was_written_after_the_installation_is_named_without_any_pack() {
    let root = copy_of(&lab().join("bookworm"));
    let list = root.path().join("var/lib/dpkg/info/lsof.md5sums");
    let (report, _) = audit(root.path(), &["--only", "binaries"]);
    assert_eq!(of_rule(&report, "binaries/list-newer-than-package").len(), 0);
    set_modified(&list, std::time::SystemTime::now());
    let (report, _) = audit(root.path(), &["--only", "binaries"]);
    let found = of_rule(&report, "binaries/list-newer-than-package");
    assert_eq!(found.len(), 1);
    assert!(found[0].path.as_ref().is_some_and(|path| *path == *"/var/lib/dpkg/info/lsof.md5sums"));
}

/// The pack says all there is to say of its packages: nothing is left to the host's word.
fn assert_proved(report: &Report, what: &str) {
    assert_eq!(loud(report), Vec::<String>::new(), "{what}");
    assert_eq!(report.verdict.level, Level::Clean, "{what}");
    let known: BTreeSet<_> = packages(report)
        .into_iter()
        .filter(|package| matches!(package.proof, Proof::Pack { .. }))
        .map(|package| package.name)
        .collect();
    let verified = report.run.verified.as_ref().unwrap();
    assert_eq!(verified.packages_known, known.len() as u64, "{what}");
    assert!(verified.proved > 0, "{what}");
    let files: Vec<FileFacts> = all(report);
    let wrong = files.iter().filter(|file| {
        let of_known = file.package.as_ref().is_some_and(|package| known.contains(package));
        let only_local = file.state == PackageState::Local && file.proof.is_none();
        of_known
            && (only_local || matches!(file.state, PackageState::Modified | PackageState::Forged))
    });
    let wrong: Vec<_> = wrong.map(|file| format!("{} {:?}", file.path, file.state)).collect();
    assert_eq!(wrong, Vec::<String>::new(), "{what}");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn an_untouched_root_whose_packages_are_all_in_a_pack_is_proved_whole() {
    let operator = Operator::new();
    for release in RELEASES {
        let root = lab().join(release);
        let pack = operator.signed(&PackOf::root(&root).named(release));
        let (report, _) = audit(&root, &operator.using(&pack));
        assert_proved(&report, release);
        let verified = report.run.verified.as_ref().unwrap();
        assert_eq!(verified.packages_of_unknown_version, 0);
        assert_eq!(verified.local, 0, "{release}: {verified:?}");
        assert!(verified.proved > 5_000, "{release}: {verified:?}");
        let used = &report.tool.baselines[0];
        assert_eq!((used.name.as_str(), used.trusted), (release, true));
        assert_eq!(used.key.as_deref(), Some(operator.key().as_str()));
    }
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn the_shipped_packs_prove_untouched_roots_and_call_no_file_modified() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../baselines");
    for release in RELEASES {
        let (report, _) = audit(&lab().join(release), &["--baseline", shipped.to_str().unwrap()]);
        assert_proved(&report, release);
        let verified = report.run.verified.as_ref().unwrap();
        assert!(verified.packages_known >= 40, "{release}: {verified:?}");
        assert!(verified.proved > 4_000, "{release}: {verified:?}");
        assert!(report.tool.baselines.iter().all(|used| used.trusted && used.key.is_none()));
    }
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn a_package_in_a_version_that_no_pack_knows_is_local_quiet_and_counted() {
    let operator = Operator::new();
    let older =
        PackOf::root(&lab().join("bookworm")).named("debian-12").in_version("procps", "2:4.0.1-1");
    let pack = operator.signed(&older);
    let (report, _) = audit(&lab().join("bookworm"), &operator.using(&pack));
    assert_eq!(loud(&report), Vec::<String>::new());
    let all = packages(&report);
    let unknown: Vec<_> =
        all.iter().filter(|package| package.proof == Proof::UnknownVersion).collect();
    assert_eq!(unknown.iter().map(|p| p.name.to_string()).collect::<Vec<_>>(), ["procps"]);
    let verified = report.run.verified.as_ref().unwrap();
    assert_eq!(verified.packages_of_unknown_version, 1);
    assert!(verified.local > 0 && verified.proved > verified.local);
    assert_eq!(facts(&report, "/usr/bin/ps").unwrap().state, PackageState::Local);
    assert_eq!(facts(&report, "/usr/bin/ss").unwrap().state, PackageState::Vendor);
}

/// Runs an audit that must be refused, and gives its one line.
fn refusal(root: &Path, arguments: &[&str]) -> String {
    let output = coroner().args(["audit", "--root"]).arg(root).args(arguments).output().unwrap();
    assert_eq!(status(&output), 64, "{}", text(&output));
    assert!(output.stdout.is_empty());
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!(line.lines().count(), 1, "{line}");
    line
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs minisign: run tests/run")]
fn altered_packs_wrong_signatures_and_unknown_keys_are_refused_with_their_reason() {
    let (operator, stranger) = (Operator::new(), Operator::new());
    let root = small_root().write();
    let pack = operator.signed(&PackOf::root(root.path()).named("own"));
    let using = operator.using(&pack);
    assert_eq!(
        status(&coroner().args(["audit", "--root"]).arg(root.path()).args(using).output().unwrap()),
        0
    );
    assert!(
        refusal(root.path(), &stranger.using(&pack)).contains("signed by a key that was not given")
    );
    let mut bytes = std::fs::read(&pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&pack, &bytes).unwrap();
    assert!(refusal(root.path(), &using).contains("its signature does not fit"));
    std::fs::write(pack.with_extension("pack.minisig"), "no signature").unwrap();
    assert!(refusal(root.path(), &using).contains("not a minisign signature"));
}

/// A Debian of one package.
fn small_root() -> Tree {
    let ss = "stands for ss";
    let sum = support::packs::md5(ss.as_bytes()).hex();
    Tree::new()
        .file("/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
        .file("/usr/bin/ss", ss)
        .file(
            "/var/lib/dpkg/status",
            "Package: iproute2\nStatus: install ok installed\nArchitecture: amd64\nVersion: 6.1.0-3\n",
        )
        .file("/var/lib/dpkg/info/iproute2.list", "/.\n/usr\n/usr/bin\n/usr/bin/ss\n")
        .file("/var/lib/dpkg/info/iproute2.md5sums", format!("{sum}  usr/bin/ss\n"))
}

#[test]
fn what_is_no_pack_no_key_or_signed_by_nobody_is_refused_in_one_line() {
    let root = small_root().write();
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str, content: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let pack = at("own.pack", &PackOf::root(root.path()).named("own").bytes());
    let baseline = |path: &str| refusal(root.path(), &["--baseline", path]);
    assert!(baseline(&pack).contains("neither shipped with this version nor signed"));
    let folder = dir.path().to_str().unwrap();
    assert!(baseline(folder).contains("own.pack: neither shipped"));
    assert!(baseline("/nowhere/x.pack").contains("No such file"));
    let empty = tempfile::tempdir().unwrap();
    assert!(baseline(empty.path().to_str().unwrap()).contains("*.pack"));
    let key = refusal(root.path(), &["--key", "RWQ"]);
    assert!(key.contains("--key RWQ: not a minisign public key"), "{key}");
    let unsigned = |path: &str| refusal(root.path(), &["--allow-unsigned", "--baseline", path]);
    assert!(unsigned(&at("text.pack", b"#!/bin/sh\n")).contains("not a pack"));
    let whole = std::fs::read(&pack).unwrap();
    assert!(unsigned(&at("cut.pack", &whole[..whole.len() - 1])).contains("cut off"));
}

#[test]
fn a_pack_that_nobody_signed_may_be_taken_and_what_agrees_with_it_is_local() {
    let root = small_root().write();
    let dir = tempfile::tempdir().unwrap();
    let pack = dir.path().join("own.pack");
    std::fs::write(&pack, PackOf::root(root.path()).named("own").bytes()).unwrap();
    let (report, _) =
        audit(root.path(), &["--allow-unsigned", "--baseline", pack.to_str().unwrap()]);
    assert!(!report.tool.baselines[0].trusted);
    assert_eq!(facts(&report, "/usr/bin/ss").unwrap().state, PackageState::Local);
    let verified = report.run.verified.as_ref().unwrap();
    assert_eq!((verified.proved, verified.local), (0, 1));
}

#[test]
fn a_pack_beside_the_binary_that_nobody_vouches_for_is_a_gap_and_the_audit_goes_on() {
    let root = small_root().write();
    let stick = tempfile::tempdir().unwrap();
    let binary = stick.path().join("coroner");
    copy_program(Path::new(env!("CARGO_BIN_EXE_coroner")), &binary);
    let packs = stick.path().join("baselines");
    std::fs::create_dir(&packs).unwrap();
    std::fs::write(packs.join("own.pack"), PackOf::root(root.path()).named("own").bytes()).unwrap();
    nix::unistd::mkfifo(&packs.join("waits.pack"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let output = Command::new(&binary)
        .args(["audit", "--format", "json", "--root"])
        .arg(root.path())
        .output()
        .unwrap();
    let report = support::report(&output);
    let said: Vec<_> = report.gaps.iter().filter_map(|gap| gap.detail.as_deref()).collect();
    for why in ["own.pack: neither shipped", "waits.pack: not a regular file"] {
        assert!(said.iter().any(|detail| detail.contains(why)), "{said:?}");
    }
    assert_eq!(facts(&report, "/usr/bin/ss").unwrap().state, PackageState::Local);
    assert!(report.tool.baselines.is_empty());
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn siblings_of_a_recorded_host_are_clean_when_equal_and_a_changed_tool_is_named() {
    let operator = Operator::new();
    let golden = copy_of(&lab().join("bookworm"));
    plant(golden.path(), "/usr/local/bin/deploy", "#!/bin/sh\nset -e\nexit 0\n", 0o755);
    plant(golden.path(), "/etc/deploy.conf", "to=web\n", 0o644);
    let image = PackOf::root(golden.path())
        .named("golden")
        .of_host(&["/usr/local/bin/deploy", "/etc/deploy.conf"]);
    let pack = operator.signed(&image);
    let sibling = copy_of(golden.path());
    let (report, _) = audit(sibling.path(), &operator.using(&pack));
    assert_eq!(loud(&report), Vec::<String>::new());
    assert_eq!(report.run.verified.as_ref().unwrap().local, 0);

    upgrade(sibling.path(), "lsof");
    plant(sibling.path(), "/etc/deploy.conf", "to=db\n", 0o644);
    let (report, _) = audit(sibling.path(), &operator.using(&pack));
    assert_eq!(loud(&report), Vec::<String>::new());
    let verified = report.run.verified.as_ref().unwrap();
    assert!(verified.local > 0 && verified.packages_of_unknown_version == 1, "{verified:?}");

    plant(sibling.path(), "/usr/local/bin/deploy", "#!/bin/sh\nexit 1\n", 0o755);
    let (report, _) = audit(sibling.path(), &operator.using(&pack));
    let named: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Info)
        .map(|finding| (finding.rule.as_str(), finding.path.as_ref().unwrap().to_string()))
        .collect();
    let expected = ("binaries/packaged-file-modified", "/usr/local/bin/deploy".to_owned());
    assert_eq!(named, [expected]);
}

/// What an upgrade leaves: a new version, new content, a list with its digests, and its times.
fn upgrade(root: &Path, package: &str) {
    let status = root.join("var/lib/dpkg/status");
    let text = std::fs::read_to_string(&status).unwrap();
    let (before, stanza) = text.split_once(&format!("Package: {package}\n")).unwrap();
    let (start, rest) = stanza.split_once("\nVersion: ").unwrap();
    let (version, rest) = rest.split_once('\n').unwrap();
    let upgraded =
        format!("{before}Package: {package}\n{start}\nVersion: {version}+deb12u9\n{rest}");
    std::fs::write(&status, upgraded).unwrap();
    let binary = root.join("usr/bin").join(package);
    let mut newer = std::fs::read(&binary).unwrap();
    newer.extend_from_slice(b"a newer build");
    std::fs::write(&binary, &newer).unwrap();
    edit_line(root, package, &format!("/usr/bin/{package}"), &support::packs::md5(&newer).hex());
}
