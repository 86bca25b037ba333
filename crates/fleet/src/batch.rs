//! Reports on their way into a store: gathered, sorted, written as one batch or not at all.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::error::ArrowError;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::WriterProperties;

use crate::names::Names;
use crate::rows::{Rows, day};
use crate::store::{Locked, StoreError, batch_name};
use crate::table::{
    self, BASELINES, BATCHED, Cell, Cells, Column, FINDINGS, ITEMS, MARKS, REPORTS, Table,
    text_cells,
};

/// Rows that go to the disk at once.
const PIECE: usize = 16 << 10;
/// Rows of a group, the unit that engines read in parallel and skip by its smallest and largest.
const GROUP: usize = 128 << 10;
/// A row costs up to two hundred bytes here, and a text of its own as much again.
const MOST_ROWS: usize = 1 << 19;
const MOST_TEXTS: usize = 1 << 19;

/// A cell: a number, or the number of its text.
type Stored = i64;
/// Rows of one table and one day.
type Gathered = Vec<Box<[Stored]>>;

/// What was gathered and not yet written.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    names: Names,
    /// By table and day; no day for tables that have no folders for days.
    tables: BTreeMap<(&'static str, String), Gathered>,
    rows: usize,
}

impl Batch {
    /// Takes in the rows of a report.
    pub(crate) fn add(&mut self, rows: &Rows) {
        let report = &rows.report;
        for row in &rows.items {
            self.push(&ITEMS, &report.seen, &table::item_cells(report, row));
        }
        for row in &rows.marks {
            self.push(&MARKS, &report.seen, &table::mark_cells(report, row));
        }
        for row in &rows.findings {
            self.push(&FINDINGS, &report.seen, &table::finding_cells(report, row));
        }
        for row in &rows.baselines {
            self.push(&BASELINES, &report.seen, &table::baseline_cells(report, row));
        }
        self.push(&REPORTS, &report.seen, &table::report_cells(report));
    }

    fn push(&mut self, table: &'static Table, seen: &str, cells: &Cells<'_>) {
        let folder = if table.by_day { day(seen).to_owned() } else { String::new() };
        let row = stored(cells, &mut self.names);
        self.tables.entry((table.name, folder)).or_default().push(row);
        self.rows += 1;
    }

    /// Whether it has grown as large as memory should bear.
    pub(crate) fn is_full(&self) -> bool {
        self.rows >= MOST_ROWS || self.names.len() >= MOST_TEXTS
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Writes all of it to the store, sorted; whoever dies in the middle leaves nothing that counts.
    pub(crate) fn write(mut self, store: &Locked) -> Result<(), StoreError> {
        let (new, number) = store.begin()?;
        let mut placed = Vec::new();
        for table in BATCHED {
            for (folder, mut rows) in self.take(table) {
                sort(&mut rows, &table.sort_columns(), &self.names);
                let written = new.join(format!("{}-{folder}", table.name));
                write_file(&written, table, &rows, &self.names)?;
                let mut target = store.store().dir().join(table.name);
                if table.by_day {
                    target.push(format!("run={folder}"));
                }
                placed.push((written, target.join(batch_name(number))));
            }
        }
        // In the order of BATCHED: the file that makes the batch count comes last.
        placed.iter().try_for_each(|(written, target)| store.place(written, target))?;
        store.end()
    }

    fn take(&mut self, table: &Table) -> Vec<(String, Gathered)> {
        let of_table = self.tables.extract_if(.., |(name, _), _| *name == table.name);
        of_table.map(|((_, folder), rows)| (folder, rows)).collect()
    }
}

fn stored(cells: &Cells<'_>, names: &mut Names) -> Box<[Stored]> {
    let store = |cell: &Cell<'_>| match cell {
        Cell::Text(text) => Stored::from(names.number(text)),
        Cell::Number(number) => *number,
    };
    cells.iter().map(store).collect()
}

/// By columns that are text.
fn sort(rows: &mut Gathered, columns: &[usize], names: &Names) {
    rows.sort_by(|a, b| {
        let differ = columns.iter().find_map(|&at| match (a.get(at)?, b.get(at)?) {
            (a, b) if a == b => None,
            (a, b) => Some(names.text(*a).cmp(names.text(*b))),
        });
        differ.unwrap_or(Ordering::Equal)
    });
}

/// Writes a table of few rows as a whole, over what was there.
pub(crate) fn replace(
    store: &Locked,
    table: &'static Table,
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<(), StoreError> {
    let mut names = Names::default();
    let mut gathered: Gathered =
        rows.into_iter().map(|row| stored(&text_cells(&row), &mut names)).collect();
    sort(&mut gathered, &table.sort_columns(), &names);
    let (new, _) = store.begin()?;
    let written = new.join(table.name);
    write_file(&written, table, &gathered, &names)?;
    store.place(&written, &store.store().whole_file(table))?;
    store.end()
}

fn write_file(
    path: &Path,
    table: &Table,
    rows: &Gathered,
    names: &Names,
) -> Result<(), StoreError> {
    let file = File::create(path).map_err(StoreError::disk(path))?;
    let broken = |error: ParquetError| StoreError::disk(path)(std::io::Error::other(error));
    let mut writer =
        ArrowWriter::try_new(file, table.schema(), Some(properties())).map_err(broken)?;
    for piece in rows.chunks(PIECE) {
        let batch = columns(table, piece, names).map_err(ParquetError::from).map_err(broken)?;
        writer.write(&batch).map_err(broken)?;
    }
    let file = writer.into_inner().map_err(broken)?;
    file.sync_all().map_err(StoreError::disk(path))
}

fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(GROUP))
        .build()
}

fn columns(
    table: &Table,
    rows: &[Box<[Stored]>],
    names: &Names,
) -> Result<RecordBatch, ArrowError> {
    let column = |(at, column): (usize, &Column)| -> ArrayRef {
        let cells = rows.iter().map(|row| row.get(at).copied().unwrap_or_default());
        match column {
            Column::Text(_) => {
                Arc::new(StringArray::from_iter_values(cells.map(|cell| names.text(cell))))
            }
            Column::Number(_) => Arc::new(Int64Array::from_iter_values(cells)),
        }
    };
    let arrays = table.columns.iter().enumerate().map(column).collect();
    RecordBatch::try_new(table.schema(), arrays)
}
