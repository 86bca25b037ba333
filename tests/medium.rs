//! The medium: made, mounted read-only, run from; refused when it was altered; and what happens to a
//! report whose place is full, read-only or taken away.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use coroner_core::{Report, sha256_of};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use rustix::fs::{MemfdFlags, SealFlags};
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

/// The same command as a person with other habits has it.
fn elsewhere() -> Command {
    let mut command = Command::new("bash");
    let set = "umask 077; export TZ=Asia/Shanghai LC_ALL=C.UTF-8; exec \"$@\"";
    command.args(["-c", set, "bash", env!("CARGO_BIN_EXE_coroner")]);
    command
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs xorriso and mksquashfs: run tests/run")]
fn the_same_inputs_give_the_same_bytes_whatever_the_place_the_time_and_the_umask() {
    for name in ["coroner.iso", "coroner.squashfs"] {
        let one = Made::new(name, &[]);
        let dir = tempfile::tempdir().unwrap();
        let said = must(&mut built_by(elsewhere(), &dir.path().join(name)));
        let line =
            |said: &str| said.lines().find(|line| line.starts_with("manifest")).map(str::to_owned);
        assert_eq!(line(&said), line(&one.said));
        let read = |file: PathBuf| std::fs::read(file).unwrap();
        assert!(read(one.at(name)) == read(dir.path().join(name)), "{name}");
        assert_eq!(files(dir.path()), [name], "nothing is left beside it");
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
    for (name, package) in [("a.iso", "xorriso"), ("a.squashfs", "squashfs-tools")] {
        let mut command = built_by(coroner(), &dir.path().join(name));
        let output = command.env("PATH", dir.path()).output().unwrap();
        let said = errors(&output);
        assert_eq!((status(&output), said.lines().count()), (64, 1), "{said}");
        assert!(said.contains(&format!("apt-get install {package}")), "{said}");
        assert_eq!(files(dir.path()), Vec::<String>::new());
    }
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

/// A key pair of the stock minisign; an empty password means none. It reads no password that it does not ask
/// for, so one is written into the pipe before it starts: it may have ended before anyone could write.
fn key_pair(dir: &Path, password: &str) {
    let flag: &[&str] = if password.is_empty() { &["-W"] } else { &[] };
    let (typed, mut typing) = std::io::pipe().unwrap();
    typing.write_all(format!("{password}\n{password}\n").as_bytes()).unwrap();
    let made = Command::new("minisign")
        .arg("-G")
        .args(flag)
        .args(["-p", "key.pub", "-s", "key.sec"])
        .current_dir(dir)
        .stdin(typed)
        .stdout(Stdio::null())
        .status()
        .expect("minisign runs: tests/run installs it");
    assert!(made.success());
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

/// Adds a byte at the end of a file, from another process: it is run next (`support::copy_program`).
fn add_a_byte(path: &Path) {
    must(Command::new("sh").args(["-c", "echo >>\"$0\""]).arg(path));
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
