//! Signed packages with the real gpg, rpmbuild, rpmsign and rpm: what rpm installs into each kind of
//! database that it can make, and what an intruder makes of that database.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use coroner_core::packages::{Package, Proof};
use coroner_core::{Algorithm, FileFacts, Finding, Item, Level, PackageState, Report, sha256_of};
use coroner_parse::package::rpm::{Header, Tag};
use sha1::{Digest, Sha1};
use support::{audit, lab, plant};

const TOOL: &str = "/usr/bin/ps";
const ORIGINAL: &[u8] = b"#!/bin/sh\necho processes\n";
/// Of the same size, as a careful intruder makes it.
const TROJAN: &[u8] = b"#!/bin/sh\necho no shadow\n";

/// Packages that a test key signed, and one that nobody signed.
struct Workshop {
    dir: tempfile::TempDir,
}

impl Workshop {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let workshop = Self { dir };
        std::fs::create_dir(workshop.path("gnupg")).unwrap();
        let user = "coroner test <test@example.org>";
        workshop.gpg(&["--quick-gen-key", user, "rsa2048", "sign", "never"]);
        let key = workshop.gpg(&["--armor", "--export", "test@example.org"]);
        std::fs::write(workshop.path("key.asc"), key.stdout).unwrap();
        for name in ["procps-ng", "unsigned"] {
            workshop.build(name);
        }
        let rpm = workshop.rpm_file("procps-ng");
        let mut sign = workshop.command("rpmsign");
        sign.args(["--define", "__gpg /usr/bin/gpg", "--define", "_gpg_name test@example.org"]);
        succeed(sign.arg("--addsign").arg(rpm));
        workshop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("GNUPGHOME", self.path("gnupg")).env("HOME", self.dir.path());
        command.env("LC_ALL", "C");
        command
    }

    fn gpg(&self, arguments: &[&str]) -> Output {
        let quiet = ["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""];
        succeed(self.command("gpg").args(quiet).args(arguments))
    }

    fn rpm_file(&self, name: &str) -> PathBuf {
        self.path(&format!("rpm/RPMS/{name}.rpm"))
    }

    fn build(&self, name: &str) {
        let file = if name == "unsigned" { "/usr/bin/unsigned" } else { TOOL };
        let script = String::from_utf8(ORIGINAL.to_vec()).unwrap().replace('\n', "\\n");
        let spec = format!(
            "Name: {name}\nVersion: 4.0\nRelease: 1\nSummary: test\nLicense: none\nVendor: Example\n\
             BuildArch: noarch\n%description\ntest\n%install\nmkdir -p %{{buildroot}}/usr/bin %{{buildroot}}/etc\n\
             printf '{script}' >%{{buildroot}}{file}\nprintf 'a=1\\n' >%{{buildroot}}/etc/{name}.conf\n\
             %files\n%attr(0755,root,root) {file}\n%config(noreplace) /etc/{name}.conf\n"
        );
        let at = self.path(&format!("{name}.spec"));
        std::fs::write(&at, spec).unwrap();
        let top = format!("_topdir {}", self.path("rpm").display());
        let mut build = self.command("rpmbuild");
        build.args(["--quiet", "-bb", "--define", &top]);
        succeed(build.args(["--define", "_build_name_fmt %%{NAME}.rpm"]).arg(at));
    }

    /// A Fedora root into which rpm installed both packages, with its database in sqlite.
    fn fedora(&self) -> Root {
        let root = Root::new();
        let mut install = self.command("rpm");
        install.arg("--root").arg(root.path()).args(["--dbpath", "/var/lib/rpm", "-i", "--nodeps"]);
        install.args(["--nosignature", "--force-debian"]);
        succeed(install.arg(self.rpm_file("procps-ng")).arg(self.rpm_file("unsigned")));
        root
    }

    /// The same by Debian 11's rpm, the last that writes Berkeley DB, as Red Hat 8 has it.
    fn red_hat_8(&self) -> Root {
        let root = Root::new();
        let old = support::copy_of(&lab().join("rpm-bullseye"));
        for name in ["procps-ng", "unsigned"] {
            std::fs::copy(self.rpm_file(name), old.path().join(format!("{name}.rpm"))).unwrap();
        }
        let mut install = self.command("chroot");
        install.arg(old.path()).args(["rpm", "--define", "_db_backend bdb", "--dbpath", "/db"]);
        install.args(["-i", "--justdb", "--nodeps", "--nosignature", "--force-debian"]);
        succeed(install.args(["/procps-ng.rpm", "/unsigned.rpm"]));
        let database = std::fs::read(old.path().join("db/Packages")).unwrap();
        plant(root.path(), "/var/lib/rpm/Packages", database, 0o644);
        plant(root.path(), TOOL, ORIGINAL, 0o755);
        plant(root.path(), "/usr/bin/unsigned", ORIGINAL, 0o755);
        for name in ["procps-ng", "unsigned"] {
            plant(root.path(), &format!("/etc/{name}.conf"), "a=1\n", 0o644);
        }
        root
    }

    fn audit(&self, root: &Root) -> Report {
        audit(root.path(), &["--key", self.path("key.asc").to_str().unwrap()]).0
    }

    /// What `rpm -Va` says of a root, which is nothing when all agrees.
    fn verify(&self, root: &Root) -> Output {
        let mut verify = self.command("rpm");
        verify.arg("--root").arg(root.path()).args(["--dbpath", "/var/lib/rpm", "-Va", "--nodeps"]);
        verify.output().unwrap()
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        let _ = self.command("gpgconf").args(["--kill", "all"]).status();
    }
}

