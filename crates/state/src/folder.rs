//! The folder: one audit at a time, and the last reports.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use coroner_core::{Digest, Report, Stat, Time};
use rustix::fs::FlockOperation;

use crate::cache::Cache;
use crate::memo::Memo;
use crate::{own, write};

const LOCK: &str = "lock";

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// It cannot be made, opened or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The folder or the file in it.
        path: PathBuf,
        /// The kernel's error.
        error: std::io::Error,
    },
    /// Another audit holds it.
    #[error("{}: another audit is using this folder", .0.display())]
    Busy(PathBuf),
}

/// An open folder. It is free for another audit when this is dropped.
#[derive(Debug)]
pub struct Folder {
    dir: PathBuf,
    _lock: File,
}

impl Folder {
    /// Opens the folder and locks it; it is made (for its owner alone) when it is not there.
    ///
    /// # Errors
    /// It is no directory, cannot be written, or another audit is using it.
    pub fn open(dir: &Path) -> Result<Self, StateError> {
        let wrong = |path: &Path, error| StateError::Io { path: path.to_path_buf(), error };
        if !dir.is_dir() {
            let made = DirBuilder::new().mode(0o700).create(dir);
            made.map_err(|error| wrong(dir, error))?;
        }
        let path = dir.join(LOCK);
        let lock =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let lock = lock.map_err(|error| wrong(&path, error))?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { dir: dir.to_path_buf(), _lock: lock }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(StateError::Busy(dir.to_path_buf())),
            Err(error) => Err(wrong(&path, error.into())),
        }
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The cache, and why it was thrown away if it was damaged.
    pub fn cache(&self, now: Time) -> (Cache, Option<String>) {
        Cache::load(&self.dir, now)
    }

    /// The work of earlier audits that belongs to a cache, and why it was thrown away if it was
    /// damaged.
    pub fn memo(&self, cache: &Cache, now: Time) -> (Memo, Option<String>) {
        Memo::load(&self.dir, cache.begun(), now)
    }

    /// No work is recalled, and what is done is kept for the next audit.
    pub fn new_memo(&self, cache: &Cache, now: Time) -> Memo {
        Memo::blank(cache.begun(), now)
    }

    /// The hash that an earlier audit made of the tool, if this is still the same file; and what is wrong
    /// with what was kept.
    pub fn own_digest(&self, stat: &Stat, now: Time) -> (Option<Digest>, Option<String>) {
        own::load(&self.dir, stat, now)
    }

    /// Keeps the tool's hash.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn keep_own_digest(&self, stat: &Stat, digest: &Digest, now: Time) -> std::io::Result<()> {
        own::save(&self.dir, stat, digest, now)
    }

    /// The last report that can be read, and what was wrong with later ones.
    pub fn last(&self) -> (Option<Report>, Vec<String>) {
        let mut wrong = Vec::new();
        for path in self.reports().iter().rev() {
            let read = std::fs::read(path).map_err(|error| error.to_string());
            match read.and_then(|json| Report::from_json(&json).map_err(|error| error.to_string()))
            {
                Ok(report) => return (Some(report), wrong),
                Err(why) => wrong.push(format!("{}: {why}; it is left out", path.display())),
            }
        }
        (None, wrong)
    }

    /// Keeps a report of this time and the cache, and removes all but the last `keep` reports.
    ///
    /// # Errors
    /// The folder cannot be written. What was there before is whole.
    pub fn save(
        &self,
        (at, report): (Time, &[u8]),
        (cache, memo): (&Cache, &Memo),
        keep: usize,
    ) -> Result<(), StateError> {
        let wrong = |error| StateError::Io { path: self.dir.clone(), error };
        // The name sorts by time; one more digit than seconds have until the year 33658.
        let name = format!("report-{:012}-{:09}.json", at.seconds(), at.nanoseconds());
        write::report(&self.dir, &name, report).map_err(wrong)?;
        cache.save(&self.dir).map_err(wrong)?;
        memo.save(&self.dir).map_err(wrong)?;
        let reports = self.reports();
        let old = reports.len().saturating_sub(keep);
        reports.iter().take(old).try_for_each(std::fs::remove_file).map_err(wrong)
    }

    /// The reports, oldest first.
    fn reports(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| is_report(name))
            .collect();
        names.sort();
        names.into_iter().map(|name| self.dir.join(name)).collect()
    }
}

fn is_report(name: &str) -> bool {
    name.strip_prefix("report-").is_some_and(|rest| rest.strip_suffix(".json").is_some())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // tests
    use super::*;

    #[test]
    fn a_folder_serves_one_audit_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = Folder::open(dir.path()).unwrap();
        assert!(matches!(Folder::open(dir.path()), Err(StateError::Busy(_))));
        drop(first);
        assert!(Folder::open(dir.path()).is_ok());
    }

    #[test]
    fn a_file_is_no_folder() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(Folder::open(file.path()), Err(StateError::Io { .. })));
    }
}
