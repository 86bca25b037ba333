//! `coroner-fleet compare --format html`.

use std::collections::HashSet;
use std::io::{self, Write};

use coroner_core::Rule;
use coroner_fleet::{Columns, Overview, Page, Query, Row, Sheet};
use coroner_plugins::registry;
use coroner_render::Lang;
use serde_json::{Map, Value};

use crate::args::{CompareArgs, LangArg};
use crate::ask::Asked;
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
    let stale = objects(asked, "stale")?;
    let missing = stale.iter().filter(|host| host.get("state") == Some(&Value::from("missing")));
    let missing = missing.count();
    let page = Page {
        lang: lang(args),
        overview: &overview(asked)?,
        stale: number(stale.len() - missing),
        missing: number(missing),
        rules: &rules(asked)?,
    };
    let mut failed = None;
    let mut ask = |name: &str, sheet: &mut dyn Sheet| {
        let filled = Query::shipped(name)
            .map_err(Failure::from)
            .and_then(|query| asked.fill(&query, sheet, limit(name, args.output.limit)));
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
        ("hosts" | "cells" | "findings" | "stale", _) | (_, Some(0)) => usize::MAX,
        ("evidence", _) => USUAL_EVIDENCE,
        (_, given) => given.unwrap_or(USUAL_ROWS),
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn overview(asked: &Asked<'_>) -> Result<Overview, Failure> {
    let row = objects(asked, "overview")?.into_iter().next().unwrap_or_default();
    serde_json::from_value(Value::Object(row)).map_err(|error| Failure::Broken(error.to_string()))
}

/// The rules that hold somewhere, as this version explains them.
fn rules(asked: &Asked<'_>) -> Result<Vec<&'static Rule>, Failure> {
    let rows = objects(asked, "findings")?;
    let held: HashSet<&str> = rows.iter().filter_map(|row| row.get("rule")?.as_str()).collect();
    let plugins = registry().map_err(|error| Failure::Broken(error.to_string()))?;
    let all = plugins.iter().flat_map(|plugin| plugin.meta().rules.iter().copied());
    Ok(all.filter(|rule| held.contains(rule.id)).collect())
}

fn objects(asked: &Asked<'_>, name: &str) -> Result<Vec<Map<String, Value>>, Failure> {
    let mut objects = Objects::default();
    asked.fill(&Query::shipped(name)?, &mut objects, usize::MAX)?;
    Ok(objects.rows)
}

/// An answer that the head of the page speaks of.
#[derive(Debug, Default)]
struct Objects {
    names: Vec<String>,
    rows: Vec<Map<String, Value>>,
}

impl Sheet for Objects {
    fn start(&mut self, columns: &Columns) -> io::Result<()> {
        columns.names().clone_into(&mut self.names);
        Ok(())
    }

    fn row(&mut self, row: Row) -> io::Result<()> {
        self.rows.push(self.names.iter().cloned().zip(row).collect());
        Ok(())
    }

    fn end(&mut self, _: bool) -> io::Result<()> {
        Ok(())
    }
}
