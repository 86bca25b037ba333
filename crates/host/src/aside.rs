//! Threads that Landlock does not bind, for what other processes show of themselves.
//!
//! A process in a Landlock domain may not trace processes outside it, and the kernel asks that very
//! question (`PTRACE_MODE_READ`, ptrace(2)) before it shows /proc/PID/exe, fd, ns, environ, maps or mem.
//! So a few threads are started before the domain is entered. They hold the same seccomp filter as the
//! rest and do nothing but read below /proc/PID.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Instant;

use crate::{Blocked, Root, sandbox};

type Errand = Box<dyn FnOnce(&Root) + Send>;

/// More threads than this wait for the kernel's locks, not for processors.
const MOST_THREADS: usize = 4;

/// The way to those threads.
#[derive(Debug)]
pub(crate) struct Aside {
    errands: mpsc::Sender<Errand>,
    threads: usize,
}

impl Aside {
    /// Starts the threads, which read `tree`. They end when the last sender is gone.
    pub(crate) fn start(tree: &Arc<Root>) -> Self {
        let (errands, asked) = mpsc::channel::<Errand>();
        let asked = Arc::new(Mutex::new(asked));
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        for _ in 0..threads {
            let (asked, tree) = (Arc::clone(&asked), Arc::clone(tree));
            std::thread::spawn(move || {
                sandbox::restrict_calls();
                while let Ok(errand) = next(&asked) {
                    // The asker hears of a panic by the channel that it closes.
                    let _ = catch_unwind(AssertUnwindSafe(|| errand(&tree)));
                }
            });
        }
        Self { errands, threads }
    }

    /// Does `work` over there and waits for its answer.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Root) -> T + Send + 'static,
    ) -> Result<T, Blocked> {
        let (answer, answered) = mpsc::channel();
        let errand: Errand = Box::new(move |tree| {
            let _ = answer.send(work(tree));
        });
        self.errands.send(errand).map_err(|_| Blocked::Failed)?;
        answered.recv().map_err(|_| Blocked::Failed)
    }

    /// Does `work` for each of `list`, on all the threads; the answers come in no order. One that panics or
    /// waits for ever (a file system of the intruder's own) costs its answer; after `until` no more are
    /// waited for.
    pub(crate) fn ask_each<I: Send + Sync + 'static, T: Send + 'static>(
        &self,
        list: Vec<I>,
        until: Instant,
        work: impl Fn(&Root, &I) -> T + Send + Sync + 'static,
    ) -> Vec<T> {
        let shared = Arc::new((list, AtomicUsize::new(0), work));
        let (answer, answered) = mpsc::channel();
        for _ in 0..self.threads {
            let (shared, answer) = (Arc::clone(&shared), answer.clone());
            let errand: Errand = Box::new(move |tree| {
                let (list, next, work) = &*shared;
                while let Some(item) = list.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let done = catch_unwind(AssertUnwindSafe(|| work(tree, item)));
                    let _ = done.map(|done| answer.send(done));
                }
            });
            let _ = self.errands.send(errand);
        }
        drop(answer);
        let left = || until.saturating_duration_since(Instant::now());
        std::iter::from_fn(|| answered.recv_timeout(left()).ok()).collect()
    }
}

fn next(asked: &Mutex<mpsc::Receiver<Errand>>) -> Result<Errand, mpsc::RecvError> {
    asked.lock().unwrap_or_else(PoisonError::into_inner).recv()
}
