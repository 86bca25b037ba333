//! A real Prometheus, on loopback or in a network namespace, ended with the test.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// One that runs.
pub(crate) struct Prometheus {
    child: Child,
    dir: tempfile::TempDir,
}

impl Prometheus {
    /// Starts one on `address` with what lies in its folder: prometheus.yml, and perhaps web.yml and a tsdb. `shell`
    /// is what starts programs where it shall run, as `ip netns exec NAME`; none of it for here.
    pub(crate) fn start(dir: tempfile::TempDir, shell: &[&str], address: &str) -> Self {
        let at = |name: &str| dir.path().join(name).display().to_string();
        let web = dir.path().join("web.yml");
        if !web.exists() {
            std::fs::write(&web, "").expect("written");
        }
        let words = [shell, &["prometheus"]].concat();
        let (program, before) = words.split_first().expect("a program");
        let child = Command::new(program)
            .args(before)
            .arg(format!("--config.file={}", at("prometheus.yml")))
            .arg(format!("--web.config.file={}", at("web.yml")))
            .arg(format!("--storage.tsdb.path={}", at("tsdb")))
            .arg("--storage.tsdb.retention.time=100y")
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=error")
            .stdin(Stdio::null())
            .spawn()
            .expect("prometheus runs: tests/run installs it");
        Self { child, dir }
    }

    /// Its folder.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Fails when it has ended.
    pub(crate) fn must_run(&mut self) {
        assert!(self.child.try_wait().expect("its status").is_none(), "prometheus ended");
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
