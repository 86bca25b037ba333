//! The files of all packages, spread over the processors.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use coroner_core::{Blocked, Deadline, ReadError};
use coroner_host::{Root, md5};
use coroner_parse::{Algorithm, Digest};

use super::Task;
use super::content::Content;

/// What a look at a packaged path came to.
pub(crate) enum Found {
    /// The content's digest, by its database's algorithm.
    Digest(Digest),
    /// Nothing there.
    Absent,
    /// It could not be read, or is no regular file: a link is not what a package brought whose list
    /// has a digest.
    Blocked(Blocked),
}

impl From<ReadError> for Found {
    fn from(error: ReadError) -> Self {
        error.blocked().map_or(Self::Absent, Self::Blocked)
    }
}

type Results<'a> = Vec<(Task<'a>, Found)>;

/// Bytes read at a time where files are digested one after another.
const BUFFER: usize = 128 << 10;

/// Digests every task's file. MD5 goes side by side; other algorithms have instructions of their
/// own on today's processors and go one file after another.
pub(super) fn digest_all<'a>(root: &Root, tasks: &[Task<'a>], deadline: Deadline) -> Results<'a> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(tasks.len()));
    let worker = Worker { root, tasks, next: &next, deadline };
    rayon::scope(|scope| {
        for _ in 0..rayon::current_num_threads() {
            scope.spawn(|_| {
                let mut own = worker.run();
                if let Ok(mut all) = results.lock() {
                    all.append(&mut own);
                }
            });
        }
    });
    results.into_inner().unwrap_or_default()
}

#[derive(Clone, Copy)]
struct Worker<'w, 'a> {
    root: &'w Root,
    tasks: &'w [Task<'a>],
    next: &'w AtomicUsize,
    deadline: Deadline,
}

impl<'a> Worker<'_, 'a> {
    fn run(self) -> Results<'a> {
        let mut other = Vec::new();
        let mut out = Vec::new();
        let mut buffer = Vec::new();
        let sources = std::iter::from_fn(|| {
            loop {
                let task = *self.tasks.get(self.next.fetch_add(1, Ordering::Relaxed))?;
                match (self.open(task), &task.entry.expected) {
                    (Err(error), _) => other.push((task, error.into())),
                    (Ok(content), Some(like)) if like.algorithm() != Algorithm::Md5 => {
                        buffer.resize(BUFFER, 0);
                        other.push((task, content.digest(like, &mut buffer).into()));
                    }
                    (Ok(content), _) => return Some((task, content)),
                }
            }
        });
        md5::digest_each(sources, |task, digest| {
            let digest =
                digest.and_then(|md5| Digest::new(Algorithm::Md5, &md5).ok_or(Blocked::Failed));
            out.push((task, digest.into()));
        });
        out.append(&mut other);
        out
    }

    fn open(self, task: Task<'_>) -> Result<Content, ReadError> {
        if self.deadline.is_over() {
            return Err(Blocked::OutOfTime.into());
        }
        let path = task.path();
        let file = match self.root.open_file_itself(&path) {
            // An administrator may link configuration to another place.
            Err(ReadError::Blocked(Blocked::NotRegular)) if task.entry.conffile => {
                self.root.open_file(&path)?
            }
            other => other?,
        };
        Ok(Content::new(file, self.deadline)?)
    }
}

impl From<Result<Digest, Blocked>> for Found {
    fn from(result: Result<Digest, Blocked>) -> Self {
        result.map_or_else(Self::Blocked, Self::Digest)
    }
}

/// Whether a path whose content nobody speaks for (a link, mostly) is not there at all.
pub(super) fn is_gone(root: &Root, task: Task<'_>) -> bool {
    root.stat(&task.path()) == Err(ReadError::Absent)
}
