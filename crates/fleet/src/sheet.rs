//! An answer as a terminal table, JSON or CSV. What came from a host is escaped where a person or a
//! terminal reads it; JSON carries it as the reports hold it.

use std::borrow::Cow;
use std::io::{self, Write};

use coroner_core::Text;
use datafusion::arrow::array::{Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::Value;

/// Widest cell of a terminal table.
const WIDEST: usize = 60;

/// The columns of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns(pub(crate) Vec<String>);

impl Columns {
    /// As the engine names them.
    pub fn of(schema: &SchemaRef) -> Self {
        Self(schema.fields().iter().map(|field| field.name().clone()).collect())
    }

    /// Their names.
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

/// One row: a number or a text for each column.
pub type Row = Vec<Value>;

/// The rows of a piece of an answer.
///
/// # Errors
/// A column of a type that has no text.
pub fn rows(batch: &RecordBatch) -> Result<Vec<Row>, datafusion::arrow::error::ArrowError> {
    let options = FormatOptions::default().with_null("");
    let mut out = vec![Row::with_capacity(batch.num_columns()); batch.num_rows()];
    for column in batch.columns() {
        let numbers = column.as_any().downcast_ref::<Int64Array>();
        let texts = column.as_any().downcast_ref::<StringArray>();
        let formatter = ArrayFormatter::try_new(column.as_ref(), &options)?;
        for (at, row) in out.iter_mut().enumerate() {
            row.push(match (numbers, texts) {
                (Some(numbers), _) if numbers.is_valid(at) => Value::from(numbers.value(at)),
                (_, Some(texts)) if texts.is_valid(at) => Value::from(texts.value(at)),
                _ => Value::from(formatter.value(at).try_to_string()?),
            });
        }
    }
    Ok(out)
}

/// Something that takes an answer row by row.
pub trait Sheet {
    /// The columns come first, once.
    ///
    /// # Errors
    /// It cannot be written.
    fn start(&mut self, columns: &Columns) -> io::Result<()>;

    /// Then each row.
    ///
    /// # Errors
    /// It cannot be written.
    fn row(&mut self, row: Row) -> io::Result<()>;

    /// Whether it holds as much as it may: what is left is left out.
    fn is_full(&self) -> bool {
        false
    }

    /// Then nothing more; `more` when rows were left out.
    ///
    /// # Errors
    /// It cannot be written.
    fn end(&mut self, more: bool) -> io::Result<()>;
}

/// A cell as a person reads it.
fn shown(cell: &Value) -> Cow<'_, str> {
    match cell {
        // Nothing to decode or to escape.
        Value::String(text)
            if text.bytes().all(|byte| matches!(byte, b' '..=b'$' | b'&'..=b'~')) =>
        {
            Cow::Borrowed(text)
        }
        Value::String(text) => Cow::Owned(Text::from_stored(text).to_string()),
        other => Cow::Owned(other.to_string()),
    }
}

/// An array of objects.
#[derive(Debug)]
pub struct Json<W> {
    out: W,
    names: Vec<String>,
    first: bool,
}

impl<W: Write> Json<W> {
    /// Into `out`.
    pub fn new(out: W) -> Self {
        Self { out, names: Vec::new(), first: true }
    }
}

impl<W: Write> Sheet for Json<W> {
    fn start(&mut self, columns: &Columns) -> io::Result<()> {
        columns.names().clone_into(&mut self.names);
        self.out.write_all(b"[")
    }

    fn row(&mut self, row: Row) -> io::Result<()> {
        self.out.write_all(if self.first { b"\n" } else { b",\n" })?;
        self.first = false;
        let object: serde_json::Map<_, _> = self.names.iter().cloned().zip(row).collect();
        serde_json::to_writer(&mut self.out, &object).map_err(io::Error::from)
    }

    fn end(&mut self, _: bool) -> io::Result<()> {
        self.out.write_all(b"\n]\n")
    }
}

/// RFC 4180, with a line of names.
#[derive(Debug)]
pub struct Csv<W>(W);

impl<W: Write> Csv<W> {
    /// Into `out`.
    pub fn new(out: W) -> Self {
        Self(out)
    }

    fn line<'c>(&mut self, cells: impl Iterator<Item = Cow<'c, str>>) -> io::Result<()> {
        let mut between: &[u8] = b"";
        for cell in cells {
            self.0.write_all(between)?;
            self.0.write_all(quoted(cell).as_bytes())?;
            between = b",";
        }
        self.0.write_all(b"\r\n")
    }
}

