//! The code in a process's memory.

use coroner_core::Confidence::Possible;
use coroner_core::Findings;
use coroner_core::Severity::{Info, Low};

use super::Seen;
use crate::items::{Anonymous, ChangedCode};
use crate::names::is_compiler;
use crate::rules;

pub(super) fn judge(seen: &Seen<'_>, out: &mut Findings) {
    let Some(code) = &seen.item.code else { return };
    for changed in code.changed.iter().filter(|changed| !changed.expected) {
        self::changed(seen, changed, out);
    }
    if let Some(found) = &code.anonymous {
        anonymous(seen, found, out);
    }
    if code.not_its_program {
        seen.describe(out.raise(&rules::NOT_ITS_PROGRAM, seen.item));
    }
}

fn changed(seen: &Seen<'_>, changed: &ChangedCode, out: &mut Findings) {
    let draft = out.raise(&rules::CODE_CHANGED, seen.item);
    seen.describe(draft);
    draft.evidence("file", changed.path.text()).evidence("address", &changed.address);
    if let Some(symbol) = &changed.symbol {
        draft.evidence("function", symbol);
    }
    draft.evidence("in memory", &changed.in_memory).evidence("in the file", &changed.in_file);
    draft.evidence("offset", &changed.offset).evidence("pages", changed.pages.to_string());
    if changed.only_breakpoints {
        draft.graded(Info, Possible);
    }
}

fn anonymous(seen: &Seen<'_>, found: &Anonymous, out: &mut Findings) {
    let tell = |draft: &mut coroner_core::Draft| {
        seen.describe(draft);
        draft.evidence("bytes", found.bytes.to_string());
        draft.evidence("writable", found.writable.to_string());
    };
    if let Some(address) = &found.program_at {
        let draft = out.raise(&rules::PROGRAM_IN_MEMORY, seen.item);
        tell(draft);
        draft.evidence("address", address);
    } else if !is_compiler(seen.program_name()) {
        let draft = out.raise(&rules::ANONYMOUS_CODE, seen.item);
        tell(draft);
        draft.evidence("address", &found.address);
        if !seen.item.is_of_host() || found.writable == 0 {
            draft.graded(Info, Possible);
        } else {
            draft.graded(Low, Possible);
        }
    }
}
