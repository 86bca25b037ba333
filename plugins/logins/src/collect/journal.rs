//! The systemd journal: its login messages, and whether its files hold together.

use std::collections::HashMap;

use coroner_core::{Blocked, Cx, FileType, HostPath, ReadError, Scope, Time};
use coroner_parse::login::journal::{Audit, Header, Journal, Message, State};

use super::Scene;
use super::pages::Pages;
use super::tally::Place;
use super::text_logs::{Said, take};
use crate::items::{AlteredEntry, JournalFile, JournalState, JournalWalk, Source};

const DIRS: [&str; 2] = ["/var/log/journal", "/run/log/journal"];
/// Files of one host: journald keeps a hundred.
const MOST_FILES: usize = 2_000;
/// Altered entries kept as evidence.
const MOST_ALTERED: usize = 16;

/// Names under which login messages are logged.
const IDENTIFIERS: [&[u8]; 20] = [
    b"sshd",
    b"sshd-session",
    b"sshd-auth",
    b"sudo",
    b"su",
    b"login",
    b"systemd-logind",
    b"CRON",
    b"cron",
    b"useradd",
    b"userdel",
    b"usermod",
    b"groupadd",
    b"groupdel",
    b"groupmod",
    b"gpasswd",
    b"passwd",
    b"chpasswd",
    b"chsh",
    b"newusers",
];

pub(super) fn read(cx: &mut Cx<'_>, scene: &mut Scene) {
    let mut left = match cx.options().scope {
        Scope::Quick => 256 << 20,
        Scope::Standard => 1 << 30,
        Scope::Full => u64::MAX,
    };
    let mut out = 0_usize;
    let mut read = Vec::new();
    for (path, size) in newest_first(cx) {
        if left == 0 || read.len() >= MOST_FILES {
            out = out.saturating_add(1);
            continue;
        }
        left = left.saturating_sub(size);
        read.push(path);
    }
    if out > 0 {
        let words =
            format!("{out} older journal files are beyond the budget; --scope full reads them");
        cx.minor_gap(&HostPath::new(DIRS[0]), Blocked::TooLarge, words);
    }
    read.reverse();
    let found: Vec<_> = read.iter().filter_map(|path| read_file(cx, scene, path)).collect();
    emit(cx, found);
}

/// The directories of this machine's journal. Beside them lie those of containers, and `remote`
/// with the journals of other hosts.
fn machine_dirs(cx: &mut Cx<'_>) -> Vec<HostPath> {
    let id = cx.read(&HostPath::new("/etc/machine-id")).map(|content| content.bytes);
    let id = id.as_deref().map(<[u8]>::trim_ascii).unwrap_or_default();
    let own: Vec<_> = DIRS.iter().map(|dir| HostPath::new(dir).join(id)).collect();
    let there = |cx: &mut Cx<'_>, dir: &HostPath| cx.stat(dir).is_some_and(|stat| stat.is_dir());
    if id.len() == 32 && own.iter().any(|dir| there(cx, dir)) {
        return own;
    }
    let machine = |name: &[u8]| name.len() == 32 && name.iter().all(u8::is_ascii_hexdigit);
    let below: Vec<_> = DIRS.iter().flat_map(|dir| cx.list(&HostPath::new(dir))).collect();
    below.into_iter().map(|entry| entry.path).filter(|path| machine(path.name())).collect()
}

/// This machine's journal files, newest first, with their sizes.
fn newest_first(cx: &mut Cx<'_>) -> Vec<(HostPath, u64)> {
    let mut found = Vec::new();
    for dir in machine_dirs(cx) {
        for entry in cx.list(&dir) {
            let name = entry.path.name();
            let journal = name.ends_with(b".journal") || name.ends_with(b".journal~");
            if journal
                && entry.kind == FileType::Regular
                && let Some(stat) = cx.stat(&entry.path)
            {
                found.push((stat.modified, entry.path, stat.size));
            }
        }
    }
    found.sort_by(|(a, left, _), (b, right, _)| {
        (b.seconds, b.nanoseconds, right).cmp(&(a.seconds, a.nanoseconds, left))
    });
    found.into_iter().map(|(_, path, size)| (path, size)).collect()
}

/// A file, and what its numbering is compared by.
struct Found {
    item: JournalFile,
    numbering: [u8; 16],
    holes: Vec<(u64, u64, Time, Time)>,
}

fn read_file(cx: &mut Cx<'_>, scene: &mut Scene, path: &HostPath) -> Option<Found> {
    let file = match cx.host().open_file(path) {
        Ok(file) => file,
        Err(ReadError::Absent) => return None,
        Err(ReadError::Blocked(reason)) => {
            cx.gap(path, reason);
            return None;
        }
    };
    let size = file.stat().size;
    let pages = Pages::new(file);
    let journal = match Journal::open(&pages) {
        Ok(journal) => journal,
        Err(malformed) => {
            cx.gap_because(path, Blocked::Malformed, malformed.to_string());
            return None;
        }
    };
    let mut item = item(path, journal.header(), size);
    read_messages(cx, scene, &journal, &mut item);
    let numbering = journal.header().seqnum_id;
    // journald itself sets files aside as `.journal~` when they did not hold together.
    let broken_anyway = path.as_bytes().ends_with(b"~");
    if cx.options().scope == Scope::Quick || broken_anyway || cx.deadline().is_over() {
        return Some(Found { item, numbering, holes: Vec::new() });
    }
    let audit = journal.audit();
    let holes = holes(&audit);
    item.walk = Some(walk(&audit));
    Some(Found { item, numbering, holes })
}

