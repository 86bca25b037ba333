//! A real Debian 12 machine in emulation, made once by tests/guest/make (tests/run does that).
//!
//! Its kernel, systemd and services are Debian's own; a test gives it a script and files, and reads
//! what came of it. Nothing that the guest writes to its disk is kept, so each test has a fresh one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A guest that is about to be booted.
pub(crate) struct Guest {
    limit: Duration,
    files: Vec<PathBuf>,
}

/// What came of a script.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The script's own exit status; 124 when its time was over.
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    folder: tempfile::TempDir,
}

impl Guest {
    /// A guest with the binary under test, for a script that ends within three minutes.
    pub(crate) fn new() -> Self {
        let files = vec![PathBuf::from(env!("CARGO_BIN_EXE_coroner"))];
        Self { limit: Duration::from_mins(3), files }
    }

    /// Gives the script another time, on a machine that has other work too.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Puts a file or folder beside the script, under its own name.
    pub(crate) fn with(mut self, file: &Path) -> Self {
        self.files.push(file.to_owned());
        self
    }

    /// Boots the guest (half a minute), runs a bash script in it as root, switches it off. The script
    /// starts in the read-only folder of the files and leaves what it wants to keep in `$OUT`.
    pub(crate) fn run(&self, script: &str) -> Outcome {
        let folder = tempfile::Builder::new().prefix("guest").tempdir_in(lab()).expect("a folder");
        let file = folder.path().join("script");
        std::fs::write(&file, script).expect("a script");
        let result = folder.path().join("result");
        let mut command = tool("run");
        command.arg(self.limit.as_secs().to_string()).arg(&result).arg(file).args(&self.files);
        must(&mut command);
        let read = |name: &str| {
            let bytes = std::fs::read(result.join(name)).expect("the guest's answer");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let status = read("status").trim().parse().expect("an exit status");
        Outcome { status, stdout: read("stdout"), stderr: read("stderr"), folder }
    }

    /// The same, for a script that must succeed (bash's `set -eu`).
    pub(crate) fn must(&self, script: &str) -> Outcome {
        let outcome = self.run(&format!("set -euo pipefail\n{script}"));
        let Outcome { status, stdout, stderr, .. } = &outcome;
        assert_eq!(*status, 0, "standard output:\n{stdout}\nstandard error:\n{stderr}");
        outcome
    }
}

impl Outcome {
    /// A file that the script left in `$OUT`.
    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        let path = self.folder.path().join("result/out").join(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}\n{}", self.stderr))
    }

    /// The same as text.
    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(&self.file(name)).into_owned()
    }
}

/// Builds a kernel module for the guest from a folder with C and a Kbuild file; gives the folder of
/// the .ko.
pub(crate) fn build_module(source: &Path) -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("module").tempdir_in(lab()).expect("a folder");
    must(tool("module").arg(source).arg(folder.path().join("built")));
    folder
}

/// A script of tests/guest, which takes the folder of the lab first.
fn tool(name: &str) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guest");
    let mut command = Command::new(folder.join(name));
    command.arg(lab());
    command
}

/// The folder in which tests/run made the guest.
fn lab() -> PathBuf {
    let lab = super::lab_folder();
    assert!(lab.join("guest/disk").is_file(), "no guest in {}: run tests/run", lab.display());
    lab
}

fn must(command: &mut Command) {
    let output = command.output().expect("the script runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}:\n{errors}");
}
