//! Programs that start another program: `sudo`, `nohup`, `timeout` and their kin.

use super::variables::assignment_name;
use super::{Assignment, Command, Word};

/// How a wrapper's own arguments end.
#[derive(Debug)]
struct Wrapper {
    name: &'static str,
    /// Short options that take a value.
    short: &'static str,
    /// Long options whose value is a word of its own.
    long: &'static [&'static str],
    /// Arguments before the program, e.g. the time of `timeout`.
    arguments: usize,
    /// `NAME=value` may stand before the program.
    assigns: bool,
    /// Leaves the terminal or the parent.
    detaches: bool,
}

const PLAIN: Wrapper =
    Wrapper { name: "", short: "", long: &[], arguments: 0, assigns: false, detaches: false };

/// Taken from each program's manual page.
const WRAPPERS: &[Wrapper] = &[
    Wrapper { name: "env", short: "uCS", long: &["--unset", "--chdir"], assigns: true, ..PLAIN },
    Wrapper {
        name: "sudo",
        short: "ugpCTUrtDRh",
        long: &["--user", "--group", "--host", "--prompt"],
        assigns: true,
        ..PLAIN
    },
    Wrapper { name: "doas", short: "uCa", ..PLAIN },
    Wrapper { name: "nohup", detaches: true, ..PLAIN },
    Wrapper { name: "setsid", detaches: true, ..PLAIN },
    Wrapper { name: "daemon", short: "nupXEF", detaches: true, ..PLAIN },
    Wrapper { name: "daemonize", short: "ceoplu", detaches: true, ..PLAIN },
    Wrapper { name: "screen", short: "StchTpe", detaches: true, ..PLAIN },
    Wrapper { name: "nice", short: "n", long: &["--adjustment"], ..PLAIN },
    Wrapper { name: "ionice", short: "cnpPu", long: &["--class", "--classdata"], ..PLAIN },
    Wrapper { name: "timeout", short: "ks", long: &["--signal"], arguments: 1, ..PLAIN },
    Wrapper { name: "stdbuf", short: "ioe", ..PLAIN },
    Wrapper { name: "chrt", short: "TPD", arguments: 1, ..PLAIN },
    Wrapper { name: "taskset", arguments: 1, ..PLAIN },
    Wrapper { name: "setarch", arguments: 1, ..PLAIN },
    Wrapper { name: "linux32", ..PLAIN },
    Wrapper { name: "linux64", ..PLAIN },
    Wrapper { name: "time", short: "fo", ..PLAIN },
    Wrapper { name: "command", ..PLAIN },
    Wrapper { name: "builtin", ..PLAIN },
    Wrapper { name: "exec", short: "a", ..PLAIN },
    Wrapper { name: "chroot", arguments: 1, ..PLAIN },
    Wrapper { name: "unshare", short: "SGRw", long: &["--map-user", "--map-group"], ..PLAIN },
    Wrapper { name: "nsenter", short: "tSGW", long: &["--target"], ..PLAIN },
    Wrapper { name: "flock", short: "wE", long: &["--timeout"], arguments: 1, ..PLAIN },
    Wrapper { name: "setpriv", long: &["--reuid", "--regid", "--groups"], ..PLAIN },
    Wrapper { name: "chpst", short: "ue/bnmdopfcrt", ..PLAIN },
    Wrapper { name: "setuidgid", arguments: 1, ..PLAIN },
    Wrapper { name: "envdir", arguments: 1, ..PLAIN },
    Wrapper {
        name: "systemd-run",
        short: "puEHMt",
        long: &["--unit", "--property", "--slice", "--description", "--uid", "--gid"],
        ..PLAIN
    },
    Wrapper { name: "systemd-cat", short: "tp", ..PLAIN },
    Wrapper { name: "systemd-inhibit", ..PLAIN },
    Wrapper { name: "busybox", ..PLAIN },
    Wrapper { name: "toybox", ..PLAIN },
    Wrapper { name: "xargs", short: "InPLdasE", long: &["--arg-file"], ..PLAIN },
    Wrapper { name: "strace", short: "oepsEuPI", ..PLAIN },
    Wrapper { name: "chronic", ..PLAIN },
    Wrapper { name: "cronic", ..PLAIN },
    Wrapper { name: "dbus-run-session", ..PLAIN },
    Wrapper { name: "xvfb-run", short: "nsef", ..PLAIN },
    Wrapper { name: "fakeroot", ..PLAIN },
    Wrapper { name: "eatmydata", ..PLAIN },
    Wrapper { name: "proxychains", short: "f", ..PLAIN },
    Wrapper { name: "proxychains4", short: "f", ..PLAIN },
    Wrapper { name: "torsocks", ..PLAIN },
    Wrapper { name: "rlwrap", ..PLAIN },
    Wrapper { name: "unbuffer", ..PLAIN },
    Wrapper { name: "runuser", short: "ugGsw", long: &["--user", "--group"], ..PLAIN },
];

