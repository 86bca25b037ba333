//! Real processes that intruders would leave, each found; and ordinary ones that look like them, quiet.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod planted;
mod quiet;
mod running;
mod sockets;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use coroner_core::{Finding, Report};
use support::{PATIENT, coroner, report};

fn evidence<'a>(finding: &'a Finding, name: &str) -> &'a str {
    let fact = finding.evidence.iter().find(|fact| fact.name == name);
    fact.and_then(|fact| fact.value.as_str()).unwrap_or_else(|| panic!("no {name} in {finding:?}"))
}

/// An audit of this machine's processes.
fn audited() -> Report {
    let mut command = coroner();
    command.args(["audit", "--format", "json", "--scope", "quick", "--only", "processes,sockets"]);
    command.args(PATIENT);
    report(&command.output().unwrap())
}

fn compile(dir: &Path, name: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/programs").join(name);
    let program = dir.join(name.trim_end_matches(".c"));
    let status = Command::new("cc").args(["-O1", "-g", "-o"]).arg(&program).arg(source).status();
    assert!(status.expect("cc runs: tests/run installs it").success());
    program
}
