//! Where the report goes: the audited disk, and places that are full, read-only, taken away or broken.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use coroner_core::Report;
use nix::mount::{MsFlags, mount};
use rustix::fs::{MemfdFlags, SealFlags};

use crate::support::{coroner, lab, status};
use crate::{Made, Mounted, errors, files, must, refusal};

/// A stick of 16 MiB, as a loop device, that can be made to refuse every write.
struct Stick {
    memory: File,
    device: String,
    mounted: Mounted,
}

impl Stick {
    fn new(at: PathBuf) -> Self {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let memory = File::from(rustix::fs::memfd_create("stick", flags).unwrap());
        memory.set_len(16 << 20).unwrap();
        let path = format!("/proc/{}/fd/{}", std::process::id(), memory.as_raw_fd());
        // Without a journal nothing but the report's own blocks is refused.
        must(Command::new("mkfs.ext4").args(["-q", "-F", "-O", "^has_journal", &path]));
        let device = must(Command::new("losetup").args(["--find", "--show", &path]));
        std::fs::create_dir(&at).unwrap();
        mount(Some(&*device), &at, Some("ext4"), MsFlags::empty(), None::<&str>).unwrap();
        Self { memory, device, mounted: Mounted(at) }
    }

    /// From now on the device answers each write with an error.
    fn break_down(&self) {
        rustix::fs::fcntl_add_seals(&self.memory, SealFlags::WRITE).unwrap();
    }
}

impl Drop for Stick {
    fn drop(&mut self) {
        self.mounted.take_away();
        let _ = Command::new("losetup").args(["--detach", &self.device]).output();
    }
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: run tests/run")]
fn from_a_medium_the_audited_disk_is_not_written_to_unless_told() {
    let made = Made::new("medium", &[]);
    let root = lab().join("bookworm");
    let folder = tempfile::tempdir_in(lab()).unwrap();
    let file = folder.path().join("x.json");
    let audit = |program: &Path, more: &[&str]| {
        let mut command = Command::new(program);
        command.args(["audit", "--only", "cron", "--scope", "quick", "--root"]).arg(&root);
        command.arg("-o").arg(&file).args(more).output().unwrap()
    };
    let medium = made.at("medium/coroner");
    let output = audit(&medium, &[]);
    let said = errors(&output);
    assert_eq!(status(&output), 64, "{said}");
    assert!(said.contains("mounted on") && said.contains("--write-on-audited-disk"), "{said}");
    assert!(!file.exists());
    assert!(status(&audit(&medium, &["--write-on-audited-disk"])) < 4);
    assert!(file.exists(), "told to");
    let installed = audit(Path::new(env!("CARGO_BIN_EXE_coroner")), &[]);
    assert!(status(&installed) < 4, "installed on a host, schedules write there");
}

/// An audit whose report is larger than the page that a full disk has left.
fn audit_to(file: &Path) -> Command {
    let mut command = coroner();
    command.args(["audit", "--scope", "quick", "--root"]).arg(lab().join("bookworm"));
    command.arg("-o").arg(file);
    command
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and whole roots: run tests/run")]
fn a_full_disk_and_a_read_only_one_end_in_one_line_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let small = Mounted::memory(dir.path().join("small"), "8k");
    let said = refusal(&audit_to(&small.0.join("x.json")).output().unwrap());
    assert!(said.contains("No space left") && said.contains("no report was written"), "{said}");
    assert_eq!(files(&small.0), Vec::<String>::new());
    small.read_only();
    let output = audit_to(&small.0.join("x.json")).output().unwrap();
    let said = errors(&output);
    assert_eq!((status(&output), said.lines().count()), (64, 1), "before the work: {said}");
    assert!(said.contains("Read-only file system"), "{said}");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and whole roots: run tests/run")]
fn a_target_that_is_taken_away_is_noticed_and_the_disk_below_is_not_written_to() {
    let dir = tempfile::tempdir().unwrap();
    let stick = Mounted::memory(dir.path().join("stick"), "64m");
    // The folder is held from the beginning, and the report is not written before the traffic was watched.
    let mut child = coroner()
        .args(["audit", "--only", "traffic", "--scope", "quick", "--traffic", "6s", "-o"])
        .arg(stick.0.join("x.json"))
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let held = |pid: u32| {
        let fds = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        fds.filter_map(|fd| std::fs::read_link(fd.path()).ok()).any(|to| to == stick.0)
    };
    while !held(child.id()) {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    stick.take_away();
    let output = child.wait_with_output().unwrap();
    let said = errors(&output);
    assert_eq!((status(&output), said.lines().count()), (70, 1), "{said}");
    assert!(said.contains("unplugged or unmounted"), "{said}");
    assert_eq!(files(&stick.0), Vec::<String>::new(), "nothing on the disk below");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and whole roots: run tests/run")]
fn a_device_that_refuses_writes_is_noticed_though_the_file_system_took_them() {
    let dir = tempfile::tempdir().unwrap();
    let stick = Stick::new(dir.path().join("stick"));
    let at = |name: &str| stick.mounted.0.join(name);
    let output = audit_to(&at("before.json")).output().unwrap();
    assert!(status(&output) < 4, "{}", errors(&output));
    Report::from_json(&std::fs::read(at("before.json")).unwrap()).unwrap();
    stick.break_down();
    let said = refusal(&audit_to(&at("after.json")).output().unwrap());
    assert!(
        said.contains("Input/output error") && said.contains("no report was written"),
        "{said}"
    );
    let mut left = files(&stick.mounted.0);
    left.sort();
    assert_eq!(left, ["before.json", "lost+found"]);
}
