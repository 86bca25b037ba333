//! Signed, and refused when anything of it was altered.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{coroner, status};
use crate::{Made, build, errors, must, refusal};

/// A key pair of the stock minisign; an empty password means none. It reads no password that it does not ask
/// for, so one is written into the pipe before it starts: it may have ended before anyone could write.
fn key_pair(dir: &Path, password: &str) {
    let flag: &[&str] = if password.is_empty() { &["-W"] } else { &[] };
    let (typed, mut typing) = std::io::pipe().unwrap();
    typing.write_all(format!("{password}\n{password}\n").as_bytes()).unwrap();
    let made = Command::new("minisign")
        .arg("-G")
        .args(flag)
        .args(["-p", "key.pub", "-s", "key.sec"])
        .current_dir(dir)
        .stdin(typed)
        .stdout(Stdio::null())
        .status()
        .expect("minisign runs: tests/run installs it");
    assert!(made.success());
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs minisign: run tests/run")]
fn the_stock_minisign_accepts_the_signature_and_a_new_one_by_another_key_is_refused() {
    let keys = tempfile::tempdir().unwrap();
    key_pair(keys.path(), "correct horse");
    let path = |name: &str| keys.path().join(name).display().to_string();
    std::fs::write(path("password"), "correct horse\n").unwrap();
    std::fs::write(path("wrong"), "battery\n").unwrap();
    let (secret, public) = (path("key.sec"), path("key.pub"));
    let wrong = build(
        &keys.path().join("none"),
        &["--secret-key", &secret, "--password-file", &path("wrong")],
    );
    assert_eq!(status(&wrong), 64);
    assert!(errors(&wrong).contains("password"), "{}", errors(&wrong));
    let made =
        Made::new("medium", &["--secret-key", &secret, "--password-file", &path("password")]);
    let medium = made.at("medium");
    let manifest = medium.join("MANIFEST");
    let stock =
        Command::new("minisign").args(["-V", "-p", &public, "-m"]).arg(&manifest).output().unwrap();
    assert!(stock.status.success(), "{}", errors(&stock));
    let verify = |key: &str| {
        coroner().args(["medium", "verify", "--key", key]).arg(&medium).output().unwrap()
    };
    assert_eq!(status(&verify(&public)), 0);
    let other = tempfile::tempdir().unwrap();
    key_pair(other.path(), "");
    let stranger = other.path().join("key.pub").display().to_string();
    assert!(refusal(&verify(&stranger)).contains("key that was not given"));
    std::fs::remove_file(medium.join("MANIFEST.minisig")).unwrap();
    let output = Command::new(medium.join("coroner")).args(["plugins"]).output().unwrap();
    assert!(refusal(&output).contains("signature is missing"));
}

/// Adds a byte at the end of a file, from another process: it is run next (`support::copy_program`).
fn add_a_byte(path: &Path) {
    must(Command::new("sh").args(["-c", "echo >>\"$0\""]).arg(path));
}

#[test]
fn an_altered_binary_baseline_or_manifest_is_refused_in_one_line() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("etc")).unwrap();
    for name in ["coroner", "baselines/debian-12.pack", "MANIFEST"] {
        let made = Made::new("medium", &[]);
        let medium = made.at("medium");
        let audit = || {
            let mut command = Command::new(medium.join("coroner"));
            command.args(["audit", "--only", "cron", "--root"]).arg(root.path()).output().unwrap()
        };
        assert!(status(&audit()) < 4, "as it was made");
        add_a_byte(&medium.join(name));
        assert!(refusal(&audit()).contains(name), "{name}");
        let output = coroner().args(["medium", "verify"]).arg(&medium).output().unwrap();
        assert!(refusal(&output).contains(name), "{name}");
    }
}

#[test]
fn a_pack_that_is_gone_and_one_that_came_later_are_refused() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("etc")).unwrap();
    let made = Made::new("medium", &[]);
    let packs = made.at("medium/baselines");
    let audit = || {
        let mut command = Command::new(made.at("medium/coroner"));
        command.args(["audit", "--only", "cron", "--root"]).arg(root.path()).output().unwrap()
    };
    std::fs::rename(packs.join("debian-12.pack"), packs.join("other.pack")).unwrap();
    assert!(refusal(&audit()).contains("debian-12.pack"));
    std::fs::copy(packs.join("other.pack"), packs.join("debian-12.pack")).unwrap();
    assert!(refusal(&audit()).contains("not in the medium's manifest"));
    std::fs::remove_file(packs.join("other.pack")).unwrap();
    assert!(status(&audit()) < 4);
}
