//! Reports into a store: each run once, whatever else lies among the files.

use std::collections::HashSet;

use coroner_compare::Kinds;
use coroner_core::{Text, Time};
use rayon::prelude::*;

use crate::batch::Batch;
use crate::read::Refused;
use crate::rows::Rows;
use crate::sources::{Source, Sources};
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

/// A file or object that was not taken in.
#[derive(Debug)]
pub struct Skipped {
    /// Which.
    pub name: Text,
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
    /// Files and objects that were not taken in.
    pub skipped: Vec<Skipped>,
}

impl Ingest<'_> {
    /// Reads what may be reports and writes what is new. What is written is there for good, also when a later
    /// batch fails.
    ///
    /// # Errors
    /// The store's disk failed.
    pub fn run(&self, sources: &Sources, store: &Locked) -> Result<Taken, StoreError> {
        let unlisted = sources.unlisted.iter();
        let skipped = unlisted.map(|(name, why)| Skipped { name: name.clone(), why: why.clone() });
        let mut taken = Taken { skipped: skipped.collect(), ..Taken::default() };
        let mut runs = store.store().runs()?;
        let mut batch = Batch::default();
        let all: Vec<Source<'_>> = sources.all().collect();
        for some in all.chunks(AT_ONCE * rayon::current_num_threads()) {
            let read: Vec<_> =
                some.par_iter().map(|source| (*source, self.rows(*source))).collect();
            for (source, rows) in read {
                taken.add(source, rows, &mut runs, &mut batch);
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

    fn rows(&self, source: Source<'_>) -> Result<Rows, Refused> {
        let report = source.report(self.largest)?;
        Ok(Rows::of(&report, &source.name().lossy(), self.now, self.kinds))
    }
}

impl Taken {
    fn add(
        &mut self,
        source: Source<'_>,
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
                self.skipped.push(Skipped { name: source.name(), why: why.to_string() });
            }
        }
    }
}
