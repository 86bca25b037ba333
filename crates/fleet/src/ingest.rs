//! Reports into a store: each run once, whatever else lies among the files.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use coroner_compare::Kinds;
use coroner_core::Time;
use rayon::prelude::*;

use crate::batch::Batch;
use crate::read::{Refused, read_report};
use crate::rows::Rows;
use crate::sources::Sources;
use crate::store::{Locked, StoreError};

/// Reports that are read at once for each thread; their order stays that of the names.
const AT_ONCE: usize = 4;

/// How an ingest works.
#[derive(Debug)]
pub struct Ingest<'k> {
    /// What is known of each kind of item.
    pub kinds: &'k Kinds,
    /// Most MiB that a report may have, unpacked.
    pub largest: u64,
    /// When it happens: a host whose clock is ahead of this is not believed.
    pub now: Time,
}

/// A file that was not taken in.
#[derive(Debug)]
pub struct Skipped {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub why: String,
}

/// What came of an ingest.
#[derive(Debug, Default)]
pub struct Taken {
    /// Reports that are new in the store.
    pub new: usize,
    /// Reports whose run was there already.
    pub known: usize,
    /// Files that were not taken in.
    pub skipped: Vec<Skipped>,
}

impl Ingest<'_> {
    /// Reads the files and writes what is new. What is written is there for good, also when a later
    /// batch fails.
    ///
    /// # Errors
    /// The store's disk failed.
    pub fn run(&self, sources: &Sources, store: &Locked) -> Result<Taken, StoreError> {
        let unlisted = sources.unlisted.iter();
        let skipped = unlisted.map(|(path, why)| Skipped { path: path.clone(), why: why.clone() });
        let mut taken = Taken { skipped: skipped.collect(), ..Taken::default() };
        let mut runs = store.store().runs()?;
        let mut batch = Batch::default();
        let files: Vec<&Path> = sources.files.iter().map(PathBuf::as_path).collect();
        for some in files.chunks(AT_ONCE * rayon::current_num_threads()) {
            let read: Vec<_> = some.par_iter().map(|path| (*path, self.rows(path))).collect();
            for (path, rows) in read {
                taken.add(path, rows, &mut runs, &mut batch);
                if batch.is_full() {
                    std::mem::take(&mut batch).write(store)?;
                }
            }
        }
        if !batch.is_empty() {
            batch.write(store)?;
        }
        Ok(taken)
    }

    fn rows(&self, path: &Path) -> Result<Rows, Refused> {
        let report = read_report(path, self.largest)?;
        Ok(Rows::of(&report, &path.to_string_lossy(), self.now, self.kinds))
    }
}

impl Taken {
    fn add(
        &mut self,
        path: &Path,
        rows: Result<Rows, Refused>,
        runs: &mut HashSet<String>,
        batch: &mut Batch,
    ) {
        match rows {
            Ok(rows) if runs.insert(rows.report.report.clone()) => {
                batch.add(&rows);
                self.new += 1;
            }
            Ok(_) => self.known += 1,
            Err(why) => {
                self.skipped.push(Skipped { path: path.to_owned(), why: why.to_string() });
            }
        }
    }
}
