//! What is built: images and folders, the same bytes each time, with a label that is checked.

use std::path::PathBuf;
use std::process::Command;

use coroner_core::sha256_of;

use crate::support::{coroner, status};
use crate::{Made, built_by, errors, files, must, refusal};

/// The same command as a person with other habits has it.
fn elsewhere() -> Command {
    let mut command = Command::new("bash");
    let set = "umask 077; export TZ=Asia/Shanghai LC_ALL=C.UTF-8; exec \"$@\"";
    command.args(["-c", set, "bash", env!("CARGO_BIN_EXE_coroner")]);
    command
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs xorriso and mksquashfs: run tests/run")]
fn the_same_inputs_give_the_same_bytes_whatever_the_place_the_time_and_the_umask() {
    for name in ["coroner.iso", "coroner.squashfs"] {
        let one = Made::new(name, &[]);
        let dir = tempfile::tempdir().unwrap();
        let said = must(&mut built_by(elsewhere(), &dir.path().join(name)));
        let line =
            |said: &str| said.lines().find(|line| line.starts_with("manifest")).map(str::to_owned);
        assert_eq!(line(&said), line(&one.said));
        let read = |file: PathBuf| std::fs::read(file).unwrap();
        assert!(read(one.at(name)) == read(dir.path().join(name)), "{name}");
        assert_eq!(files(dir.path()), [name], "nothing is left beside it");
    }
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs xorriso: run tests/run")]
fn an_iso_holds_a_medium_that_verifies() {
    let made = Made::new("coroner.iso", &[]);
    let ran = Command::new("xorriso")
        .args(["-osirrox", "on", "-indev"])
        .arg(made.at("coroner.iso"))
        .args(["-extract", "/"])
        .arg(made.at("content"))
        .output();
    assert!(ran.expect("xorriso runs: tests/run installs it").status.success());
    let output = coroner().args(["medium", "verify"]).arg(made.at("content")).output().unwrap();
    assert_eq!(status(&output), 0, "{}", errors(&output));
}

#[test]
fn without_the_tools_for_images_one_line_says_what_to_install() {
    let dir = tempfile::tempdir().unwrap();
    for (name, package) in [("a.iso", "xorriso"), ("a.squashfs", "squashfs-tools")] {
        let mut command = built_by(coroner(), &dir.path().join(name));
        let output = command.env("PATH", dir.path()).output().unwrap();
        let said = errors(&output);
        assert_eq!((status(&output), said.lines().count()), (64, 1), "{said}");
        assert!(said.contains(&format!("apt-get install {package}")), "{said}");
        assert_eq!(files(dir.path()), Vec::<String>::new());
    }
}

#[test]
fn a_medium_holds_what_is_needed_and_its_label_is_checked() {
    let made = Made::new("medium", &[]);
    let medium = made.at("medium");
    for name in [
        "coroner",
        "README.md",
        "docs/medium.md",
        "docs/medium.zh-CN.md",
        "baselines/debian-12.pack",
    ] {
        assert!(medium.join(name).is_file(), "{name}");
    }
    let manifest = std::fs::read(medium.join("MANIFEST")).unwrap();
    let label = sha256_of(&manifest).hex();
    assert!(made.said.contains(&label) && made.said.contains("label"), "{}", made.said);
    let verify = |hash: &str| {
        let mut command = Command::new(medium.join("coroner"));
        command.args(["medium", "verify", "--hash", hash]).output().unwrap()
    };
    assert_eq!(status(&verify(&label)), 0);
    assert!(refusal(&verify(&"0".repeat(64))).contains("label"));
    let sums =
        Command::new("sha256sum").args(["-c", "--quiet", "MANIFEST"]).current_dir(&medium).output();
    assert!(sums.unwrap().status.success(), "sha256sum reads the manifest");
}
