//! A cluster that really runs: a scheduler and workers as processes on loopback addresses, asked beside the
//! embedded engine. `.ci/cluster` runs it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![allow(dead_code)] // what only the other tests use

mod generator;
mod support;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use coroner_fleet::Query;
use serde_json::{Value, json};

use crate::generator::Plan;
use crate::support::{Bench, SMALL, fleet, said};

const PLAN: Plan = Plan { hosts: 110, items: 40, ..SMALL };
/// For `LONG`: seconds of work for two workers that nobody optimised.
const PAIRS: Plan = Plan { items: 200, ..PLAN };
/// Far longer than anything takes: a cluster that hangs fails its test.
const PATIENCE: Duration = Duration::from_mins(5);

/// A process of the cluster, killed with its test.
struct Part(Child);

impl Part {
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Cluster {
    scheduler: Part,
    workers: Vec<Part>,
    address: Ipv4Addr,
    dir: tempfile::TempDir,
}

/// A loopback address that no other test has, so that ports can be the usual ones.
fn own_address() -> Ipv4Addr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, high | 0x80, low, NEXT.fetch_add(1, Ordering::Relaxed))
}

fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Cluster {
    fn start(workers: usize) -> Self {
        let address = own_address();
        let mut scheduler = fleet();
        scheduler.args(["cluster", "scheduler", "--bind", &format!("{address}:50050")]);
        let scheduler = Part(scheduler.spawn().unwrap());
        let dir = tempfile::tempdir().unwrap();
        let mut cluster = Self { scheduler, workers: Vec::new(), address, dir };
        eventually("a scheduler", || cluster.workers_ready());
        for number in 0..workers {
            cluster.add_worker(number);
        }
        eventually("workers", || cluster.workers_ready().filter(|ready| *ready == workers));
        cluster
    }

    fn add_worker(&mut self, number: usize) {
        std::fs::create_dir(self.work(number)).unwrap();
        let mut worker = fleet();
        worker.args(["cluster", "worker", "--threads", "2", "--scheduler", &self.url()]);
        worker.args(["--bind", &format!("{}:50051", own_address())]);
        worker.arg("--work").arg(self.work(number));
        self.workers.push(Part(worker.spawn().unwrap()));
    }

    fn url(&self) -> String {
        format!("df://{}:50050", self.address)
    }

    /// Where a worker keeps what passes between stages.
    fn work(&self, number: usize) -> PathBuf {
        self.dir.path().join(format!("worker-{number}"))
    }

    /// How many workers the scheduler knows; none when it does not listen.
    fn workers_ready(&self) -> Option<usize> {
        let mut stream = TcpStream::connect((self.address, 50050)).ok()?;
        stream.write_all(b"GET /readyz HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let body = answer.rsplit('\n').find(|line| line.contains("ready: "))?;
        let count = body.split("ready: ").nth(1)?.split(['/', ' ']).next()?;
        count.parse().ok()
    }

    /// Asks in JSON.
    fn ask(&self, bench: &Bench, args: &[&str]) -> Output {
        self.command(bench, args).output().unwrap()
    }

    fn command(&self, bench: &Bench, args: &[&str]) -> std::process::Command {
        let mut ask = fleet();
        ask.args(args).arg("--store").arg(bench.store());
        ask.args(["--format", "json", "--cluster", &self.url()]);
        ask
    }

    fn rows(&self, bench: &Bench, args: &[&str]) -> Vec<Value> {
        let output = self.ask(bench, args);
        said(&output, 0);
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// One line that names the cluster, status 70, and nothing that could be taken for an answer.
fn failed_in_one_line(output: &Output) -> String {
    let line = said(output, 70);
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.starts_with("coroner-fleet: df://"), "{line}");
    assert!(serde_json::from_slice::<Value>(&output.stdout).is_err());
    line
}

fn sorted(rows: &[Value]) -> Vec<String> {
    let mut rows: Vec<String> = rows.iter().map(Value::to_string).collect();
    rows.sort();
    rows
}

/// Reports of two days with a change, and a host that is expected and not there.
fn store() -> Bench {
    let bench = Bench::with(&PLAN);
    for host in 0..5 {
        let mut report = PLAN.report(host, 1);
        let new = json!({"kind": "account", "key": "eve", "name": "eve", "uid": 0});
        report["items"].as_array_mut().unwrap().push(new);
        bench.put(&format!("second-{host}.json"), &serde_json::to_vec(&report).unwrap());
    }
    bench.ingest(0);
    let list = bench.path().join("expected");
    std::fs::write(&list, "lost-host\n").unwrap();
    said(&fleet().arg("expect").arg(&list).arg("--store").arg(bench.store()).output().unwrap(), 0);
    bench
}

fn own_query(bench: &Bench, sql: &str) -> String {
    let path = bench.path().join("own.sql");
    std::fs::write(&path, sql).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn every_shipped_query_has_the_rows_that_the_embedded_engine_has() {
    let (bench, cluster) = (store(), Cluster::start(2));
    let mut with_rows = 0;
    for name in Query::names() {
        let query = Query::shipped(name).unwrap();
        let mut args = vec!["query", name];
        match name {
            "pivot" => args.extend(["--set", "value=/usr/bin/ss"]),
            "window" => args.extend(["--set", "since=2026-06-02"]),
            _ => assert!(query.parameters.iter().all(|one| one.usual.is_some()), "{name}"),
        }
        let (here, there) = (bench.json(&args), cluster.rows(&bench, &args));
        assert_eq!(sorted(&there), sorted(&here), "{name}");
        with_rows += usize::from(!here.is_empty());
    }
    assert!(with_rows >= 12, "{with_rows} queries have rows at all");
}

#[test]
fn values_are_bound_and_columns_kept_on_a_cluster_too() {
    let (bench, cluster) = (store(), Cluster::start(1));
    let own = own_query(
        &bench,
        "-- Hosts of a name.\n-- parameters:\n--   name text   the name\n--   most number = 9   x\n\
         SELECT host, $most AS most FROM latest WHERE name = $name AND findings < $most + 1000;\n",
    );
    let ask = |set: &str| cluster.rows(&bench, &["query", "--query", &own, "--set", set]);
    assert_eq!(ask("name=web-00005").len(), 1);
    assert_eq!(ask("name=web-00005")[0]["most"], 9);
    assert!(ask("name=x' OR '1'='1").is_empty());
    let nothing = own_query(&bench, "-- Nothing.\nSELECT host, name FROM latest WHERE 1 = 2");
    let mut csv = fleet();
    csv.args(["query", "--query", &nothing, "--format", "csv", "--cluster", &cluster.url()]);
    let csv = csv.arg("--store").arg(bench.store()).output().unwrap();
    said(&csv, 0);
    assert_eq!(String::from_utf8(csv.stdout).unwrap().trim_end(), "host,name");
    let compared = cluster.ask(&bench, &["compare"]);
    said(&compared, 0);
    let compared: Value = serde_json::from_slice(&compared.stdout).unwrap();
    assert_eq!(compared["hosts"].as_array().unwrap().len(), PLAN.hosts);
    let wrong = own_query(&bench, "-- Wrong.\nSELECT nothing FROM latest");
    said(&cluster.ask(&bench, &["query", "--query", &wrong]), 64);
    let stolen = bench.path().join("stolen.csv");
    let copy = format!("-- Copies.\nCOPY items TO '{}'", stolen.display());
    said(&cluster.ask(&bench, &["query", "--query", &own_query(&bench, &copy)]), 64);
    assert!(!stolen.exists());
}

/// Long enough to be hit in the middle, with stages that need each other's rows.
const LONG: &str = "-- Pairs.\nSELECT a.kind AS kind, count(*) AS pairs, sum(a.fact % 7 + b.fact % 11) AS total\n\
    FROM items a JOIN items b ON a.kind = b.kind WHERE a.fact % 13 <> b.fact % 17 GROUP BY a.kind";

/// Whether a worker has written rows that another stage reads.
fn has_rows(work: &Path) -> bool {
    let files = walkdir::WalkDir::new(work).into_iter().filter_map(Result::ok);
    files.filter_map(|file| file.metadata().ok()).any(|found| found.is_file() && found.len() > 0)
}

/// Asks, and kills a worker that has written rows while the answer is not there yet; the others after it, when
/// all are to be killed.
fn killed_in_the_middle(bench: &Bench, cluster: &mut Cluster, all: bool) -> Output {
    let own = own_query(bench, LONG);
    let mut ask = cluster.command(bench, &["query", "--query", &own]);
    let mut ask = ask.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let busy = eventually("rows between stages", || {
        assert_eq!(ask.try_wait().unwrap(), None, "the query was too short");
        (0..cluster.workers.len()).find(|number| has_rows(&cluster.work(*number)))
    });
    cluster.workers[busy].kill();
    if all {
        cluster.workers.iter_mut().for_each(Part::kill);
    }
    not_answered(&mut ask);
    ask.wait_with_output().unwrap()
}

/// Who asks may have failed already.
fn not_answered(ask: &mut Child) {
    let ended = ask.try_wait().unwrap();
    assert!(ended.is_none_or(|status| !status.success()), "the query was too short");
}

#[test]
fn a_worker_killed_in_the_middle_is_survived_or_reported() {
    let (bench, mut cluster) = (Bench::with(&PAIRS), Cluster::start(2));
    let output = killed_in_the_middle(&bench, &mut cluster, false);
    if output.status.success() {
        let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        let own = own_query(&bench, LONG);
        assert_eq!(sorted(&rows), sorted(&bench.json(&["query", "--query", &own])));
    } else {
        failed_in_one_line(&output);
    }
    // What is left of the cluster answers.
    assert_eq!(cluster.rows(&bench, &["hosts"]).len(), PLAN.hosts);
}

#[test]
fn all_workers_killed_in_the_middle_are_reported() {
    let (bench, mut cluster) = (Bench::with(&PAIRS), Cluster::start(2));
    failed_in_one_line(&killed_in_the_middle(&bench, &mut cluster, true));
}

#[test]
fn a_scheduler_killed_in_the_middle_is_reported() {
    let (bench, mut cluster) = (Bench::with(&PAIRS), Cluster::start(1));
    let own = own_query(&bench, LONG);
    let mut ask = cluster.command(&bench, &["query", "--query", &own]);
    let mut ask = ask.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let work = cluster.work(0);
    eventually("rows between stages", || has_rows(&work).then_some(()));
    cluster.scheduler.kill();
    not_answered(&mut ask);
    failed_in_one_line(&ask.wait_with_output().unwrap());
}

#[test]
fn who_does_not_answer_is_named() {
    let bench = store();
    let mut cluster = Cluster::start(0);
    let line = failed_in_one_line(&cluster.ask(&bench, &["hosts"]));
    assert!(line.contains("has no worker") && line.contains("cluster worker"), "{line}");
    cluster.scheduler.kill();
    let line = failed_in_one_line(&cluster.ask(&bench, &["hosts"]));
    assert!(line.contains("no scheduler") && line.contains("cluster scheduler"), "{line}");
    let other = TcpListener::bind((cluster.address, 50050)).unwrap();
    let closing = std::thread::spawn(move || drop(other.accept()));
    let line = failed_in_one_line(&cluster.ask(&bench, &["hosts"]));
    assert!(line.contains("no scheduler"), "{line}");
    closing.join().unwrap();
}

#[test]
fn a_damaged_store_is_never_half_an_answer() {
    let (bench, cluster) = (store(), Cluster::start(1));
    let files = walkdir::WalkDir::new(bench.store().join("reports")).into_iter();
    let file = files.filter_map(Result::ok).find(|file| file.file_type().is_file()).unwrap();
    let half = std::fs::metadata(file.path()).unwrap().len() / 2;
    std::fs::OpenOptions::new().write(true).open(file.path()).unwrap().set_len(half).unwrap();
    failed_in_one_line(&cluster.ask(&bench, &["hosts"]));
}

#[test]
fn a_worker_without_a_scheduler_and_a_port_that_is_taken_are_reported() {
    let cluster = Cluster::start(0);
    let taken = fleet()
        .args(["cluster", "scheduler", "--bind", &format!("{}:50050", cluster.address)])
        .output()
        .unwrap();
    assert!(said(&taken, 70).contains(&cluster.address.to_string()));
    let nobody = format!("df://{}:50050", own_address());
    let mut lonely = fleet();
    lonely.args(["cluster", "worker", "--scheduler", &nobody]);
    lonely.args(["--bind", &format!("{}:50051", own_address())]);
    said(&lonely.output().unwrap(), 70);
    let every = fleet().args(["cluster", "scheduler", "--bind", "0.0.0.0:50050"]).output().unwrap();
    assert!(said(&every, 64).contains("--advertise"));
}
