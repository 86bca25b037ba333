//! The throttle on real devices: applied, shown, confirmed, undone, killed at every step.
// A test that cannot go on fails, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::assigning_clones, clippy::too_many_lines)]
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

#[path = "throttle_tc.rs"]
mod tc;
#[path = "throttle_lab.rs"]
mod throttle_lab;

use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Stdio};

use serde_json::Value;
use throttle_lab::{Lab, inside, must};

const WEB: &str = "--dev v0 --rate 1mbit --total 1gbit --dport 80,443";

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

const HTB: &[&str] = &[
    "qdisc add dev v0 root handle 1: htb default 20 r2q 5",
    "class add dev v0 parent 1: classid 1:1 htb rate 40gbit ceil 48gbit",
    "class add dev v0 parent 1:1 classid 1:2 htb rate 9mbit ceil 20mbit prio 3 quantum 3000",
    "class add dev v0 parent 1:2 classid 1:20 htb rate 3mbit burst 9k",
    "class add dev v0 parent 1:2 classid 1:21 htb rate 2mbit",
    "qdisc add dev v0 parent 1:20 handle 20: pfifo limit 5",
    "qdisc add dev v0 parent 1:21 handle 21: htb default 7",
    "class add dev v0 parent 21: classid 21:7 htb rate 1mbit",
    "filter add dev v0 parent 1: protocol ipv6 prio 9 u32 match ip6 dst 2001:db8::/32 flowid 1:21",
    "filter add dev v0 parent 1: protocol ip prio 2 handle 5: u32 divisor 4",
    "filter add dev v0 parent 1: protocol ip prio 2 u32 ht 5:2: match ip dport 53 0xffff flowid 1:21",
    "filter add dev v0 parent 1: protocol ip prio 2 u32 match ip dst 192.0.2.0/24 hashkey mask 0x3 at 16 link 5:",
    "filter add dev v0 parent 1: protocol ip prio 2 u32 match mark 7 0xff flowid 1:20",
    "filter add dev v0 parent 21: protocol all prio 1 u32 match u32 0 0 flowid 21:7",
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

/// Exit status 64, one line that says why, nothing on standard output.
fn refused(lab: &Lab, words: &str, why: &str) {
    let output = lab.throttle(words);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{words}: {errors}");
    assert_eq!(errors.lines().count(), 1, "{words}: {errors}");
    assert!(errors.contains(why), "{words}: {errors}");
    assert!(output.stdout.is_empty(), "{words}");
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

fn set_up(lab: &Lab, commands: &[&str]) {
    for words in commands {
        lab.tc(words);
    }
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
fn it_undoes_itself_after_a_time() {
    let lab = Lab::new();
    set_up(&lab, HTB);
    let before = lab.dump();
    let said = lab.must(&format!("apply {WEB} --replace --for 2s"));
    assert!(said.contains("Undone by itself in"), "{said}");
    assert_ne!(lab.dump(), before);
    lab.wait("undone", || lab.leaves_no_trace());
    assert_eq!(lab.dump(), before);
}

/// Applies from a shell in a session of its own, and kills that whole session.
fn apply_and_kill_the_shell(lab: &Lab, words: &str) {
    let mut shell = lab.near("setsid");
    let coroner = lab.command(words);
    let line: Vec<_> = coroner.get_args().skip(3).map(|w| w.to_string_lossy()).collect();
    let script = format!("{} >&2; echo done; sleep 300", line.join(" "));
    let child =
        shell.args(["sh", "-c", &script]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.unwrap();
    let mut said = String::new();
    let mut reader = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut reader, &mut said).unwrap();
    assert_eq!(said, "done\n");
    let session = child.id().to_string();
    // setsid(1) execs in place here, or forks: the session is that of the pid or of its child.
    let _ = Command::new("pkill").args(["-KILL", "-s", &session]).status();
    let _ = child.kill();
    child.wait().unwrap();
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn without_confirmation_it_is_undone_though_the_caller_was_killed() {
    let lab = Lab::new();
    let before = lab.dump();
    apply_and_kill_the_shell(&lab, &format!("apply {WEB} --confirm-within 3s"));
    assert_ne!(lab.dump(), before, "applied");
    lab.wait("undone", || lab.leaves_no_trace());
    assert_eq!(lab.dump(), before);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn what_is_confirmed_stays_until_its_time() {
    let lab = Lab::new();
    let before = lab.dump();
    lab.must(&format!("apply {WEB} --confirm-within 2s --for 5s"));
    assert!(lab.must("confirm").contains("confirmed"));
    let applied = lab.dump();
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(lab.dump(), applied);
    lab.wait("undone", || lab.leaves_no_trace());
    assert_eq!(lab.dump(), before);
    refused(&lab, "confirm", "nothing to confirm");
}

/// Applies under strace, which meddles with one system call; gives whether coroner succeeded.
fn meddled(lab: &Lab, inject: &str, words: &str) -> bool {
    let coroner = lab.command(words);
    let arguments: Vec<_> = coroner.get_args().skip(3).map(ToOwned::to_owned).collect();
    let mut strace = lab.near("strace");
    strace.args(["-qq", "-o", "/dev/null", "-e"]).arg(format!("inject={inject}"));
    strace.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn killed_at_any_step_it_leaves_the_old_state_or_the_new() {
    let (mut old, mut new) = (0, 0);
    for call in ["sendto", "rename", "fsync", "exit_group"] {
        for step in 1.. {
            let lab = Lab::new();
            set_up(&lab, HTB);
            let before = lab.dump();
            let inject = format!("{call}:signal=KILL:when={step}");
            let whole = meddled(&lab, &inject, &format!("apply {WEB} --replace --for 3s"));
            let done = || {
                let status = lab.must("status --json");
                lab.leaves_no_trace()
                    || status == "[]\n"
                    || status.contains("\"phase\":\"applied\"")
            };
            lab.wait("the guard has put it right", done);
            let after = lab.dump();
            if after == before {
                old += 1;
            } else {
                assert!(after.contains("class htb 1:30 parent 1:1 leaf 30:"), "{inject}: {after}");
                assert!(after.contains("protocol ipv6 pref 4 u32"), "{inject}: {after}");
                new += 1;
            }
            lab.wait("the timer restores all the same", || lab.dump() == before);
            if whole {
                break;
            }
        }
    }
    assert!(old > 20 && new > 2, "{old} times the old state, {new} times the new");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn what_fails_half_way_is_rolled_back() {
    let mut failed = 0;
    for step in (1..60).step_by(3) {
        let lab = Lab::new();
        set_up(&lab, HTB);
        let before = lab.dump();
        let inject = format!("recvfrom:error=ENOBUFS:when={step}");
        if meddled(&lab, &inject, &format!("apply {WEB} --replace")) {
            break;
        }
        failed += 1;
        lab.wait("nothing is left", || lab.leaves_no_trace());
        assert_eq!(lab.dump(), before, "{inject}");
    }
    assert!(failed > 5, "{failed}");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn a_revert_that_was_killed_is_finished_by_the_next() {
    let mut killed = 0;
    for step in 1.. {
        let lab = Lab::new();
        set_up(&lab, HTB);
        let before = lab.dump();
        lab.must(&format!("apply {WEB} --replace"));
        if meddled(&lab, &format!("sendto:signal=KILL:when={step}"), "revert") {
            break;
        }
        killed += 1;
        lab.must("revert");
        assert_eq!(lab.dump(), before, "step {step}");
        assert!(lab.leaves_no_trace(), "step {step}");
    }
    assert!(killed > 10, "{killed}");
}
