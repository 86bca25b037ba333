//! The files of a log: the current one and its rotations.

use coroner_core::{Cx, FileType, HostPath, Scope, Time};
use coroner_parse::login::rotation::{Rotation, rotation};

use crate::items::LogFile;

/// A log by its directory and name.
pub(crate) struct Log {
    pub(crate) dir: HostPath,
    pub(crate) base: Vec<u8>,
}

/// One file of a log.
pub(crate) struct Part {
    pub(crate) item: LogFile,
    pub(crate) packed: bool,
}

/// A log with more rotations than this was not rotated by a program.
const MOST_PARTS: usize = 400;
/// Rotations this many days older than the newest file are left out, except at full scope.
const WINDOW_DAYS: i64 = 90;

/// The files of a log, oldest first. Links and devices are among them and are not followed.
pub(crate) fn parts(cx: &mut Cx<'_>, log: &Log) -> Vec<Part> {
    let mut found: Vec<(Rotation, Part)> = Vec::new();
    for entry in cx.list(&log.dir) {
        let Some((place, packed)) = rotation(&log.base, entry.path.name()) else { continue };
        if found.len() >= MOST_PARTS || entry.kind == FileType::Directory {
            continue;
        }
        let Some(item) = log_file(cx, &log.dir.join(&log.base), &entry.path, &place) else {
            continue;
        };
        found.push((place, Part { item, packed }));
    }
    found.sort_by_key(|(place, part)| (age(place), part.packed));
    found.into_iter().map(|(_, part)| part).collect()
}

/// Oldest first: high numbers, then dates in order, then the current file.
fn age(place: &Rotation) -> (u8, u64) {
    match place {
        Rotation::Number(number) => (0, u64::from(u32::MAX - number)),
        Rotation::Date(date) => (1, *date),
        Rotation::Current => (2, 0),
    }
}

fn log_file(cx: &mut Cx<'_>, log: &HostPath, path: &HostPath, place: &Rotation) -> Option<LogFile> {
    let stat = cx.stat(path)?;
    let link = if stat.kind == FileType::Link { cx.read_link(path) } else { None };
    Some(LogFile {
        path: path.clone(),
        log: log.clone(),
        rotation: match place {
            Rotation::Current => Some(0),
            Rotation::Number(number) => Some(*number),
            Rotation::Date(_) => None,
        },
        dated: if let Rotation::Date(date) = place { Some(*date) } else { None },
        size: stat.size,
        mode: stat.mode,
        uid: stat.uid,
        modified: stat.modified.into(),
        changed: stat.changed.into(),
        born: stat.born.map(Time::from),
        link,
        special: !matches!(stat.kind, FileType::Regular | FileType::Link),
        first: None,
        last: None,
        entries: 0,
    })
}

/// A part that is read, and how many of its bytes at most.
pub(crate) struct Chosen {
    pub(crate) part: Part,
    pub(crate) limit: u64,
}

/// Packed text is up to this many times larger.
const PACKED: u64 = 12;
/// A packed file may hold this much however small it is.
const LEAST: u64 = 1 << 20;

/// Chooses the files that are read, oldest first: the budget of bytes is spent from the newest on,
/// and what is old is left out. The others are only listed, and a gap says so.
pub(crate) fn within_budget(cx: &mut Cx<'_>, parts: Vec<Part>, budget: u64) -> Vec<Chosen> {
    let newest = parts.iter().map(|part| part.item.modified.seconds()).max().unwrap_or(0);
    let full = cx.options().scope == Scope::Full;
    let mut left = budget;
    let mut kept = Vec::new();
    let mut out: Vec<Part> = Vec::new();
    for part in parts.into_iter().rev() {
        let guess = if part.packed { PACKED } else { 1 };
        let cost = part.item.size.saturating_mul(guess);
        let age = newest.saturating_sub(part.item.modified.seconds());
        let old = !full && age > WINDOW_DAYS * 86_400 && part.item.rotation != Some(0);
        if old || left == 0 {
            out.push(part);
            continue;
        }
        let limit = if part.packed { cost.saturating_mul(PACKED).max(LEAST) } else { left };
        left = left.saturating_sub(cost);
        kept.push(Chosen { part, limit });
    }
    kept.reverse();
    if let Some(part) = out.first() {
        let count = out.len();
        let words = format!(
            "{count} rotated files are older than {WINDOW_DAYS} days or beyond the budget of \
             bytes; --scope full reads them"
        );
        cx.minor_gap(&part.item.path, coroner_core::Blocked::TooLarge, words);
    }
    for part in out {
        cx.emit(part.item);
    }
    kept
}
