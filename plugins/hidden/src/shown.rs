//! The processes and threads that the listings of /proc show.

use std::collections::BTreeSet;
use std::sync::Arc;

use coroner_core::{Cx, Text};
use coroner_host::views::{OpenDir, Prober};

const LARGE: usize = 32 << 10;
/// More processes than any host runs.
const MOST: usize = 1 << 20;

/// What the listings of /proc show.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    pub(crate) processes: BTreeSet<u32>,
    pub(crate) threads: BTreeSet<u32>,
    /// Processes whose threads could not be listed: they ended meanwhile, or are withheld.
    pub(crate) unread: BTreeSet<u32>,
}

/// The processes that the listing names, and their threads.
pub(crate) fn all(cx: &Cx<'_>, prober: &Arc<Prober>) -> Option<Shown> {
    let prober = Arc::clone(prober);
    let look = move || {
        let processes = listed(prober.proc())?;
        let mut shown = Shown { processes, ..Shown::default() };
        for pid in &shown.processes {
            match threads(prober.proc(), *pid) {
                Some(threads) => shown.threads.extend(threads),
                None => drop(shown.unread.insert(*pid)),
            }
        }
        Some(shown)
    };
    cx.host().unbound(look).ok().flatten()
}

/// The processes that the listing names.
pub(crate) fn listed(proc: &OpenDir) -> Option<BTreeSet<u32>> {
    let listing = proc.read(LARGE, MOST).ok().filter(|l| !l.truncated && !l.malformed)?;
    Some(listing.records.iter().filter_map(|record| number(&record.name)).collect())
}

fn number(name: &Text) -> Option<u32> {
    let digits = name.as_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok()
}

/// The threads of a process.
fn threads(proc: &OpenDir, pid: u32) -> Option<BTreeSet<u32>> {
    listed(&proc.open_dir(&format!("{pid}/task")).ok()?)
}
