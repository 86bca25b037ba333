//! What the throttle refuses, in one line and with nothing changed.
// A test that cannot go on fails, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

#[path = "throttle_tc.rs"]
mod tc;
#[path = "throttle_lab.rs"]
mod throttle_lab;

use throttle_lab::{Lab, WEB, must, refused, under_strace};

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn what_could_not_be_put_back_is_refused_by_name() {
    let lab = Lab::new();
    lab.tc("qdisc add dev v0 root handle 1: htb default 1");
    must(
        lab.near("tc")
            .args("filter add dev v0 parent 1: protocol all prio 4 bpf".split(' '))
            .args(["bytecode", "1,6 0 0 0,"]),
    );
    let before = lab.dump();
    refused(&lab, &format!("apply {WEB} --replace"), "filter bpf with priority 4");
    assert_eq!(lab.dump(), before);
    assert!(lab.leaves_no_trace());
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn wrong_input_is_one_line_and_changes_nothing() {
    let lab = Lab::new();
    must(lab.near("ip").args("link add v9 type veth peer name v8".split(' ')));
    let before = lab.dump();
    for (words, why) in [
        ("--dev nope --rate 1mbit --dport 80", "no network device 'nope'"),
        ("--dev v9 --rate 1mbit --dport 80", "v9 is down"),
        ("--dev a/b --rate 1mbit --dport 80", "cannot be a device's name"),
        ("--dev v0 --dport 80", "--rate"),
        ("--dev v0 --rate 1mbit", "say what to hold down"),
        ("--dev v0 --rate 1mbitt --dport 80", "is not a rate"),
        ("--dev v0 --rate 0 --dport 80", "at least 8bit"),
        ("--dev v0 --rate 2mbit --total 1mbit --dport 80", "above --total"),
        ("--dev v0 --rate 1mbit --dport 80-", "is not a port"),
        ("--dev v0 --rate 1mbit --dport 90-80", "is not a port"),
        ("--dev v0 --rate 1mbit --dport 70000", "is not a port"),
        ("--dev v0 --rate 1mbit --dst 192.0.2.1/24", "did you mean 192.0.2.0/24"),
        ("--dev v0 --rate 1mbit --dst example.org", "is not an address"),
        ("--dev v0 --rate 1mbit --proto icmp --dport 80", "has no such ports"),
        ("--dev v0 --rate 1mbit --proto udp --syn-only", "--syn-only is for tcp"),
        ("--dev v0 --rate 1mbit --dst 192.0.2.1 --src 2001:db8::1", "no packet has both"),
        ("--dev v0 --rate 1mbit --mark x", "is not a mark"),
        ("--dev v0 --rate 1mbit --dport 80 --exempt x", "neither an address block nor a port"),
        ("--dev v0 --rate 1mbit --dport 80 --for 0s", "is not a time"),
        ("--dev v0 --rate 1mbit --dport 80 --confirm-within 99d", "is not a time"),
        ("--dev v0 --rate 1mbit --dport 80 --bogus", "--bogus"),
        ("--dev v0 --rate 1mbit --dport 80 --ingress --total 1gbit", "--ingress"),
    ] {
        refused(&lab, &format!("apply {words}"), why);
        assert_eq!(lab.dump(), before, "{words}");
    }
    assert!(lab.leaves_no_trace());
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn without_the_right_to_change_the_network_that_is_said() {
    let lab = Lab::new();
    let mut command = lab.near("setpriv");
    command.args(["--bounding-set=-net_admin", "--inh-caps=-net_admin"]);
    command.arg(env!("CARGO_BIN_EXE_coroner"));
    let output = command.args(format!("throttle apply {WEB}").split(' ')).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{errors}");
    assert!(errors.contains("run it as root") && errors.lines().count() == 1, "{errors}");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn every_command_refuses_what_it_cannot_do_and_what_is_applied_stays() {
    let lab = Lab::new();
    refused(&lab, "confirm", "nothing is throttled");
    lab.must(&format!("apply {WEB}"));
    let applied = lab.dump();
    for (words, why) in [
        ("bogus", "bogus"),
        ("plan --dev nope --rate 1mbit --dport 80", "no network device 'nope'"),
        ("plan --dev v0 --rate 1mbit --dport 80 --format yaml", "yaml"),
        ("plan --dev v0 --rate fast --dport 80", "is not a rate"),
        ("status --dev nope", "no network device 'nope'"),
        ("status --since 1h", "--since"),
        ("confirm --dev nope", "no network device 'nope'"),
        ("revert --dev nope", "no network device 'nope'"),
        ("revert now", "now"),
    ] {
        refused(&lab, words, why);
        assert_eq!(lab.dump(), applied, "{words}");
    }
    lab.must("revert");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn when_no_process_can_watch_over_it_that_is_said() {
    let lab = Lab::new();
    let before = lab.dump();
    let meddle = ["-o", "/dev/null", "-e", "inject=clone,clone3,fork,vfork:error=EAGAIN"];
    for timer in ["--for 30m", "--confirm-within 60s"] {
        let output = under_strace(&lab, &meddle, &format!("apply {WEB} {timer}"));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(70), "{errors}");
        assert!(errors.contains("--for and --confirm-within need one"), "{errors}");
        assert_eq!(lab.dump(), before, "{timer}");
        assert!(lab.leaves_no_trace(), "{timer}");
    }
    let output = under_strace(&lab, &meddle, &format!("apply {WEB}"));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("only revert undoes it"), "{said}");
    lab.must("revert");
    assert_eq!(lab.dump(), before);
}
