//! Removing traces: logs of logins and security, and the shell's history.

use super::super::shell::{Command, How, base_name};
use super::walk::Walk;
use super::{Kind, Strength};

/// What a log records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Log {
    /// Who logged in and what security saw.
    Witness,
    /// General logs, which admins sometimes empty on a full disk.
    General,
}

/// Judges a path: rotated and compressed logs, and those of single services, are nobody's matter.
fn log(path: &[u8]) -> Option<Log> {
    let path = path.strip_suffix(b"*").unwrap_or(path);
    let inside = path.strip_prefix(b"/var/log/").or_else(|| path.strip_prefix(b"/var/adm/"));
    if matches!(path, b"/var/log" | b"/var/log/" | b"/var/log/journal" | b"/var/log/journal/") {
        return Some(Log::Witness);
    }
    match inside? {
        b"wtmp" | b"btmp" | b"lastlog" | b"faillog" | b"tallylog" | b"auth.log" | b"auth"
        | b"secure" | b"audit" | b"audit/" | b"audit/audit.log" | b"sulog" | b"wtmp.db"
        | b"lastlog2.db" => Some(Log::Witness),
        b"syslog" | b"messages" | b"kern.log" | b"daemon.log" | b"user.log" | b"cron"
        | b"cron.log" | b"debug" => Some(Log::General),
        _ => None,
    }
}

fn is_history(path: &[u8]) -> bool {
    const FILES: [&[u8]; 9] = [
        b".bash_history",
        b".zsh_history",
        b".zhistory",
        b".ash_history",
        b".sh_history",
        b".history",
        b".mysql_history",
        b".python_history",
        b".viminfo",
    ];
    FILES.contains(&base_name(path))
}

pub(super) fn command(command: &Command, walk: &mut Walk<'_>) {
    history(command, walk);
    for path in removed(command) {
        if is_history(&path) {
            let technique = "empties the shell's history";
            walk.raise(Kind::HistoryOff, Strength::Likely, technique, &command.span);
        }
        let strength = match log(&path) {
            Some(Log::Witness) => Strength::Likely,
            Some(Log::General) => Strength::Weak,
            None => continue,
        };
        let technique = "removes or empties logs of logins and security";
        walk.raise(Kind::LogRemoval, strength, technique, &command.span);
    }
    match command.name() {
        b"journalctl" if vacuums_all(command) => {
            let technique = "empties the journal";
            walk.raise(Kind::LogRemoval, Strength::Likely, technique, &command.span);
        }
        b"sed" | b"perl" if edits_logs(command) => {
            let technique = "edits logs of logins and security";
            walk.raise(Kind::LogRemoval, Strength::Likely, technique, &command.span);
        }
        b"utmpdump" if command.has("-r") => {
            let technique = "rewrites login records";
            walk.raise(Kind::LogRemoval, Strength::Weak, technique, &command.span);
        }
        _ => {}
    }
}

/// The files that a command removes, empties or points elsewhere.
fn removed(command: &Command) -> Vec<Vec<u8>> {
    let arguments = command.argv().get(1..).unwrap_or_default();
    let mut paths: Vec<Vec<u8>> = Vec::new();
    match command.name() {
        b"rm" | b"shred" | b"unlink" | b"wipe" | b"srm" | b"truncate" => {
            let files = arguments.iter().filter(|word| !word.text.starts_with(b"-"));
            paths.extend(files.map(|word| word.text.clone()));
        }
        b"cp" | b"ln" | b"dd" | b"tee" => {
            let from_null = arguments.iter().any(|word| word.text.ends_with(b"/dev/null"));
            let target = arguments.last().filter(|_| from_null);
            paths.extend(
                target.map(|word| word.text.strip_prefix(b"of=").unwrap_or(&word.text).to_vec()),
            );
        }
        // `> file` and `echo > file`: whatever was there is gone.
        b"" | b":" | b"true" | b"echo" | b"cat" | b"printf" if empties(command) => {
            let written = command.redirects.iter().filter(|redirect| redirect.how == How::Write);
            paths.extend(written.map(|redirect| redirect.target.text.clone()));
        }
        _ => {}
    }
    paths
}

/// Writes nothing, or next to nothing.
fn empties(command: &Command) -> bool {
    let arguments = command.argv().get(1..).unwrap_or_default();
    arguments.iter().all(|word| word.text.len() <= 2 || word.text == b"/dev/null")
        && !command.redirects.iter().any(|redirect| redirect.how == How::Text)
}

/// `journalctl --vacuum-time=1s`, `--vacuum-size=1`: what is left is nothing.
fn vacuums_all(command: &Command) -> bool {
    let words = command.argv();
    words.iter().enumerate().any(|(at, word)| {
        let Some(rest) = word.text.strip_prefix(b"--vacuum-") else { return false };
        let value = memchr::memchr(b'=', rest).and_then(|at| rest.get(at + 1..));
        let next = words.get(at + 1).map(|word| word.text.as_slice());
        is_next_to_nothing(value.or(next).unwrap_or_default())
    })
}

fn is_next_to_nothing(amount: &[u8]) -> bool {
    let digits = amount.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, unit) = amount.split_at_checked(digits).unwrap_or((amount, &[]));
    let number: u64 =
        std::str::from_utf8(number).ok().and_then(|n| n.parse().ok()).unwrap_or(u64::MAX);
    match unit {
        b"" | b"s" | b"sec" | b"K" => number <= 60,
        b"m" | b"min" => number <= 10,
        b"M" => number <= 1,
        _ => number == 0,
    }
}

/// `sed -i '/192.0.2.1/d' /var/log/auth.log`.
fn edits_logs(command: &Command) -> bool {
    let in_place = command.argv().iter().skip(1).any(|word| {
        word.text.starts_with(b"-i") || word.text == b"--in-place" || word.text.starts_with(b"-pi")
    });
    in_place && command.argv().iter().skip(1).any(|word| log(&word.text).is_some())
}

/// Turning the shell's memory off.
fn history(command: &Command, walk: &mut Walk<'_>) {
    let off = command.assignments.iter().any(|pair| match pair.name.as_slice() {
        b"HISTFILE" => pair.value.is_empty() || pair.value.starts_with(b"/dev/"),
        b"HISTSIZE" | b"HISTFILESIZE" | b"SAVEHIST" => pair.value == b"0",
        _ => false,
    });
    let told = match command.name() {
        b"history" => {
            let flags = |word: &[u8]| word.starts_with(b"-") && word.contains(&b'c');
            command.argv().iter().skip(1).any(|word| flags(&word.text))
        }
        b"unset" => command.has("HISTFILE") || command.has("HISTFILESIZE"),
        b"set" => command.has("+o") && command.has("history"),
        b"shopt" => command.has("-uo") && command.has("history"),
        _ => false,
    };
    if off || told {
        let technique = "keeps the shell from remembering";
        walk.raise(Kind::HistoryOff, Strength::Likely, technique, &command.span);
    }
}
