//! Programs that are not what they say they are.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use coroner_core::{HostPath, Severity};

use crate::running::Running;
use crate::support::{copy_program, report};
use crate::{audited, compile, evidence};

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
