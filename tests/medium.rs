//! The medium: made, mounted read-only, run from; refused when it was altered; and what happens to a
//! report whose place is full, read-only or taken away.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

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
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    coroner()
        .args(["medium", "build", "--out"])
        .arg(out)
        .arg("--baseline")
        .arg(tree.join("baselines"))
        .arg("--docs")
        .arg(tree)
        .args(more)
        .output()
        .unwrap()
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

    /// A loop mount of an image, read-only.
    fn image(image: &Path, at: PathBuf) -> Self {
        std::fs::create_dir(&at).unwrap();
        let ran = Command::new("mount").args(["-o", "loop,ro"]).arg(image).arg(&at).output();
        let output = ran.unwrap();
        assert!(output.status.success(), "{}", errors(&output));
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
    let disk = ["--root", root.to_str().unwrap()];
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
        assert!(said.contains("this medium's manifest"), "{said}");
        let proved = !report.tool.baselines.is_empty();
        assert_eq!(proved, name == "disk.json" || report.host.os.id == "debian");
    }
    assert_eq!(files(&out.0).len(), 2, "nothing beside the reports: {:?}", files(&out.0));
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs xorriso and mksquashfs: run tests/run")]
fn the_same_inputs_give_the_same_bytes() {
    for name in ["coroner.iso", "coroner.squashfs"] {
        let (one, other) = (Made::new(name, &[]), Made::new(name, &[]));
        let read = |made: &Made| std::fs::read(made.at(name)).unwrap();
        assert!(read(&one) == read(&other), "{name}");
        assert_eq!(files(one.dir.path()), [name], "nothing is left beside it");
    }
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs xorriso: run tests/run")]
fn an_iso_holds_a_medium_that_verifies() {
    let made = Made::new("coroner.iso", &[]);
    let ran = Command::new("xorriso")
        .args(["-osirrox", "on", "-indev"])
        .arg(made.at("coroner.iso"))
        .args(["-extract", "/"])
        .arg(made.at("content"))
        .output();
    assert!(ran.expect("xorriso runs: tests/run installs it").status.success());
    let output = coroner().args(["medium", "verify"]).arg(made.at("content")).output().unwrap();
    assert_eq!(status(&output), 0, "{}", errors(&output));
}

#[test]
fn without_the_tools_for_images_one_line_says_what_to_install() {
    let dir = tempfile::tempdir().unwrap();
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = coroner()
        .args(["medium", "build", "--out"])
        .arg(dir.path().join("coroner.iso"))
        .arg("--baseline")
        .arg(tree.join("baselines"))
        .arg("--docs")
        .arg(tree)
        .env("PATH", dir.path())
        .output()
        .unwrap();
    assert_eq!(status(&output), 64);
    assert!(errors(&output).contains("apt-get install xorriso"), "{}", errors(&output));
    assert_eq!(files(dir.path()), Vec::<String>::new());
}

#[test]
fn a_medium_holds_what_is_needed_and_its_label_is_checked() {
    let made = Made::new("medium", &[]);
    let medium = made.at("medium");
    for name in [
        "coroner",
        "README.md",
        "docs/medium.md",
        "docs/medium.zh-CN.md",
        "baselines/debian-12.pack",
    ] {
        assert!(medium.join(name).is_file(), "{name}");
    }
    let manifest = std::fs::read(medium.join("MANIFEST")).unwrap();
    let label = sha256_of(&manifest).hex();
    assert!(made.said.contains(&label) && made.said.contains("label"), "{}", made.said);
    let verify = |hash: &str| {
        let mut command = Command::new(medium.join("coroner"));
        command.args(["medium", "verify", "--hash", hash]).output().unwrap()
    };
    assert_eq!(status(&verify(&label)), 0);
    assert!(refusal(&verify(&"0".repeat(64))).contains("label"));
    let sums =
        Command::new("sha256sum").args(["-c", "--quiet", "MANIFEST"]).current_dir(&medium).output();
    assert!(sums.unwrap().status.success(), "sha256sum reads the manifest");
}

/// A key pair of the stock minisign; an empty password means none.
fn key_pair(dir: &Path, password: &str) {
    let flag: &[&str] = if password.is_empty() { &["-W"] } else { &[] };
    let mut child = Command::new("minisign")
        .arg("-G")
        .args(flag)
        .args(["-p", "key.pub", "-s", "key.sec"])
        .current_dir(dir)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("minisign runs: tests/run installs it");
    use std::io::Write;
    let typed = format!("{password}\n{password}\n");
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs minisign: run tests/run")]
fn the_stock_minisign_accepts_the_signature_and_a_new_one_by_another_key_is_refused() {
    let keys = tempfile::tempdir().unwrap();
    key_pair(keys.path(), "correct horse");
    let path = |name: &str| keys.path().join(name).display().to_string();
    std::fs::write(path("password"), "correct horse\n").unwrap();
    std::fs::write(path("wrong"), "battery\n").unwrap();
    let (secret, public) = (path("key.sec"), path("key.pub"));
    let wrong = build(
        &keys.path().join("none"),
        &["--secret-key", &secret, "--password-file", &path("wrong")],
    );
    assert_eq!(status(&wrong), 64);
    assert!(errors(&wrong).contains("password"), "{}", errors(&wrong));
    let made =
        Made::new("medium", &["--secret-key", &secret, "--password-file", &path("password")]);
    let medium = made.at("medium");
    let manifest = medium.join("MANIFEST");
    let stock =
        Command::new("minisign").args(["-V", "-p", &public, "-m"]).arg(&manifest).output().unwrap();
    assert!(stock.status.success(), "{}", errors(&stock));
    let verify = |key: &str| {
        coroner().args(["medium", "verify", "--key", key]).arg(&medium).output().unwrap()
    };
    assert_eq!(status(&verify(&public)), 0);
    let other = tempfile::tempdir().unwrap();
    key_pair(other.path(), "");
    let stranger = other.path().join("key.pub").display().to_string();
    assert!(refusal(&verify(&stranger)).contains("key that was not given"));
    std::fs::remove_file(medium.join("MANIFEST.minisig")).unwrap();
    let output = Command::new(medium.join("coroner")).args(["plugins"]).output().unwrap();
    assert!(refusal(&output).contains("signature is missing"));
}

/// Adds a byte at the end of a file.
fn add_a_byte(path: &Path) {
    use std::io::Write;
    std::fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"\n").unwrap();
}

#[test]
fn an_altered_binary_baseline_or_manifest_is_refused_in_one_line() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("etc")).unwrap();
    for name in ["coroner", "baselines/debian-12.pack", "MANIFEST"] {
        let made = Made::new("medium", &[]);
        let medium = made.at("medium");
        let audit = || {
            let mut command = Command::new(medium.join("coroner"));
            command.args(["audit", "--only", "cron", "--root"]).arg(root.path()).output().unwrap()
        };
        assert!(status(&audit()) < 4, "as it was made");
        add_a_byte(&medium.join(name));
        assert!(refusal(&audit()).contains(name), "{name}");
        let output = coroner().args(["medium", "verify"]).arg(&medium).output().unwrap();
        assert!(refusal(&output).contains(name), "{name}");
    }
}

#[test]
fn a_pack_that_is_gone_and_one_that_came_later_are_refused() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("etc")).unwrap();
    let made = Made::new("medium", &[]);
    let packs = made.at("medium/baselines");
    let audit = || {
        let mut command = Command::new(made.at("medium/coroner"));
        command.args(["audit", "--only", "cron", "--root"]).arg(root.path()).output().unwrap()
    };
    std::fs::rename(packs.join("debian-12.pack"), packs.join("other.pack")).unwrap();
    assert!(refusal(&audit()).contains("debian-12.pack"));
    std::fs::copy(packs.join("other.pack"), packs.join("debian-12.pack")).unwrap();
    assert!(refusal(&audit()).contains("not in the medium's manifest"));
    std::fs::remove_file(packs.join("other.pack")).unwrap();
    assert!(status(&audit()) < 4);
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
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
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
