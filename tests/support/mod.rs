//! What the end-to-end tests share: running the binary, reading its report, whole roots.

#![allow(dead_code)] // each test binary uses its part

pub(crate) mod baseline;
pub(crate) mod guest;
pub(crate) mod packs;
pub(crate) mod prometheus;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use coroner_core::{Finding, Report};

/// The binary under test.
pub(crate) fn coroner() -> Command {
    Command::new(env!("CARGO_BIN_EXE_coroner"))
}

/// Seconds for a plugin, where in time is not what is to be shown.
pub(crate) const PATIENT: [&str; 2] = ["--budget", "900"];

/// Audits a root as JSON, in whatever time it takes, and gives the report and the exit status.
pub(crate) fn audit(root: &Path, more: &[&str]) -> (Report, i32) {
    audit_in_time(root, &[&PATIENT, more].concat())
}

/// The same in the time that a user's audit has.
pub(crate) fn audit_in_time(root: &Path, more: &[&str]) -> (Report, i32) {
    let output = coroner()
        .args(["audit", "--format", "json", "--root"])
        .arg(root)
        .args(more)
        .output()
        .expect("coroner runs");
    (report(&output), status(&output))
}

/// The report on an output.
pub(crate) fn report(output: &Output) -> Report {
    let errors = String::from_utf8_lossy(&output.stderr);
    Report::from_json(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{errors}"))
}

/// The exit status of an output; a signal is a failure.
pub(crate) fn status(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("ended by a signal: {:?}", output.status))
}

/// Findings in a form that a failed assertion shows well.
pub(crate) fn shown(findings: &[&Finding]) -> Vec<String> {
    let line = |f: &&Finding| {
        let path = f.path.as_ref().map(ToString::to_string).unwrap_or_default();
        let evidence: Vec<_> =
            f.evidence.iter().map(|e| format!("{}={}", e.name, e.value)).collect();
        format!("{:?} {} {path}:{:?} {}", f.severity, f.rule, f.line, evidence.join(" "))
    };
    findings.iter().map(line).collect()
}

/// The folder of whole roots that tests/run made.
pub(crate) fn lab() -> PathBuf {
    let lab = lab_folder();
    assert!(lab.join("bookworm/etc").is_dir(), "no roots in {}: run tests/run", lab.display());
    lab
}

fn lab_folder() -> PathBuf {
    let named = std::env::var_os("CORONER_LAB").map(PathBuf::from);
    named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/lab"))
}

/// A private copy of a whole root, with owners, modes and times.
pub(crate) fn copy_of(root: &Path) -> tempfile::TempDir {
    let dir = tempfile::Builder::new().prefix("root").tempdir_in(lab()).expect("a folder");
    let status = Command::new("cp").arg("-aT").arg(root).arg(dir.path()).status();
    assert!(status.expect("cp runs").success(), "cp -a failed");
    dir
}

/// A program for a test to run, copied by another process. A descriptor that is open for writing here would
/// be in each child that other tests are just starting, and what anybody writes cannot be run (ETXTBSY).
pub(crate) fn copy_program(program: &Path, to: &Path) {
    let status = Command::new("cp").arg(program).arg(to).status();
    assert!(status.expect("cp runs").success(), "cp failed");
}

/// Writes a file of a copied root, with the directories above it.
pub(crate) fn plant(root: &Path, path: &str, content: impl AsRef<[u8]>, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let at = root.join(path.trim_start_matches('/'));
    std::fs::create_dir_all(at.parent().expect("a parent")).expect("directories");
    std::fs::write(&at, content).expect("a file");
    std::fs::set_permissions(&at, std::fs::Permissions::from_mode(mode)).expect("a mode");
}

/// Adds to a file of a copied root.
pub(crate) fn append(root: &Path, path: &str, more: &str) {
    use std::io::Write;
    let at = root.join(path.trim_start_matches('/'));
    let mut file = std::fs::OpenOptions::new().append(true).open(at).expect("the file");
    file.write_all(more.as_bytes()).expect("written");
}

/// Says why a test ends early: what it needs is not here, and must not be brought.
pub(crate) fn left_out(why: &str) {
    use std::io::Write;
    drop(writeln!(std::io::stderr(), "left out: {why}"));
}
