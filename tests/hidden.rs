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

use coroner_core::Report;
use support::{coroner, report, shown};

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
                many.into_iter().for_each(|one| one.join().unwrap());
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
