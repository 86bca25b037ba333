//! The folder that reports are taken into.
//!
//! ```text
//! reports/batch-000001.parquet            one row for each report; the batch is there when this file is
//! baselines/batch-000001.parquet
//! items/run=2026-06-01/batch-000001.parquet
//! marks/run=…/…, findings/run=…/…
//! roles.parquet, expected.parquet         rewritten as a whole
//! .layout                                 which columns there are; see `layout`
//! ```
//!
//! Files are written beside the tables, synced and renamed; `reports/` comes last. Whoever dies
//! before that leaves files that no reader counts and that the next ingest removes.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use datafusion::arrow::array::{Array, StringArray};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::layout::{self, Key};
use crate::table::{BATCHED, REPORTS, Table};

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There are no reports in it.
    #[error("{0}: no reports have been taken in; coroner-fleet ingest REPORT... --store does")]
    Empty(PathBuf),
    /// Another ingest runs.
    #[error("{0}: another ingest works on this store; wait for it")]
    Busy(PathBuf),
    /// A folder of something else.
    #[error("{0}: is not empty and not a store; name a new folder")]
    Foreign(PathBuf),
    /// Its tables have other columns.
    #[error(
        "{0}: was made by another version of coroner-fleet; name a new folder and take its reports in again"
    )]
    OtherLayout(PathBuf),
    /// The disk failed, or is full.
    #[error("{}: {error}", path.display())]
    Disk {
        /// What was read or written.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A file of the store is damaged.
    #[error("{0}: {1}; move it away, with the files of its name, and take its reports in again")]
    Damaged(PathBuf, String),
}

impl StoreError {
    pub(crate) fn disk(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |error| Self::Disk { path, error }
    }
}

/// Where a batch is written before it is there.
const NEW: &str = ".new";
const LOCK: &str = ".lock";

/// A store, for reading.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

/// A store, for writing: one at a time.
#[derive(Debug)]
pub struct Locked {
    store: Store,
    key: Key,
    _lock: File,
}

impl Store {
    /// A store that holds at least one report.
    ///
    /// # Errors
    /// There is none.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let store = Self { dir: dir.to_owned() };
        if store.batches()?.is_empty() {
            return Err(StoreError::Empty(dir.to_owned()));
        }
        layout::key_of(dir).ok_or_else(|| StoreError::OtherLayout(dir.to_owned()))?;
        Ok(store)
    }

    /// Where it lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The batches that are whole.
    pub(crate) fn batches(&self) -> Result<BTreeSet<u32>, StoreError> {
        let files = list(&self.dir.join(REPORTS.name))?;
        Ok(files.iter().filter_map(|file| batch_number(file)).collect())
    }

    /// The files of a table, of whole batches alone.
    pub(crate) fn files(&self, table: &Table) -> Result<Vec<PathBuf>, StoreError> {
        let whole = self.batches()?;
        let mut files = self.all_files(table)?;
        files.retain(|file| batch_number(file).is_some_and(|number| whole.contains(&number)));
        Ok(files)
    }

    fn all_files(&self, table: &Table) -> Result<Vec<PathBuf>, StoreError> {
        let dir = self.dir.join(table.name);
        if !table.by_day {
            return list(&dir);
        }
        let mut out = Vec::new();
        for day in list(&dir)? {
            out.extend(list(&day)?);
        }
        Ok(out)
    }

    /// A file that is rewritten as a whole.
    pub(crate) fn whole_file(&self, table: &Table) -> PathBuf {
        self.dir.join(format!("{}.parquet", table.name))
    }

    /// The ids of the runs that are in it.
    pub(crate) fn runs(&self) -> Result<HashSet<String>, StoreError> {
        let mut out = HashSet::new();
        for file in self.files(&REPORTS)? {
            first_column(&file, &mut out)?;
        }
        Ok(out)
    }
}

