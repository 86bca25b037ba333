//! Reports on the disk, and the command over them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::generator::Plan;

pub(crate) const SMALL: Plan = Plan { hosts: 200, items: 200, seed: 11, labels: true };

pub(crate) fn fleet() -> Command {
    Command::new(env!("CARGO_BIN_EXE_coroner-fleet"))
}

/// A folder with reports, and a store beside it.
pub(crate) struct Bench {
    dir: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().unwrap();
        std::fs::create_dir(dir.path().join("in")).unwrap();
        Self { dir }
    }

    /// With the reports of a plan taken in.
    pub(crate) fn with(plan: &Plan) -> Self {
        let bench = Self::new();
        bench.write(plan, 0);
        bench.ingest(0);
        bench
    }

    pub(crate) fn input(&self) -> PathBuf {
        self.dir.path().join("in")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The reports of one day, plain, gzip and zstd by turns.
    pub(crate) fn write(&self, plan: &Plan, day: i64) {
        for host in 0..plan.hosts {
            let json = serde_json::to_vec(&plan.report(host, day)).unwrap();
            let name = format!("{}-{day}.json", Plan::name(host));
            match host % 3 {
                0 => self.put(&name, &json),
                1 => self.put(&format!("{name}.gz"), &gzip(&json)),
                _ => self.put(&format!("{name}.zst"), &zstd(&json)),
            }
        }
    }

    pub(crate) fn put(&self, name: &str, content: &[u8]) {
        std::fs::write(self.input().join(name), content).unwrap();
    }

    /// Takes all in; returns what was said.
    pub(crate) fn ingest(&self, status: i32) -> String {
        let output =
            fleet().arg("ingest").arg(self.input()).arg("--store").arg(self.store()).output();
        said(&output.unwrap(), status)
    }

    pub(crate) fn json(&self, args: &[&str]) -> Vec<Value> {
        let output =
            fleet().args(args).arg("--store").arg(self.store()).args(["--format", "json"]).output();
        let output = output.unwrap();
        said(&output, 0);
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub(crate) fn hosts(&self) -> usize {
        self.json(&["hosts"]).len()
    }
}

/// Checks the exit status; returns what was said beside the answer.
pub(crate) fn said(output: &Output, status: i32) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(status), "{said}");
    said
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(content: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
}

pub(crate) fn text<'v>(row: &'v Value, name: &str) -> &'v str {
    row[name].as_str().unwrap_or_else(|| panic!("no {name} in {row}"))
}
