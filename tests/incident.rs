//! The incident that coroner was made for, played again from the first graph to the odd one out, each step by the
//! command that a person would type. What the README tells is this.
// A test that cannot go on fails, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

#[path = "incident/lines.rs"]
mod lines;
#[path = "incident/site.rs"]
mod site;
mod support;
#[path = "throttle_tc.rs"]
mod tc;
#[path = "throttle_lab.rs"]
mod throttle_lab;
#[path = "traffic_lab.rs"]
mod traffic_lab;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use coroner_core::{Level, Report};
use serde_json::Value;
use site::{PEER, Victim, arrived, gateway, intrude, network, sibling};
use support::prometheus::Prometheus;
use support::{copy_program, coroner, shown, status};
use throttle_lab::{Lab, must};

const SENDER: &str = "/var/tmp/.x/kworker";
const CRON: &str = "/etc/cron.d/sysstat-collect";
const UNIT: &str = "/etc/systemd/system/kcache.service";

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and whole roots: tests/run")]
fn from_the_first_graph_to_the_odd_one_out_each_step_gives_its_answer() {
    let (net, root, stick) = (network(), gateway(), Stick::new());
    siblings_are_clean(root.path(), &stick);
    intrude(root.path());
    let victim = Victim::start(&net, root.path(), stick.path());
    let mut graphs = prometheus(&net);
    quiet_first(&net, &mut graphs);

    let sender = victim.flood();
    let _console = lines::console(&net);
    the_card_is_located(&net, &mut graphs);
    the_sender_is_named(&net, &victim, sender);
    the_flood_is_held_and_ssh_is_not(&net, &victim);
    the_live_audit_tells(&victim, &stick, sender);
    drop(victim);
    the_disk_tells_too(root.path(), &stick);
    what_was_hidden_is_named(&stick);
    the_odd_one_stands_on_top(&stick);
}

/// The folder that is /media/stick on the victim.
struct Stick(tempfile::TempDir);

impl Stick {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        copy_program(Path::new(env!("CARGO_BIN_EXE_coroner")), &dir.path().join("coroner"));
        let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../baselines");
        must(Command::new("cp").arg("-r").arg(packs).arg(dir.path()));
        Self(dir)
    }

    /// coroner, as somebody starts it who has the stick and the disk.
    fn coroner(&self) -> Command {
        Command::new(self.file("coroner"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn report(&self, name: &str) -> Report {
        Report::from_json(&std::fs::read(self.file(name)).unwrap()).unwrap()
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&*output.stdout, &output.stderr].concat()).into_owned()
}

fn siblings_are_clean(root: &Path, stick: &Stick) {
    let audits = [2, 3].map(|number| {
        let name = format!("gw{number}-disk.json");
        (sibling(root, number, &stick.file(&name)), name)
    });
    for (audit, name) in audits {
        let output = audit.wait_with_output().unwrap();
        assert!(stick.file(&name).exists(), "{}", text(&output));
        let report = stick.report(&name);
        let findings: Vec<_> = report.findings.iter().collect();
        assert_eq!(report.verdict.level, Level::Clean, "{:#?}", shown(&findings));
    }
}

/// Prometheus on the other side, which scrapes the gateway each second.
fn prometheus(net: &Lab) -> Prometheus {
    let dir = tempfile::tempdir().unwrap();
    let config = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n  \
                  - job_name: node\n    static_configs: [{targets: ['192.0.2.10:9100']}]\n";
    std::fs::write(dir.path().join("prometheus.yml"), config).unwrap();
    Prometheus::start(dir, &["ip", "netns", "exec", &net.far], "192.0.2.1:9090")
}

/// In the namespace of the outside.
fn far(net: &Lab, program: &str, words: &str) -> Output {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &net.far, program]).args(words.split_whitespace());
    command.output().expect("the program runs")
}

