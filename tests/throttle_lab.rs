//! Two network namespaces joined by a veth pair, for the tests of the throttle.

// A test that cannot go on fails, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(dead_code)] // each test binary uses its part

use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::tc;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// The pair: `near` has v0 (10.65.0.1, `fd65::1`), `far` has v1 (10.65.0.2, `fd65::2`) and answers for
/// all of 10.66.0.0/16.
pub(crate) struct Lab {
    pub(crate) near: String,
    pub(crate) far: String,
    pub(crate) state: tempfile::TempDir,
}

/// Runs a command that must succeed, and gives what it said.
pub(crate) fn must(command: &mut Command) -> String {
    let output = command.output().expect("the program runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn ip(words: &str) {
    must(Command::new("ip").args(words.split_whitespace()));
}

impl Lab {
    pub(crate) fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = |side| format!("coroner-{}-{number}-{side}", std::process::id());
        let state = tempfile::tempdir().expect("a folder");
        let lab = Self { near: name("near"), far: name("far"), state };
        let (near, far) = (&lab.near, &lab.far);
        ip(&format!("netns add {near}"));
        ip(&format!("netns add {far}"));
        let mac = "02:00:00:00:65";
        ip(&format!(
            "-n {near} link add v0 address {mac}:01 numtxqueues 4 type veth \
             peer name v1 address {mac}:02 numtxqueues 4 netns {far}"
        ));
        for (side, dev, end, other) in [(near, "v0", 1, 2), (far, "v1", 2, 1)] {
            // No IPv6 chatter, and nobody asks for the other's link address: counters hold what the test
            // sends and nothing else.
            must(Command::new("ip").args(["netns", "exec", side, "sysctl", "-qw"]).args([
                "net.ipv6.conf.all.addr_gen_mode=1".to_owned(),
                format!("net.ipv6.conf.{dev}.addr_gen_mode=1"),
                format!("net.ipv6.conf.{dev}.router_solicitations=0"),
            ]));
            ip(&format!("-n {side} link set lo up"));
            ip(&format!("-n {side} link set {dev} up"));
            ip(&format!("-n {side} addr add 10.65.0.{end}/24 dev {dev}"));
            ip(&format!("-n {side} addr add fd65::{end}/64 dev {dev} nodad"));
            for address in [format!("10.65.0.{other}"), format!("fd65::{other}")] {
                let link = format!("lladdr {mac}:0{other} dev {dev} nud permanent");
                ip(&format!("-n {side} neigh add {address} {link}"));
            }
        }
        ip(&format!("-n {near} route add 10.66.0.0/16 via 10.65.0.2 dev v0"));
        ip(&format!("-n {far} route add local 10.66.0.0/16 dev lo"));
        lab
    }

    /// A command inside the near namespace.
    pub(crate) fn near(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.near, program]);
        command
    }

    pub(crate) fn tc(&self, words: &str) -> String {
        must(self.near("tc").args(words.split_whitespace()))
    }

    pub(crate) fn state_dir(&self) -> std::path::PathBuf {
        self.state.path().join("state")
    }

    /// `coroner throttle` inside the near namespace.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = self.near(env!("CARGO_BIN_EXE_coroner"));
        command.arg("throttle").arg("--state-dir").arg(self.state_dir());
        command.args(words.split_whitespace());
        command
    }

    pub(crate) fn throttle(&self, words: &str) -> Output {
        self.command(words).output().expect("coroner runs")
    }

    pub(crate) fn must(&self, words: &str) -> String {
        must(&mut self.command(words))
    }

    /// Everything that tc knows of v0, in detail.
    pub(crate) fn dump(&self) -> String {
        let mut text = self.tc("-d qdisc show dev v0") + &self.tc("-d class show dev v0");
        let qdiscs: Value = serde_json::from_str(&self.tc("-j qdisc show dev v0")).expect("JSON");
        for qdisc in qdiscs.as_array().expect("a list") {
            let handle = qdisc["handle"].as_str().expect("a handle");
            let kind = qdisc["kind"].as_str().expect("a kind");
            if handle != "0:" && kind != "clsact" {
                text += &self.tc(&format!("-d filter show dev v0 parent {handle}"));
            }
        }
        // Not a setting, and it counts.
        let lines = text.lines().map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let at = words.iter().position(|word| *word == "direct_packets_stat");
            let kept = words.iter().enumerate();
            let kept = kept.filter(|(n, _)| at.is_none_or(|at| *n != at + 1)).map(|(_, w)| *w);
            kept.collect::<Vec<_>>().join(" ") + "\n"
        });
        lines.collect()
    }

    /// Counters as tc says them: the handle, then bytes, packets, drops, overlimits, requeues.
    pub(crate) fn tc_counters(&self, sort: &str) -> Vec<(String, [u64; 5])> {
        tc::counters(&self.tc(&format!("-s {sort} show dev v0")), sort)
    }

    /// Measures by our own status.
    pub(crate) fn measures(&self) -> Vec<Value> {
        let status: Value = serde_json::from_str(&self.must("status --json")).expect("JSON");
        status["measures"].as_array().expect("measures").clone()
    }

    /// What a class has sent, in packets; `status_agrees_with_tc` shows that both say the same.
    pub(crate) fn packets(&self, name: &str) -> u64 {
        let handle = if name == "attack" { "1:10" } else { "1:30" };
        let classes = self.tc_counters("class");
        classes.iter().find(|(of, _)| of == handle).expect("the class").1[1]
    }

    /// Waits until something holds; the limit is for a broken program only.
    pub(crate) fn wait(&self, what: &str, holds: impl Fn() -> bool) {
        let start = Instant::now();
        while !holds() {
            assert!(start.elapsed() < Duration::from_secs(30), "never: {what}\n{}", self.dump());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// [`Lab::dump`], of a moment in which nothing is being changed.
    pub(crate) fn settled(&self) -> String {
        let mut last = self.dump();
        for _ in 0..100 {
            let next = self.dump();
            if next == last {
                return next;
            }
            last = next;
        }
        panic!("it never ends: {last}");
    }

    pub(crate) fn leaves_no_trace(&self) -> bool {
        !self.state_dir().exists()
    }
}

/// Runs something on a thread of its own inside a namespace.
pub(crate) fn inside<T: Send + 'static>(
    namespace: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::thread::JoinHandle<T> {
    let path = Path::new("/run/netns").join(namespace);
    std::thread::spawn(move || {
        let file = std::fs::File::open(path).expect("the namespace");
        nix::sched::setns(file, nix::sched::CloneFlags::CLONE_NEWNET).expect("entered");
        work()
    })
}

impl Drop for Lab {
    fn drop(&mut self) {
        for name in [&self.near, &self.far] {
            let _ = Command::new("ip").args(["netns", "del", name]).status();
        }
    }
}

/// The incident, as most tests apply it.
pub(crate) const WEB: &str = "--dev v0 --rate 1mbit --total 1gbit --dport 80,443";

/// A tree that somebody made by hand: classes of three depths, a second HTB, tables of filters, a mark.
pub(crate) const HTB: &[&str] = &[
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

/// Runs commands of tc.
pub(crate) fn set_up(lab: &Lab, commands: &[&str]) {
    for words in commands {
        lab.tc(words);
    }
}

/// Exit status 64, one line that says why, nothing on standard output.
pub(crate) fn refused(lab: &Lab, words: &str, why: &str) {
    let output = lab.throttle(words);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{words}: {errors}");
    assert_eq!(errors.lines().count(), 1, "{words}: {errors}");
    assert!(errors.contains(why), "{words}: {errors}");
    assert!(output.stdout.is_empty(), "{words}");
}

/// Whether coroner succeeds under strace, which meddles with one system call.
pub(crate) fn meddled(lab: &Lab, inject: &str, words: &str) -> bool {
    under_strace(lab, &["-o", "/dev/null", "-e", &format!("inject={inject}")], words)
        .status
        .success()
}

/// What coroner says under strace.
pub(crate) fn under_strace(lab: &Lab, options: &[&str], words: &str) -> Output {
    let coroner = lab.command(words);
    let arguments: Vec<_> = coroner.get_args().skip(3).map(ToOwned::to_owned).collect();
    let mut strace = lab.near("strace");
    strace.arg("-qq").args(options).args(arguments).output().expect("strace runs")
}
