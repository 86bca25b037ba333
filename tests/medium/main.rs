//! The medium: made, mounted read-only, run from; refused when it was altered; and what happens to a
//! report whose place is full, read-only or taken away.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod altered;
mod built;
mod report_place;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use coroner_core::{Report, sha256_of};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use support::{coroner, lab, status};

/// A medium in a folder of its own, made by the binary under test.
struct Made {
    dir: tempfile::TempDir,
    said: String,
}

impl Made {
    fn new(name: &str, more: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let output = build(&dir.path().join(name), more);
        assert_eq!(status(&output), 0, "{}", errors(&output));
        Self { dir, said: String::from_utf8(output.stdout).unwrap() }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

fn build(out: &Path, more: &[&str]) -> Output {
    built_by(coroner(), out).args(more).output().unwrap()
}

/// What makes a medium of this tree.
fn built_by(mut program: Command, out: &Path) -> Command {
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    program.args(["medium", "build", "--out"]).arg(out);
    program.arg("--baseline").arg(tree.join("baselines")).arg("--docs").arg(tree);
    program
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a refusal says: one line, with the status of a tool that is broken.
fn refusal(output: &Output) -> String {
    let said = errors(output);
    assert_eq!(status(output), 70, "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

/// A mount of a test's own, gone with it.
struct Mounted(PathBuf);

impl Mounted {
    fn memory(at: PathBuf, size: &str) -> Self {
        std::fs::create_dir(&at).unwrap();
        let options = format!("size={size}");
        mount(Some("tmpfs"), &at, Some("tmpfs"), MsFlags::empty(), Some(&*options)).unwrap();
        Self(at)
    }

    /// A read-only image: by a loop, or where the kernel has none or not the file system, its content
    /// bound read-only.
    fn image(image: &Path, at: PathBuf) -> Self {
        std::fs::create_dir(&at).unwrap();
        let looped = Command::new("mount").args(["-o", "loop,ro"]).arg(image).arg(&at).output();
        if !looped.unwrap().status.success() {
            let content = image.with_extension("content");
            must(Command::new("unsquashfs").args(["-no-progress", "-d"]).arg(&content).arg(image));
            mount(Some(&content), &at, None::<&str>, MsFlags::MS_BIND, None::<&str>).unwrap();
            let flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
            mount(None::<&str>, &at, None::<&str>, flags, None::<&str>).unwrap();
        }
        let refused = std::fs::write(at.join("MANIFEST"), "").unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ReadOnlyFilesystem);
        Self(at)
    }

    fn read_only(&self) {
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
        mount(None::<&str>, &self.0, None::<&str>, flags, None::<&str>).unwrap();
    }

    fn take_away(&self) {
        umount2(&self.0, MntFlags::MNT_DETACH).unwrap();
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = umount2(&self.0, MntFlags::MNT_DETACH);
    }
}

/// Runs a program of the test's own machine.
fn must(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", errors(&output));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Runs the medium's own binary where every mount but `out` is read-only.
fn run_with_nothing_writable(medium: &Path, out: &Path, args: &[&str]) -> Output {
    let script = "set -e; mount --make-rprivate /; out=$1; shift
        awk '{print $5}' /proc/self/mountinfo | while read -r point; do
            [ \"$point\" = \"$out\" ] || mount -o remount,bind,ro \"$point\" 2>/dev/null || true
        done
        if touch /tmp/writable /var/tmp/writable 2>/dev/null; then exit 99; fi
        exec \"$@\"";
    Command::new("unshare")
        .args(["--mount", "--", "bash", "-c", script, "bash"])
        .arg(out)
        .arg(medium.join("coroner"))
        .args(args)
        .output()
        .unwrap()
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and whole roots: run tests/run")]
fn from_a_read_only_image_a_live_machine_and_a_disk_are_audited_with_nothing_else_writable() {
    let made = Made::new("coroner.squashfs", &[]);
    let medium = Mounted::image(&made.at("coroner.squashfs"), made.at("stick"));
    let out = Mounted::memory(made.at("out"), "64m");
    let root = lab().join("bookworm");
    let root = root.canonicalize().unwrap();
    let live = ["--only", "cron,accounts,processes", "--scope", "quick"];
    let disk = ["--root", root.to_str().unwrap(), "--scope", "quick"];
    let label = sha256_of(&std::fs::read(medium.0.join("MANIFEST")).unwrap()).hex();
    for (name, more) in [("live.json", &live[..]), ("disk.json", &disk[..])] {
        let file = out.0.join(name);
        let args = [&["audit", "-o", file.to_str().unwrap()], more].concat();
        let output = run_with_nothing_writable(&medium.0, &out.0, &args);
        let said = errors(&output);
        assert!(status(&output) < 4, "{said}");
        let bytes = std::fs::read(&file).unwrap();
        let report = Report::from_json(&bytes).unwrap();
        assert!(!report.items.is_empty(), "{name}");
        assert!(said.contains(&sha256_of(&bytes).hex()), "the report's hash: {said}");
        assert!(said.contains("this medium's manifest") && said.contains(&label), "{said}");
        assert_eq!(report.tool.medium.as_ref(), Some(&label), "{name}");
        let proved = !report.tool.baselines.is_empty();
        assert_eq!(proved, name == "disk.json" || report.host.os.id == "debian");
    }
    assert_eq!(files(&out.0).len(), 2, "nothing beside the reports: {:?}", files(&out.0));
}
