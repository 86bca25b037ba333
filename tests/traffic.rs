//! Who sends what, in namespaces that the test made: bounded senders of every kind at once, each a process
//! of its own, each named.
// A test that cannot go on fails, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

#[path = "throttle_tc.rs"]
mod tc;
#[path = "throttle_lab.rs"]
mod throttle_lab;

#[path = "traffic_senders.rs"]
mod traffic_senders;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use throttle_lab::{Lab, must};
use traffic_senders::{bypass, hold_port, sender, tap};

/// `coroner traffic` inside the near namespace, with tracefs in a mount namespace of its own; `before` is done
/// there first.
fn traffic(lab: &Lab, before: &str, words: &str) -> Output {
    let script = format!(
        "set -e; mount -t tracefs tracefs /sys/kernel/tracing; {before}\nexec {} traffic {words}",
        env!("CARGO_BIN_EXE_coroner")
    );
    lab.near("sh").args(["-c", &script]).output().expect("coroner runs")
}

fn json(output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn flow<'a>(seen: &'a Value, protocol: &str, port: u64) -> &'a Value {
    let flows = seen["observation"]["flows"].as_array().expect("flows");
    let found = flows.iter().find(|flow| flow["protocol"] == protocol && flow["port"] == port);
    found.unwrap_or_else(|| panic!("no {protocol} {port} in {flows:#?}"))
}

/// The sender's part of a flow, in thousandths.
fn part_of(flow: &Value, pid: u32) -> u64 {
    let shares = flow["senders"].as_array().expect("senders");
    let own = shares.iter().find(|share| share["pid"] == pid);
    let packets = own.map_or(0, |share| share["packets"].as_u64().unwrap());
    packets * 1000 / flow["packets"].as_u64().unwrap()
}

fn sender_of(seen: &Value, pid: u32) -> &Value {
    let senders = seen["observation"]["senders"].as_array().expect("senders");
    let found = senders.iter().find(|sender| sender["pid"] == pid);
    found.unwrap_or_else(|| panic!("no pid {pid} in {senders:#?}"))
}

#[test]
#[cfg(feature = "real-roots")]
fn every_kind_of_sender_is_named_while_the_others_run() {
    let lab = Lab::new();
    let _listener = hold_port(&lab.far, 8080);
    let [raw, packet, udp, tcp] =
        ["raw", "packet", "udp", "tcp"].map(|kind| sender(&lab.near, kind));
    let seen = json(&traffic(&lab, "", "--for 4s --json"));
    let flows =
        [("tcp", 80, &raw), ("udp", 7777, &packet), ("udp", 5000, &udp), ("tcp", 8080, &tcp)];
    for (protocol, port, child) in flows {
        let flow = flow(&seen, protocol, port);
        assert!(flow["packets"].as_u64().unwrap() > 400, "{flow:#}");
        let part = part_of(flow, child.pid());
        assert!(part >= 990, "{protocol} {port}: {part} of 1000 by {} in {flow:#}", child.pid());
    }
    let held = |pid| sender_of(&seen, pid)["holds"].to_string();
    assert!(held(raw.pid()).contains("raw socket") && held(packet.pid()).contains("packet socket"));
    assert_eq!((held(udp.pid()), held(tcp.pid())), ("[]".into(), "[]".into()));
    assert_eq!(seen["attacks"].as_array().unwrap().len(), 1, "{}", seen["attacks"]);
    assert_eq!(seen["attacks"][0]["attack"], "SYN flood");
    assert_eq!(
        seen["throttle"],
        "coroner throttle plan --dev v0 --rate 1mbit --dport 80 --syn-only"
    );
    let flood = flow(&seen, "tcp", 80);
    assert_eq!(flood["forged"], flood["packets"]);
    assert!(flood["addresses"].as_u64().unwrap() > 300 && flood["syn_ack"] == 0);
    let client = flow(&seen, "tcp", 8080);
    let answered = |name: &str| client[name].as_u64().unwrap();
    assert!(answered("syn_ack") * 100 >= answered("syn") * 98, "{client:#}");
    assert_eq!(answered("forged"), 0);
    let looked = &seen["observation"]["seen"];
    assert_eq!((&looked["capture_lost"], &looked["samples_lost"]), (&0.into(), &0.into()));
    for child in [raw, packet, udp, tcp] {
        child.end();
    }
}

#[test]
#[cfg(feature = "real-roots")]
fn the_throttle_that_is_offered_is_one_that_plan_takes_and_the_text_ends_with_it() {
    let lab = Lab::new();
    let raw = sender(&lab.near, "raw");
    let output = traffic(&lab, "", "--dev v0 --for 2s");
    let text = String::from_utf8(output.stdout).unwrap();
    raw.end();
    assert!(text.contains("SYN flood: tcp to port 80 by v0"), "{text}");
    let last = text.lines().last().unwrap();
    let words = last.strip_prefix("coroner throttle ").unwrap_or_else(|| panic!("{text}"));
    assert!(lab.must(words).contains("On v0:"));
}

