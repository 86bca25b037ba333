//! Each lie of a kernel is found by a view that the lie did not reach.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg(target_arch = "x86_64")]
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod files;
mod liar;
mod processes;
mod sockets;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;

use coroner_core::{Finding, Level};
use liar::{BY_NUMBER, BY_PATH, BY_TASK, Lie, READ, Told, deny, rewrite};
use support::plant;

/// A small root whose files are lied about; processes are the machine's own.
fn root() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    plant(dir.path(), "/etc/passwd", "root:x:0:0::/root:/bin/sh\nghost:x:0:0::/:/bin/sh\n", 0o644);
    plant(dir.path(), "/etc/cron.d/a-first-one", "# nothing\n", 0o644);
    plant(dir.path(), "/etc/cron.d/backdoor", "# nothing\n", 0o644);
    plant(dir.path(), "/etc/cron.d/the-last-one", "# nothing\n", 0o644);
    plant(dir.path(), "/etc/ld.so.preload", "/lib/x.so\n", 0o644);
    std::fs::create_dir(dir.path().join("etc/cron.d/folder")).unwrap();
    dir
}

/// The number that was given to a process last.
fn last_number() -> u32 {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap();
    load.split_whitespace().next_back().unwrap().parse().unwrap()
}

fn audit(root: &Path, lies: &mut [Lie<'_>]) -> Told {
    let some = !lies.is_empty();
    // Numbers far beyond are not asked for, or a machine with four million of them takes minutes here.
    let most = (last_number() + 8192).max(65_536);
    let mut all: Vec<Lie<'_>> = Vec::new();
    if most < 4_194_304 {
        all.push(rewrite("/proc/sys/kernel/pid_max", "4194304", &most.to_string(), &READ));
    }
    all.extend(lies.iter_mut().map(|lie| -> Lie<'_> { Box::new(|call| lie(call)) }));
    let root = root.to_str().unwrap();
    let args = ["--only", "hidden", "--scope", "quick", "--root", root, "--proc", "/proc"];
    let told = liar::audit(&args, &mut all);
    assert!(!some || told.lies > 0, "the calls that were to be edited were not made");
    told
}

fn of<'a>(told: &'a Told, rule: &str) -> Vec<&'a Finding> {
    told.report.findings.iter().filter(|finding| finding.rule == rule).collect()
}

fn shown(told: &Told) -> Vec<String> {
    support::shown(&told.report.findings.iter().collect::<Vec<_>>())
}

/// The one finding of a rule, at a path.
fn found<'a>(told: &'a Told, rule: &str, path: &str) -> &'a Finding {
    let at = of(told, rule).into_iter().find(|f| f.path.as_ref().is_some_and(|p| p == path));
    at.unwrap_or_else(|| panic!("no {rule} at {path}: {:#?}", shown(told)))
}

fn says(finding: &Finding, name: &str, value: &str) -> bool {
    finding.evidence.iter().any(|e| e.name == name && e.value.to_string().contains(value))
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn without_a_lie_nothing_is_found_by_the_same_way() {
    let root = root();
    let told = audit(root.path(), &mut []);
    assert_eq!(shown(&told), Vec::<String>::new());
    assert_eq!(told.report.verdict.level, Level::Clean, "{:?}", told.report.gaps);
    assert_eq!(told.status, 0);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_kernel_that_answers_no_call_is_never_called_clean() {
    let root = root();
    let mut lies = [deny(&BY_TASK, None), deny(&BY_NUMBER, None), deny(&BY_PATH, None)];
    let told = audit(root.path(), &mut lies);
    assert_eq!(told.report.verdict.level, Level::Inconclusive, "{:#?}", shown(&told));
    assert_eq!(told.status, 3);
    let gaps = told.report.gaps.iter().filter(|gap| gap.plugin == "hidden" && gap.matters);
    assert_eq!(gaps.count(), 3, "{:?}", told.report.gaps);
}
