//! Reports on their way into a store: gathered, sorted, written as one batch or not at all.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use hashbrown::DefaultHashBuilder;

use crate::gathered::{Gathered, Sorted};
use crate::items::Held;
use crate::names::Names;
use crate::parquet::encode;
use crate::rows::{Rows, day};
use crate::store::{Locked, StoreError, batch_name};
use crate::table::{
    self, BASELINES, BATCHED, Cell, FINDINGS, ITEM_TEXTS, ITEMS, MARKS, REPORTS, Table,
};

/// A row costs up to two hundred bytes here, and its texts come on top. One batch is gathered while
/// another is written.
const MOST_ROWS: usize = 1 << 19;
const MOST_TEXTS: usize = 1 << 19;
const MOST_BYTES: usize = 128 << 20;

/// What was gathered and not yet written.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    names: Names,
    /// By table and day; no day for tables that have no folders for days.
    tables: BTreeMap<&'static str, BTreeMap<String, Gathered>>,
    /// Texts of items that are known.
    known: HashMap<u64, [u32; ITEM_TEXTS], DefaultHashBuilder>,
    rows: usize,
}

impl Batch {
    /// Takes in the rows of a report.
    pub(crate) fn add(&mut self, rows: &Rows) {
        let report = &rows.report;
        let head = table::head(report).map(|text| Cell::Known(self.names.number(text)));
        for held in &rows.items {
            let texts = self.item_texts(held).into_iter().map(Cell::Known);
            let cells = texts.chain(table::item_cells(report, held));
            self.push(&ITEMS, &report.seen, head.into_iter().chain(cells));
        }
        for row in &rows.marks {
            let cells = table::mark_cells(report, row);
            self.push(&MARKS, &report.seen, head.into_iter().chain(cells));
        }
        for row in &rows.findings {
            let cells = table::finding_cells(row);
            self.push(&FINDINGS, &report.seen, head.into_iter().chain(cells));
        }
        for row in &rows.baselines {
            let cells = table::baseline_cells(row);
            self.push(&BASELINES, &report.seen, head.into_iter().chain(cells));
        }
        self.push(&REPORTS, &report.seen, head.into_iter().chain(table::report_cells(report)));
    }

    fn item_texts(&mut self, held: &Held) -> [u32; ITEM_TEXTS] {
        if let Some(texts) = held.known.and_then(|number| self.known.get(&number)) {
            return *texts;
        }
        let texts = table::item_texts(&held.row).map(|text| self.names.number(text));
        if let Some(number) = held.known {
            self.known.insert(number, texts);
        }
        texts
    }

    fn push<'r>(
        &mut self,
        table: &'static Table,
        seen: &str,
        cells: impl Iterator<Item = Cell<'r>>,
    ) {
        let folder = if table.by_day { day(seen) } else { "" };
        let days = self.tables.entry(table.name).or_default();
        let rows = match days.get_mut(folder) {
            Some(rows) => rows,
            None => days.entry(folder.to_owned()).or_insert(Gathered::of(table)),
        };
        rows.push(cells, &mut self.names);
        self.rows += 1;
    }

    /// Whether it has grown as large as memory should bear.
    pub(crate) fn is_full(&self) -> bool {
        self.rows >= MOST_ROWS || self.names.len() >= MOST_TEXTS || self.names.size() >= MOST_BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Writes all of it to the store, sorted; whoever dies in the middle leaves nothing that counts.
    pub(crate) fn write(mut self, store: &Locked) -> Result<(), StoreError> {
        let (new, number) = store.begin()?;
        let mut files = Vec::new();
        for table in BATCHED {
            for (folder, rows) in self.tables.remove(table.name).unwrap_or_default() {
                let written = new.join(format!("{}-{folder}", table.name));
                let mut target = store.store().dir().join(table.name);
                if table.by_day {
                    target.push(format!("run={folder}"));
                }
                let sorted = rows.sorted(table, &self.names);
                files.push((table, written, target.join(batch_name(number)), sorted));
            }
        }
        let texts = array(self.names, &new)?;
        for (table, written, _, rows) in &files {
            write_file(written, table, rows, &texts)?;
        }
        // In the order of BATCHED: the file that makes the batch count comes last.
        files.iter().try_for_each(|(_, written, target, _)| store.place(written, target))?;
        store.end()
    }
}

/// Writes a table of few rows as a whole, over what was there.
pub(crate) fn replace(
    store: &Locked,
    table: &'static Table,
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<(), StoreError> {
    let mut names = Names::default();
    let mut gathered = Gathered::of(table);
    for row in rows {
        gathered.push(row.iter().map(|text| Cell::Text(text)), &mut names);
    }
    let rows = gathered.sorted(table, &names);
    let (new, _) = store.begin()?;
    let written = new.join(table.name);
    write_file(&written, table, &rows, &array(names, &new)?)?;
    store.place(&written, &store.store().whole_file(table))?;
    store.end()
}

fn array(names: Names, dir: &Path) -> Result<ArrayRef, StoreError> {
    let array = names.into_array().map_err(std::io::Error::other).map_err(StoreError::disk(dir))?;
    Ok(Arc::new(array))
}

fn write_file(
    path: &Path,
    table: &Table,
    rows: &Sorted,
    texts: &ArrayRef,
) -> Result<(), StoreError> {
    let file = File::create(path).map_err(StoreError::disk(path))?;
    let file = encode(file, table, rows, texts).map_err(std::io::Error::other);
    file.and_then(|file| file.sync_all()).map_err(StoreError::disk(path))
}
