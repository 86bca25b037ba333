//! The state of the files that logins are recorded in.

use std::collections::BTreeMap;

use coroner_core::{Findings, HostPath, Items, Rule};
use coroner_parse::login::rotation::{Rotation, missing_numbers};

use crate::items::{LogFile, LogHole, Mismatch, Odd, RecordOddity};
use crate::rules::{
    LASTLOG_TO_NOWHERE, LOG_EMPTIED, LOG_HOLE, LOG_TO_NOWHERE, MISSING_IN_OTHER_SOURCE,
    RECORDS_CUT_SHORT, RECORDS_LOST, RECORDS_ODD, RECORDS_ZEROED, ROTATION_MISSING, ROWS_MISSING,
    TIME_BACKWARDS,
};

pub(super) fn judge(items: &Items, out: &mut Findings) {
    let mut logs: BTreeMap<HostPath, Vec<LogFile>> = BTreeMap::new();
    for file in items.all::<LogFile>() {
        nowhere(&file, out);
        logs.entry(file.log.clone()).or_default().push(file);
    }
    for files in logs.values() {
        emptied(files, out);
        rotations(files, out);
    }
    items.all::<RecordOddity>().for_each(|odd| oddity(&odd, out));
    items.all::<Mismatch>().for_each(|mismatch| missing(&mismatch, out));
    items.all::<LogHole>().for_each(|hole| silent(&hole, out));
}

fn nowhere(file: &LogFile, out: &mut Findings) {
    let null = file.link.as_ref().is_some_and(|link| link.as_bytes().ends_with(b"dev/null"));
    if !null && !file.special {
        return;
    }
    let lastlog = file.log.name() == b"lastlog";
    let rule = if lastlog { &LASTLOG_TO_NOWHERE } else { &LOG_TO_NOWHERE };
    let draft = out.raise(rule, file).in_file(&file.path);
    if let Some(link) = &file.link {
        draft.evidence("link", link.clone());
    }
    draft.evidence("changed", file.changed.to_string());
}

/// Rotation makes the empty log and renames the older one within seconds, which sets that one's
/// change time; a log that was changed an hour later and is empty had content in between.
const AFTER_ROTATION: i64 = 3600;

fn emptied(files: &[LogFile], out: &mut Findings) {
    let current = files.iter().find(|file| file.rotation == Some(0) && file.dated.is_none());
    let Some(current) =
        current.filter(|file| file.size == 0 && file.link.is_none() && !file.special)
    else {
        return;
    };
    let rotated = files.iter().filter(|file| file.rotation != Some(0) && file.size > 20);
    let Some(newest) = rotated.max_by_key(|file| file.changed) else { return };
    // The change time alone cannot be set back; the content's time can be kept by a copy.
    let later = current.modified.seconds().saturating_sub(newest.changed.seconds());
    if later > AFTER_ROTATION {
        out.raise(&LOG_EMPTIED, current)
            .in_file(&current.path)
            .evidence("emptied", current.modified.to_string())
            .evidence("last rotation", newest.changed.to_string())
            .evidence("rotated file", newest.path.text().clone());
    }
}

fn rotations(files: &[LogFile], out: &mut Findings) {
    let places: Vec<Rotation> = files
        .iter()
        .filter_map(|file| file.rotation)
        .map(|number| if number == 0 { Rotation::Current } else { Rotation::Number(number) })
        .collect();
    let missing = missing_numbers(&places);
    let Some(older) = missing
        .last()
        .and_then(|last| files.iter().find(|file| file.rotation == last.checked_add(1)))
    else {
        return;
    };
    let numbers: Vec<String> = missing.iter().map(u32::to_string).collect();
    out.raise(&ROTATION_MISSING, older)
        .in_file(&older.path)
        .evidence("log", older.log.text().clone())
        .evidence("missing rotations", numbers.join(", "));
}

fn oddity(odd: &RecordOddity, out: &mut Findings) {
    let rule: &'static Rule = match odd.odd {
        Odd::Zeroed | Odd::Unmarked => &RECORDS_ZEROED,
        Odd::ZeroedByPowerCut => &RECORDS_LOST,
        Odd::Backwards => &TIME_BACKWARDS,
        Odd::Residue | Odd::UnknownType => &RECORDS_ODD,
        Odd::CutShort => &RECORDS_CUT_SHORT,
        Odd::MissingRows => &ROWS_MISSING,
    };
    let line = u32::try_from(odd.record).unwrap_or(0);
    let draft = out.raise(rule, odd).at(&odd.file, line);
    draft.evidence("records", odd.count.to_string());
    if !odd.detail.is_empty() {
        draft.evidence("first of them", odd.detail.clone());
    }
}

fn missing(mismatch: &Mismatch, out: &mut Findings) {
    out.raise(&MISSING_IN_OTHER_SOURCE, mismatch)
        .at(&mismatch.file, mismatch.line)
        .evidence("recorded in", mismatch.present_in.name())
        .evidence("missing from", mismatch.absent_from.name())
        .evidence("account", mismatch.user.clone())
        .evidence("from", mismatch.from.clone())
        .evidence("times", mismatch.count.to_string())
        .evidence("first", mismatch.first.to_string())
        .evidence("last", mismatch.last.to_string())
        .evidence("logins that both have", mismatch.agreed.to_string());
}

fn silent(hole: &LogHole, out: &mut Findings) {
    out.raise(&LOG_HOLE, hole)
        .in_file(&hole.file)
        .evidence("silent", hole.silent.name())
        .evidence("from", hole.from.to_string())
        .evidence("to", hole.to.to_string())
        .evidence("messages in the other", hole.messages.to_string());
}
