//! Whether journal files hold together.

use coroner_core::{Findings, Items};

use crate::items::{JournalFile, JournalState, JournalWalk};
use crate::rules::{JOURNAL_ALTERED, JOURNAL_CUT, JOURNAL_ENTRIES_HIDDEN, JOURNAL_NUMBERS_MISSING};

pub(super) fn judge(items: &Items, out: &mut Findings) {
    for file in items.all::<JournalFile>() {
        // journald sets files aside under this name when they did not hold together.
        if file.path.as_bytes().ends_with(b"~") {
            continue;
        }
        altered(&file, out);
        if let Some(walk) = &file.walk {
            // A file that is being written changes under the walk, and one whose writer died was
            // never closed.
            if matches!(file.state, JournalState::Offline | JournalState::Archived) {
                structure(&file, walk, out);
            }
            numbers(&file, walk, out);
        }
    }
}

fn altered(file: &JournalFile, out: &mut Findings) {
    if file.altered.is_empty() {
        return;
    }
    let draft = out.raise(&JOURNAL_ALTERED, file).in_file(&file.path);
    for entry in &file.altered {
        draft.evidence(&format!("entry {} of {}", entry.number, entry.time), entry.message.clone());
    }
}

fn structure(file: &JournalFile, walk: &JournalWalk, out: &mut Findings) {
    if walk.unlinked > 0 {
        out.raise(&JOURNAL_ENTRIES_HIDDEN, file)
            .in_file(&file.path)
            .evidence("entries in the file", walk.entries.to_string())
            .evidence("entries not in its index", walk.unlinked.to_string());
    }
    if file.size < file.used || walk.broken_at.is_some() {
        let draft = out.raise(&JOURNAL_CUT, file).in_file(&file.path);
        draft
            .evidence("size", file.size.to_string())
            .evidence("size by its header", file.used.to_string());
        if let Some(at) = walk.broken_at {
            draft.evidence("no object at", at.to_string());
        }
    }
}

fn numbers(file: &JournalFile, walk: &JournalWalk, out: &mut Findings) {
    if walk.missing == 0 {
        return;
    }
    let draft = out.raise(&JOURNAL_NUMBERS_MISSING, file).in_file(&file.path);
    draft.evidence("numbers missing", walk.missing.to_string());
    if let (Some(from), Some(to)) = (walk.hole_from, walk.hole_to) {
        draft.evidence("first hole", format!("{from} to {to}"));
    }
}
