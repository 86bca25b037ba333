//! Numbers that the kernel keeps, beside what it shows one by one.

use std::sync::Arc;
use std::time::Duration;

use coroner_core::{Blocked, Cx, HostPath, ReadError};
use coroner_host::views::{OpenDir, Prober};

use crate::items::{CountedThing, Shortfall};
use crate::shown::listed;

/// Processes and threads come and go: readings until one meets.
const READINGS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(10);
const LARGE: usize = 32 << 10;
const MOST: usize = 1 << 20;

/// Tells how many processes and threads the kernel counts and does not show.
pub(crate) fn counts(cx: &mut Cx<'_>, prober: &Arc<Prober>) {
    let named = [
        (CountedThing::Processes, "/proc", processes as fn(&OpenDir) -> Option<u32>),
        (CountedThing::Threads, "/proc/loadavg", threads),
    ];
    for (thing, source, missing) in named {
        let source = HostPath::new(source);
        let prober = Arc::clone(prober);
        match cx.host().unbound(move || least(|| missing(prober.proc()))).ok().flatten() {
            Some(missing) => cx.emit(Shortfall { thing, source, missing }),
            None => cx.minor_gap(&source, Blocked::Unavailable, "a count of what runs"),
        }
    }
}

/// The least of the readings; the first that meets ends them.
pub(crate) fn least(mut missing: impl FnMut() -> Option<u32>) -> Option<u32> {
    let mut least = u32::MAX;
    for _ in 0..READINGS {
        least = least.min(missing()?);
        if least == 0 {
            break;
        }
        std::thread::sleep(PAUSE);
    }
    Some(least)
}

/// The link count of /proc is its subdirectories, two, and one for each process
/// (`proc_root_getattr`, fs/proc/root.c).
fn processes(proc: &OpenDir) -> Option<u32> {
    if !proc.counts_subdirectories() {
        return None;
    }
    let before = proc.links().ok()?;
    let listing = proc.read(LARGE, MOST).ok().filter(|l| !l.truncated && !l.malformed)?;
    let shown = listing.records.iter().filter(|record| record.is_directory()).count();
    let links = before.min(proc.links().ok()?);
    Some(links.saturating_sub(2).saturating_sub(u32::try_from(shown).ok()?))
}

/// /proc/loadavg ends in `runnable/all last`, where all counts every thread of the kernel
/// (`nr_threads`, proc(5)). The link count of /proc/PID/task is its threads and two.
fn threads(proc: &OpenDir) -> Option<u32> {
    let before = all_threads(proc)?;
    let pids = listed(proc)?;
    let (mut shown, mut gone) = (0_u32, 0);
    for pid in &pids {
        match proc.links_of(&format!("{pid}/task")) {
            Ok(links) => shown += links.saturating_sub(2).max(1),
            Err(ReadError::Absent) => gone += 1,
            // Something is mounted over it, or nobody may look.
            Err(_) => return None,
        }
    }
    // One that is gone by now was there when the listing named it; if most are, this is no count.
    let counts = gone * 2 <= pids.len();
    shown += u32::try_from(gone).ok()?;
    counts.then_some(before.min(all_threads(proc)?).saturating_sub(shown))
}

fn all_threads(proc: &OpenDir) -> Option<u32> {
    let line = proc.read_file("loadavg", 256).ok()?;
    let text = std::str::from_utf8(&line).ok()?;
    text.split_whitespace().nth(3)?.split_once('/')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_reading_that_meets_is_enough_and_the_least_of_the_others_is_told() {
        let mut readings = [Some(3), Some(0), Some(9)].into_iter();
        assert_eq!(least(|| readings.next().flatten()), Some(0));
        let mut readings = (0..READINGS).map(|n| Some(if n == 7 { 2 } else { 5 }));
        assert_eq!(least(|| readings.next().flatten()), Some(2));
        assert_eq!(least(|| None), None);
    }
}
