//! Two reports side by side: what changed, and what a running kernel did not show.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use coroner_testkit::Tree;
use serde_json::Value;
use support::{PATIENT, copy_of, coroner, lab, plant, status};

/// A root with a cron table of two jobs, and room for more.
fn small() -> Tree {
    Tree::new()
        .file("/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
        .file("/etc/hostname", "small\n")
        .file("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
        .file("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
        .file("/etc/shadow", "root:*:19000:0:99999:7:::\n")
        .mode("/etc/shadow", 0o640)
        .file("/etc/group", "root:x:0:\n")
        .file("/etc/crontab", "17 * * * * root /usr/bin/one\n25 6 * * * root /usr/bin/two\n")
        .dir("/etc/cron.d")
        .dir("/proc")
        .dir("/sys")
}

fn audit_to(root: &Path, to: &Path, more: &[&str]) {
    let mut command = coroner();
    command.args(["audit", "-o"]).arg(to).arg("--root").arg(root).args(PATIENT).args(more);
    let output = command.output().unwrap();
    assert!(status(&output) < 4, "{}", String::from_utf8_lossy(&output.stderr));
}

fn diff(old: &Path, new: &Path, more: &[&str]) -> Output {
    coroner().arg("diff").arg(old).arg(new).args(more).output().unwrap()
}

/// The comparison as JSON, and the exit status.
fn compared(old: &Path, new: &Path) -> (Value, i32) {
    let output = diff(old, new, &["--format", "json"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    let json = serde_json::from_slice(&output.stdout);
    (json.unwrap_or_else(|error| panic!("{error}\n{errors}")), status(&output))
}

/// `kind key` of a list of items, of changes, or of items with what is known beside them.
fn names(list: &Value) -> Vec<String> {
    let name = |entry: &Value| {
        let item = entry.get("item").unwrap_or(entry);
        format!("{} {}", item["kind"].as_str().unwrap(), item["key"].as_str().unwrap())
    };
    list.as_array().unwrap().iter().map(name).collect()
}

struct Reports(tempfile::TempDir);

impl Reports {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

#[test]
fn two_audits_of_an_unchanged_root_differ_in_nothing() {
    let (root, at) = (small().write(), Reports::new());
    let (old, new) = (at.path("old"), at.path("new"));
    audit_to(root.path(), &old, &[]);
    audit_to(root.path(), &new, &[]);
    let (json, status) = compared(&old, &new);
    assert_eq!(status, 0, "{json:#}");
    assert!(json["items"]["same"].as_u64().unwrap() > 5);
    let text = diff(&old, &new, &["--format", "text"]);
    assert!(text.stdout.starts_with(b"UNCHANGED"), "{}", String::from_utf8_lossy(&text.stdout));
}

#[test]
fn a_line_above_moves_the_others_and_they_are_not_called_changed() {
    let (root, at) = (small().write(), Reports::new());
    let (old, new) = (at.path("old"), at.path("new"));
    audit_to(root.path(), &old, &["--only", "cron"]);
    let table = "# a note\n17 * * * * root /usr/bin/one\n0 5 * * * root /usr/bin/three\n";
    plant(root.path(), "/etc/crontab", table, 0o644);
    audit_to(root.path(), &new, &["--only", "cron"]);
    let (json, status) = compared(&old, &new);
    assert_eq!(status, 1);
    let named = |list: &str, kind: &str| -> Vec<String> {
        names(&json["items"][list]).into_iter().filter(|name| name.starts_with(kind)).collect()
    };
    assert_eq!(named("new", "cron.entry"), ["cron.entry /etc/crontab:3"], "{json:#}");
    assert_eq!(named("gone", "cron.entry"), ["cron.entry /etc/crontab:2"], "{json:#}");
    assert_eq!(named("changed", "cron.entry"), Vec::<String>::new(), "{json:#}");
    assert_eq!(json["items"]["moved"].as_u64().unwrap(), 2, "the first job and its launch");
}

#[test]
fn what_one_audit_was_not_asked_to_look_at_is_neither_new_nor_gone() {
    let (root, at) = (small().write(), Reports::new());
    let (all, part) = (at.path("all"), at.path("part"));
    audit_to(root.path(), &all, &[]);
    audit_to(root.path(), &part, &["--skip", "accounts"]);
    let (json, status) = compared(&all, &part);
    assert_eq!(names(&json["items"]["gone"]), Vec::<String>::new());
    let left = json["left_out"].as_array().unwrap();
    let account = left.iter().find(|left| left["kind"] == "account").expect("said");
    assert!(account["why"].as_str().unwrap().contains("not asked for"), "{account}");
    assert_eq!(status, 1, "the coverage changed");
}

#[test]
fn reports_of_two_hosts_are_refused_unless_that_is_asked_for() {
    let (root, at) = (small().write(), Reports::new());
    let other = small().file("/etc/machine-id", "fedcba9876543210fedcba9876543210\n").write();
    let (one, two) = (at.path("one"), at.path("two"));
    audit_to(root.path(), &one, &[]);
    audit_to(other.path(), &two, &[]);
    let refused = diff(&one, &two, &[]);
    assert_eq!(status(&refused), 64);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--any-host"));
    assert!(refused.stdout.is_empty());
    assert!(status(&diff(&one, &two, &["--any-host"])) < 3);
}

#[test]
fn what_is_no_report_is_said_in_one_line() {
    let output = diff(Path::new("/dev/null"), Path::new("/dev/null"), &[]);
    assert_eq!(status(&output), 64);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("not a coroner report") && errors.lines().count() == 1, "{errors}");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn on_a_whole_root_the_planted_job_and_the_replaced_program_are_all_that_changed() {
    let (root, at) = (copy_of(&lab().join("bookworm")), Reports::new());
    let (old, new) = (at.path("old"), at.path("new"));
    audit_to(root.path(), &old, &[]);
    plant(root.path(), "/etc/cron.d/refresh", "17 * * * * root /usr/bin/true\n", 0o644);
    let replaced = std::fs::read(root.path().join("usr/bin/true")).unwrap();
    plant(root.path(), "/usr/bin/ss", replaced, 0o755);
    audit_to(root.path(), &new, &[]);
    let (json, status) = compared(&old, &new);
    assert_eq!(status, 2);
    assert_eq!(
        names(&json["items"]["new"]),
        [
            "cron.entry /etc/cron.d/refresh:1",
            "cron.file /etc/cron.d/refresh",
            "file /etc/cron.d/refresh",
            "launch /etc/cron.d/refresh:1:refresh",
            "script /etc/cron.d/refresh",
        ]
    );
    assert_eq!(names(&json["items"]["changed"]), ["file /usr/bin/ss"]);
    assert_eq!(names(&json["items"]["gone"]), Vec::<String>::new());
    let new: Vec<_> = json["findings"]["new"].as_array().unwrap().iter().collect();
    assert!(new.iter().any(|finding| finding["path"] == "/usr/bin/ss"), "{new:?}");
    assert!(new.iter().all(|finding| {
        let path = finding["path"].as_str().unwrap();
        path == "/usr/bin/ss" || path == "/etc/cron.d/refresh"
    }));
}

/// Audits a root as a running host of which a mount hides what `over` does not have.
fn audit_hiding(root: &Path, over: &Path, hidden: &str, to: &Path) {
    let script = r#"mount --bind "$1" "$2" && exec "$3" audit --root "$4" --proc /proc -o "$5""#;
    let output = Command::new("unshare")
        .args(["-m", "sh", "-c", script, "sh"])
        .arg(over)
        .arg(root.join(hidden))
        .arg(env!("CARGO_BIN_EXE_coroner"))
        .arg(root)
        .arg(to)
        .output()
        .expect("unshare runs");
    assert!(to.exists(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn what_a_mount_hid_from_the_running_host_is_named_by_its_disk_and_nothing_else_is() {
    let (root, at) = (copy_of(&lab().join("bookworm")), Reports::new());
    let over = tempfile::tempdir().unwrap();
    let cron = root.path().join("etc/cron.d");
    let copied = Command::new("cp").arg("-aT").arg(&cron).arg(over.path()).status().unwrap();
    assert!(copied.success());
    let job = "17 * * * * root /usr/bin/true\n18 * * * * root /usr/local/bin/backup\n";
    plant(root.path(), "/etc/cron.d/refresh", job, 0o644);
    let program = std::fs::read(root.path().join("usr/bin/true")).unwrap();
    plant(root.path(), "/usr/local/bin/backup", program, 0o755);
    let (live, disk) = (at.path("live"), at.path("disk"));
    audit_hiding(root.path(), over.path(), "etc/cron.d", &live);
    audit_to(root.path(), &disk, &[]);
    for (first, second) in [(&live, &disk), (&disk, &live)] {
        let (json, status) = compared(first, second);
        assert_eq!(json["schema"], "coroner.cross-view/1");
        assert_eq!(
            names(&json["hidden"]),
            [
                "cron.entry /etc/cron.d/refresh:1",
                "cron.entry /etc/cron.d/refresh:2",
                "cron.file /etc/cron.d/refresh",
                "file /etc/cron.d/refresh",
                "launch /etc/cron.d/refresh:1:refresh",
                "launch /etc/cron.d/refresh:2:refresh",
                "script /etc/cron.d/refresh",
            ]
        );
        assert_eq!(names(&json["differs"]), Vec::<String>::new(), "{:#}", json["differs"]);
        assert_eq!(names(&json["not_on_disk"]), Vec::<String>::new());
        assert_eq!(names(&json["only_named"]), ["file /usr/local/bin/backup"]);
        assert_eq!(status, 2);
    }
    let text = diff(&live, &disk, &["--format", "text"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.starts_with("HIDDEN") && text.contains("/etc/cron.d/refresh"), "{text}");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn a_program_that_a_running_host_shows_unchanged_and_its_disk_does_not_is_named() {
    let (root, at) = (copy_of(&lab().join("bookworm")), Reports::new());
    let dir = tempfile::tempdir().unwrap();
    let shown = dir.path().join("ss");
    let copied =
        Command::new("cp").arg("-a").arg(root.path().join("usr/bin/ss")).arg(&shown).status();
    assert!(copied.unwrap().success());
    let replaced = std::fs::read(root.path().join("usr/bin/true")).unwrap();
    plant(root.path(), "/usr/bin/ss", replaced, 0o755);
    let (live, disk) = (at.path("live"), at.path("disk"));
    audit_hiding(root.path(), &shown, "usr/bin/ss", &live);
    audit_to(root.path(), &disk, &[]);
    let (json, status) = compared(&live, &disk);
    assert_eq!(status, 2);
    assert_eq!(names(&json["differs"]), ["file /usr/bin/ss"]);
    assert_eq!(names(&json["hidden"]), Vec::<String>::new());
    let fields = json["differs"][0]["fields"].as_array().unwrap();
    assert!(fields.iter().any(|field| field["field"] == "sha256"), "{fields:?}");
}
