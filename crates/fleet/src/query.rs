//! Queries: SQL files that say of themselves what they are for.
//!
//! ```sql
//! -- What few hosts of a role have.
//! --
//! -- parameters:
//! --   most number = 3   hosts that may have it
//! --   since time = 7d   how long ago, or a date
//! -- columns:
//! --   host   the host's id
//! -- once: counted, holders
//! SELECT ... WHERE hosts <= $most
//! ```

use std::collections::BTreeMap;

use coroner_core::Time;
use datafusion::scalar::ScalarValue;

use crate::rows::moment;

/// Why a query cannot be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// No such query is part of coroner-fleet.
    #[error("there is no query '{0}'; coroner-fleet queries lists them")]
    Unknown(String),
    /// It does not say what it is for.
    #[error("the query has no header: its first line must be a comment that says what it is for")]
    NoHeader,
    /// A parameter's line cannot be understood.
    #[error("'{0}' in the query's header: say `name number|text|time [= value]  what it is`")]
    Parameter(String),
    /// A value that the query needs.
    #[error("the query asks for a value: --set {0}=VALUE ({1})")]
    Missing(String, String),
    /// A value that it does not have.
    #[error("the query has no parameter '{0}'")]
    NoSuch(String),
    /// A value of another type.
    #[error("'{value}' for {name}: {wanted}")]
    Value {
        /// The parameter.
        name: String,
        /// What was given.
        value: String,
        /// What it must be.
        wanted: &'static str,
    },
}

/// What a parameter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// A whole number.
    Number,
    /// Text.
    Text,
    /// A point in time: RFC 3339, a date, or how long ago (`7d`, `12h`).
    Time,
}

/// A value that a query leaves open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, without the dollar.
    pub name: String,
    /// What it holds.
    pub kind: Type,
    /// Its value when none is given.
    pub usual: Option<String>,
    /// What it is.
    pub about: String,
}

/// A column of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// Its name.
    pub name: String,
    /// What it is.
    pub about: String,
}

/// A query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What it is for.
    pub about: String,
    /// Values that it leaves open.
    pub parameters: Vec<Parameter>,
    /// Columns of its answer, as its header has them.
    pub columns: Vec<Heading>,
    /// Common table expressions that are named more than once: the embedded engine works them out once.
    pub once: Vec<String>,
    text: String,
}

/// Values for parameters.
#[derive(Debug, Clone)]
pub struct Values {
    /// By name.
    pub given: BTreeMap<String, String>,
    /// From which `7d` is counted back.
    pub now: Time,
}

/// The queries that are part of coroner-fleet.
const SHIPPED: [(&str, &str); 17] = [
    ("baselines", include_str!("../queries/baselines.sql")),
    ("cells", include_str!("../queries/cells.sql")),
    ("clones", include_str!("../queries/clones.sql")),
    ("content", include_str!("../queries/content.sql")),
    ("drift", include_str!("../queries/drift.sql")),
    ("evidence", include_str!("../queries/evidence.sql")),
    ("findings", include_str!("../queries/findings.sql")),
    ("hosts", include_str!("../queries/hosts.sql")),
    ("matrix", include_str!("../queries/matrix.sql")),
    ("overview", include_str!("../queries/overview.sql")),
    ("packages", include_str!("../queries/packages.sql")),
    ("pivot", include_str!("../queries/pivot.sql")),
    ("roles", include_str!("../queries/roles.sql")),
    ("shared", include_str!("../queries/shared.sql")),
    ("stack", include_str!("../queries/stack.sql")),
    ("stale", include_str!("../queries/stale.sql")),
    ("window", include_str!("../queries/window.sql")),
];

impl Query {
    /// Reads a query with its header.
    ///
    /// # Errors
    /// It has none, or a line of it means nothing.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let header = text.lines().map_while(|line| line.strip_prefix("--")).map(str::trim_end);
        let mut query = Self {
            about: String::new(),
            parameters: Vec::new(),
            columns: Vec::new(),
            once: Vec::new(),
            text: text.trim_end().trim_end_matches(';').to_owned(),
        };
        let mut part = "";
        for line in header {
            match (part, line.trim()) {
                (_, "") => {}
                (_, start @ ("parameters:" | "columns:")) => part = start,
                (_, line) if line.starts_with("once:") => query.once.extend(names(line)),
                ("", about) => push_words(&mut query.about, about),
                ("parameters:", entry) => query.parameters.push(parameter(entry)?),
                // What goes on is indented deeper than a name.
                (_, entry) if line.starts_with("     ") => {
                    if let Some(last) = query.columns.last_mut() {
                        push_words(&mut last.about, entry);
                    }
                }
                (_, entry) => query.columns.push(heading(entry)),
            }
        }
        if query.about.is_empty() { Err(QueryError::NoHeader) } else { Ok(query) }
    }

    /// One that is part of coroner-fleet.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn shipped(name: &str) -> Result<Self, QueryError> {
        let found = SHIPPED.iter().find(|(known, _)| *known == name);
        let (_, text) = found.ok_or_else(|| QueryError::Unknown(name.to_owned()))?;
        Self::parse(text)
    }

    /// The names of those.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// The statement.
    pub fn sql(&self) -> &str {
        &self.text
    }

    /// The value of each parameter.
    pub(crate) fn values(
        &self,
        values: &Values,
    ) -> Result<BTreeMap<String, ScalarValue>, QueryError> {
        let known = |name: &&String| self.parameters.iter().any(|one| one.name == **name);
        if let Some(name) = values.given.keys().find(|name| !known(name)) {
            return Err(QueryError::NoSuch(name.clone()));
        }
        let value = |parameter: &Parameter| {
            let given = values.given.get(&parameter.name).or(parameter.usual.as_ref());
            let missing = || QueryError::Missing(parameter.name.clone(), parameter.about.clone());
            Ok((parameter.name.clone(), parameter.read(given.ok_or_else(missing)?, values.now)?))
        };
        self.parameters.iter().map(value).collect()
    }
}

