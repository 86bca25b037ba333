//! What is sent, in namespaces that the test made, and by which of several bounded senders; what looks like an
//! attack, what is offered against it, and what is kept of it.
// A test that cannot go on fails, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

#[path = "throttle_tc.rs"]
mod tc;
#[path = "throttle_lab.rs"]
mod throttle_lab;

#[path = "traffic_lab.rs"]
mod traffic_lab;
#[path = "traffic_senders.rs"]
mod traffic_senders;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use throttle_lab::{Lab, must};
use traffic_lab::{flow, json, part_of, sender_of, traffic};
use traffic_senders::{bypass, hold_port, sender, tap};

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
fn without_tracefs_the_suspects_are_named_and_the_answer_says_what_it_is_worth() {
    let (lab, other) = (Lab::new(), Lab::new());
    let (raw, guest) = (sender(&lab.near, "raw"), tap(&lab, "web1"));
    let elsewhere = sender(&other.near, "udp");
    let run = |words: &str| {
        let mut command = lab.near(env!("CARGO_BIN_EXE_coroner"));
        command.arg("traffic").args(words.split_whitespace()).output().unwrap()
    };
    let seen = json(&run("--for 2s --json"));
    let text = String::from_utf8(run("--for 1s").stdout).unwrap();
    let suspects = seen["observation"]["suspects"].as_array().unwrap();
    let suspect = suspects.iter().find(|one| one["pid"] == raw.pid()).expect("the sender");
    assert_eq!(suspect["holds"], serde_json::json!(["raw socket"]));
    let qemu = suspects.iter().find(|one| one["pid"] == guest.pid()).expect("the guest");
    assert_eq!(qemu["who"], "guest web1");
    assert!(qemu["written"].as_u64().unwrap() > 200 * 54, "what qemu gives to the tap: {qemu:#}");
    let namespaces = seen["observation"]["namespaces"].as_array().unwrap();
    let theirs = namespaces.iter().find(|one| one["pid"] == elsewhere.pid()).expect("their own");
    assert!(theirs["packets"].as_u64().unwrap() > 200, "{theirs:#}");
    assert!(!namespaces.iter().any(|one| one["pid"] == raw.pid()), "it has the watched one");
    let missing = &seen["observation"]["missing"][0];
    assert_eq!(missing["path"], "/sys/kernel/tracing/events/net/net_dev_queue/id");
    assert!(missing["reason"].as_str().unwrap().contains("tracefs is not mounted"));
    assert_eq!(flow(&seen, "tcp", 80)["senders"], serde_json::json!([]));
    [raw, guest, elsewhere].into_iter().for_each(traffic_senders::Child::end);
    assert!(text.contains("a hint, no proof") && text.contains("SYN flood"), "{text}");
    assert!(text.contains("What left other network namespaces"), "{text}");
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
    let output = traffic(&lab, "", &format!("--for 4s --json --write {}", file.display()));
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
    must(Command::new("cp").arg(env!("CARGO_BIN_EXE_coroner")).arg(&copy));
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
