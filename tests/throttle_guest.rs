//! The throttle on Debian's own kernel, with sfq, marks, policing and counters of filters, and with
//! parts missing one by one.
// A test that cannot go on fails, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;
#[path = "throttle_tc.rs"]
mod tc;

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use support::guest::{Guest, Outcome};

/// Runs one of the scripts of tests/guest with the namespaces that they share.
fn run(script: &str) -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guest");
    let text = std::fs::read_to_string(folder.join(script)).expect("the script");
    let guest = Guest::new()
        .with(&folder.join("throttle-lab.sh"))
        .with(&folder.join("ten-commands"))
        .limit(Duration::from_mins(30));
    guest.must(&text)
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs an emulated Debian: tests/run")]
fn what_the_kernel_lacks_is_replaced_or_named_and_never_loaded_unasked() {
    let outcome = run("throttle-parts.sh");
    let steps = ["64", "64", "no module came", "64", "0", "64", "0", "sfq did not come", "0"];
    let steps = [steps.as_slice(), &["sch_sfq", "0", "70"]].concat();
    assert_eq!(outcome.stdout.lines().collect::<Vec<_>>()[..12], steps, "{}", outcome.stderr);
    for (file, words) in [
        ("none", "no sch_htb and no sch_tbf loaded"),
        ("ingress", "no sch_ingress loaded"),
        ("tbf-alone", "tbf would hold the whole device, ssh too: give --total"),
        ("tbf", "tbf holds the whole device to --total"),
        ("tbf.tc", "qdisc tbf 1: root refcnt 5 rate 2Mbit burst 2600b"),
        ("tbf.after", "qdisc noqueue 0: root"),
        ("htb-alone", "no cls_u32 loaded"),
        ("codel", "no sfq loaded: fq_codel takes its place"),
        ("codel.tc", "qdisc fq_codel 10: parent 1:10"),
        ("loaded", "the kernel will load sch_sfq, by the host's modprobe"),
        ("loaded.tc", "qdisc sfq 10: parent 1:10"),
        ("tbf-again.tc", "qdisc tbf 1: root"),
        ("refused", "refused to make qdisc htb 1:"),
        ("refused", "everything is as it was"),
    ] {
        let text = outcome.text(file);
        assert!(text.contains(words), "{file}: {text}");
    }
    for refused in ["none", "ingress", "tbf-alone", "htb-alone", "refused"] {
        assert_eq!(outcome.text(refused).lines().count(), 1, "{refused}");
    }
    assert_eq!(outcome.text("refused.before"), outcome.text("refused.after"));
    tbf_held_its_rate_and_status_agrees(&outcome);
}

fn tbf_held_its_rate_and_status_agrees(outcome: &Outcome) {
    let status = json(outcome, "tbf.json");
    let ours: Vec<_> = status["measures"].as_array().unwrap().iter().map(counters_of).collect();
    let theirs = tc::counters(&outcome.text("tbf.counts"), "qdisc");
    assert_eq!(ours, theirs);
    // Frames of 1042 bytes, 200 or a multiple; the burst and 50 ms may wait beyond the rate.
    let [_, packets, drops, ..] = theirs[0].1;
    assert!(packets >= 5 && drops > 100 && packets + drops >= 200, "{packets} and {drops}");
    let allowed = 2_600.0 + (seconds(outcome, "tbf.nanoseconds") + 0.05) * 2e6 / 8.0;
    assert!(real(packets) * 1042.0 <= allowed, "{packets} of {allowed} bytes");
}

/// A time that the guest took.
fn seconds(outcome: &Outcome, file: &str) -> f64 {
    let time = outcome.text(file).trim().parse().expect("nanoseconds");
    Duration::from_nanos(time).as_secs_f64()
}

/// As a number that can be divided.
fn real(count: u64) -> f64 {
    f64::from(u32::try_from(count).expect("a count of some minutes"))
}

fn json(outcome: &Outcome, file: &str) -> Value {
    serde_json::from_slice(&outcome.file(file)).expect(file)
}

/// A qdisc's or class's counters in our status, in the order in which tc says them.
fn counters_of(measure: &Value) -> (String, [u64; 5]) {
    let fields = ["bytes", "packets", "drops", "overlimits", "requeues"];
    let handle = measure["handle"].as_str().unwrap().to_owned();
    (handle, fields.map(|field| measure[field].as_u64().unwrap()))
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs an emulated Debian: tests/run")]
fn the_incident() {
    let outcome = run("throttle-incident.sh");
    assert!(outcome.stdout.contains("cannot access '/run/coroner'"), "{}", outcome.stdout);
    tree_is_that_of_the_ten_commands(&outcome);
    status_agrees_with_tc(&outcome);
    let marks = "3 of 3 with mark 0x13 to 10.66.0.1\n0 of 3 with mark 0x23 to 10.66.0.1\n\
                 0 of 3 with mark 0 to 10.66.0.1\n3 of 3 with mark 0x1f to fd65::2\n";
    assert_eq!(outcome.text("marks"), marks);
    what_comes_in_is_policed(&outcome);
    assert_eq!(outcome.text("card.speed"), "1000\n");
    assert!(outcome.text("card.before").starts_with("qdisc fq_codel 0: root"));
    assert_eq!(outcome.text("card.after"), outcome.text("card.before"));
    assert!(outcome.text("card.classes").contains("class htb 1:1 root rate 1Gbit ceil 1Gbit"));
    let said = outcome.text("card.rate") + &outcome.text("card.total");
    for words in ["--rate 1gbit is not below the link's own 1gbit", "--total 2gbit is above"] {
        assert!(said.contains(words), "{said}");
    }
}

/// Qdiscs and classes are the same, line for line, but for bursts; filters find ports behind IP
/// options, which those that people type do not, so there it is what they do that is compared.
fn tree_is_that_of_the_ten_commands(outcome: &Outcome) {
    let lines = |file: &str| -> Vec<String> {
        let text = outcome.text(file);
        let tree = text.lines().filter(|line| !line.starts_with([' ', 'f']));
        tree.map(without_bursts).collect()
    };
    let (ours, theirs) = (lines("ours"), lines("theirs"));
    assert_eq!(ours.len(), 6, "{ours:#?}");
    assert_eq!(ours, theirs);
    assert!(ours.iter().filter(|line| line.starts_with("qdisc sfq")).count() == 2, "{ours:#?}");
    let sorted = "160 in the attack's class\n".repeat(2);
    assert_eq!(outcome.text("sorted"), sorted);
}

fn without_bursts(line: &str) -> String {
    let mut words = line.split(' ');
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        if matches!(word, "burst" | "cburst") {
            words.next();
        } else {
            kept.push(word);
        }
    }
    kept.join(" ")
}

