//! The tables of a store: their columns, and how rows become cells of them.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::identity::short_hash;
use crate::rows::{BaselineRow, FindingRow, ItemRow, MarkRow, ReportRow};

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
        Text("vhash"),
        Text("detail"),
        Text("item_key"),
        Text("package"),
        Text("version"),
        Text("state"),
        Text("sha256"),
        Number("copies"),
        Number("hostno"),
        Number("fact"),
        Number("v1"),
        Number("v2"),
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
    pub(crate) fn schema(&self) -> SchemaRef {
        let field = |column: &Column| match column {
            Text(name) => Field::new(*name, DataType::Utf8, false),
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

/// One cell of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell<'r> {
    Text(&'r str),
    Number(i64),
}

/// The cells of a row, in the order of its table's columns.
pub(crate) type Cells<'r> = Vec<Cell<'r>>;

/// Stands for a text where millions of rows are grouped: 52 bits of its hash, so that a thousand of
/// them can be added up.
fn number(text: &str) -> i64 {
    first_bits(&short_hash(text))
}

/// The first 52 bits of a hash.
fn first_bits(hex: &str) -> i64 {
    hex.get(..13).and_then(|hex| i64::from_str_radix(hex, 16).ok()).unwrap_or_default()
}

/// What all rows of a report start with.
fn row_of<'r>(report: &'r ReportRow, texts: &[&'r str], numbers: &[i64]) -> Cells<'r> {
    let head = [report.report.as_str(), &report.host, &report.seen];
    let texts = head.into_iter().chain(texts.iter().copied()).map(Cell::Text);
    texts.chain(numbers.iter().copied().map(Cell::Number)).collect()
}

pub(crate) fn report_cells(row: &ReportRow) -> Cells<'_> {
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
    row_of(row, &texts, &[number(&row.host), findings, alarming, gaps, mattering])
}

pub(crate) fn item_cells<'r>(report: &'r ReportRow, row: &'r ItemRow) -> Cells<'r> {
    let identity = &row.identity;
    let texts = [
        row.kind.as_str(),
        row.plugin,
        row.course,
        &identity.item,
        &identity.subject,
        &identity.place,
        &identity.path,
        &identity.vhash,
        &identity.detail,
        &row.key,
        &row.package,
        &row.version,
        &row.state,
        &row.sha256,
    ];
    let fact = number(&format!("{}\0{}", row.kind, identity.subject));
    let (low, high) = identity.vhash.split_at(identity.vhash.len() / 2);
    let numbers = [row.copies, number(&report.host), fact, first_bits(low), first_bits(high)];
    row_of(report, &texts, &numbers)
}

pub(crate) fn mark_cells<'r>(report: &'r ReportRow, row: &'r MarkRow) -> Cells<'r> {
    row_of(report, &[row.what, &row.value, &row.kind, &row.item, &row.path], &[])
}

pub(crate) fn finding_cells<'r>(report: &'r ReportRow, row: &'r FindingRow) -> Cells<'r> {
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
    row_of(report, &texts, &[])
}

pub(crate) fn baseline_cells<'r>(report: &'r ReportRow, row: &'r BaselineRow) -> Cells<'r> {
    row_of(report, &[&row.baseline, &row.sha256, &row.trusted], &[])
}

/// A row of a table that is rewritten as a whole.
pub(crate) fn text_cells(row: &[String]) -> Cells<'_> {
    row.iter().map(|cell| Cell::Text(cell)).collect()
}
