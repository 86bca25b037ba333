//! `coroner-fleet compare --format html`.

use std::collections::HashSet;
use std::io::{self, Write};

use coroner_core::Rule;
use coroner_fleet::{Columns, Overview, Page, Query, Row, Sheet};
use coroner_plugins::registry;
use coroner_render::Lang;
use serde_json::{Map, Value};

use crate::args::{CompareArgs, LangArg};
use crate::asked::Asked;
use crate::failure::Failure;

/// Rows of a list that a person reads from the top.
const USUAL_ROWS: usize = 2_000;
/// Findings with their evidence, the worst first.
const USUAL_EVIDENCE: usize = 20_000;

pub(crate) fn write(
    asked: &Asked<'_>,
    args: &CompareArgs,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let (stale, findings) = (Held::of(asked, "stale")?, Held::of(asked, "findings")?);
    let missing = stale.values("state").filter(|state| **state == "missing").count();
    let page = Page {
        lang: lang(args),
        overview: &overview(asked)?,
        stale: number(stale.rows.len() - missing),
        missing: number(missing),
        rules: &rules(&findings)?,
    };
    let mut failed = None;
    let mut ask = |name: &str, sheet: &mut dyn Sheet| {
        let filled = match name {
            "stale" => stale.tell(sheet),
            "findings" => findings.tell(sheet),
            name => Query::shipped(name)
                .map_err(Failure::from)
                .and_then(|query| asked.fill(&query, sheet, limit(name, args.output.limit))),
        };
        filled.map_err(|failure| {
            failed = Some(failure);
            io::Error::other("a table of the page is missing")
        })
    };
    let written = page.write(&mut ask, out);
    match failed {
        Some(failure) => Err(failure),
        None => Ok(written?),
    }
}

fn lang(args: &CompareArgs) -> Lang {
    match args.lang {
        Some(LangArg::En) => Lang::En,
        Some(LangArg::Zh) => Lang::Zh,
        None => Lang::of_environment(|name| std::env::var(name).ok()),
    }
}

/// The matrix, its hosts and its rules are whole; lists end where a person has long stopped reading.
fn limit(table: &str, given: Option<usize>) -> usize {
    match (table, given) {
        ("hosts" | "cells", _) | (_, Some(0)) => usize::MAX,
        ("evidence", _) => USUAL_EVIDENCE,
        (_, given) => given.unwrap_or(USUAL_ROWS),
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn overview(asked: &Asked<'_>) -> Result<Overview, Failure> {
    let Held { columns, rows } = Held::of(asked, "overview")?;
    let row = rows.into_iter().next().unwrap_or_default();
    let named: Map<String, Value> = columns.names().iter().cloned().zip(row).collect();
    serde_json::from_value(named.into()).map_err(|error| Failure::Broken(error.to_string()))
}

/// The rules that hold somewhere, as this version explains them.
fn rules(findings: &Held) -> Result<Vec<&'static Rule>, Failure> {
    let held: HashSet<&str> = findings.values("rule").filter_map(Value::as_str).collect();
    let plugins = registry().map_err(|error| Failure::Broken(error.to_string()))?;
    let all = plugins.iter().flat_map(|plugin| plugin.meta().rules.iter().copied());
    Ok(all.filter(|rule| held.contains(rule.id)).collect())
}

/// An answer that the head of the page speaks of, and perhaps a table of it as well.
#[derive(Debug, Default)]
struct Held {
    columns: Columns,
    rows: Vec<Row>,
}

impl Held {
    fn of(asked: &Asked<'_>, name: &str) -> Result<Self, Failure> {
        let mut held = Self::default();
        asked.fill(&Query::shipped(name)?, &mut held, usize::MAX)?;
        Ok(held)
    }

    /// One column of it.
    fn values(&self, column: &str) -> impl Iterator<Item = &Value> {
        let at = self.columns.names().iter().position(|name| name == column);
        self.rows.iter().filter_map(move |row| row.get(at?))
    }

    fn tell(&self, sheet: &mut dyn Sheet) -> Result<(), Failure> {
        sheet.start(&self.columns)?;
        for row in &self.rows {
            if sheet.is_full() {
                return Ok(sheet.end(true)?);
            }
            sheet.row(row.clone())?;
        }
        Ok(sheet.end(false)?)
    }
}

impl Sheet for Held {
    fn start(&mut self, columns: &Columns) -> io::Result<()> {
        self.columns = columns.clone();
        Ok(())
    }

    fn row(&mut self, row: Row) -> io::Result<()> {
        self.rows.push(row);
        Ok(())
    }

    fn end(&mut self, _: bool) -> io::Result<()> {
        Ok(())
    }
}
