//! Ordinary programs that look like planted ones.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use coroner_core::Severity;

use crate::audited;
use crate::running::Running;
use crate::support::shown;

/// A root of its own, namespaces of its own and a container's name in one control group, as engines make them.
#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: run tests/run")]
fn a_containers_program_that_the_host_does_not_have_is_quiet() {
    let root = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/programs/sleeper.c");
    let mut cc = Command::new("cc");
    cc.args(["-static", "-o"]).arg(root.path().join("server")).arg(source);
    assert!(cc.status().unwrap().success());
    let script = "mount -t tmpfs container /mnt && cp \"$1\" /mnt/ && mkdir /mnt/host && cd /mnt && \
                  pivot_root . host && exec /server";
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "--net", "--ipc", "sh", "-c", script, "sh"]);
    unshare.arg(root.path().join("server"));
    let child = Running::start(&mut unshare);
    child.until("exe", |exe| exe.ends_with("/server"));
    let group = ControlGroup::with(&child);
    child.until("cgroup", |lines| lines.contains(&group.name));
    let report = audited();
    let own = child.of(&report);
    assert!(own.is_empty(), "{:#?}", shown(&own.iter().collect::<Vec<_>>()));
    let pid = u64::from(child.pid());
    let item = report.items.iter().find(|item| item.kind == "process" && item.fields["pid"] == pid);
    assert_eq!(item.unwrap().fields["place"]["in"], "container");
    drop((child, group));
}

/// A control group that ends with the test.
struct ControlGroup {
    name: String,
    dir: PathBuf,
}

impl ControlGroup {
    fn with(child: &Running) -> Self {
        let name = format!("docker-{:064x}.scope", child.pid());
        let tops = ["/sys/fs/cgroup/memory", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"];
        let top = tops.iter().find(|top| Path::new(top).join("cgroup.procs").exists());
        let dir = Path::new(top.expect("control groups are mounted")).join(&name);
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("cgroup.procs"), child.pid().to_string()).unwrap();
        Self { name, dir }
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        let begun = Instant::now();
        while std::fs::remove_dir(&self.dir).is_err() && begun.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Compilers, emulators and debuggers, as far as this machine has them.
#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: run tests/run")]
fn compilers_emulators_and_a_debuggers_session_are_quiet() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("Idle.java"), JAVA).unwrap();
    let mut running = Vec::new();
    for command in compilers(dir.path()) {
        let (program, arguments) = command.split_first().unwrap();
        if is_installed(program) {
            running.push((program.clone(), Running::start(Command::new(program).args(arguments))));
        }
    }
    let debugged = Running::start(Command::new("/usr/bin/sleep").arg("600"));
    debugged.until("exe", |exe| exe.ends_with("sleep"));
    let attach = format!("gdb -nx -p {} -ex 'break nanosleep'", debugged.pid());
    let mut script = Command::new("script");
    script.args(["-qec", &attach, "/dev/null"]).stdin(Stdio::piped());
    script.stdout(Stdio::null()).stderr(Stdio::null());
    let mut session = Running::start_as_it_is(&mut script);
    debugged.until("status", |status| !status.contains("TracerPid:\t0\n"));
    std::thread::sleep(Duration::from_secs(5));
    let report = audited();
    session.0.stdin.take().unwrap().write_all(b"detach\nquit\n").unwrap();
    session.0.wait().unwrap();
    running.push(("sleep".into(), debugged));
    assert!(running.len() > 1, "none of the compilers is installed");
    for (name, child) in &running {
        assert!(Path::new(&format!("/proc/{}/exe", child.pid())).exists(), "{name} has ended");
        let own = child.of(&report);
        let loud: Vec<_> = own.iter().filter(|f| f.severity > Severity::Info).collect();
        assert!(loud.is_empty(), "{name}: {:#?}", shown(&loud));
    }
}

const JAVA: &str = "public class Idle { public static void main(String[] a) throws Exception {
    long n = 0; for (int i = 0; i < 3000; i++) { for (int j = 0; j < 20000; j++) n += j * i; Thread.sleep(20); }
    System.out.println(n); } }";

fn compilers(dir: &Path) -> Vec<Vec<String>> {
    let words = |line: &[&str]| line.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let java = dir.join("Idle.java").display().to_string();
    let python =
        "import ctypes,time; f = ctypes.CFUNCTYPE(None)(lambda: None); f(); time.sleep(600)";
    vec![
        words(&[
            "node",
            "-e",
            "let n = 0; setInterval(() => { for (let i = 0; i < 1e5; i++) n += i }, 20)",
        ]),
        words(&["java", &java]),
        words(&["python3", "-c", python]),
        words(&[
            "qemu-system-x86_64",
            "-accel",
            "tcg",
            "-display",
            "none",
            "-nodefaults",
            "-m",
            "64",
        ]),
    ]
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':').any(|dir| Path::new(dir).join(program).is_file())
}
