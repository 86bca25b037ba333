//! The tables of a store: their columns, and how rows become cells of them.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::items::{Held, ItemRow, MarkRow};
use crate::rows::{BaselineRow, FindingRow, ReportRow};

/// A column: text, or a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Text(&'static str),
    Number(&'static str),
}

use Column::{Number, Text};

/// A table of a store.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// Its name in SQL, and its folder.
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
    /// Columns that its rows are sorted by.
    pub(crate) order: &'static [&'static str],
    /// Whether its files lie in a folder for each day.
    pub(crate) by_day: bool,
}

/// One row for each audit.
pub(crate) static REPORTS: Table = Table {
    name: "reports",
    columns: &[
        Text("report"),
        Text("host"),
        Text("seen"),
        Text("name"),
        Text("label"),
        Text("os"),
        Text("kernel"),
        Text("mode"),
        Text("scope"),
        Text("started"),
        Text("version"),
        Text("verdict"),
        Text("plugins"),
        Text("source"),
        Number("reportno"),
        Number("hostno"),
        Number("findings"),
        Number("alarming"),
        Number("gaps"),
        Number("mattering_gaps"),
    ],
    order: &["host", "seen", "report"],
    by_day: false,
};

/// One row for each item of each audit.
pub(crate) static ITEMS: Table = Table {
    name: "items",
    columns: &[
        Text("report"),
        Text("host"),
        Text("seen"),
        Text("kind"),
        Text("plugin"),
        Text("course"),
        Text("item"),
        Text("subject"),
        Text("place"),
        Text("path"),
        Text("detail"),
        Text("item_key"),
        Text("package"),
        Text("state"),
        Text("sha256"),
        Text("vhash"),
        Text("version"),
        Number("reportno"),
        Number("hostno"),
        Number("thing"),
        Number("fact"),
        Number("v1"),
        Number("v2"),
        Number("copies"),
    ],
    order: &["kind", "item", "host", "report"],
    by_day: true,
};

/// Hashes, paths, fingerprints, addresses and commands that items name.
pub(crate) static MARKS: Table = Table {
    name: "marks",
    columns: &[
        Text("report"),
        Text("host"),
        Text("seen"),
        Text("what"),
        Text("mark"),
        Text("kind"),
        Text("item"),
        Text("path"),
        Number("reportno"),
        Number("hostno"),
        Number("thing"),
    ],
    order: &["mark", "what", "kind", "item", "host", "report"],
    by_day: true,
};

/// One row for each finding of each audit.
pub(crate) static FINDINGS: Table = Table {
    name: "findings",
    columns: &[
        Text("report"),
        Text("host"),
        Text("seen"),
        Text("finding"),
        Text("rule"),
        Text("severity"),
        Text("confidence"),
        Text("title"),
        Text("kind"),
        Text("item_key"),
        Text("path"),
        Text("accepted"),
        Text("evidence"),
    ],
    order: &["rule", "finding", "host", "report"],
    by_day: true,
};

/// Baselines in use.
pub(crate) static BASELINES: Table = Table {
    name: "baselines",
    columns: &[
        Text("report"),
        Text("host"),
        Text("seen"),
        Text("baseline"),
        Text("sha256"),
        Text("trusted"),
    ],
    order: &["baseline", "sha256", "host", "report"],
    by_day: false,
};

/// The role of each host, and how it is known.
pub(crate) static ROLES: Table = Table {
    name: "roles",
    columns: &[Text("host"), Text("role"), Text("how")],
    order: &["host"],
    by_day: false,
};

/// Hosts that there should be.
pub(crate) static EXPECTED: Table =
    Table { name: "expected", columns: &[Text("name")], order: &["name"], by_day: false };

/// The tables that batches bring. Reports come last: a batch is there when its reports are.
pub(crate) static BATCHED: [&Table; 5] = [&ITEMS, &MARKS, &FINDINGS, &BASELINES, &REPORTS];

impl Column {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Text(name) | Number(name) => name,
        }
    }
}

