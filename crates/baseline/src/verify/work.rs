//! The files of all packages, spread over the processors.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use coroner_core::{Blocked, Deadline, KnownContent, ReadError, Stat};
use coroner_host::{Root, md5};
use coroner_parse::{Algorithm, Digest};

use super::content::Content;
use super::task::Task;

/// What a look at a packaged path came to.
pub(crate) enum Found {
    /// The content's digest, by the algorithm of its pack or its database.
    Digest(Digest),
    /// Nothing there.
    Absent,
    /// It could not be read, or is no regular file where the package brought one, or is not the link
    /// that the package brought.
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
pub(super) fn digest_all<'a>(
    root: &Root,
    tasks: &[Task<'a>],
    known: &dyn KnownContent,
    deadline: Deadline,
) -> Results<'a> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(tasks.len()));
    let worker = Worker { root, tasks, known, next: &next, deadline };
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
    known: &'w dyn KnownContent,
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
                if let Some(digest) = self.known_digest(task) {
                    other.push((task, Found::Digest(digest)));
                    continue;
                }
                match (self.open(task), task.entry.first()) {
                    (Err(error), _) => other.push((task, error.into())),
                    (Ok(content), Some(like)) if like.algorithm() != Algorithm::Md5 => {
                        buffer.resize(BUFFER, 0);
                        let stat = *content.stat();
                        let digest = content.digest(like, &mut buffer);
                        self.keep(&stat, &digest);
                        other.push((task, digest.into()));
                    }
                    (Ok(content), _) => return Some(((task, *content.stat()), content)),
                }
            }
        });
        md5::digest_each(sources, |(task, stat), digest| {
            let digest =
                digest.and_then(|md5| Digest::new(Algorithm::Md5, &md5).ok_or(Blocked::Failed));
            self.keep(&stat, &digest);
            out.push((task, digest.into()));
        });
        out.append(&mut other);
        out
    }

    /// What an earlier audit knows of a file that has not changed since; the file is not opened.
    fn known_digest(self, task: Task<'_>) -> Option<Digest> {
        if self.known.is_blank() || self.deadline.is_over() {
            return None;
        }
        let stat = self.root.stat(&task.path()).ok()?;
        self.known.digest(&stat, task.entry.first()?.algorithm())
    }

    fn keep(self, stat: &Stat, digest: &Result<Digest, Blocked>) {
        if let Ok(digest) = digest {
            self.known.keep_digest(stat, digest);
        }
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

/// What stands where a package has a link, or something of which nobody says more than that it is
/// there; `None` when it is as it should be.
pub(super) fn what_else_is_there(root: &Root, task: Task<'_>) -> Option<Found> {
    let path = task.path();
    let Some(link) = task.entry.link() else {
        return (root.stat(&path) == Err(ReadError::Absent)).then_some(Found::Absent);
    };
    match root.read_link(&path) {
        Ok(target) if target == *link => None,
        Ok(_) => Some(Found::Blocked(Blocked::NotRegular)),
        Err(error) => Some(error.into()),
    }
}
