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
        let all: Vec<Source<'_>> = sources.all().collect();
        let mut known = Known::new(self.kinds, store.key());
        std::thread::scope(|scope| {
            let writer = Writer { scope, store, writing: None };
            let mut intake = Intake::begin(sources, writer)?;
            let mut before = Vec::new();
            // The last round reads nothing and takes in what the one before it read.
            for some in all.chunks(AT_ONCE * rayon::current_num_threads()).chain([[].as_slice()]) {
                let read = std::mem::take(&mut before);
                before = std::thread::scope(|round| {
                    let reading = round.spawn(|| self.read(some, &known));
                    intake.add_all(read)?;
                    Ok::<_, StoreError>(joined(reading))
                })?;
                for rows in before.iter_mut().filter_map(|(_, rows)| rows.as_mut().ok()) {
                    known.learn(std::mem::take(&mut rows.new));
                }
            }
            intake.end()
        })
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

/// What was read on its way into the store.
struct Intake<'scope, 'env> {
    writer: Writer<'scope, 'env>,
    batch: Batch,
    /// Runs that are in the store or on their way.
    runs: HashSet<String>,
    taken: Taken,
}

impl<'scope, 'env> Intake<'scope, 'env> {
    fn begin(sources: &Sources, writer: Writer<'scope, 'env>) -> Result<Self, StoreError> {
        let unlisted = sources.unlisted.iter();
        let skipped = unlisted.map(|(name, why)| Skipped { name: name.clone(), why: why.clone() });
        let taken = Taken { skipped: skipped.collect(), ..Taken::default() };
        let runs = writer.store.store().runs()?;
        Ok(Self { writer, batch: Batch::default(), runs, taken })
    }

    fn add_all(&mut self, read: Vec<Read<'_>>) -> Result<(), StoreError> {
        for (source, rows) in read {
            self.add(source, rows);
            if self.batch.is_full() {
                self.writer.write(std::mem::take(&mut self.batch))?;
            }
        }
        Ok(())
    }

    fn add(&mut self, source: Source<'_>, rows: Result<Rows, Refused>) {
        match rows {
            Ok(rows) if self.runs.insert(rows.report.report.clone()) => {
                self.batch.add(&rows);
                self.taken.new += 1;
            }
            Ok(_) => self.taken.known += 1,
            Err(why) => {
                self.taken.skipped.push(Skipped { name: source.name(), why: why.to_string() });
            }
        }
    }

    fn end(mut self) -> Result<Taken, StoreError> {
        if !self.batch.is_empty() {
            self.writer.write(self.batch)?;
        }
        self.writer.wait()?;
        Ok(self.taken)
    }
}