/// Wrappers around wrappers are followed this far.
const DEEPEST: usize = 16;

/// The last part of a path.
pub fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
}

/// Finds the program behind the wrappers and notes what they assign.
pub(super) fn set_program(command: &mut Command) {
    let mut at = 0;
    for _ in 0..DEEPEST {
        let Some(step) = step(command.words.get(at..).unwrap_or_default()) else { break };
        command.background |= step.detaches;
        let skipped = command.words.get(at..at + step.words).unwrap_or_default();
        let assigned = skipped.iter().skip(1).filter_map(assignment).collect::<Vec<_>>();
        if step.assigns {
            command.assignments.extend(assigned);
        }
        at += step.words;
    }
    command.program_at = at;
}

fn assignment(word: &Word) -> Option<Assignment> {
    let (length, append) = assignment_name(&word.text)?;
    let (name, value) = word.text.split_at_checked(length)?;
    let value = value.get(1 + usize::from(append)..)?;
    Some(Assignment { name: name.to_vec(), value: value.to_vec() })
}

#[derive(Debug)]
struct Step {
    words: usize,
    assigns: bool,
    detaches: bool,
}

/// How many words a wrapper and its own arguments take; nothing when the program is no wrapper
/// or starts nothing.
fn step(words: &[Word]) -> Option<Step> {
    let name = base_name(&words.first()?.text);
    if let Some(words) = special(name, words) {
        return Some(Step { words, assigns: false, detaches: false });
    }
    let wrapper = WRAPPERS.iter().find(|wrapper| wrapper.name.as_bytes() == name)?;
    let mut at = 1 + options(wrapper, words.get(1..)?);
    at += wrapper.arguments;
    if wrapper.assigns {
        let rest = words.get(at..).unwrap_or_default();
        at += rest.iter().take_while(|word| assignment_name(&word.text).is_some()).count();
    }
    // `exec 3<>file` and `env` alone start nothing.
    words.get(at)?;
    Some(Step { words: at, assigns: wrapper.assigns, detaches: wrapper.detaches })
}

/// Wrappers whose program stands after an option or a sub-command.
fn special(name: &[u8], words: &[Word]) -> Option<usize> {
    let position = |wanted: &[&[u8]]| {
        let found = words.iter().position(|word| wanted.contains(&word.text.as_slice()))?;
        words.get(found + 1).map(|_| found + 1)
    };
    match name {
        b"start-stop-daemon" => {
            position(&[b"--exec", b"-x"]).or_else(|| position(&[b"--startas", b"-a"]))
        }
        b"ip" => {
            let space = words.get(1).filter(|word| word.text == b"netns" || word.text == b"vrf");
            space.and_then(|_| position(&[b"exec"])).map(|at| at + 1)
        }
        b"find" => position(&[b"-exec", b"-execdir", b"-ok"]),
        _ if is_loader(name) => {
            words.iter().skip(1).position(|word| !word.text.starts_with(b"-")).map(|at| at + 1)
        }
        _ => None,
    }
}

/// The dynamic loader runs a program given as its argument.
fn is_loader(name: &[u8]) -> bool {
    name.starts_with(b"ld-linux") || name.starts_with(b"ld-musl") || name == b"ld.so"
}

/// Words that the wrapper's options take.
fn options(wrapper: &Wrapper, words: &[Word]) -> usize {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        match word.text.as_slice() {
            b"--" => return at + 1,
            b"-" | [] => break,
            [b'-', b'-', ..] => {
                let valued = wrapper.long.iter().any(|long| long.as_bytes() == word.text);
                at += 1 + usize::from(valued);
            }
            [b'-', letters @ ..] => {
                let valued = |letter: &u8| wrapper.short.as_bytes().contains(letter);
                let first = letters.iter().position(valued);
                at += 1 + usize::from(first == Some(letters.len() - 1));
            }
            _ => break,
        }
    }
    at
}
