//! Nothing is hidden on a clean machine, however busy it is, and in a real kernel something is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Scope};
use std::time::Duration;

use coroner_core::{Finding, Item, Level, Report};
use support::guest::{Guest, build_module};
use support::{PATIENT, coroner, report, shown};

/// What goes on meanwhile, and how often it did.
#[derive(Default)]
struct Load {
    over: AtomicBool,
    processes: AtomicU64,
    threads: AtomicU64,
    connections: AtomicU64,
    files: AtomicU64,
}

impl Load {
    fn start<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, dir: &'scope Path) {
        scope.spawn(|| self.again(&self.processes, || drop(Command::new("/bin/true").status())));
        // A shell forks much faster than this program does.
        scope.spawn(|| {
            self.again(&self.processes, || {
                let script = "for i in 1 2 3 4 5 6 7 8 9; do (:) & (:); done; wait";
                drop(Command::new("/bin/sh").args(["-c", script]).status());
            });
        });
        scope.spawn(|| {
            self.again(&self.threads, || {
                let many: Vec<_> = (0..8)
                    .map(|_| thread::spawn(|| thread::sleep(Duration::from_micros(300))))
                    .collect();
                for one in many {
                    one.join().unwrap();
                }
            });
        });
        scope.spawn(|| self.connect());
        scope.spawn(|| {
            self.again(&self.files, || {
                let (file, folder) = (dir.join("file"), dir.join("folder"));
                std::fs::write(&file, "x").unwrap();
                std::fs::create_dir(&folder).unwrap();
                std::fs::remove_dir(&folder).unwrap();
                std::fs::remove_file(&file).unwrap();
            });
        });
    }

    fn again(&self, count: &AtomicU64, mut once: impl FnMut()) {
        while !self.over.load(Ordering::Relaxed) {
            once();
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Connections of this machine to itself.
    fn connect(&self) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        self.again(&self.connections, || {
            let mut one = TcpStream::connect(address).unwrap();
            let (mut other, _) = listener.accept().unwrap();
            one.write_all(b"x").unwrap();
            other.read_exact(&mut [0]).unwrap();
            thread::sleep(Duration::from_micros(500));
        });
    }
}

fn audit_here() -> Report {
    let output = coroner()
        .args(["audit", "--format", "json", "--only", "hidden", "--scope", "quick"])
        .args(PATIENT)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    report(&output)
}

/// Ten audits; `CORONER_AUDITS` says another number.
#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_busy_machine_hides_nothing() {
    let audits = std::env::var("CORONER_AUDITS").map_or(10, |text| text.parse().unwrap());
    let dir = tempfile::Builder::new().prefix("coroner-load").tempdir_in("/tmp").unwrap();
    let load = Load::default();
    let mut told = Vec::new();
    thread::scope(|scope| {
        load.start(scope, dir.path());
        for _ in 0..audits {
            let report = audit_here();
            let hidden = report.findings.iter().filter(|f| f.rule.starts_with("hidden/"));
            told.extend(shown(&hidden.collect::<Vec<_>>()));
            let gaps = report.gaps.iter().filter(|gap| gap.plugin == "hidden" && gap.matters);
            told.extend(gaps.map(|gap| format!("{gap:?}")));
        }
        load.over.store(true, Ordering::Relaxed);
    });
    let counts = [&load.processes, &load.threads, &load.connections, &load.files];
    let counts = counts.map(|count| count.load(Ordering::Relaxed));
    assert!(counts.iter().all(|count| *count > audits), "there was no load: {counts:?}");
    assert_eq!(told, Vec::<String>::new(), "in {audits} audits beside {counts:?}");
}

/// A /proc of its own for the audit, in which nobody sees what he could not trace.
#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_hardened_proc_hides_nothing_that_is_told_as_hidden() {
    let script = "mount -t proc -o hidepid=2,gid=12345 proc /proc && exec \"$0\" \"$@\"";
    let output = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "/bin/sh", "-c", script])
        .arg(env!("CARGO_BIN_EXE_coroner"))
        .args(["audit", "--format", "json", "--only", "hidden", "--scope", "quick"])
        .args(PATIENT)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let report = report(&output);
    let hidden = report.findings.iter().filter(|f| f.rule.starts_with("hidden/"));
    assert_eq!(shown(&hidden.collect::<Vec<_>>()), Vec::<String>::new());
    let asked = report.items.iter().any(|item| item.kind == "hidden.pid-views");
    let said = report.gaps.iter().any(|gap| gap.plugin == "hidden" && gap.matters);
    assert!(asked || said, "{:?}", report.gaps);
}

