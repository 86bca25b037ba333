//! The auditor changes nothing, runs nothing and loads nothing of the host: shown on a whole root.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::fcntl::AT_FDCWD;
use nix::sys::stat::{UtimensatFlags, utimensat};
use nix::sys::time::TimeSpec;
use support::{audit, copy_of, lab};

/// Every path below a root, links included.
fn paths(root: &Path) -> Vec<PathBuf> {
    let walk = walkdir::WalkDir::new(root).follow_links(false).sort_by_file_name();
    walk.into_iter().map(|entry| entry.unwrap().into_path()).collect()
}

/// Sets each access time far back, so that any read that touches one shows.
fn age(paths: &[PathBuf]) {
    let long_ago = TimeSpec::new(946_684_800, 0);
    for path in paths {
        let flag = UtimensatFlags::NoFollowSymlink;
        utimensat(AT_FDCWD, path, &long_ago, &TimeSpec::UTIME_OMIT, flag).unwrap();
    }
}

/// What lstat(2) says of each path: it reads no content and no directory.
fn inodes(paths: &[PathBuf]) -> BTreeMap<PathBuf, [i64; 9]> {
    let facts = |path: &PathBuf| {
        let meta = path.symlink_metadata().unwrap();
        let facts = [
            i64::from(meta.mode()),
            i64::from(meta.uid()),
            i64::try_from(meta.size()).unwrap(),
            meta.mtime(),
            meta.mtime_nsec(),
            meta.ctime(),
            meta.ctime_nsec(),
            meta.atime(),
            meta.atime_nsec(),
        ];
        (path.clone(), facts)
    };
    paths.iter().map(facts).collect()
}

fn contents(paths: &[PathBuf]) -> BTreeMap<PathBuf, String> {
    let files = paths.iter().filter(|path| path.symlink_metadata().is_ok_and(|m| m.is_file()));
    let hash = |path: &PathBuf| {
        (path.clone(), coroner_core::sha256_of(&std::fs::read(path).unwrap()).hex())
    };
    files.map(hash).collect()
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn names_contents_and_all_three_times_of_every_file_are_as_before() {
    let root = copy_of(&lab().join("bookworm"));
    let before = paths(root.path());
    assert!(before.len() > 10_000);
    let content = contents(&before);
    age(&before);
    let facts = inodes(&before);
    let (report, _) = audit(root.path(), &["--scope", "full"]);
    assert!(report.items.len() > 100);
    let after = inodes(&before);
    let changed: Vec<_> = facts.iter().filter(|(path, old)| after[*path] != **old).collect();
    assert!(
        changed.is_empty(),
        "{} changed: {:?}",
        changed.len(),
        &changed[..changed.len().min(5)]
    );
    assert_eq!(paths(root.path()), before);
    assert_eq!(contents(&before), content);
}

/// The system calls of one audit of a whole root, a line each.
fn traced(root: &Path, calls: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("trace");
    let status = Command::new("strace")
        .args(["-f", "-qq", "-e", &format!("trace={calls}"), "-o"])
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_coroner"))
        .args(["audit", "--format", "json", "--root"])
        .arg(root)
        .stdout(std::process::Stdio::null())
        .status()
        .expect("strace runs: tests/run installs it");
    assert!(status.code().is_some_and(|code| code < 4), "{status}");
    let log = std::fs::read(log).unwrap();
    String::from_utf8_lossy(&log).lines().map(str::to_owned).collect()
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn no_program_is_run_and_no_library_is_opened() {
    let calls = traced(&lab().join("bookworm"), "execve,execveat,mmap,fork,vfork");
    let runs: Vec<_> = calls.iter().filter(|line| line.contains("exec")).collect();
    assert_eq!(runs.len(), 1, "more than the start of coroner itself: {runs:?}");
    let code = |line: &&String| line.contains("PROT_EXEC") && !line.contains("MAP_ANONYMOUS");
    let mapped: Vec<_> = calls.iter().filter(code).collect();
    assert!(mapped.is_empty(), "{mapped:?}");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn no_file_is_opened_for_writing_and_no_name_service_is_asked() {
    let calls = traced(&lab().join("bookworm"), "open,openat,openat2,connect,creat");
    assert!(calls.len() > 1000, "the trace shows the audit's opens");
    let writes: Vec<_> = calls
        .iter()
        .filter(|line| ["O_WRONLY", "O_RDWR", "O_CREAT"].iter().any(|flag| line.contains(flag)))
        .collect();
    assert!(writes.is_empty(), "{writes:?}");
    let own =
        ["\"/etc/nsswitch.conf\"", "\"/etc/ld.so.cache\"", "/nscd/", "resolv.conf\", O_RDONLY"];
    let asked: Vec<_> = calls
        .iter()
        .filter(|line| own.iter().any(|name| line.contains(name)) && line.contains("AT_FDCWD"))
        .collect();
    assert!(asked.is_empty(), "{asked:?}");
}
