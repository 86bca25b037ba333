//! Which processor time has a task to its name.
//!
//! A process that ends takes its time out of /proc. Whoever waited for it has it then (`cutime`,
//! `cstime`); a parent that ignores SIGCHLD never gets it, and it is lost. No reading can tell such
//! time from a hidden process's, so what ended unseen is doubt and never a suspicion.

use std::collections::BTreeMap;

use coroner_parse::process::ProcessorTimes;

use crate::items::Window;

/// A process by its number and its start.
pub(crate) type Key = (i32, u64);

/// The times of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) parent: i32,
    /// Clock ticks of its own.
    pub(crate) own: u64,
    /// Those of children that it waited for.
    pub(crate) reaped: u64,
}

/// What is known of a process in a window.
#[derive(Debug, Clone, Copy)]
struct Entry {
    first: Times,
    last: Times,
    /// The sample that has it last.
    seen: usize,
}

/// The samples of one window.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: BTreeMap<Key, Entry>,
    samples: usize,
    births: u64,
    /// Most clock ticks between two samples.
    gap: u64,
}

impl Ledger {
    /// Takes a sample, `ticks` after the one before.
    pub(crate) fn take(&mut self, sample: BTreeMap<Key, Times>, ticks: u64) {
        let started = self.samples > 0;
        self.samples += 1;
        if started {
            self.gap = self.gap.max(ticks);
        }
        for (key, last) in sample {
            let seen = self.samples;
            let entry = self.entries.entry(key).or_insert_with(|| {
                self.births += u64::from(started);
                let first = if started { Times { own: 0, reaped: 0, ..last } } else { last };
                Entry { first, last, seen }
            });
            (entry.last, entry.seen) = (last, seen);
        }
    }

    /// The window between two readings of the kernel's own count, which lie inside the samples.
    pub(crate) fn window(&self, before: ProcessorTimes, after: ProcessorTimes) -> Window {
        let own = |entry: &Entry| entry.last.own.saturating_sub(entry.first.own);
        let of_living: u64 = self.entries.values().map(own).sum();
        let forks = after.forks.saturating_sub(before.forks);
        // Each may have run between two samples, and gone without anybody waiting for it.
        let unseen = forks.saturating_sub(self.births) + self.dead().count() as u64;
        Window {
            busy: after.busy.saturating_sub(before.busy),
            accounted: of_living.saturating_add(self.inherited()),
            doubt: unseen.saturating_mul(self.gap),
            processes: u32::try_from(self.entries.len()).unwrap_or(u32::MAX),
            processors: after.processors.max(1),
        }
    }

    fn dead(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(|entry| entry.seen < self.samples)
    }

    /// Time that came to parents in the window, without what was seen of their children before they
    /// ended: that is either older than the window or counted already.
    fn inherited(&self) -> u64 {
        let mut seen: BTreeMap<i32, u64> = BTreeMap::new();
        for entry in self.dead() {
            let all = entry.last.own.saturating_add(entry.last.reaped);
            let of_parent = seen.entry(entry.last.parent).or_default();
            *of_parent = of_parent.saturating_add(all);
        }
        let gains = self.entries.iter().map(|((pid, _), entry)| {
            let gain = entry.last.reaped.saturating_sub(entry.first.reaped);
            gain.saturating_sub(seen.get(pid).copied().unwrap_or_default())
        });
        gains.fold(0, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(processes: &[(i32, i32, u64, u64)]) -> BTreeMap<Key, Times> {
        let times = |&(pid, parent, own, reaped)| ((pid, 1), Times { parent, own, reaped });
        processes.iter().map(times).collect()
    }

    fn window(samples: &[&[(i32, i32, u64, u64)]], busy: u64, forks: u64) -> Window {
        let mut ledger = Ledger::default();
        for processes in samples {
            ledger.take(sample(processes), 5);
        }
        let times = |busy, forks| ProcessorTimes { busy, forks, processors: 2 };
        ledger.window(times(0, 0), times(busy, forks))
    }

    #[test]
    fn what_runs_all_the_time_has_what_it_used_in_the_window() {
        let seen =
            window(&[&[(1, 0, 900, 50), (2, 1, 0, 0)], &[(1, 0, 960, 50), (2, 1, 40, 0)]], 100, 0);
        assert_eq!((seen.busy, seen.accounted, seen.doubt), (100, 100, 0));
    }

    #[test]
    fn a_child_that_was_waited_for_is_counted_once_and_without_its_past() {
        // Its 1,000 ticks are older than the window; 30 were seen in it, 7 came after the last sample.
        let (before, last) = ([(1, 0, 0, 0), (2, 1, 1000, 0)], [(1, 0, 0, 0), (2, 1, 1030, 0)]);
        let seen = window(&[&before, &last, &[(1, 0, 0, 1037)]], 37, 0);
        assert_eq!((seen.accounted, seen.doubt), (37, 5));
        // One that no sample has came to its parent whole.
        let seen = window(&[&[(1, 0, 0, 0)], &[(1, 0, 0, 60)]], 60, 1);
        assert_eq!((seen.accounted, seen.doubt), (60, 5));
    }

    #[test]
    fn a_child_that_nobody_waited_for_is_doubt_and_takes_nothing_from_others() {
        let before = [(1, 0, 0, 0), (2, 1, 500, 0), (3, 0, 0, 0)];
        let seen = window(&[&before, &[(1, 0, 0, 0), (3, 0, 20, 0)]], 24, 0);
        assert_eq!((seen.accounted, seen.doubt), (20, 5));
    }

    #[test]
    fn one_that_started_in_the_window_is_no_doubt_and_counts_whole() {
        let seen = window(&[&[(1, 0, 0, 0)], &[(1, 0, 0, 0), (9, 1, 30, 8)]], 38, 1);
        assert_eq!((seen.accounted, seen.doubt), (38, 0));
    }
}