fn status_agrees_with_tc(outcome: &Outcome) {
    let status = json(outcome, "status.json");
    let ours: Vec<_> = status["measures"].as_array().unwrap().iter().map(counters_of).collect();
    let mut theirs = tc::counters(&outcome.text("qdiscs"), "qdisc");
    theirs.extend(tc::counters(&outcome.text("classes"), "class"));
    assert_eq!(ours, theirs);
    assert_eq!(ours.len(), 6);
    let (ours, theirs) = (hits_of(&status), tc::hits(&outcome.text("filters")));
    assert_eq!(ours, theirs);
    let count = |handle: &str| ours.iter().find(|hit| hit.0 == handle).unwrap().2;
    assert_eq!(["1::800", "1::801", "2::800", "2::801"].map(count), [100, 40, 0, 20]);
    assert!(status["filters"].as_array().unwrap().iter().all(|f| f["name"] == "attack"));
    let text = outcome.text("status.text");
    assert!(text.lines().any(|line| line.contains("1::801 ip attack") && line.ends_with(" 40")));
}

/// What our status says of filters: handle, asked, matched.
fn hits_of(status: &Value) -> Vec<(String, u64, u64)> {
    let hit = |filter: &Value| {
        let number = |field: &str| filter[field].as_u64().unwrap();
        (filter["handle"].as_str().unwrap().to_owned(), number("asked"), number("matched"))
    };
    status["filters"].as_array().unwrap().iter().map(hit).collect()
}

fn what_comes_in_is_policed(outcome: &Outcome) {
    let (status, theirs) = (json(outcome, "ingress.json"), outcome.text("ingress.filters"));
    assert_eq!(hits_of(&status), tc::hits(&theirs));
    let filters = status["filters"].as_array().unwrap();
    let policer = filters.iter().find_map(|f| f.get("policer")).expect("a policer");
    let number = |field: &str| policer[field].as_u64().unwrap();
    let (packets, drops) = (number("packets"), number("drops"));
    let line = format!(
        "Sent {} bytes {packets} pkts (dropped {drops}, overlimits {})",
        number("bytes"),
        number("overlimits")
    );
    assert!(theirs.contains(&line), "{line}: {theirs}");
    // Counted where it arrives: 300 datagrams to the port that is held, 200 to the next.
    let arrived = outcome.text("ingress.arrived");
    let held = arrived.split("dport 9 counter packets ").nth(1).unwrap();
    let held: u64 = held.split(' ').next().unwrap().parse().unwrap();
    assert_eq!(packets, 300);
    assert_eq!(held, packets - drops);
    // 20 KiB at once and 100 kbit in a second, of packets with 1,000 bytes and their headers.
    let allowed = 20_480.0 + seconds(outcome, "ingress.nanoseconds") * 1e5 / 8.0;
    assert!(held >= 15 && real(held) * 1000.0 <= allowed, "{held} arrived, of {allowed} bytes");
    assert!(arrived.contains("dport 10 counter packets 200 "), "{arrived}");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs an emulated Debian: tests/run")]
fn what_was_set_by_hand_comes_back_as_tc_shows_it() {
    let outcome = run("throttle-earlier.sh");
    let cases: Vec<&str> = outcome.stdout.lines().collect();
    for case in &cases {
        let (name, status) = case.rsplit_once(' ').unwrap();
        assert_eq!(status, "0", "{name}: {}", outcome.text(&format!("{name}.said")));
        let (before, after) = (format!("{name}.before"), format!("{name}.after"));
        assert_eq!(outcome.text(&after), outcome.text(&before), "{name}");
        assert!(outcome.text(&before).lines().count() > 0, "{name}");
    }
    assert!(cases.len() >= 16, "{cases:?}");
    let refused = outcome.text("refused");
    for words in ["qdisc cake 8001:", "qdisc netem 1:", "filter u32 with priority 1 has an action"]
    {
        assert!(refused.contains(words), "{words}: {refused}");
    }
    assert_eq!(outcome.text("refused.before"), outcome.text("refused.after"));
}
