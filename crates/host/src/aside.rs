//! A thread that Landlock does not bind, for what other processes show of themselves.
//!
//! A process in a Landlock domain may not trace processes outside it, and the kernel asks that very
//! question (`PTRACE_MODE_READ`, ptrace(2)) before it shows /proc/PID/exe, fd, ns, environ or maps.
//! So one thread is started before the domain is entered. It holds the same seccomp filter as the
//! rest and does nothing but read below /proc/PID.

use std::sync::{Arc, mpsc};

use crate::{Blocked, Root, sandbox};

type Errand = Box<dyn FnOnce(&Root) + Send>;

/// The way to that thread.
#[derive(Debug)]
pub(crate) struct Aside {
    errands: mpsc::Sender<Errand>,
}

impl Aside {
    /// Starts the thread, which reads `tree`. It ends when the last sender is gone.
    pub(crate) fn start(tree: Arc<Root>) -> Self {
        let (errands, asked) = mpsc::channel::<Errand>();
        std::thread::spawn(move || {
            sandbox::restrict_calls();
            for errand in asked {
                errand(&tree);
            }
        });
        Self { errands }
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
}