#[test]
#[cfg(feature = "real-roots")]
fn what_a_guest_sends_is_the_guest_s() {
    let lab = Lab::new();
    must(lab.near("sysctl").args(["-qw", "net.ipv4.ip_forward=1"]));
    let guest = tap(&lab, "web1");
    let seen = json(&traffic(&lab, "", "--for 3s --json"));
    let forwarded = flow(&seen, "udp", 9999);
    assert_eq!(forwarded["device"], "v0");
    let part = part_of(forwarded, guest.pid());
    assert!(part >= 990, "{part} of 1000 in {forwarded:#}");
    let sender = sender_of(&seen, guest.pid());
    assert_eq!((&sender["who"], &sender["guest"]), (&"guest web1".into(), &"web1".into()));
    assert!(sender["holds"].to_string().contains("tun tap0"), "{sender:#}");
    guest.end();
}

#[test]
#[cfg(feature = "real-roots")]
fn what_a_container_sends_is_the_container_s_on_the_host_s_device_too() {
    let lab = Lab::new();
    let inner = format!("{}-c", lab.near);
    let near = lab.near.clone();
    let ip = |words: &str| must(Command::new("ip").args(words.split_whitespace()));
    ip(&format!("netns add {inner}"));
    let _gone = Namespace(&inner);
    // As an engine does: a pair of devices, the inner one called like the host's, and masquerading.
    ip(&format!("-n {inner} link add eth0 type veth peer name c0 netns {near}"));
    ip(&format!("-n {near} addr add 10.68.0.1/24 dev c0"));
    ip(&format!("-n {near} link set c0 up"));
    ip(&format!("-n {inner} addr add 10.68.0.2/24 dev eth0"));
    ip(&format!("-n {inner} link set eth0 up"));
    ip(&format!("-n {inner} route add default via 10.68.0.1"));
    must(lab.near("sysctl").args(["-qw", "net.ipv4.ip_forward=1"]));
    must(lab.near("nft").arg("table ip n { chain p { type nat hook postrouting priority 100; oifname v0 masquerade; }; }"));
    let group = Group::new();
    let udp = sender(&inner, "udp");
    group.take(udp.pid());
    // Somebody else's device of the same name, and packets of the same length.
    let other = Lab::new();
    let _noise = ["raw", "packet", "udp"].map(|kind| sender(&other.near, kind));
    let seen = json(&traffic(&lab, "", "--for 3s --json"));
    let forwarded = flow(&seen, "udp", 5000);
    assert_eq!(forwarded["device"], "v0");
    assert_eq!(forwarded["forged"], 0);
    let part = part_of(forwarded, udp.pid());
    assert!(part >= 990, "{part} of 1000 in {forwarded:#}");
    let placement = &sender_of(&seen, udp.pid())["placement"];
    assert_eq!(
        (&placement["in"], &placement["id"]),
        (&"container".into(), &group.id.clone().into())
    );
    udp.end();
}

#[test]
#[cfg(feature = "real-roots")]
fn a_sender_with_a_mount_over_its_directory_in_proc_is_named_and_said_to_hide() {
    let lab = Lab::new();
    let raw = sender(&lab.near, "raw");
    let pid = raw.pid();
    let empty = tempfile::tempdir().unwrap();
    let hide = format!("mount --bind {} /proc/{pid}; ls /proc/{pid}", empty.path().display());
    let output = traffic(&lab, &format!("[ -z \"$({hide})\" ]"), "--for 2s --json");
    let seen = json(&output);
    raw.end();
    assert!(part_of(flow(&seen, "tcp", 80), pid) >= 990);
    let sender = sender_of(&seen, pid);
    assert_eq!(sender["hidden"], "mounted-over");
    assert!(sender["exe"].as_str().unwrap().contains("traffic"), "{sender:#}");
    assert!(!sender["comm"].as_str().unwrap().is_empty());
}

#[test]
#[cfg(feature = "real-roots")]
fn without_tracefs_the_suspects_are_named_and_the_answer_says_what_it_is_worth() {
    let lab = Lab::new();
    let raw = sender(&lab.near, "raw");
    let run = |words: &str| {
        let mut command = lab.near(env!("CARGO_BIN_EXE_coroner"));
        command.arg("traffic").args(words.split_whitespace()).output().unwrap()
    };
    let seen = json(&run("--for 2s --json"));
    let text = String::from_utf8(run("--for 1s").stdout).unwrap();
    let suspects = seen["observation"]["suspects"].as_array().unwrap();
    let suspect = suspects.iter().find(|one| one["pid"] == raw.pid()).expect("the sender");
    assert_eq!(suspect["holds"], serde_json::json!(["raw socket"]));
    let missing = &seen["observation"]["missing"][0];
    assert_eq!(missing["path"], "/sys/kernel/tracing/events/net/net_dev_queue/id");
    assert!(missing["reason"].as_str().unwrap().contains("tracefs is not mounted"));
    assert_eq!(flow(&seen, "tcp", 80)["senders"], serde_json::json!([]));
    raw.end();
    assert!(text.contains("a hint, no proof") && text.contains("SYN flood"), "{text}");
}

