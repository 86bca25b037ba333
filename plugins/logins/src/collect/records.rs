//! utmp, wtmp and btmp.

use std::collections::BTreeMap;

use coroner_core::{Blocked, Cx, FileType, HostPath, Scope, Time};
use coroner_parse::login::utmp::{self, Kind, Layout, Oddity, Pairing, Record, Session, Watch};

use super::files::{Chosen, Part, parts, within_budget};
use super::tally::{Accepted, Place, Refused, is_terminal};
use super::{Scene, log, stream};
use crate::items::{LogFile, Odd, RecordOddity, Source};

/// Failed logins, and the failures that a later login is held against.
pub(super) fn btmp(cx: &mut Cx<'_>, scene: &mut Scene) {
    read_log(cx, scene, "btmp", |scene, record, place| {
        // sshd and login write LOGIN_PROCESS, others USER_PROCESS.
        if matches!(record.kind, Kind::Prompt | Kind::User) {
            let from = record.from();
            let event = Refused {
                source: Source::Wtmp,
                when: record.seconds,
                user: record.user,
                from: from.as_bytes(),
                times: 1,
            };
            scene.tally.refused(&event, place);
        }
    });
}

/// Logins and how long they lasted.
pub(super) fn wtmp(cx: &mut Cx<'_>, scene: &mut Scene) {
    let mut pairing = Pairing::default();
    read_log(cx, scene, "wtmp", |scene, record, place| {
        if record.kind == Kind::User {
            accept(scene, Source::Wtmp, record, place);
        }
        for session in pairing.see(record) {
            stayed(scene, &session);
        }
    });
}

/// A slot per terminal: 40,000 of them.
const LARGEST_UTMP: u64 = 16 << 20;

/// Who is in now.
pub(super) fn utmp(cx: &mut Cx<'_>, scene: &mut Scene) {
    let path = HostPath::new("/run/utmp");
    let Some(stat) = cx.stat(&path).filter(|stat| stat.kind == FileType::Regular) else { return };
    let item = LogFile {
        log: path.clone(),
        path,
        rotation: Some(0),
        dated: None,
        size: stat.size,
        mode: stat.mode,
        uid: stat.uid,
        modified: stat.modified.into(),
        changed: stat.changed.into(),
        born: stat.born.map(Time::from),
        link: None,
        special: false,
        first: None,
        last: None,
        entries: 0,
    };
    let mut chosen = Chosen { part: Part { item, packed: false }, limit: LARGEST_UTMP };
    let mut odd = Oddities::default();
    read_file(cx, &mut chosen, &mut odd, |record, place| {
        if record.kind == Kind::User {
            accept(scene, Source::Utmp, record, place);
        }
    });
    // Slots of utmp are emptied, reused and out of order; only what no program does counts here.
    odd.0.retain(|odd, _| matches!(odd, Odd::Residue | Odd::UnknownType));
    odd.emit(cx, &chosen.part.item.path);
    cx.emit(chosen.part.item);
}

fn accept(scene: &mut Scene, source: Source, record: &Record<'_>, place: &Place) {
    let from = record.from();
    let event = Accepted {
        source,
        when: record.seconds,
        user: record.user,
        from: from.as_bytes(),
        method: b"session",
        key: None,
        comparable: is_terminal(record.line),
    };
    scene.tally.accepted(&event, place, false);
}

fn stayed(scene: &mut Scene, session: &Session) {
    let seconds =
        session.logout.and_then(|end| u64::try_from(end.saturating_sub(session.login)).ok());
    if let Some(seconds) = seconds {
        scene.tally.stayed(Source::Wtmp, &session.user, &session.from, seconds);
    }
}

/// Bytes of one log's rotations that are read.
fn budget(cx: &Cx<'_>) -> u64 {
    match cx.options().scope {
        Scope::Quick => 64 << 20,
        Scope::Standard => 512 << 20,
        Scope::Full => u64::MAX,
    }
}

