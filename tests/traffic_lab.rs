//! What the tests of `coroner traffic` share: running it in the lab, and reading what it says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(dead_code)] // each test binary uses its part

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::throttle_lab::Lab;

/// `coroner traffic` inside the near namespace, with tracefs in a mount namespace of its own; `before` is done
/// there first.
pub(crate) fn traffic(lab: &Lab, before: &str, words: &str) -> Output {
    let script = format!(
        "set -e; mount -t tracefs tracefs /sys/kernel/tracing; {before}\nexec {} traffic {words}",
        env!("CARGO_BIN_EXE_coroner")
    );
    lab.near("sh").args(["-c", &script]).output().expect("coroner runs")
}

pub(crate) fn json(output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

pub(crate) fn flow<'a>(seen: &'a Value, protocol: &str, port: u64) -> &'a Value {
    let flows = seen["observation"]["flows"].as_array().expect("flows");
    let found = flows.iter().find(|flow| flow["protocol"] == protocol && flow["port"] == port);
    found.unwrap_or_else(|| panic!("no {protocol} {port} in {flows:#?}"))
}

/// The sender's part of a flow, in thousandths.
pub(crate) fn part_of(flow: &Value, pid: u32) -> u64 {
    let shares = flow["senders"].as_array().expect("senders");
    let own = shares.iter().find(|share| share["pid"] == pid);
    let packets = own.map_or(0, |share| share["packets"].as_u64().unwrap());
    packets * 1000 / flow["packets"].as_u64().unwrap()
}

pub(crate) fn sender_of(seen: &Value, pid: u32) -> &Value {
    let senders = seen["observation"]["senders"].as_array().expect("senders");
    let found = senders.iter().find(|sender| sender["pid"] == pid);
    found.unwrap_or_else(|| panic!("no pid {pid} in {senders:#?}"))
}

/// A network namespace that goes with the test.
pub(crate) struct Namespace<'a>(pub(crate) &'a str);

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", self.0]).status();
    }
}

/// A control group, below others that are made for it, as an engine, a kubelet or libvirt names it.
pub(crate) struct Group {
    path: PathBuf,
    depth: usize,
}

impl Group {
    /// `{}` in the name of its uppermost folder becomes the test's number, so that no group of the machine's is met.
    pub(crate) fn new(name: &str) -> Self {
        let tops = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"];
        let top = tops.iter().find(|top| Path::new(top).join("cgroup.procs").exists());
        let name = name.replace("{}", &std::process::id().to_string());
        let path = Path::new(top.expect("a cgroup2 hierarchy")).join(&name);
        std::fs::create_dir_all(&path).unwrap();
        Self { path, depth: name.split('/').count() }
    }

    pub(crate) fn take(&self, pid: u32) {
        std::fs::write(self.path.join("cgroup.procs"), pid.to_string()).unwrap();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for folder in self.path.ancestors().take(self.depth) {
            // A group is busy for a moment after its last process ended.
            for _ in 0..100 {
                if std::fs::remove_dir(folder).is_ok() {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
        }
    }
}