fn micros(micros: u64) -> Time {
    Time::from_seconds(i64::try_from(micros / 1_000_000).unwrap_or(i64::MAX))
}

fn item(path: &HostPath, header: &Header, size: u64) -> JournalFile {
    JournalFile {
        path: path.clone(),
        state: match header.state {
            State::Offline => JournalState::Offline,
            State::Online => JournalState::Online,
            State::Archived => JournalState::Archived,
            State::Unknown(_) => JournalState::Unknown,
        },
        entries: header.n_entries,
        first_number: header.head_entry_seqnum,
        last_number: header.tail_entry_seqnum,
        first: micros(header.head_entry_realtime),
        last: micros(header.tail_entry_realtime),
        used: header.used_size(),
        size,
        walk: None,
        altered: Vec::new(),
    }
}

fn read_messages(
    cx: &mut Cx<'_>,
    scene: &mut Scene,
    journal: &Journal<'_, Pages>,
    item: &mut JournalFile,
) {
    let entries = journal.entries_with(b"SYSLOG_IDENTIFIER", |value| IDENTIFIERS.contains(&value));
    let mut unread = 0_u64;
    for (count, entry) in entries.into_iter().enumerate() {
        if count % 4096 == 0 && cx.deadline().is_over() {
            return cx.gap(&item.path, Blocked::OutOfTime);
        }
        match journal.message(entry) {
            Some(message) => {
                unread = unread.saturating_add(u64::from(message.incomplete));
                take_message(scene, item, &message);
            }
            None => unread = unread.saturating_add(1),
        }
    }
    if unread > 0 {
        let words = format!("{unread} entries could not be read in full");
        cx.minor_gap(&item.path, Blocked::Malformed, words);
    }
}

fn take_message(scene: &mut Scene, item: &mut JournalFile, message: &Message) {
    if message.altered && item.altered.len() < MOST_ALTERED {
        item.altered.push(AlteredEntry {
            number: message.seqnum,
            time: micros(message.realtime),
            message: message.message.clone(),
        });
    }
    // sshd logs as root; an ordinary account may log under its name and is not believed.
    let forged = message.identifier.as_bytes().starts_with(b"sshd")
        && message.uid.is_some_and(|uid| (1000..65_534).contains(&uid));
    if forged {
        return;
    }
    let place = Place { file: item.path.clone(), line: 0 };
    let said = Said {
        source: Source::Journal,
        when: i64::try_from(message.realtime / 1_000_000).unwrap_or(i64::MAX),
        program: message.identifier.as_bytes(),
        message: message.message.as_bytes(),
        vague: false,
    };
    take(scene, &said, &place);
}

fn holes(audit: &Audit) -> Vec<(u64, u64, Time, Time)> {
    let each = |hole: &coroner_parse::login::journal::SeqnumHole| {
        (hole.after, hole.before, micros(hole.from), micros(hole.to))
    };
    audit.holes.iter().map(each).collect()
}

fn walk(audit: &Audit) -> JournalWalk {
    JournalWalk {
        entries: audit.entries,
        unlinked: audit.unlinked,
        missing: 0,
        hole_from: None,
        hole_to: None,
        broken_at: audit.broken_at,
    }
}

/// Files with one numbering share it: a number that one lacks may be in another, so a hole counts
/// only where no other file of the numbering reaches into it.
fn emit(cx: &mut Cx<'_>, found: Vec<Found>) {
    let mut ranges: HashMap<[u8; 16], Vec<(HostPath, u64, u64)>> = HashMap::new();
    for file in &found {
        let range = (file.item.path.clone(), file.item.first_number, file.item.last_number);
        ranges.entry(file.numbering).or_default().push(range);
    }
    for mut file in found {
        let others = ranges.get(&file.numbering).map_or(&[][..], Vec::as_slice);
        let own = file.holes.iter().filter(|(after, before, ..)| {
            !others.iter().any(|(path, first, last)| {
                *path != file.item.path && first < before && last > after
            })
        });
        let own: Vec<_> = own.copied().collect();
        if let (Some(walk), Some(&(_, _, from, to))) = (&mut file.item.walk, own.first()) {
            let missing = own.iter().map(|(after, before, ..)| before - after - 1);
            walk.missing = missing.fold(0, u64::saturating_add);
            (walk.hole_from, walk.hole_to) = (Some(from), Some(to));
        }
        cx.emit(file.item);
    }
}