impl Table {
    /// With texts read as `text`.
    pub(crate) fn schema(&self, text: &DataType) -> SchemaRef {
        let field = |column: &Column| match column {
            Text(name) => Field::new(*name, text.clone(), false),
            Number(name) => Field::new(*name, DataType::Int64, false),
        };
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    /// Where the columns stand that rows are sorted by.
    pub(crate) fn sort_columns(&self) -> Vec<usize> {
        let at = |name: &&str| self.columns.iter().position(|column| column.name() == *name);
        self.order.iter().filter_map(at).collect()
    }
}

/// Texts of an item.
pub(crate) const ITEM_TEXTS: usize = 12;

/// One cell of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell<'r> {
    Text(&'r str),
    /// The number of a text.
    Known(u32),
    Number(i64),
}

/// What each row of a report starts with, in each table that batches bring.
pub(crate) fn head(report: &ReportRow) -> [&str; 3] {
    [&report.report, &report.host, &report.seen]
}

/// The cells of a row that follow its head, in the order of its table's columns: texts come first.
fn row_of<const T: usize, const N: usize>(
    texts: [&str; T],
    numbers: [i64; N],
) -> impl Iterator<Item = Cell<'_>> {
    texts.into_iter().map(Cell::Text).chain(numbers.into_iter().map(Cell::Number))
}

pub(crate) fn report_cells(row: &ReportRow) -> impl Iterator<Item = Cell<'_>> {
    let texts = [
        row.name.as_str(),
        &row.label,
        &row.os,
        &row.kernel,
        &row.mode,
        &row.scope,
        &row.started,
        &row.version,
        &row.verdict,
        &row.plugins,
        &row.source,
    ];
    let counts = [row.findings, row.alarming, row.gaps, row.mattering_gaps];
    let [findings, alarming, gaps, mattering] = counts;
    row_of(texts, [row.reportno, row.hostno, findings, alarming, gaps, mattering])
}

/// The texts of an item that are the same in all reports that have it.
pub(crate) fn item_texts(row: &ItemRow) -> [&str; ITEM_TEXTS] {
    let identity = &row.identity;
    [
        &row.kind,
        row.plugin,
        row.course,
        &identity.item,
        &identity.subject,
        &identity.place,
        &identity.path,
        &identity.detail,
        &row.key,
        &row.package,
        &row.state,
        &row.sha256,
    ]
}

/// The other cells of an item in a report.
pub(crate) fn item_cells<'r>(
    report: &'r ReportRow,
    held: &'r Held,
) -> impl Iterator<Item = Cell<'r>> {
    let (row, vhash) = (&held.row, held.vhash());
    let (low, high) = vhash.split_at_checked(vhash.len() / 2).unwrap_or_default();
    let stand_ins = [report.reportno, report.hostno, row.thing, row.fact];
    let [report, host, thing, fact] = stand_ins;
    let numbers = [report, host, thing, fact, summable(low), summable(high), held.copies];
    row_of([vhash, &held.version], numbers)
}

pub(crate) fn mark_cells<'r>(
    report: &'r ReportRow,
    row: &'r MarkRow,
) -> impl Iterator<Item = Cell<'r>> {
    let texts = [row.what, &row.value, &row.kind, &row.item, &row.path];
    row_of(texts, [report.reportno, report.hostno, row.thing])
}

pub(crate) fn finding_cells(row: &FindingRow) -> impl Iterator<Item = Cell<'_>> {
    let texts = [
        row.finding.as_str(),
        &row.rule,
        &row.severity,
        &row.confidence,
        &row.title,
        &row.kind,
        &row.item,
        &row.path,
        &row.accepted,
        &row.evidence,
    ];
    row_of(texts, [])
}

pub(crate) fn baseline_cells(row: &BaselineRow) -> impl Iterator<Item = Cell<'_>> {
    row_of([&row.baseline, &row.sha256, &row.trusted], [])
}

/// The first 52 bits of a hash: a thousand of them can be added up.
fn summable(hex: &str) -> i64 {
    hex.get(..13).and_then(|hex| i64::from_str_radix(hex, 16).ok()).unwrap_or_default()
}
