//! The throttle undoes itself: by its timers, and killed or failing at every step.
// A test that cannot go on fails, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

#[path = "throttle_tc.rs"]
mod tc;
#[path = "throttle_lab.rs"]
mod throttle_lab;

use std::process::{Command, Stdio};

use throttle_lab::{HTB, Lab, WEB, meddled, refused, set_up, under_strace};

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn it_undoes_itself_after_a_time() {
    let lab = Lab::new();
    set_up(&lab, HTB);
    let before = lab.dump();
    let said = lab.must(&format!("apply {WEB} --replace --for 5s"));
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
    apply_and_kill_the_shell(&lab, &format!("apply {WEB} --confirm-within 6s"));
    assert_ne!(lab.dump(), before, "applied");
    lab.wait("undone", || lab.leaves_no_trace());
    assert_eq!(lab.dump(), before);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn what_is_confirmed_stays_until_its_time() {
    let lab = Lab::new();
    let before = lab.dump();
    lab.must(&format!("apply {WEB} --confirm-within 6s --for 14s"));
    assert!(lab.must("confirm").contains("confirmed"));
    let applied = lab.dump();
    std::thread::sleep(std::time::Duration::from_secs(7));
    assert_eq!(lab.dump(), applied);
    lab.wait("undone", || lab.leaves_no_trace());
    assert_eq!(lab.dump(), before);
    refused(&lab, "confirm", "nothing to confirm");
}

/// How many messages coroner sends to the kernel when nothing goes wrong.
fn messages(words: &str) -> usize {
    let lab = Lab::new();
    set_up(&lab, HTB);
    let list = lab.state.path().join("calls");
    let options = ["-e", "trace=sendto", "-o", list.to_str().unwrap()];
    assert!(under_strace(&lab, &options, words).status.success());
    let count = std::fs::read_to_string(list).unwrap().lines().count();
    lab.must("revert");
    count
}

/// Killed before each message to the kernel, before each time that the state is kept, and at the end.
#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn killed_at_any_step_it_leaves_the_old_state_or_the_new() {
    let words = format!("apply {WEB} --replace --for 6s");
    let messages = messages(&words);
    let (mut old, mut new) = (0, 0);
    for call in ["sendto", "rename", "fsync", "exit_group"] {
        for step in 1.. {
            let lab = Lab::new();
            set_up(&lab, HTB);
            let before = lab.dump();
            let inject = format!("{call}:signal=KILL:when={step}");
            let whole = meddled(&lab, &inject, &words);
            let done = || {
                let status = lab.must("status --json");
                lab.leaves_no_trace()
                    || status == "[]\n"
                    || status.contains("\"phase\":\"applied\"")
            };
            lab.wait("the guard has put it right", done);
            let after = lab.settled();
            if after == before {
                old += 1;
            } else {
                assert!(after.contains("class htb 1:30 parent 1:1 leaf 30:"), "{inject}: {after}");
                assert!(after.contains("protocol ipv6 pref 4 u32"), "{inject}: {after}");
                new += 1;
            }
            lab.wait("the timer restores all the same", || lab.dump() == before);
            if whole {
                assert!(call != "sendto" || step == messages + 1, "{step} of {messages}");
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
