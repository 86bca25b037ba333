//! auth.log, secure, and what stands in for them.

use coroner_core::{Blocked, Cx, Scope, Text, Time};
use coroner_parse::login::event::{self, AccountChange, Event};
use coroner_parse::login::syslog::{self, Calendar, Stamp};

use super::files::{Chosen, Log, parts, within_budget};
use super::records::leads_nowhere;
use super::stream::{self, NextLine};
use super::tally::{Accepted, Place, Refused};
use super::{Scene, log};
use crate::items::{AccountDeed, LogFile, Source};

/// The logs of authentication; the general logs are read where a host has none of these.
const AUTH_LOGS: [&str; 2] = ["auth.log", "secure"];
const GENERAL_LOGS: [&str; 2] = ["messages", "syslog"];

pub(super) fn read(cx: &mut Cx<'_>, scene: &mut Scene) {
    let logs = AUTH_LOGS.map(log);
    if logs.iter().map(|log| read_log(cx, scene, log)).filter(|&read| read).count() == 0 {
        for log in GENERAL_LOGS.map(log) {
            read_log(cx, scene, &log);
        }
    }
}

fn budget(cx: &Cx<'_>) -> u64 {
    match cx.options().scope {
        Scope::Quick => 64 << 20,
        Scope::Standard => 1 << 30,
        Scope::Full => u64::MAX,
    }
}

/// Reads a log; false when the host has no such log.
fn read_log(cx: &mut Cx<'_>, scene: &mut Scene, log: &Log) -> bool {
    let found = parts(cx, log);
    let any = !found.is_empty();
    let budget = budget(cx);
    for mut chosen in within_budget(cx, found, budget) {
        if !chosen.part.item.special && !leads_nowhere(&chosen.part.item) {
            read_file(cx, scene, &mut chosen);
        }
        cx.emit(chosen.part.item);
    }
    any
}

fn read_file(cx: &mut Cx<'_>, scene: &mut Scene, chosen: &mut Chosen) {
    let Some(mut stream) = stream::open(cx, &chosen.part, chosen.limit, 1) else { return };
    let item = &mut chosen.part.item;
    let calendar = Calendar::new(scene.zone.as_deref(), item.modified.seconds());
    let (mut line, mut number, mut skipped) = (Vec::new(), 0_u32, 0_u64);
    loop {
        number = number.saturating_add(1);
        match stream::next_line(&mut stream.bytes, &mut line) {
            NextLine::Whole => {
                // Entered in the middle, the file's lines have no number.
                let number = if stream.skipped == 0 { number } else { 0 };
                let read = read_line(scene, item, &calendar, &line, number);
                skipped = skipped.saturating_add(u64::from(read.is_none()));
            }
            NextLine::TooLong => skipped = skipped.saturating_add(1),
            NextLine::End => break,
            NextLine::Broken(reason) => {
                cx.gap(&item.path, reason);
                break;
            }
        }
        if number.is_multiple_of(8192) && cx.deadline().is_over() {
            cx.gap(&item.path, Blocked::OutOfTime);
            break;
        }
    }
    if skipped > 0 {
        let words = format!("{skipped} lines are not in the form of a log");
        cx.minor_gap(&item.path, Blocked::Malformed, words);
    }
}

fn read_line(
    scene: &mut Scene,
    item: &mut LogFile,
    calendar: &Calendar,
    line: &[u8],
    number: u32,
) -> Option<()> {
    let entry = syslog::entry(line)?;
    let when = calendar.seconds(entry.stamp)?;
    item.entries = item.entries.saturating_add(1);
    item.first.get_or_insert(Time::from_seconds(when));
    item.last = Some(Time::from_seconds(when));
    let place = Place { file: item.path.clone(), line: number };
    let message = Said {
        source: Source::AuthLog,
        when,
        program: entry.program,
        message: entry.message,
        vague: matches!(entry.stamp, Stamp::Yearless { .. }),
    };
    take(scene, &message, &place);
    Some(())
}

/// A message, from a file or from the journal.
pub(super) struct Said<'a> {
    pub(super) source: Source,
    pub(super) when: i64,
    pub(super) program: &'a [u8],
    pub(super) message: &'a [u8],
    pub(super) vague: bool,
}