/// The calls that signal, trace, mount or load: none is made while every process is asked for.
#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn nothing_is_signalled_traced_mounted_or_loaded() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let calls = "kill,tkill,tgkill,rt_sigqueueinfo,rt_tgsigqueueinfo,pidfd_send_signal,ptrace,mount,umount2,\
                 move_mount,setns,init_module,finit_module,delete_module,pidfd_open,bpf";
    let status = Command::new("strace")
        .args(["-f", "-qq", "-e", &format!("trace={calls}"), "-o"])
        .arg(log.path())
        .arg(env!("CARGO_BIN_EXE_coroner"))
        .args(["audit", "--format", "json", "--only", "hidden,modules", "--scope", "quick"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .expect("strace runs: tests/run installs it");
    assert!(status.code().is_some_and(|code| code < 4), "{status}");
    let log = std::fs::read_to_string(log.path()).unwrap();
    let asking = |line: &&str| line.contains("pidfd_open(") || line.contains("_ID, ");
    let (asked, others): (Vec<&str>, Vec<&str>) = log.lines().partition(asking);
    assert!(asked.len() > 4, "the trace shows the questions: {log}");
    let others: Vec<_> = others.iter().filter(|line| !line.contains("BPF_OBJ_GET_INFO")).collect();
    assert!(others.is_empty(), "{others:?}");
}

/// Boots of the real kernel; `CORONER_BOOTS` says another number.
fn boots() -> u32 {
    std::env::var("CORONER_BOOTS").map_or(2, |text| text.parse().unwrap())
}

fn in_guest(report: &Report) -> Vec<String> {
    shown(&report.findings.iter().collect::<Vec<_>>())
}

/// In each boot the clean machine first, then one whose module left the list.
#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs an emulated Debian: tests/run")]
fn in_a_real_kernel_a_module_off_the_list_is_found_and_nothing_else_in_any_boot() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guest/modules/absent");
    let module = build_module(&source);
    let guest =
        Guest::new().limit(Duration::from_mins(20)).with(&module.path().join("built/absent.ko"));
    let script = "
        # On a busy machine emulation is slow beyond any plugin's usual minute.
        look() { ./coroner audit --only hidden,modules --scope quick --budget 500 --format json -o $OUT/$1; }
        look clean.json || true
        insmod ./absent.ko
        ! grep -q absent /proc/modules
        look absent.json || true";
    for _ in 0..boots() {
        let outcome = guest.must(script);
        let report = |name| Report::from_json(&outcome.file(name)).unwrap();
        let (clean, absent) = (report("clean.json"), report("absent.json"));
        assert_eq!(in_guest(&clean), Vec::<String>::new());
        assert_eq!(clean.verdict.level, Level::Clean, "{:?}", clean.gaps);
        let module = |item: &&Item| item.kind == "module";
        assert!(clean.items.iter().filter(module).count() > 20, "modules of a real kernel");
        let by_blocks = |item: &&Item| {
            let views = item.fields.get("views").map(ToString::to_string).unwrap_or_default();
            item.kind == "hidden.file" && views.contains("blocks")
        };
        let compared = clean.items.iter().filter(by_blocks).count();
        assert!(compared > 10, "files by the blocks of the disk: {compared}, {:?}", clean.gaps);
        assert_eq!(absent.verdict.level, Level::Compromised);
        let hidden = |f: &&Finding| f.rule == "modules/hidden-module";
        let found: Vec<_> = absent.findings.iter().filter(hidden).collect();
        let paths: Vec<_> = found.iter().map(|f| f.path.clone().unwrap().to_string()).collect();
        assert_eq!(paths, ["/sys/module/absent", "/proc/vmallocinfo"], "{:?}", shown(&found));
        let others = in_guest(&absent).into_iter().filter(|line| !line.contains("hidden-module"));
        for line in others {
            assert!(line.contains("modules/taint-unexplained"), "{line}");
            assert!(line.contains("named in the kernel's log=absent"), "{line}");
        }
    }
}