/// Asks again until an answer will do; the limit is for a broken program only.
fn until<T>(what: &str, mut answer: impl FnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match answer() {
            Ok(answer) => return answer,
            Err(said) => assert!(start.elapsed() < Duration::from_mins(2), "{what}: {said}"),
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

const LOCATE: &str = "locate --prometheus http://192.0.2.1:9090 --window 15s --history 1m --json";

fn locate(net: &Lab) -> (Value, i32, String) {
    let output = far(net, env!("CARGO_BIN_EXE_coroner"), LOCATE);
    let trail = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (trail, status(&output), text(&output))
}

/// A few seconds of an ordinary day, in which nothing stands out.
fn quiet_first(net: &Lab, graphs: &mut Prometheus) {
    until("a quiet history", || {
        graphs.must_run();
        let query = "query instant http://192.0.2.1:9090 sum_over_time(up[1m])>=12";
        let output = far(net, "promtool", query);
        let long = text(&output).contains("192.0.2.10:9100");
        long.then_some(()).ok_or_else(|| text(&output))
    });
    // One slow scrape is a gap for a while; what stands out is an error at once.
    until("nothing stands out", || {
        let (_, status, said) = locate(net);
        assert_ne!(status, 1, "{said}");
        (status == 0).then_some(()).ok_or(said)
    });
}

fn the_card_is_located(net: &Lab, graphs: &mut Prometheus) {
    let (trail, said) = until("locate", || {
        graphs.must_run();
        let (trail, status, said) = locate(net);
        let found = status == 1 && !trail["since"].is_null();
        found.then_some((trail, said.clone())).ok_or(said)
    });
    let card = &trail["nics"][0];
    assert_eq!(card["instance"], "192.0.2.10:9100", "{said}");
    assert_eq!((&card["device"], &card["node"]), (&"eth0".into(), &"gw1".into()), "{said}");
    assert!(card["packets"].as_f64().unwrap() >= 1000.0, "{said}");
    assert_eq!(trail["origin"]["source"], "own", "{said}");
    let since = &trail["since"];
    assert!(since["after"].as_f64() > since["before"].as_f64().map(|rate| rate * 3.0), "{said}");
    assert!(trail["next"].to_string().contains("on gw1: coroner traffic --dev eth0"), "{said}");
}

fn the_sender_is_named(net: &Lab, victim: &Victim, sender: u32) {
    let seen = until("the rate that arrives", || {
        let before = arrived(net);
        let seen = traffic_lab::json(&victim.coroner("traffic --dev eth0 --for 3s --json"));
        let (told, arrived) = (told(&seen), arrived(net) - before);
        let near = told > 1000 && told < arrived * 2;
        near.then_some(seen).ok_or_else(|| format!("{told} packets told, {arrived} arrived"))
    });
    for port in [80, 443] {
        let part = traffic_lab::part_of(traffic_lab::flow(&seen, "tcp", port), sender);
        assert!(part >= 900, "{part} of 1000 in {seen:#}");
    }
    let who = traffic_lab::sender_of(&seen, sender);
    assert!(who["exe"].as_str().unwrap().contains(SENDER), "{who:#}");
    assert!(who["holds"].to_string().contains("raw"), "{who:#}");
    let attacks = seen["attacks"].to_string();
    assert!(attacks.contains("SYN flood"), "{attacks}");
}

/// Packets of the flood that were told.
fn told(seen: &Value) -> u64 {
    let flows = seen["observation"]["flows"].as_array().unwrap();
    let attacked = flows.iter().filter(|flow| flow["port"] == 80 || flow["port"] == 443);
    attacked.map(|flow| flow["packets"].as_u64().unwrap()).sum()
}

/// SYNs to the attacked ports may have this, in bits a second.
const HELD: f64 = 100_000.0;
/// 20 bytes of IP, 20 of TCP, 14 of Ethernet.
const FRAME: f64 = 54.0;

fn the_flood_is_held_and_ssh_is_not(net: &Lab, victim: &Victim) {
    let mut ssh = lines::Ssh::open(net);
    let apply = "throttle apply --dev eth0 --rate 100kbit --total 1gbit --dport 80,443 --syn-only";
    must(&mut victim.run(&format!("/media/stick/coroner {apply} --confirm-within 60s")));
    ssh.carries(1 << 20);
    must(&mut victim.run("/media/stick/coroner throttle confirm"));
    let (before, start) = (arrived(net), Instant::now());
    until("the flood is held", || {
        let attack = measure(victim, "attack");
        let dropped = attack["drops"].as_u64() >= Some(3000);
        dropped.then_some(()).ok_or_else(|| attack.to_string())
    });
    let passed = f64::from(u32::try_from(arrived(net) - before).unwrap());
    let allowed = start.elapsed().as_secs_f64() * HELD / 8.0 / FRAME;
    assert!(passed < allowed * 1.5 + 200.0, "{passed} SYNs arrived, {allowed} may");
    assert!(passed > 0.0, "held, and not cut off");
    ssh.carries(1 << 20);
    let rest = measure(victim, "rest");
    assert!(rest["bytes"].as_u64().unwrap() > 2 << 20, "{rest:#}");
    assert_eq!(rest["drops"], 0, "{rest:#}");
}

/// What passed a class, by the throttle's own status.
fn measure(victim: &Victim, name: &str) -> Value {
    let said = must(&mut victim.run("/media/stick/coroner throttle status --json"));
    let status: Value = serde_json::from_str(&said).unwrap();
    let all = status["measures"].as_array().unwrap();
    let of = all.iter().find(|one| one["name"] == name && one["sort"] == "class");
    of.unwrap_or_else(|| panic!("no {name} in {status:#}")).clone()
}

/// A finding of the rule at a path, with these words in its evidence.
#[track_caller]
fn tells(report: &Report, rule: &str, path: &str, words: &[&str]) {
    let found = report.findings.iter().filter(|finding| finding.rule == rule);
    let lines = shown(&found.collect::<Vec<_>>());
    let told = lines
        .iter()
        .any(|line| line.contains(path) && words.iter().all(|word| line.contains(word)));
    assert!(told, "{rule} of {path} {words:?}: {lines:#?}");
}

fn the_live_audit_tells(victim: &Victim, stick: &Stick, sender: u32) {
    let words = "audit --scope quick --label role=gateway -o /media/stick/gw1-live.json";
    assert_eq!(status(&victim.coroner(words)), 2);
    let report = stick.report("gw1-live.json");
    assert_eq!(report.verdict.level, Level::Compromised);
    let pid = format!("pid={sender}");
    tells(&report, "binaries/tool-modified", "/usr/bin/ss", &[]);
    tells(&report, "launch/temporary-place", CRON, &[SENDER]);
    tells(&report, "sockets/raw-of-unowned-program", SENDER, &[&pid]);
    tells(&report, "processes/false-kernel-thread", SENDER, &[&pid, "[kworker/u8:3]"]);
    tells(&report, "libvirt/public-peer", "", &[&format!("peer={PEER}"), "domain=web1"]);
    let hidden = report
        .findings
        .iter()
        .any(|finding| finding.path.as_ref().is_some_and(|path| *path == *UNIT));
    assert!(!hidden, "the running host is not shown {UNIT}");
    must(&mut victim.run("/media/stick/coroner throttle revert"));
}

fn the_disk_tells_too(root: &Path, stick: &Stick) {
    let mut command = stick.coroner();
    command.args(["audit", "--label", "role=gateway", "--root"]).arg(root);
    let output = command.arg("-o").arg(stick.file("gw1-disk.json")).output().unwrap();
    assert_eq!(status(&output), 2, "{}", text(&output));
    let report = stick.report("gw1-disk.json");
    tells(&report, "binaries/tool-modified", "/usr/bin/ss", &[]);
    tells(&report, "launch/temporary-place", CRON, &[SENDER]);
    tells(&report, "launch/temporary-place", UNIT, &[SENDER]);
    tells(&report, "libvirt/console-open", "/etc/libvirt/qemu/web1.xml", &["domain=web1"]);
}

fn what_was_hidden_is_named(stick: &Stick) {
    let mut command = coroner();
    command.args(["diff", "--format", "json"]);
    command.args(["gw1-live.json", "gw1-disk.json"].map(|name| stick.file(name)));
    let output = command.output().unwrap();
    assert_eq!(status(&output), 2, "{}", text(&output));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(seen["schema"], "coroner.cross-view/1");
    let hidden = seen["hidden"].as_array().unwrap();
    assert!(!hidden.is_empty(), "{seen:#}");
    assert!(hidden.iter().all(|item| item.to_string().contains("kcache.service")), "{hidden:#?}");
    assert_eq!(seen["differs"], serde_json::json!([]), "{seen:#}");
}

/// Beside the binary under test; `cargo test --workspace` builds it there.
fn fleet() -> Command {
    let path = Path::new(env!("CARGO_BIN_EXE_coroner")).with_file_name("coroner-fleet");
    assert!(path.exists(), "{} is not there: cargo build -p coroner-fleet", path.display());
    Command::new(path)
}

fn the_odd_one_stands_on_top(stick: &Stick) {
    let disks = [1, 2, 3].map(|number| stick.file(&format!("gw{number}-disk.json")));
    let output = fleet().args(["compare", "--format", "json"]).args(disks).output().unwrap();
    assert_eq!(status(&output), 0, "{}", text(&output));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = |table: &str| seen[table].as_array().unwrap();
    let verdict = |row: &Value| format!("{} {}", row["name"], row["verdict"]).replace('"', "");
    let verdicts: Vec<_> = rows("hosts").iter().map(verdict).collect();
    assert_eq!(verdicts, ["gw1 compromised", "gw2 clean", "gw3 clean"]);
    let rare = rows("stack");
    for planted in [SENDER, CRON, UNIT] {
        let named = rare.iter().any(|row| row.to_string().contains(planted));
        assert!(named, "{planted}: {rare:#?}");
    }
    let planted = ["kworker", "sysstat-collect", "kcache.service", "web1"];
    let all = rare.iter().all(|row| planted.iter().any(|one| row.to_string().contains(one)));
    assert!(all && rare.iter().all(|row| row["name"] == "gw1"), "{rare:#?}");
    let changed = rows("content");
    assert_eq!(changed[0]["item"], "/usr/bin/ss", "{changed:#?}");
}
