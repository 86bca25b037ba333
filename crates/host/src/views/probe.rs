//! The questions put together: one number to all ways, or all numbers to one way.

use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::OpenDir;
use super::pids::{self, Answer, Family, PidView};
use crate::{Blocked, ReadError};

/// Above `PID_MAX_LIMIT` (4 Mi, linux/threads.h): no process ever has it.
const NOBODY: i32 = 4_194_305;
/// More tasks than any host runs: whoever shows more does not answer the question.
const MOST_TASKS: usize = 1 << 20;
/// Numbers between two looks at the time.
const STRIDE: u32 = 8192;
const MOST_THREADS: usize = 4;

/// Asks whether numbers are tasks.
#[derive(Debug)]
pub struct Prober {
    proc: OpenDir,
    ends: (OwnedFd, OwnedFd),
}

/// The numbers that one way calls alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The way.
    pub view: PidView,
    /// In order.
    pub alive: Vec<u32>,
    /// Every number was asked for; `false` when the time ran out or it called too many alive.
    pub complete: bool,
}

impl Prober {
    /// Makes what the questions need of our own: a pair of sockets.
    ///
    /// # Errors
    /// The kernel's error, as [`Blocked`].
    pub fn new(proc: OpenDir) -> Result<Self, Blocked> {
        let (kind, flags) = (SocketType::DGRAM, SocketFlags::CLOEXEC);
        let ends = socketpair(AddressFamily::UNIX, kind, flags, None)?;
        Ok(Self { proc, ends })
    }

    /// The directory of processes.
    pub fn proc(&self) -> &OpenDir {
        &self.proc
    }

    /// Asks one way for one number.
    pub fn ask(&self, view: PidView, pid: u32) -> Answer {
        let Ok(pid) = i32::try_from(pid) else { return Answer::Silent };
        match view {
            PidView::IoPriority => pids::io_priority(pid),
            PidView::Limits => pids::limits(pid),
            PidView::Scheduling => pids::scheduling(pid),
            PidView::Priority => pids::priority(pid),
            PidView::RobustList => pids::robust_list(pid),
            PidView::Compare => pids::compare(pid),
            PidView::Pages => pids::pages(pid),
            PidView::Clock => pids::clock(pid),
            PidView::Handle => pids::handle(pid),
            PidView::Owner => pids::owner(&self.ends.0, pid),
            PidView::Credentials => pids::credentials(&self.ends, pid),
            PidView::Open => by_path(self.proc.find(&pid.to_string())),
            PidView::Stat => by_path(self.proc.stat(&pid.to_string())),
        }
    }

    /// The ways that can be relied on: each calls this process alive and one that cannot be dead.
    pub fn working(&self) -> Vec<PidView> {
        let own = rustix::process::getpid().as_raw_nonzero().get().unsigned_abs();
        let tells = |view: &PidView| {
            self.ask(*view, own) == Answer::Alive
                && self.ask(*view, NOBODY.unsigned_abs()) == Answer::Dead
        };
        PidView::ALL.into_iter().filter(tells).collect()
    }

    /// Asks one way for every number from 1 to `last`, on some threads; `over` says that the time
    /// is up.
    pub fn scan(&self, view: PidView, last: u32, over: &(impl Fn() -> bool + Sync)) -> Scan {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if view.family() == Family::Path { 1 } else { threads.min(MOST_THREADS) };
        let share = last.div_ceil(u32::try_from(threads).unwrap_or(1)).max(1);
        let parts: Vec<(Vec<u32>, bool)> = std::thread::scope(|scope| {
            let starts = (1..=last).step_by(share as usize);
            let ranges = starts.map(|from| (from, last.min(from.saturating_add(share - 1))));
            let running: Vec<_> = ranges
                .map(|(from, to)| scope.spawn(move || self.scan_part(view, from, to, over)))
                .collect();
            let failed = |_| (Vec::new(), false);
            running.into_iter().map(|part| part.join().unwrap_or_else(failed)).collect()
        });
        let complete = parts.iter().all(|(_, complete)| *complete);
        let alive: Vec<u32> = parts.into_iter().flat_map(|(alive, _)| alive).collect();
        Scan { view, complete: complete && alive.len() < MOST_TASKS, alive }
    }

    fn scan_part(
        &self,
        view: PidView,
        from: u32,
        to: u32,
        over: &impl Fn() -> bool,
    ) -> (Vec<u32>, bool) {
        let mut alive = Vec::new();
        for pid in from..=to {
            if pid % STRIDE == 0 && (over() || alive.len() >= MOST_TASKS) {
                return (alive, false);
            }
            if self.ask(view, pid) == Answer::Alive {
                alive.push(pid);
            }
        }
        (alive, true)
    }
}

fn by_path(found: Result<(), ReadError>) -> Answer {
    match found {
        // When something is mounted there, there is a directory to mount it on.
        Ok(()) | Err(ReadError::Blocked(Blocked::Escaped | Blocked::Denied)) => Answer::Alive,
        Err(ReadError::Absent) => Answer::Dead,
        Err(_) => Answer::Silent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Host, HostPath, HostSources, is_privileged};

    fn prober() -> Prober {
        let host = Host::open(HostSources::live()).unwrap();
        Prober::new(host.open_dir(&HostPath::new("/proc")).unwrap()).unwrap()
    }

    #[test]
    fn every_way_tells_a_live_process_from_none_inside_the_sandbox() {
        let mut other = std::process::Command::new("/bin/sleep").arg("60").spawn().unwrap();
        let pid = other.id();
        let (working, answers) = std::thread::spawn(move || {
            let prober = prober();
            crate::sandbox::restrict(&[]);
            let ask = |view: PidView| (view, prober.ask(view, pid));
            (prober.working(), PidView::ALL.map(ask))
        })
        .join()
        .unwrap();
        other.kill().unwrap();
        other.wait().unwrap();
        assert!(working.len() >= if is_privileged() { 13 } else { 8 }, "{working:?}");
        for (view, answer) in answers {
            if working.contains(&view) {
                assert_eq!(answer, Answer::Alive, "{view:?}");
            }
        }
        let prober = prober();
        for view in working.into_iter().filter(|view| !view.counts_groups()) {
            assert_eq!(prober.ask(view, pid), Answer::Dead, "{view:?}");
        }
    }

    #[test]
    fn a_thread_is_a_task_and_no_process() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let (end, wait) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            sender.send(nix::unistd::gettid().as_raw()).unwrap();
            let _ = wait.recv();
        });
        let tid = receiver.recv().unwrap().unsigned_abs();
        let prober = prober();
        for view in prober.working() {
            let expected = if view.of_processes_alone() { Answer::Dead } else { Answer::Alive };
            assert_eq!(prober.ask(view, tid), expected, "{view:?}");
        }
        drop(end);
        thread.join().unwrap();
    }

    #[test]
    fn a_scan_finds_this_process_and_stops_when_told() {
        let prober = prober();
        let own = std::process::id();
        for view in [PidView::IoPriority, PidView::Clock] {
            let scan = prober.scan(view, own, &|| false);
            assert!(scan.complete && scan.alive.contains(&own), "{view:?}");
            assert!(scan.alive.is_sorted());
            assert!(!prober.scan(view, 100_000, &|| true).complete);
        }
    }
}
