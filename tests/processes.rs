//! Real processes that intruders would leave, each found; and ordinary ones that look like them, quiet.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use coroner_core::{Finding, HostPath, Report, Severity};
use support::{PATIENT, copy_program, coroner, report, shown};

/// For what a loaded machine may take; nothing is said by it.
const PATIENCE: Duration = Duration::from_mins(2);

/// A child that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Without what cargo puts into the environment.
    fn start(command: &mut Command) -> Self {
        command.env_remove("LD_LIBRARY_PATH");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self::start_as_it_is(command)
    }

    fn start_as_it_is(command: &mut Command) -> Self {
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Waits until a file of its own in /proc says so.
    fn until(&self, name: &str, says: impl Fn(&str) -> bool) {
        let path = format!("/proc/{}/{name}", self.pid());
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let link = std::fs::read_link(&path).map(|target| target.display().to_string());
            let text =
                link.or_else(|_| std::fs::read(&path).map(|t| String::from_utf8_lossy(&t).into()));
            if text.is_ok_and(|text| says(&text)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{path} never said what was waited for");
    }

    fn of(&self, report: &Report) -> Vec<Finding> {
        let pid = self.pid().to_string();
        let own = |finding: &&Finding| {
            finding.evidence.iter().any(|fact| fact.name == "pid" && fact.value == *pid.as_str())
        };
        report.findings.iter().filter(own).cloned().collect()
    }

    /// The finding of a rule about it.
    fn finding(&self, report: &Report, rule: &str) -> Finding {
        let own = self.of(report);
        let found = own.iter().find(|finding| finding.rule == rule).cloned();
        found
            .unwrap_or_else(|| panic!("no {rule} in {:#?}", shown(&own.iter().collect::<Vec<_>>())))
    }
}

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

fn is_installed(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':').any(|dir| Path::new(dir).join(program).is_file())
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: run tests/run")]
fn a_function_that_was_changed_through_ptrace_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let child = Running::start(&mut Command::new(compile(dir.path(), "sleeper.c")));
    child.until("exe", |exe| exe.ends_with("sleeper"));
    child.until("wchan", |name| name.contains("nanosleep"));
    let clean = audited();
    assert!(!child.of(&clean).iter().any(|finding| finding.rule == "processes/code-changed"));
    // gdb writes by PTRACE_POKETEXT.
    let change = "set {int[2]} tick = {0x12345678, 0x1234}";
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch", "-p", &child.pid().to_string(), "-ex", change]);
    let output = gdb.output().expect("gdb runs: tests/run installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let changed = child.finding(&audited(), "processes/code-changed");
    assert_eq!(changed.severity, Severity::Critical);
    assert!(evidence(&changed, "file").ends_with("/sleeper"));
    assert!(evidence(&changed, "function").starts_with("tick+"), "{changed:?}");
    assert_ne!(evidence(&changed, "in memory"), evidence(&changed, "in the file"));
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: run tests/run")]
fn programs_from_memory_deleted_disguised_and_replaced_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let sleeper = compile(dir.path(), "sleeper.c");
    let copy = |name: &str| {
        let path = dir.path().join(name);
        copy_program(&sleeper, &path);
        path
    };
    let memory = Running::start(Command::new(compile(dir.path(), "from_memory.c")).arg(&sleeper));
    memory.until("exe", |exe| exe.starts_with("/memfd:"));
    let deleted = Running::start(&mut Command::new(copy("deleted")));
    deleted.until("exe", |exe| exe.ends_with("deleted"));
    std::fs::remove_file(dir.path().join("deleted")).unwrap();
    let replaced = Running::start(&mut Command::new(copy("replaced")));
    replaced.until("exe", |exe| exe.ends_with("replaced"));
    std::fs::rename(copy("new"), dir.path().join("replaced")).unwrap();
    let thread = Running::start(Command::new(&sleeper).arg0("[kworker/0:1]"));
    let service = Running::start(
        Command::new("/usr/bin/perl").args(["-e", "$0 = '/usr/sbin/apache2 -k start'; sleep 600"]),
    );
    service.until("cmdline", |line| line.contains("apache2"));
    let report = audited();
    let found = memory.finding(&report, "processes/program-from-memory");
    assert!(evidence(&found, "program").contains("inert"));
    let found = deleted.finding(&report, "processes/deleted-program");
    assert_eq!(found.severity, Severity::High);
    replaced.finding(&report, "processes/deleted-program");
    thread.finding(&report, "processes/false-kernel-thread");
    service.finding(&report, "processes/borrowed-name");
    assert_eq!(report.verdict.level, coroner_core::Level::Compromised);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: run tests/run")]
fn a_shell_on_a_connection_is_found_with_its_peer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut server, peer) = listener.accept().unwrap();
    let end = |stream: &TcpStream| Stdio::from(OwnedFd::from(stream.try_clone().unwrap()));
    let mut command = Command::new("/bin/sh");
    command.stdin(end(&server)).stdout(end(&server)).stderr(Stdio::null());
    let shell = Running::start_as_it_is(&mut command);
    shell.until("exe", |exe| exe.ends_with("sh"));
    let found = shell.finding(&audited(), "processes/shell-on-socket");
    assert_eq!(evidence(&found, "peer"), format!("tcp {peer}"));
    server.flush().unwrap();
    drop(client);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: run tests/run")]
fn a_file_mounted_over_a_running_program_is_found() {
    let dir = tempfile::Builder::new().prefix("covered").tempdir_in("/var/lib").unwrap();
    let sleeper = compile(dir.path(), "sleeper.c");
    let script = "\"$1\" & child=$!; until [ \"$(readlink /proc/$child/exe)\" = \"$1\" ]; do sleep 0.1; done; \
         mount --bind /bin/true \"$1\"; shift; \"$@\"; kill $child";
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", script, "sh"])
        .arg(&sleeper)
        .arg(env!("CARGO_BIN_EXE_coroner"))
        .args(["audit", "--format", "json", "--scope", "quick", "--only", "processes"])
        .output()
        .unwrap();
    let report = report(&output);
    let path = HostPath::new(sleeper.to_str().unwrap());
    let mut about = report.findings.iter().filter(|finding| finding.path.as_ref() == Some(&path));
    assert!(about.any(|finding| finding.rule == "processes/covered-program"));
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: run tests/run")]
fn raw_and_packet_sockets_are_found_in_whatever_network_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let holder = compile(dir.path(), "raw_holder.c");
    let here = Running::start(&mut Command::new(&holder));
    let there = Running::start(Command::new("unshare").arg("--net").arg(&holder));
    for child in [&here, &there] {
        child.until("exe", |exe| exe.ends_with("raw_holder"));
        child.until("wchan", |name| name.contains("nanosleep"));
    }
    let report = audited();
    for child in [&here, &there] {
        let own = child.of(&report);
        let raw = own.iter().filter(|finding| finding.rule == "sockets/raw-of-unowned-program");
        let mut sockets: Vec<_> = raw.map(|finding| evidence(finding, "socket")).collect();
        sockets.sort_unstable();
        let all = ["packet, Ethernet protocol 0x0003, interface 0", "raw, internet protocol 255"];
        assert_eq!(sockets, all);
    }
    let unheld = report.findings.iter().any(|f| f.rule == "sockets/raw-without-owner");
    assert!(!unheld, "each has its holder");
}

/// `packet_diag` tells filters where the kernel has it; it is not loaded for a test.
fn tells_filters(report: &Report) -> bool {
    let unseen = |gap: &coroner_core::Gap| {
        gap.detail.as_ref().is_some_and(|why| why.starts_with("filters of packet sockets"))
    };
    !report.gaps.iter().any(unseen)
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: run tests/run")]
fn what_waits_behind_a_filter_is_found_and_tcpdump_is_quiet() {
    let dir = tempfile::tempdir_in("/var/lib").unwrap();
    let program = compile(dir.path(), "filter_holder.c");
    let chosen = Running::start(Command::new(&program).args(["800", "1", "7255"]));
    let marked = Running::start(Command::new(&program).args(["800", "7255", "5293"]));
    let sniffer = Running::start(Command::new("tcpdump").args([
        "-i",
        "lo",
        "-w",
        "/dev/null",
        "tcp port 443",
    ]));
    for child in [&chosen, &marked] {
        child.until("exe", |exe| exe.ends_with("filter_holder"));
        child.until("wchan", |name| name.contains("nanosleep"));
    }
    sniffer.until("exe", |exe| exe.ends_with("tcpdump"));
    sniffer.until("wchan", |name| name.contains("poll"));
    let report = audited();
    let own = sniffer.of(&report);
    assert!(own.is_empty(), "{:#?}", shown(&own.iter().collect::<Vec<_>>()));
    if !tells_filters(&report) {
        support::left_out("this kernel has no packet_diag, and it is not loaded for a test");
        return;
    }
    let found = chosen.finding(&report, "sockets/filter-of-unowned-program");
    assert_eq!(evidence(&found, "filter compares"), "0x1, 0x800, 0x7255");
    assert_eq!(found.severity, Severity::High);
    let found = marked.finding(&report, "sockets/backdoor-filter");
    assert_eq!(found.severity, Severity::Critical);
    let sniffers = report.items.iter().filter(|item| item.kind == "socket.raw").any(|item| {
        let pid = u64::from(sniffer.pid());
        item.fields["owner"]["pid"] == pid && item.fields.contains_key("filter")
    });
    assert!(sniffers, "tcpdump's filter is an item");
}

/// A port is taken and nothing listens: no table has it.
#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: run tests/run")]
fn a_port_that_is_bound_and_not_listened_on_is_an_item() {
    use nix::sys::socket::{
        AddressFamily, SockFlag, SockType, SockaddrIn, bind, getsockname, socket,
    };
    let flags = SockFlag::SOCK_CLOEXEC;
    let held = socket(AddressFamily::Inet, SockType::Stream, flags, None).unwrap();
    bind(std::os::fd::AsRawFd::as_raw_fd(&held), &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
    let at: SockaddrIn = getsockname(std::os::fd::AsRawFd::as_raw_fd(&held)).unwrap();
    let report = audited();
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap(), numbers.next().unwrap());
    let blind = report
        .gaps
        .iter()
        .any(|gap| gap.detail.as_ref().is_some_and(|why| why.starts_with("ports that are bound")));
    let bound = report.items.iter().filter(|item| item.kind == "socket.bound");
    let own = bound.filter(|item| item.fields["port"] == u64::from(at.port())).count();
    // Kernels before 6.8 do not tell them.
    assert_eq!(own, usize::from(version >= (6, 8) && !blind), "{release}: {:?}", report.gaps);
}

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

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: run tests/run")]
fn a_program_that_only_its_process_can_see_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let sleeper = compile(dir.path(), "sleeper.c");
    let script = "mount -t tmpfs private /mnt && cp \"$1\" /mnt/ && exec /mnt/sleeper";
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "sh", "-c", script, "sh"]).arg(&sleeper);
    let child = Running::start(&mut unshare);
    child.until("exe", |exe| exe.ends_with("/sleeper"));
    child.finding(&audited(), "processes/program-in-private-mount");
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
