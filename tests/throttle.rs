//! The throttle on real devices: applied, shown, confirmed, undone, killed at every step.
// A test that cannot go on fails, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

#[path = "throttle_tc.rs"]
mod tc;
#[path = "throttle_lab.rs"]
mod throttle_lab;

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::Stdio;
use std::time::Instant;

use serde_json::Value;
use throttle_lab::{HTB, Lab, WEB, inside, refused, set_up};

/// Set-ups that a device can have had before, as commands of tc.
const EARLIER: &[(&str, &[&str])] = &[
    ("noqueue", &[]),
    ("pfifo_fast", &["qdisc add dev v0 root pfifo_fast"]),
    ("pfifo", &["qdisc add dev v0 root handle 7: pfifo limit 77"]),
    ("bfifo", &["qdisc add dev v0 root bfifo limit 65536"]),
    (
        "tbf",
        &[
            "qdisc add dev v0 root handle 5: tbf rate 50mbit burst 20k latency 30ms peakrate 60mbit mtu 2000",
        ],
    ),
    ("mq", &["qdisc add dev v0 root mq"]),
    (
        "mq with queues of its own",
        &[
            "qdisc add dev v0 root handle 9: mq",
            "qdisc add dev v0 parent 9:2 handle 92: tbf rate 9mbit burst 5k limit 9k",
        ],
    ),
    ("an htb tree with filters", HTB),
    ("clsact, which is for filters alone", &["qdisc add dev v0 clsact"]),
];

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn revert_puts_back_exactly_what_was_there() {
    for (name, commands) in EARLIER {
        let lab = Lab::new();
        set_up(&lab, commands);
        let before = lab.dump();
        lab.must(&format!("apply {WEB} --replace"));
        assert!(lab.dump().contains("class htb 1:10"), "{name}: applied");
        lab.must("revert");
        assert_eq!(lab.dump(), before, "{name}");
        assert!(lab.leaves_no_trace(), "{name}: the state is gone");
        lab.must("revert");
        assert_eq!(lab.dump(), before, "{name}: a second time");
    }
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn what_somebody_chose_is_replaced_only_when_that_is_asked_for() {
    let lab = Lab::new();
    lab.tc("qdisc add dev v0 root handle 7: pfifo limit 77");
    let before = lab.dump();
    refused(&lab, &format!("apply {WEB}"), "--replace");
    assert_eq!(lab.dump(), before);
    lab.must(&format!("apply {WEB} --replace"));
    refused(&lab, &format!("apply {WEB}"), "throttled already");
    // Once more with another rate: what comes back is still what was there at first.
    lab.must("apply --dev v0 --rate 2mbit --dport 80 --replace");
    lab.must("revert");
    assert_eq!(lab.dump(), before);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn what_somebody_changed_since_is_not_thrown_away() {
    let lab = Lab::new();
    lab.must(&format!("apply {WEB}"));
    lab.tc("qdisc del dev v0 root");
    lab.tc("qdisc add dev v0 root handle 8: pfifo limit 8");
    let theirs = lab.dump();
    refused(&lab, "revert", "neither coroner's nor what was there before");
    assert_eq!(lab.dump(), theirs);
    lab.tc("qdisc del dev v0 root");
    lab.must("revert");
    assert!(lab.leaves_no_trace());
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn the_commands_of_the_plan_make_the_same_tree_line_for_line() {
    let rich = "--dev v0 --rate 700kbit --total 40gbit --dport 80,443,8000-8100 --dst 10.66.0.0/16,fd65::/64 \
                --src 10.65.0.1 --syn-only --exempt 22,10.65.0.0/24 --vlan --burst 9k";
    for asked in [WEB, "--dev v0 --rate 1mbit --proto udp", rich] {
        let (ours, theirs) = (Lab::new(), Lab::new());
        ours.must(&format!("apply {asked}"));
        let plan = theirs.must(&format!("plan --format tc {asked}"));
        assert!(plan.lines().count() >= 7);
        let before = theirs.dump();
        for line in plan.lines() {
            theirs.tc(line.strip_prefix("tc ").expect("a command of tc"));
        }
        assert_ne!(theirs.dump(), before);
        assert_eq!(ours.dump(), theirs.dump(), "{asked}");
    }
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn plan_changes_nothing() {
    let lab = Lab::new();
    let before = lab.dump();
    for format in ["text", "json", "tc"] {
        assert!(!lab.must(&format!("plan {WEB} --format {format}")).is_empty());
    }
    let plan: Value =
        serde_json::from_str(&lab.must(&format!("plan {WEB} --format json"))).unwrap();
    assert_eq!(plan["plan"]["classes"][1]["name"], "attack");
    assert_eq!(plan["plan"]["classes"][1]["handle"], "1:10");
    assert_eq!(lab.dump(), before);
    assert!(lab.leaves_no_trace());
}

/// UDP datagrams from near to an address and port.
fn send(lab: &Lab, to: &'static str, count: usize) {
    let sent = inside(&lab.near, move || {
        let any = if to.starts_with('[') { "[::]:0" } else { "0.0.0.0:0" };
        let socket = UdpSocket::bind(any).unwrap();
        (0..count).for_each(|_| drop(socket.send_to(&[0; 100], to)));
    });
    sent.join().unwrap();
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn status_agrees_with_tc() {
    let lab = Lab::new();
    lab.must(&format!("apply {WEB}"));
    send(&lab, "10.66.1.2:80", 400);
    send(&lab, "10.66.1.3:5000", 30);
    send(&lab, "[fd65::2]:443", 40);
    // All that waits has been sent or dropped: nothing moves while the two look.
    lab.wait("the queues are empty", || {
        lab.measures().iter().all(|m| m["waiting"] == 0 && m["bits_per_second"] == 0)
    });
    let ours = lab.measures();
    let theirs = [("qdisc", lab.tc_counters("qdisc")), ("class", lab.tc_counters("class"))];
    assert_eq!(ours.len(), theirs.iter().map(|(_, list)| list.len()).sum::<usize>());
    for (sort, list) in &theirs {
        for (handle, counters) in list {
            let same = |m: &&Value| m["sort"] == *sort && m["handle"] == *handle;
            let ours = ours.iter().find(same).unwrap_or_else(|| panic!("{sort} {handle}"));
            let fields = ["bytes", "packets", "drops", "overlimits", "requeues"];
            let ours = fields.map(|field| ours[field].as_u64().unwrap());
            assert_eq!(ours, *counters, "{sort} {handle}");
        }
    }
    let attack = ours.iter().find(|m| m["name"] == "attack").unwrap();
    assert!(attack["overlimits"].as_u64() > Some(0) && attack["drops"].as_u64() > Some(0));
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn the_connection_of_whoever_types_is_exempt() {
    let lab = Lab::new();
    let listener = inside(&lab.far, || TcpListener::bind("10.65.0.2:80").unwrap()).join().unwrap();
    // This test is an ancestor of coroner, and holds the connection as sshd would.
    let mine = inside(&lab.near, || TcpStream::connect("10.65.0.2:80").unwrap()).join().unwrap();
    let (_theirs, peer) = listener.accept().unwrap();
    let said = lab.must(&format!("apply {WEB}"));
    assert!(
        said.contains(&format!("the connection {peer} to 10.65.0.2:80, which is yours")),
        "{said}"
    );
    let before = lab.packets("attack");
    std::io::Write::write_all(&mut &mine, b"typed").unwrap();
    lab.wait("the key strokes pass", || lab.packets("rest") > 0);
    assert_eq!(lab.packets("attack"), before);
    drop(mine);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn status_is_shown_again_until_nobody_reads() {
    let lab = Lab::new();
    lab.must(&format!("apply {WEB}"));
    let begun = Instant::now();
    let mut watch = lab.command("status --watch --json").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut look = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let rest = |status: &Value| {
        let measures = status["measures"].as_array().unwrap().iter();
        let rest = measures.clone().find(|m| m["name"] == "rest").unwrap();
        (rest["packets"].as_u64().unwrap(), rest["bits_per_second"].as_u64().unwrap())
    };
    let first = rest(&look());
    send(&lab, "10.66.1.3:5000", 200);
    let mut bits = 0;
    for _ in 0..60 {
        let next = rest(&look());
        bits += next.1;
        if next.0 >= first.0 + 200 {
            break;
        }
    }
    // 200 frames of 142 bytes in a second or more; all of them are told in one look or in some.
    let seconds = begun.elapsed().as_secs_f64();
    let bits = f64::from(u32::try_from(bits).unwrap());
    assert!(bits <= 250_000.0 && bits >= 200_000.0 / seconds, "{bits} in {seconds}");
    drop(lines);
    assert!(watch.wait().unwrap().success());
}
