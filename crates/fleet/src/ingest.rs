//! Reports into a store: each run once, whatever else lies among the files.

use std::collections::HashSet;
use std::thread::{Scope, ScopedJoinHandle};

use coroner_compare::Kinds;
use coroner_core::{Text, Time};
use rayon::prelude::*;

use crate::batch::Batch;
use crate::known::Known;
use crate::read::{self, Refused};
use crate::rows::Rows;
use crate::sources::{Source, Sources};
use crate::store::{Locked, StoreError};

/// Reports that are read at once for each thread; their order stays that of the names.
const AT_ONCE: usize = 4;

/// What came of a source.
type Read<'s> = (Source<'s>, Result<Rows, Refused>);

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
        let mut known = Known::new(self.kinds, store.key());
        let all: Vec<Source<'_>> = sources.all().collect();
        std::thread::scope(|scope| {
            let mut writer = Writer { scope, store, writing: None };
            let mut before = Vec::new();
            // The last round reads nothing and takes in what the one before it read.
            for some in all.chunks(AT_ONCE * rayon::current_num_threads()).chain([[].as_slice()]) {
                let gathered = std::mem::take(&mut before).into_iter();
                before = std::thread::scope(|round| {
                    let reading = round.spawn(|| self.read(some, &known));
                    for (source, rows) in gathered {
                        taken.add(source, rows, &mut runs, &mut batch);
                        if batch.is_full() {
                            writer.write(std::mem::take(&mut batch))?;
                        }
                    }
                    Ok::<_, StoreError>(joined(reading))
                })?;
                for rows in before.iter_mut().filter_map(|(_, rows)| rows.as_mut().ok()) {
                    known.learn(std::mem::take(&mut rows.new));
                }
            }
            if !batch.is_empty() {
                writer.write(batch)?;
            }
            writer.wait()
        })?;
        Ok(taken)
    }

    fn read<'s>(&self, some: &[Source<'s>], known: &Known<'_>) -> Vec<Read<'s>> {
        some.par_iter().map(|source| (*source, self.rows(*source, known))).collect()
    }

    fn rows(&self, source: Source<'_>, known: &Known<'_>) -> Result<Rows, Refused> {
        let json = source.json(self.largest)?;
        let report = read::report(&json)?;
        Ok(Rows::of(&report, &source.name().lossy(), self.now, known)?)
    }
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Writes a batch while the next is gathered; never two at once.
struct Writer<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    store: &'env Locked,
    writing: Option<ScopedJoinHandle<'scope, Result<(), StoreError>>>,
}

impl Writer<'_, '_> {
    fn write(&mut self, batch: Batch) -> Result<(), StoreError> {
        self.wait()?;
        let store = self.store;
        self.writing = Some(self.scope.spawn(move || batch.write(store)));
        Ok(())
    }

    /// Until what was to be written is.
    fn wait(&mut self) -> Result<(), StoreError> {
        let Some(writing) = self.writing.take() else { return Ok(()) };
        joined(writing)
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