impl Parameter {
    fn read(&self, value: &str, now: Time) -> Result<ScalarValue, QueryError> {
        let (read, wanted) = match self.kind {
            Type::Text => (Some(ScalarValue::from(value)), "must be text"),
            Type::Number => {
                (value.parse::<i64>().ok().map(ScalarValue::from), "must be a whole number")
            }
            Type::Time => {
                let time = time(value, now).map(|time| ScalarValue::from(moment(time)));
                (time, "must be a time (2026-06-01T10:00:00Z), a date, or how long ago (7d, 12h)")
            }
        };
        let wrong =
            || QueryError::Value { name: self.name.clone(), value: value.to_owned(), wanted };
        read.ok_or_else(wrong)
    }
}

fn time(value: &str, now: Time) -> Option<Time> {
    let ago = |number: &str, seconds: i64| {
        let back = number.parse::<u32>().ok()?;
        Some(Time::from_seconds(now.seconds().checked_sub(i64::from(back) * seconds)?))
    };
    let back = match (value.strip_suffix('d'), value.strip_suffix('h')) {
        (Some(days), _) => ago(days, 86_400),
        (_, Some(hours)) => ago(hours, 3_600),
        _ => None,
    };
    back.or_else(|| Time::parse(value)).or_else(|| Time::parse(&format!("{value}T00:00:00Z")))
}

/// The names after the colon.
fn names(line: &str) -> impl Iterator<Item = String> {
    let names = line.split_once(':').map_or("", |(_, names)| names).split(',');
    names.map(|name| name.trim().to_owned())
}

fn push_words(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(more);
}

/// `name type [= value]  about`; two spaces or more come before what it is.
fn parameter(entry: &str) -> Result<Parameter, QueryError> {
    let wrong = || QueryError::Parameter(entry.to_owned());
    let (name, rest) = entry.split_once(' ').ok_or_else(wrong)?;
    let (said, about) = rest.trim_start().split_once("  ").ok_or_else(wrong)?;
    let (kind, usual) = match said.split_once('=') {
        Some((kind, usual)) => (kind.trim(), Some(usual.trim().to_owned())),
        None => (said.trim(), None),
    };
    let kind = match kind {
        "number" => Type::Number,
        "text" => Type::Text,
        "time" => Type::Time,
        _ => return Err(wrong()),
    };
    Ok(Parameter { name: name.to_owned(), kind, usual, about: about.trim().to_owned() })
}

fn heading(entry: &str) -> Heading {
    let (name, about) = entry.split_once(' ').unwrap_or((entry, ""));
    Heading { name: name.to_owned(), about: about.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str = "-- What is\n-- rare.\n--\n-- parameters:\n--   most number = 3   hosts\n\
        --   what text   it\n--   since time = 2d   when\n-- columns:\n--   host  its id\nSELECT 1;\n";

    fn values(given: &[(&str, &str)]) -> Values {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Values { given: given.collect(), now: Time::parse("2026-06-10T00:00:00Z").unwrap() }
    }

    #[test]
    fn a_header_says_what_for_and_with_which_values() {
        let query = Query::parse(QUERY).unwrap();
        assert_eq!(query.about, "What is rare.");
        assert_eq!(query.parameters.len(), 3);
        assert_eq!(query.columns[0].name, "host");
        let read = query.values(&values(&[("what", "x' OR 1")])).unwrap();
        assert_eq!(read["most"], ScalarValue::from(3_i64));
        assert_eq!(read["what"], ScalarValue::from("x' OR 1"));
        assert_eq!(read["since"], ScalarValue::from("2026-06-08T00:00:00.000Z"));
    }

    #[test]
    fn what_is_missing_unknown_or_of_another_type_is_said() {
        let query = Query::parse(QUERY).unwrap();
        let wrong = |given: &[(&str, &str)]| query.values(&values(given)).unwrap_err().to_string();
        assert!(wrong(&[]).contains("--set what=VALUE"));
        assert!(wrong(&[("what", "x"), ("other", "y")]).contains("no parameter 'other'"));
        assert!(wrong(&[("what", "x"), ("most", "few")]).contains("a whole number"));
        assert!(wrong(&[("what", "x"), ("since", "soon")]).contains("how long ago"));
    }

    #[test]
    fn a_query_without_a_header_is_refused() {
        assert!(matches!(Query::parse("SELECT 1"), Err(QueryError::NoHeader)));
    }

    #[test]
    fn every_shipped_query_says_what_for_and_with_which_columns() {
        for name in Query::names() {
            let query = Query::shipped(name).unwrap();
            assert!(query.about.len() > 20 && !query.columns.is_empty(), "{name}");
            assert!(query.columns.iter().all(|column| !column.about.is_empty()), "{name}");
        }
    }
}