/// A root of an rpm distribution.
struct Root(tempfile::TempDir);

impl Root {
    fn new() -> Self {
        let root = Self(tempfile::tempdir().unwrap());
        let release = "ID=fedora\nVERSION_ID=43\nNAME=\"Fedora Linux\"\n";
        plant(root.path(), "/etc/os-release", release, 0o644);
        plant(root.path(), "/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n", 0o644);
        root
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Replaces the tool and puts its time of change back.
    fn replace_tool(&self) {
        let at = self.path().join(TOOL.trim_start_matches('/'));
        let modified = at.metadata().unwrap().modified().unwrap();
        plant(self.path(), TOOL, TROJAN, 0o755);
        std::fs::File::options().write(true).open(at).unwrap().set_modified(modified).unwrap();
    }

    /// Changes the signed package's header in the database.
    fn edit(&self, change: impl Fn(&[u8]) -> Vec<u8>) {
        let file = self.path().join("var/lib/rpm/rpmdb.sqlite");
        let database = rusqlite::Connection::open(file).unwrap();
        let mut query = database.prepare("SELECT hnum, blob FROM Packages").unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let rows: Vec<(i64, Vec<u8>)> = rows.map(Result::unwrap).collect();
        let (number, blob) = rows.into_iter().find(|(_, blob)| is_signed_one(blob)).unwrap();
        let changed = change(&blob);
        database.execute("UPDATE Packages SET blob = ? WHERE hnum = ?", (changed, number)).unwrap();
    }
}

fn is_signed_one(blob: &[u8]) -> bool {
    Header::parse(blob).unwrap().text(Tag::Name) == Some(b"procps-ng")
}

fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    output
}

fn package(report: &Report, name: &str) -> Package {
    let packages = report.items.iter().filter_map(Item::read::<Package>);
    packages.into_iter().find(|package| package.name == *name).unwrap()
}

fn file(report: &Report, path: &str) -> FileFacts {
    let files = report.items.iter().filter_map(Item::read::<FileFacts>);
    files.into_iter().find(|file| file.path == *path).unwrap()
}

fn of_rule<'r>(report: &'r Report, rule: &str) -> Vec<&'r Finding> {
    report.findings.iter().filter(|finding| finding.rule == rule).collect()
}

/// Puts a text in the place of another of the same length.
fn replaced(blob: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = blob.windows(old.len()).position(|part| part == old).unwrap();
    [&blob[..at], new, &blob[at + old.len()..]].concat()
}

fn sha1_of(bytes: &[u8]) -> String {
    coroner_core::Digest::new(Algorithm::Sha1, &Sha1::digest(bytes)).unwrap().hex()
}