impl Locked {
    /// Makes the folder when it is not there, keeps others from writing to it, and removes what a
    /// killed ingest left.
    ///
    /// # Errors
    /// Somebody else writes to it, it is a folder of something else, or the disk failed.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(dir).map_err(StoreError::disk(dir))?;
        let entries = list(dir)?;
        if !entries.is_empty() && !dir.join(LOCK).exists() {
            return Err(StoreError::Foreign(dir.to_owned()));
        }
        let path = dir.join(LOCK);
        let lock = File::create(&path).map_err(StoreError::disk(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(StoreError::Busy(dir.to_owned())),
            Err(fs::TryLockError::Error(error)) => return Err(StoreError::disk(&path)(error)),
        }
        let store = Store { dir: dir.to_owned() };
        let key = match layout::key_of(dir) {
            Some(key) => key,
            None if store.batches()?.is_empty() => {
                layout::begin(dir).map_err(StoreError::disk(dir))?
            }
            None => return Err(StoreError::OtherLayout(dir.to_owned())),
        };
        let locked = Self { store, key, _lock: lock };
        locked.sweep()?;
        Ok(locked)
    }

    /// The key of its numbers.
    pub(crate) fn key(&self) -> Key {
        self.key
    }

    /// The same store, for reading.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Removes files of batches that were never finished.
    fn sweep(&self) -> Result<(), StoreError> {
        let new = self.store.dir.join(NEW);
        if new.exists() {
            fs::remove_dir_all(&new).map_err(StoreError::disk(&new))?;
        }
        let whole = self.store.batches()?;
        for table in BATCHED {
            for file in self.store.all_files(table)? {
                if batch_number(&file).is_none_or(|number| !whole.contains(&number)) {
                    fs::remove_file(&file).map_err(StoreError::disk(&file))?;
                }
            }
        }
        Ok(())
    }

    /// An empty folder to write the next batch's files in, and its number.
    pub(crate) fn begin(&self) -> Result<(PathBuf, u32), StoreError> {
        let new = self.store.dir.join(NEW);
        fs::create_dir_all(&new).map_err(StoreError::disk(&new))?;
        let last = self.store.batches()?.last().copied().unwrap_or(0);
        Ok((new, last + 1))
    }

    /// Removes that folder when all of it is in its place.
    pub(crate) fn end(&self) -> Result<(), StoreError> {
        let new = self.store.dir.join(NEW);
        fs::remove_dir(&new).map_err(StoreError::disk(&new))
    }

    /// Moves a written and synced file to its place.
    pub(crate) fn place(&self, written: &Path, target: &Path) -> Result<(), StoreError> {
        let dir = target.parent().unwrap_or(&self.store.dir);
        fs::create_dir_all(dir).map_err(StoreError::disk(dir))?;
        fs::rename(written, target).map_err(StoreError::disk(target))?;
        // A new day's folder is an entry of the table's folder, and that one of the store's.
        let above = dir.ancestors().take_while(|above| above.starts_with(&self.store.dir));
        for dir in above {
            File::open(dir).and_then(|dir| dir.sync_all()).map_err(StoreError::disk(dir))?;
        }
        Ok(())
    }
}

/// The name of a batch's files.
pub(crate) fn batch_name(number: u32) -> String {
    format!("batch-{number:06}.parquet")
}

fn batch_number(file: &Path) -> Option<u32> {
    file.file_name()?.to_str()?.strip_prefix("batch-")?.strip_suffix(".parquet")?.parse().ok()
}

/// The entries of a folder, sorted, without hidden ones; none when it is not there.
fn list(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::disk(dir)(error)),
    };
    let mut out = Vec::new();
    for entry in entries {
        let entry = entry.map_err(StoreError::disk(dir))?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            out.push(entry.path());
        }
    }
    out.sort();
    Ok(out)
}

fn first_column(path: &Path, out: &mut HashSet<String>) -> Result<(), StoreError> {
    let file = File::open(path).map_err(StoreError::disk(path))?;
    let damaged =
        |error: &dyn std::fmt::Display| StoreError::Damaged(path.to_owned(), error.to_string());
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| damaged(&error))?;
    let first = ProjectionMask::leaves(builder.parquet_schema(), [0]);
    let reader = builder.with_projection(first).build().map_err(|error| damaged(&error))?;
    for batch in reader {
        let batch = batch.map_err(|error| damaged(&error))?;
        let column = batch.columns().first().map(Array::as_any);
        if let Some(texts) = column.and_then(|column| column.downcast_ref::<StringArray>()) {
            out.extend(texts.iter().flatten().map(str::to_owned));
        }
    }
    Ok(())
}