/// Programs whose messages both the journal and the log of authentication get; CRON's only as far
/// as PAM says them.
pub(super) fn is_authentication(program: &[u8], message: &[u8]) -> bool {
    matches!(
        program,
        b"sshd" | b"sshd-session" | b"sshd-auth" | b"sudo" | b"su" | b"login" | b"systemd-logind"
    ) || program.eq_ignore_ascii_case(b"cron") && message.starts_with(b"pam_unix(")
}

/// Takes a message into the tally.
pub(super) fn take(scene: &mut Scene, said: &Said<'_>, place: &Place) {
    if is_authentication(said.program, said.message) {
        scene.tally.active(said.source, said.when);
    }
    let Some(told) = event::event(said.program, said.message) else { return };
    match told.event {
        Event::Accepted(attempt) => {
            let (user, from) = (attempt.user, attempt.from);
            accept(scene, said, place, (user, from, attempt.method), attempt.key);
        }
        Event::Failed(attempt) if attempt.method != b"none" => {
            refuse(scene, said, place, (attempt.user, attempt.from), told.times);
        }
        Event::Console { user, granted: false, .. } => {
            refuse(scene, said, place, (user, b""), told.times);
        }
        // login(1) says so itself for root alone; PAM says it for everybody.
        Event::SessionOpened { service: b"login", user } => {
            accept(scene, said, place, (user, b"", b"console"), None);
        }
        Event::Sudo(sudo) => {
            let program = sudo.command.split(|&byte| byte == b' ').next().unwrap_or_default();
            let target = if sudo.target.is_empty() { b"root" } else { sudo.target };
            let granted = sudo.refused.is_none();
            let who = (b"sudo".as_slice(), sudo.user, target, program, granted);
            elevate(scene, said, place, who, sudo.command);
        }
        Event::Su { by, to, granted } => {
            elevate(scene, said, place, (b"su", by, to, b"", granted), b"");
        }
        Event::Account(change) => deed(scene, said, place, change),
        _ => {}
    }
}

fn accept(
    scene: &mut Scene,
    said: &Said<'_>,
    place: &Place,
    (user, from, method): (&[u8], &[u8], &[u8]),
    key: Option<&[u8]>,
) {
    let (source, when) = (said.source, said.when);
    let event = Accepted { source, when, user, from, method, key, comparable: true };
    scene.tally.accepted(&event, place, said.vague);
}

fn refuse(
    scene: &mut Scene,
    said: &Said<'_>,
    place: &Place,
    (user, from): (&[u8], &[u8]),
    times: u32,
) {
    let event = Refused { source: said.source, when: said.when, user, from, times };
    scene.tally.refused(&event, place);
}

fn elevate(
    scene: &mut Scene,
    said: &Said<'_>,
    place: &Place,
    (by, user, target, program, granted): (&[u8], &[u8], &[u8], &[u8], bool),
    command: &[u8],
) {
    let text = |bytes: &[u8]| Text::from(bytes);
    let who = (text(by), text(user), text(target), text(program), granted);
    scene.tally.elevated(said.source, who, command, said.when, place);
}

fn deed(scene: &mut Scene, said: &Said<'_>, place: &Place, change: AccountChange<'_>) {
    let (deed, name, detail) = match change {
        AccountChange::Added { user, shell, .. } => (AccountDeed::Added, user, shell),
        AccountChange::Deleted { user } => (AccountDeed::Deleted, user, &b""[..]),
        AccountChange::Renamed { from, to } => (AccountDeed::Renamed, from, to),
        AccountChange::Joined { user, group } => (AccountDeed::Joined, user, group),
        AccountChange::Password { user } => (AccountDeed::Password, user, &b""[..]),
        AccountChange::Changed { user, what } => (AccountDeed::Changed, user, what),
        AccountChange::GroupAdded { group } => (AccountDeed::GroupAdded, group, &b""[..]),
    };
    let what = (deed, Text::from(name), Text::from(detail));
    scene.tally.deed(said.source, what, said.when, place);
}
