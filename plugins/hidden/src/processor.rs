//! Processor time that the kernel counts and that no process has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use coroner_core::{Blocked, Cx, HostPath};
use coroner_host::views::{OpenDir, Prober};
use coroner_parse::process::{ProcessorTimes, process_stat, processor_times};

use crate::items::{ProcessorTime, Window};
use crate::ledger::{Key, Ledger, Times};
use crate::shown::listed;
use crate::steady::READINGS;

const LENGTH: Duration = Duration::from_secs(1);
/// Between two samples: what ended since the last one is not known.
const PAUSE: Duration = Duration::from_millis(40);
/// `USER_HZ` of every architecture that is built for: the length of the clock ticks in /proc.
const TICK: Duration = Duration::from_millis(10);
/// The line of interrupts of a large machine is long.
const LARGEST: usize = 4 << 20;

/// Tells one window in which the two agree, or three in which they do not.
pub(crate) fn time(cx: &mut Cx<'_>, prober: &Arc<Prober>) {
    let mut windows: Vec<Window> = Vec::new();
    while windows.len() < READINGS as usize && windows.iter().all(Window::is_short) {
        if cx.deadline().left() < LENGTH * 2 {
            break;
        }
        let Some(window) = window(cx, prober) else { break };
        windows.push(window);
    }
    if windows.is_empty() {
        let path = HostPath::new("/proc/stat");
        return cx.minor_gap(&path, Blocked::Unavailable, "processor time by process");
    }
    cx.emit(ProcessorTime { windows });
}

fn window(cx: &Cx<'_>, prober: &Arc<Prober>) -> Option<Window> {
    let mut ledger = Ledger::default();
    let mut last = Instant::now();
    let mut take = |ledger: &mut Ledger| {
        let prober = Arc::clone(prober);
        let sample = cx.host().unbound(move || sample(prober.proc())).ok().flatten()?;
        ledger.take(sample, ticks(last.elapsed()));
        last = Instant::now();
        Some(())
    };
    take(&mut ledger)?;
    // The kernel's count lies within the samples, so that they may have more and never less.
    let (before, started) = (counted(prober)?, Instant::now());
    while started.elapsed() < LENGTH {
        std::thread::sleep(PAUSE);
        take(&mut ledger)?;
    }
    let after = counted(prober)?;
    take(&mut ledger)?;
    Some(ledger.window(before, after))
}

fn counted(prober: &Prober) -> Option<ProcessorTimes> {
    processor_times(&prober.proc().read_file("stat", LARGEST).ok()?)
}

/// `None` when a process is listed and does not tell.
fn sample(proc: &OpenDir) -> Option<BTreeMap<Key, Times>> {
    let read = |pid: u32| {
        let stat = process_stat(&proc.read_file(&format!("{pid}/stat"), 1024).ok()?)?;
        let times = Times { parent: stat.parent, own: stat.ticks, reaped: stat.reaped };
        Some(((stat.pid, stat.started), times))
    };
    let (mut times, mut unread) = (BTreeMap::new(), BTreeSet::new());
    for pid in listed(proc)? {
        match read(pid) {
            Some((key, of)) => drop(times.insert(key, of)),
            None => drop(unread.insert(pid)),
        }
    }
    // Those that ended are not listed any more; of one that is, the time is withheld.
    let ended = unread.is_empty() || listed(proc)?.is_disjoint(&unread);
    ended.then_some(times)
}

/// A part of a tick counts as one.
fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX)
}