impl<W: Write> Sheet for Csv<W> {
    fn start(&mut self, columns: &Columns) -> io::Result<()> {
        self.line(columns.names().iter().map(Cow::from))
    }

    fn row(&mut self, row: Row) -> io::Result<()> {
        self.line(row.iter().map(shown))
    }

    fn end(&mut self, _: bool) -> io::Result<()> {
        Ok(())
    }
}

/// A cell that starts as a formula would run in a spreadsheet: hosts choose what cells hold.
fn quoted(cell: Cow<'_, str>) -> Cow<'_, str> {
    let formula = cell.starts_with(['=', '+', '-', '@']) && cell.parse::<f64>().is_err();
    let cell = if formula { Cow::Owned(format!("'{cell}")) } else { cell };
    if cell.contains([',', '"', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")))
    } else {
        cell
    }
}

/// A table for a terminal.
#[derive(Debug)]
pub struct Table<W> {
    out: W,
    lines: Vec<Vec<String>>,
}

impl<W: Write> Table<W> {
    /// Into `out`. It holds all rows until the end: columns are as wide as what is in them.
    pub fn new(out: W) -> Self {
        Self { out, lines: Vec::new() }
    }
}

impl<W: Write> Sheet for Table<W> {
    fn start(&mut self, columns: &Columns) -> io::Result<()> {
        self.lines.push(columns.names().iter().map(|name| name.to_uppercase()).collect());
        Ok(())
    }

    fn row(&mut self, row: Row) -> io::Result<()> {
        self.lines.push(row.iter().map(|cell| cut(&shown(cell))).collect());
        Ok(())
    }

    fn end(&mut self, more: bool) -> io::Result<()> {
        let widths = widths(&self.lines);
        for line in &self.lines {
            let padded = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            let padded = padded.collect::<Vec<_>>().join("  ");
            writeln!(self.out, "{}", padded.trim_end())?;
        }
        let rows = self.lines.len().saturating_sub(1);
        match (rows, more) {
            (0, _) => writeln!(self.out, "(nothing)"),
            (_, true) => writeln!(self.out, "(the first {rows} rows; --limit 0 shows all)"),
            (_, false) => Ok(()),
        }
    }
}

fn cut(cell: &str) -> String {
    if cell.chars().count() <= WIDEST {
        return cell.to_owned();
    }
    cell.chars().take(WIDEST - 1).chain(['…']).collect()
}

fn widths(lines: &[Vec<String>]) -> Vec<usize> {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |at: usize| {
        lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max()
    };
    (0..columns).map(|at| width(at).unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(make: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        make(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn fill(sheet: &mut dyn Sheet) -> io::Result<()> {
        sheet.start(&Columns(vec!["name".to_owned(), "hosts".to_owned()]))?;
        sheet.row(vec![json!("a\u{1b}[2Jb"), json!(2)])?;
        sheet.row(vec![json!("=cmd|' /C calc'!A0, \"x\""), json!(10)])?;
        sheet.end(true)
    }

    #[test]
    fn json_is_whole_and_keeps_what_the_report_held() {
        let text = written(|out| fill(&mut Json::new(out)));
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value[0], json!({"name": "a\u{1b}[2Jb", "hosts": 2}));
    }

    #[test]
    fn csv_runs_nothing_and_moves_no_cursor() {
        let text = written(|out| fill(&mut Csv::new(out)));
        assert!(text.starts_with("name,hosts\r\n"));
        assert!(!text.contains('\u{1b}'));
        assert!(text.contains("\"'=cmd|' /C calc'!A0, \"\"x\"\"\",10"));
    }

    #[test]
    fn a_table_is_aligned_escaped_and_says_when_it_is_cut() {
        let text = written(|out| fill(&mut Table::new(out)));
        assert!(!text.contains('\u{1b}'));
        assert!(text.lines().next().is_some_and(|line| line.ends_with("HOSTS")));
        assert!(text.ends_with("(the first 2 rows; --limit 0 shows all)\n"));
    }
}