#[test]
#[cfg(feature = "real-roots")]
fn what_passes_no_capture_is_told_by_the_device_s_own_counter() {
    let lab = Lab::new();
    let bypass = bypass(&lab);
    let seen = json(&traffic(&lab, "", "--dev v0 --for 4s --json"));
    bypass.end();
    let past = &seen["observation"]["unseen"][0];
    assert_eq!(past["device"], "v0");
    let number = |name: &str| past[name].as_u64().unwrap();
    assert!(number("counted") > 1_000 && number("captured") < 100, "{past}");
}

#[test]
#[cfg(feature = "real-roots")]
fn an_audit_names_the_flood_and_judging_its_report_again_gives_the_same() {
    let lab = Lab::new();
    let raw = sender(&lab.near, "raw");
    let file = lab.state.path().join("report.json");
    let script = format!(
        "mount -t tracefs tracefs /sys/kernel/tracing; exec {} audit --only traffic --scope quick --traffic 3s --format json -o {}",
        env!("CARGO_BIN_EXE_coroner"),
        file.display()
    );
    let status = lab.near("sh").args(["-c", &script]).status().unwrap();
    let pid = raw.pid();
    raw.end();
    let read = |bytes: &[u8]| -> Value { serde_json::from_slice(bytes).unwrap() };
    let report = read(&std::fs::read(&file).unwrap());
    let finding = report["findings"].as_array().unwrap().iter();
    let finding = finding.filter(|f| f["rule"] == "traffic/syn-flood").collect::<Vec<_>>();
    assert_eq!(finding.len(), 1, "{report:#}");
    assert_eq!(
        (&finding[0]["severity"], &finding[0]["confidence"]),
        (&"critical".into(), &"likely".into())
    );
    assert!(finding[0]["evidence"].to_string().contains(&format!("(pid {pid})")), "{}", finding[0]);
    assert_eq!(status.code(), Some(1), "{}", report["verdict"]);
    let again = Command::new(env!("CARGO_BIN_EXE_coroner"))
        .args(["judge", "--format", "json"])
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(read(&again.stdout)["findings"], report["findings"]);
}

#[test]
#[cfg(feature = "real-roots")]
fn the_evidence_holds_the_flood_and_nothing_else_and_tcpdump_reads_it() {
    let lab = Lab::new();
    let [raw, udp] = ["raw", "udp"].map(|kind| sender(&lab.near, kind));
    let file = lab.state.path().join("flood.pcapng");
    let output = traffic(&lab, "", &format!("--for 2s --json --write {}", file.display()));
    json(&output);
    raw.end();
    udp.end();
    let text = must(Command::new("tcpdump").args(["-nr"]).arg(&file));
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() > 400, "{} packets", lines.len());
    let syn = |line: &&str| line.contains("Flags [S]") && line.contains(".80:");
    assert!(lines.iter().all(syn), "{text}");
}

#[test]
#[cfg(feature = "real-roots")]
fn mistakes_are_said_in_one_line_with_status_64() {
    let lab = Lab::new();
    let said = |output: Output| {
        let text = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), text)
    };
    let (status, text) = said(traffic(&lab, "", "--dev eth9 --for 1s"));
    assert_eq!(
        (status, text.as_str()),
        (64, "coroner: there is no network device 'eth9'; there are lo, v0\n")
    );
    let mut nobody = Command::new("setpriv");
    nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]);
    let copy = lab.state.path().join("coroner");
    std::fs::copy(env!("CARGO_BIN_EXE_coroner"), &copy).unwrap();
    open_to_all(lab.state.path());
    let (status, text) = said(nobody.arg(&copy).args(["traffic", "--for", "1s"]).output().unwrap());
    assert_eq!(status, 64);
    assert!(text.contains("run it as root") && text.lines().count() == 1, "{text}");
    let (status, text) = said(traffic(&lab, "", "--write /nowhere/x --for 1s"));
    assert_eq!((status, text.as_str()), (64, "coroner: /nowhere is not a directory\n"));
}

fn open_to_all(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).unwrap();
}

struct Namespace<'a>(&'a str);

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", self.0]).status();
    }
}

/// A control group named as docker names those of its containers.
struct Group {
    id: String,
    path: std::path::PathBuf,
}

impl Group {
    fn new() -> Self {
        let id = format!("{:064x}", u64::from(std::process::id()) + 0xc0_ffee);
        let tops = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"];
        let top = tops.iter().find(|top| Path::new(top).join("cgroup.procs").exists());
        let path = Path::new(top.expect("a cgroup2 hierarchy")).join(format!("docker-{id}.scope"));
        std::fs::create_dir(&path).unwrap();
        Self { id, path }
    }

    fn take(&self, pid: u32) {
        std::fs::write(self.path.join("cgroup.procs"), pid.to_string()).unwrap();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for _ in 0..100 {
            if std::fs::remove_dir(&self.path).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}
