//! The report for programs.

use std::io::{self, Write};

use coroner_core::Report;
use serde::Serialize;
use serde_json::{Value, json};

/// Writes a report, or what comparing two came to, as one indented JSON document and a newline.
///
/// # Errors
/// The writer's.
pub fn json<T: Serialize>(report: &T, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    out.write_all(b"\n")
}

/// Writes one JSON object a line: the head (everything but the lists), then each finding, item,
/// gap and coverage row, each with a `record` field that says what it is and the host's id.
///
/// # Errors
/// The writer's.
pub fn ndjson(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let host = report.host.id.as_str();
    let head = json!({
        "schema": report.schema, "tool": report.tool, "identity": report.host,
        "run": report.run, "verdict": report.verdict,
    });
    line("head", host, &head, out)?;
    lines("finding", host, &report.findings, out)?;
    lines("item", host, &report.items, out)?;
    lines("gap", host, &report.gaps, out)?;
    lines("coverage", host, &report.coverage, out)
}

fn lines<T: Serialize>(
    record: &str,
    host: &str,
    rows: &[T],
    out: &mut dyn Write,
) -> io::Result<()> {
    rows.iter().try_for_each(|row| line(record, host, row, out))
}

fn line<T: Serialize>(record: &str, host: &str, row: &T, out: &mut dyn Write) -> io::Result<()> {
    let mut row = serde_json::to_value(row)?;
    if let Value::Object(fields) = &mut row {
        fields.insert("record".to_owned(), Value::from(record));
        fields.insert("host".to_owned(), Value::from(host));
    }
    serde_json::to_writer(&mut *out, &row)?;
    out.write_all(b"\n")
}