fn read_log(
    cx: &mut Cx<'_>,
    scene: &mut Scene,
    name: &str,
    mut take: impl FnMut(&mut Scene, &Record<'_>, &Place),
) {
    let found = parts(cx, &log(name));
    let budget = budget(cx);
    for mut chosen in within_budget(cx, found, budget) {
        let mut odd = Oddities::default();
        if !chosen.part.item.special && !leads_nowhere(&chosen.part.item) {
            read_file(cx, &mut chosen, &mut odd, |record, place| take(scene, record, place));
        }
        odd.emit(cx, &chosen.part.item.path);
        cx.emit(chosen.part.item);
    }
}

/// A link to the null device; there is nothing to read behind it.
pub(super) fn leads_nowhere(item: &LogFile) -> bool {
    item.link.as_ref().is_some_and(|link| link.as_bytes().ends_with(b"dev/null"))
}

/// What is odd about a file's records, folded.
#[derive(Default)]
struct Oddities(BTreeMap<Odd, (u64, u64, String)>);

impl Oddities {
    fn add(&mut self, odd: Odd, count: u64, record: u64, detail: String) {
        let fold = self.0.entry(odd).or_insert((0, record, detail));
        fold.0 = fold.0.saturating_add(count);
    }

    fn take(&mut self, oddity: &Oddity) {
        let at = |index: u64| index.saturating_add(1);
        match *oddity {
            Oddity::Zeroed { first, count, like_a_power_cut } => {
                let odd = if like_a_power_cut { Odd::ZeroedByPowerCut } else { Odd::Zeroed };
                self.add(odd, count, at(first), format!("{count} in a row"));
            }
            Oddity::Unmarked { index } => self.add(Odd::Unmarked, 1, at(index), String::new()),
            Oddity::Backwards { index, seconds } => {
                let detail = format!("{seconds} seconds before the record in front of it");
                self.add(Odd::Backwards, 1, at(index), detail);
            }
            Oddity::Residue { index } => self.add(Odd::Residue, 1, at(index), String::new()),
            Oddity::UnknownType { index } => {
                self.add(Odd::UnknownType, 1, at(index), String::new());
            }
        }
    }

    fn emit(self, cx: &mut Cx<'_>, file: &HostPath) {
        for (odd, (count, record, detail)) in self.0 {
            cx.emit(RecordOddity { file: file.clone(), odd, count, record, detail });
        }
    }
}

/// Both layouts divide this, so a record never lies across two chunks.
const CHUNK: usize = 384 * 400;

/// A file's records while they are read.
struct Reading {
    layout: Layout,
    watch: Watch,
    next_index: u64,
}

impl Reading {
    fn new(first: &[u8], skipped: u64) -> Self {
        let layout = Layout::guess(first);
        let next_index = skipped / layout.size() as u64;
        Self { layout, watch: Watch::new(layout), next_index }
    }

    fn chunk(
        &mut self,
        item: &mut LogFile,
        bytes: &[u8],
        odd: &mut Oddities,
        take: &mut impl FnMut(&Record<'_>, &Place),
    ) {
        for mut record in utmp::records(bytes, self.layout) {
            record.index = self.next_index;
            self.next_index = self.next_index.saturating_add(1);
            self.watch.see(&record).iter().for_each(|oddity| odd.take(oddity));
            note(item, &record);
            let line = u32::try_from(self.next_index).unwrap_or(u32::MAX);
            take(&record, &Place { file: item.path.clone(), line });
        }
    }

    fn finish(&mut self, last: &[u8], odd: &mut Oddities) {
        let over = last.len() % self.layout.size();
        if over != 0 {
            let record = self.next_index.saturating_add(1);
            odd.add(Odd::CutShort, 1, record, format!("{over} bytes of it"));
        }
        self.watch.finish().iter().for_each(|oddity| odd.take(oddity));
    }
}

fn read_file(
    cx: &mut Cx<'_>,
    chosen: &mut Chosen,
    odd: &mut Oddities,
    mut take: impl FnMut(&Record<'_>, &Place),
) {
    let opened = stream::open(cx, &chosen.part, chosen.limit, CHUNK as u64);
    let Some(mut stream) = opened else { return };
    let item = &mut chosen.part.item;
    let mut chunk = vec![0; CHUNK];
    let mut reading: Option<Reading> = None;
    loop {
        let filled = match stream::fill(&mut stream.bytes, &mut chunk) {
            Ok(filled) if !cx.deadline().is_over() => filled,
            Ok(_) => return cx.gap(&item.path, Blocked::OutOfTime),
            Err(reason) => return cx.gap(&item.path, reason),
        };
        let bytes = chunk.get(..filled).unwrap_or_default();
        let reading = reading.get_or_insert_with(|| Reading::new(bytes, stream.skipped));
        reading.chunk(item, bytes, odd, &mut take);
        if filled < CHUNK {
            return reading.finish(bytes, odd);
        }
    }
}

fn note(item: &mut LogFile, record: &Record<'_>) {
    item.entries = item.entries.saturating_add(1);
    if record.seconds > 0 {
        item.first.get_or_insert(Time::from_seconds(record.seconds));
        item.last = Some(Time::from_seconds(record.seconds));
    }
}
