//! What a process runs.

use coroner_core::Confidence::{Likely, Possible};
use coroner_core::Severity::{High, Low, Medium};
use coroner_core::{Findings, PackageState, Time};

use super::Seen;
use crate::items::Program;
use crate::rules;

/// Programs that container engines run from memory, so that no container writes to their files: runc's
/// `libcontainer/dmz` and crun's `libcrun/cloned_binary.c`.
const OF_ENGINES: [&[u8]; 3] = [b"runc_cloned:", b"crun_cloned:", b"libcrun"];
/// Clocks of a package's files and of a process's start differ by less.
const MARGIN: i64 = 5;

pub(super) fn judge(seen: &Seen<'_>, out: &mut Findings) {
    let Some(program) = &seen.item.program else { return };
    if let Some(memory) = &program.memory {
        let of_engine = OF_ENGINES.iter().any(|known| memory.as_bytes().starts_with(known));
        let draft = out.raise(&rules::MEMORY_PROGRAM, seen.item);
        seen.describe(draft);
        if of_engine {
            draft.graded(Low, Possible);
        }
    } else if seen.item.is_of_host() {
        of_host(seen, program, out);
    }
}

fn of_host(seen: &Seen<'_>, program: &Program, out: &mut Findings) {
    if program.deleted {
        return deleted(seen, out);
    }
    if program.private {
        let draft = out.raise(&rules::PRIVATE_PROGRAM, seen.item);
        seen.describe(draft);
        if seen.is_in_odd_place() {
            draft.graded(High, Likely);
        }
        return;
    }
    if program.replaced {
        return seen.describe(out.raise(&rules::COVERED_PROGRAM, seen.item));
    }
    if seen.is_unowned() && seen.is_in_odd_place() {
        let draft = out.raise(&rules::UNOWNED_IN_ODD_PLACE, seen.item);
        seen.describe(draft);
        if seen.item.terminal {
            draft.graded(Medium, Possible);
        }
    }
}

/// A package's file that is there again, newer than the process, is an upgrade: nothing is said.
fn deleted(seen: &Seen<'_>, out: &mut Findings) {
    let odd = seen.is_in_odd_place();
    let facts = seen.facts.as_ref().filter(|facts| facts.state != PackageState::Missing);
    match facts {
        Some(facts) if facts.package.is_some() => {
            if is_older(facts.changed, seen.item.started) {
                let draft = out.raise(&rules::SWAPPED_BACK, seen.item);
                seen.describe(draft);
            }
        }
        Some(facts) if facts.state == PackageState::Unknown && !odd => {}
        facts => {
            let draft = out.raise(&rules::DELETED_PROGRAM, seen.item);
            seen.describe(draft);
            match (odd, facts) {
                (true, _) => draft.graded(High, Likely),
                // Built anew by whoever builds it.
                (false, Some(_)) => draft.graded(Low, Possible),
                (false, None) => draft,
            };
        }
    }
}

/// The file that lies there now was there before the process started, and the process runs another.
fn is_older(changed: Time, started: Option<Time>) -> bool {
    started.is_some_and(|started| changed.seconds() + MARGIN < started.seconds())
}
