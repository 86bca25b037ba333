//! Questions to a store.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use coroner_core::Time;
use coroner_fleet::{Csv, Engine, Json, Query, Sheet, Site, Store, Table, Type, Values};

use crate::args::{
    AskArgs, CompareArgs, DriftArgs, Format, OutputArgs, PivotArgs, QueryArgs, SiteArgs, StaleArgs,
};
use crate::asked::Asked;
use crate::failure::Failure;
use crate::{file, ingest, page};

/// Rows of a table for people.
const USUAL_ROWS: usize = 100;
/// What `compare` asks, in the order in which a person reads it.
const OVERVIEW: [(&str, &str); 6] = [
    ("hosts", "Hosts, the worst first"),
    ("findings", "Rules that hold"),
    ("stack", "What few hosts of a role have"),
    ("content", "What few hosts of a role have otherwise"),
    ("shared", "What hosts share with hosts that have findings"),
    ("packages", "Same package version, other content"),
];

type Set = BTreeMap<String, String>;

pub(crate) fn plain(name: &str, args: &AskArgs) -> Result<ExitCode, Failure> {
    shipped(name, Set::new(), args)
}

pub(crate) fn pivot(args: &PivotArgs) -> Result<ExitCode, Failure> {
    shipped("pivot", Set::from([("value".to_owned(), args.value.clone())]), &args.ask)
}

pub(crate) fn stale(args: &StaleArgs) -> Result<ExitCode, Failure> {
    let before = args.before.iter().map(|before| ("before".to_owned(), before.clone()));
    shipped("stale", before.collect(), &args.ask)
}

pub(crate) fn drift(args: &DriftArgs) -> Result<ExitCode, Failure> {
    let times = [("since", &args.since), ("until", &args.until)];
    let set: Set = times
        .into_iter()
        .filter_map(|(name, time)| Some((name.to_owned(), time.clone()?)))
        .collect();
    shipped(if set.is_empty() { "drift" } else { "window" }, set, &args.ask)
}

pub(crate) fn query(args: &QueryArgs) -> Result<ExitCode, Failure> {
    let set = args.set.iter().cloned().collect();
    match (&args.query, &args.name) {
        (Some(path), _) => {
            let wrong = |error: &dyn std::fmt::Display| {
                Failure::Usage(format!("{}: {error}", path.display()))
            };
            let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
            let query = Query::parse(&text).map_err(|error| wrong(&error))?;
            answer(&query, set, &args.ask)
        }
        (None, name) => shipped(name.as_deref().unwrap_or_default(), set, &args.ask),
    }
}

fn shipped(name: &str, set: Set, args: &AskArgs) -> Result<ExitCode, Failure> {
    answer(&Query::shipped(name)?, set, args)
}

fn answer(query: &Query, given: Set, args: &AskArgs) -> Result<ExitCode, Failure> {
    if args.output.format == Some(Format::Html) {
        let message = "one query makes no page: coroner-fleet compare --format html does";
        return Err(Failure::Usage(message.to_owned()));
    }
    let engine = open(&args.store.store, args.site)?;
    let asked = Asked { engine: &engine, values: Values { given, now: Time::now() } };
    to_output(&args.output, &|format, out| {
        let mut sheet = sheet(format, out);
        asked.fill(query, sheet.as_mut(), limit(format, &args.output))
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn compare(args: &CompareArgs) -> Result<ExitCode, Failure> {
    if args.output.format == Some(Format::Csv) {
        let message = "compare has several tables and CSV holds one; ask one: coroner-fleet query";
        return Err(Failure::Usage(message.to_owned()));
    }
    let passing = tempfile::tempdir()?;
    let dir = args.store.as_deref().unwrap_or(passing.path());
    let mut status = ExitCode::SUCCESS;
    if !args.inputs.is_empty() {
        status = ingest::status(&ingest::take(&args.inputs, dir, &args.reading, args.site.bounds)?);
    }
    let engine = open(dir, args.site)?;
    let asked = Asked { engine: &engine, values: Values { given: Set::new(), now: Time::now() } };
    to_output(&args.output, &|format, out| match format {
        Format::Html => page::write(&asked, args, out),
        _ => overview(&asked, format, &args.output, out),
    })?;
    Ok(status)
}

fn open(dir: &Path, args: SiteArgs) -> Result<Engine, Failure> {
    let store = Store::open(dir)?;
    let site = args.cluster.map_or(Site::Here(ingest::bounds(args.bounds)), Site::Cluster);
    Ok(Engine::open(&store, site)?)
}

/// Several answers, one after the other: sections of text, or an object of arrays.
fn overview(
    asked: &Asked<'_>,
    format: Format,
    output: &OutputArgs,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    for (at, (name, title)) in OVERVIEW.iter().enumerate() {
        match format {
            Format::Text => write!(out, "{}{title}\n\n", if at == 0 { "" } else { "\n" })?,
            _ => write!(out, "{}\"{name}\": ", if at == 0 { "{" } else { "," })?,
        }
        let query = Query::shipped(name)?;
        asked.fill(&query, sheet(format, out).as_mut(), limit(format, output))?;
    }
    if format != Format::Text {
        out.write_all(b"}\n")?;
    }
    Ok(())
}

fn sheet<'w>(format: Format, out: &'w mut dyn Write) -> Box<dyn Sheet + 'w> {
    match format {
        Format::Text => Box::new(Table::new(out)),
        Format::Json | Format::Html => Box::new(Json::new(out)),
        Format::Csv => Box::new(Csv::new(out)),
    }
}

fn limit(format: Format, output: &OutputArgs) -> usize {
    match (output.limit, format) {
        (Some(0), _) => usize::MAX,
        (Some(limit), _) => limit,
        (None, Format::Text) => USUAL_ROWS,
        (None, _) => usize::MAX,
    }
}

/// What writes an answer in some form.
type Fill<'f> = dyn Fn(Format, &mut dyn Write) -> Result<(), Failure> + 'f;

fn to_output(args: &OutputArgs, fill: &Fill<'_>) -> Result<(), Failure> {
    let Some(path) = &args.output else {
        let usual = if io::stdout().is_terminal() { Format::Text } else { Format::Json };
        let mut out = BufWriter::new(io::stdout().lock());
        fill(args.format.unwrap_or(usual), &mut out)?;
        return Ok(out.flush()?);
    };
    file::replace(path, |out| fill(args.format.unwrap_or(Format::Json), out))
}

/// `coroner-fleet queries`.
pub(crate) fn list() -> Result<ExitCode, Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    for name in Query::names() {
        let query = Query::shipped(name)?;
        writeln!(out, "{name}\n  {}", query.about)?;
        for parameter in &query.parameters {
            let kind = match parameter.kind {
                Type::Number => "number",
                Type::Text => "text",
                Type::Time => "time",
            };
            let usual = parameter.usual.as_ref().map(|usual| format!(", usually {usual}"));
            let usual = usual.unwrap_or_default();
            writeln!(out, "  --set {}=... ({kind}{usual}): {}", parameter.name, parameter.about)?;
        }
        let columns: Vec<&str> = query.columns.iter().map(|column| column.name.as_str()).collect();
        writeln!(out, "  columns: {}\n", columns.join(", "))?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