/// The digest of the changed tool in the place of the original's, and the header's own digests
/// made anew.
fn forged(blob: &[u8]) -> Vec<u8> {
    let (old, new) = (sha256_of(ORIGINAL).hex(), sha256_of(TROJAN).hex());
    let blob = replaced(blob, old.as_bytes(), new.as_bytes());
    let header = Header::parse(&blob).unwrap();
    let signed = header.immutable().unwrap().unwrap().signed_bytes();
    let said = header.signatures();
    let sums =
        [(said.sha256.unwrap(), sha256_of(&signed).hex()), (said.sha1.unwrap(), sha1_of(&signed))];
    sums.iter().fold(blob.clone(), |blob, (old, new)| replaced(&blob, old, new.as_bytes()))
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs rpm, gpg and root: run tests/run")]
fn files_of_a_signed_package_are_the_vendors_in_every_database_that_rpm_writes() {
    let workshop = Workshop::new();
    for root in [workshop.fedora(), workshop.red_hat_8()] {
        let report = workshop.audit(&root);
        assert!(package(&report, "procps-ng").proof.holds(), "{:?}", package(&report, "procps-ng"));
        assert_eq!(file(&report, TOOL).state, PackageState::Vendor);
        assert_eq!(package(&report, "unsigned").proof, Proof::Unsigned);
        assert_eq!(of_rule(&report, "binaries/package-not-signed-by-a-known-key").len(), 1);
        assert!(of_rule(&report, "binaries/package-signature-broken").is_empty());
    }
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs rpm, gpg and root: run tests/run")]
fn a_replaced_file_is_modified_with_the_signed_and_the_actual_hash() {
    let workshop = Workshop::new();
    let root = workshop.fedora();
    root.replace_tool();
    let report = workshop.audit(&root);
    let tool = file(&report, TOOL);
    assert_eq!(tool.state, PackageState::Modified);
    assert_eq!((tool.expected, tool.actual), (Some(sha256_of(ORIGINAL)), Some(sha256_of(TROJAN))));
    assert_eq!(report.verdict.level, Level::Compromised);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs rpm, gpg and root: run tests/run")]
fn a_header_edited_to_agree_is_caught_and_its_package_named_which_rpm_does_not() {
    let workshop = Workshop::new();
    let root = workshop.fedora();
    root.replace_tool();
    let honest = String::from_utf8(workshop.verify(&root).stdout).unwrap();
    assert!(honest.contains(TOOL), "{honest}");
    root.edit(forged);
    // rpm passes over a header that it finds damaged: one line of error that names neither the
    // package nor the file, and nothing in the list of changed files.
    let forged = workshop.verify(&root);
    let list = String::from_utf8_lossy(&forged.stdout);
    assert!(!list.contains(TOOL) && !list.contains("procps-ng"), "{list}");
    let errors = String::from_utf8_lossy(&forged.stderr);
    assert!(!errors.contains(TOOL) && !errors.contains("procps-ng"), "{errors}");
    let report = workshop.audit(&root);
    let broken = of_rule(&report, "binaries/package-signature-broken");
    assert_eq!(broken.len(), 1);
    assert!(broken[0].evidence.iter().any(|evidence| evidence.value == "procps-ng"));
    assert_eq!(report.verdict.level, Level::Compromised);
    assert_ne!(file(&report, TOOL).state, PackageState::Local);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs rpm, gpg and root: run tests/run")]
fn a_header_edited_to_agree_that_lost_its_signature_is_not_the_vendors_while_rpm_is_silent() {
    let workshop = Workshop::new();
    let root = workshop.fedora();
    root.replace_tool();
    let tag = |number: u32| number.to_be_bytes();
    root.edit(|blob| replaced(&forged(blob), &tag(Tag::RsaHeader as u32), &tag(9999)));
    let silent = workshop.verify(&root);
    let said = [silent.stdout, silent.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(!said.contains(TOOL) && !said.contains("procps-ng") && !said.contains("BAD"), "{said}");
    let report = workshop.audit(&root);
    assert_eq!(package(&report, "procps-ng").proof, Proof::Unsigned);
    assert_eq!(file(&report, TOOL).state, PackageState::Local);
    let listed = of_rule(&report, "binaries/package-not-signed-by-a-known-key");
    assert!(listed[0].evidence.iter().any(|evidence| evidence.value == "procps-ng unsigned"));
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs rpm, gpg and root: run tests/run")]
fn without_its_key_a_package_is_local_and_listed() {
    let workshop = Workshop::new();
    let root = workshop.fedora();
    let (report, _) = audit(root.path(), &[]);
    assert!(matches!(package(&report, "procps-ng").proof, Proof::UnknownKey { .. }));
    assert_eq!(file(&report, TOOL).state, PackageState::Local);
    let listed = of_rule(&report, "binaries/package-not-signed-by-a-known-key");
    let said: Vec<_> = listed[0].evidence.iter().map(|evidence| &evidence.value).collect();
    assert!(said.iter().any(|value| **value == "procps-ng"), "{said:?}");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs rpm, gpg and root: run tests/run")]
fn a_key_that_the_intruder_imported_on_the_host_is_not_believed_and_shown() {
    let workshop = Workshop::new();
    let root = workshop.fedora();
    let mut import = workshop.command("rpm");
    import.arg("--root").arg(root.path()).args(["--dbpath", "/var/lib/rpm", "--import"]);
    succeed(import.arg(workshop.path("key.asc")));
    let (report, _) = audit(root.path(), &[]);
    assert!(matches!(package(&report, "procps-ng").proof, Proof::UnknownKey { .. }));
    assert_eq!(of_rule(&report, "binaries/package-key-of-no-known-vendor").len(), 1);
    let (report, _) = audit(root.path(), &["--key", workshop.path("key.asc").to_str().unwrap()]);
    assert!(of_rule(&report, "binaries/package-key-of-no-known-vendor").is_empty());
}

#[test]
fn a_key_file_that_is_none_is_refused_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key");
    std::fs::write(&file, "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nYWJj\n").unwrap();
    let output = support::coroner()
        .args(["audit", "--root"])
        .arg(dir.path())
        .arg("--key")
        .arg(&file)
        .output();
    let output = output.unwrap();
    assert_eq!(support::status(&output), 64);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("an armored block without an end"), "{said}");
}
