//! The page's data: one table for each query, escaped here, so that the script only ever sets plain text.

use std::io::{self, Write};

use coroner_core::Rule;
use coroner_render::Lang;
use coroner_render::page::{script_words, shown};
use serde_json::{Map, Value, json};

use super::told::{Ask, Page};
use crate::sheet::{Columns, Row, Sheet};

/// Tables of the data, by the query that fills them.
const TABLES: [&str; 9] =
    ["hosts", "cells", "evidence", "findings", "stack", "content", "shared", "packages", "stale"];
/// Bytes of a table: a browser must hold them.
const LARGEST: usize = 24 << 20;

/// What the script says.
pub(super) const SCRIPT_WORDS: [&str; 67] = [
    "COMPROMISED",
    "SUSPICIOUS",
    "INCONCLUSIVE",
    "CLEAN",
    "CRITICAL",
    "HIGH",
    "MEDIUM",
    "LOW",
    "INFO",
    "certain",
    "likely",
    "possible",
    "live",
    "offline",
    "stale",
    "missing",
    "why",
    "unless",
    "do",
    "{0} of {1}",
    "nothing fits",
    "{0} of {1} are printed: narrow the search to print others",
    "all verdicts",
    "high and above",
    "medium and above",
    "all rules",
    "{0} of {1} rules are shown, the worst first; choose others by severity or search in the list of rules.",
    "The first {0} rows; {1} has all.",
    "Accepted by policy",
    "{0} places",
    "{0} more: see the host's report",
    "{0} more of these",
    "Nothing that a rule finds.",
    "Findings",
    "What few others have",
    "Hosts that have it",
    "Hosts with findings that have it",
    "Host",
    "Host id",
    "Role",
    "Verdict",
    "Gaps",
    "Last report",
    "Reports",
    "System",
    "Kernel",
    "Severity",
    "Rule",
    "Hosts",
    "First seen",
    "Kind",
    "Item",
    "As most have it",
    "On",
    "What it says",
    "What it says on most",
    "With findings",
    "Also on",
    "File",
    "Package",
    "State",
    "Path",
    "Id",
    "Rare things",
    "Odd content",
    "Shared",
    "Packages",
];

/// A text that is the one of the row above is `null`: rows are sorted, so that is most of a large table.
///
/// `{"words": {...}, "rules": {...}, "tables": {"hosts": {"columns": [...], "rows": [...], "more": false}, ...}}`.
pub(super) fn write(page: &Page<'_>, ask: &mut Ask<'_>, out: &mut dyn Write) -> io::Result<()> {
    let words = script_words(&SCRIPT_WORDS, page.lang);
    let rules: Map<String, Value> =
        page.rules.iter().map(|one| (one.id.to_owned(), explained(one, page.lang))).collect();
    write!(out, "{{\"words\":{},\"rules\":{}", Value::from(words), Value::from(rules))?;
    for (at, name) in TABLES.iter().enumerate() {
        write!(out, "{}\"{name}\":", if at == 0 { ",\"tables\":{" } else { "," })?;
        ask(name, &mut PageTable::new(out, page.lang))?;
    }
    out.write_all(b"}}")
}

fn explained(rule: &Rule, lang: Lang) -> Value {
    let next: Vec<&str> = rule.next.iter().map(|step| lang.word(step)).collect();
    json!({"why": lang.word(rule.why), "benign": lang.word(rule.benign), "next": next})
}

/// How a column's text becomes the page's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    /// Said by a rule, in the page's language.
    Said,
    /// A line for each piece.
    Pieces,
}

struct PageTable<'w> {
    out: &'w mut dyn Write,
    lang: Lang,
    columns: Vec<Form>,
    above: Vec<Value>,
    rows: usize,
    bytes: usize,
}

impl<'w> PageTable<'w> {
    fn new(out: &'w mut dyn Write, lang: Lang) -> Self {
        Self { out, lang, columns: Vec::new(), above: Vec::new(), rows: 0, bytes: 0 }
    }

    /// What the row says that the one above did not.
    fn news(&mut self, row: Vec<Value>) -> Vec<Value> {
        let above = std::mem::replace(&mut self.above, row);
        let before = above.iter().map(Some).chain(std::iter::repeat(None));
        let new = |(cell, before): (&Value, Option<&Value>)| {
            let same = !cell.is_number() && before == Some(cell);
            if same { Value::Null } else { cell.clone() }
        };
        self.above.iter().zip(before).map(new).collect()
    }

    fn cell(&self, form: Form, cell: Value) -> Value {
        let Value::String(text) = cell else { return cell };
        match form {
            Form::Plain => Value::from(shown(&text)),
            Form::Said => Value::from(shown(self.lang.word(&text))),
            Form::Pieces => text.lines().map(piece).collect(),
        }
    }
}

/// `[name, value]`.
fn piece(line: &str) -> Value {
    let (name, value) = line.split_once(": ").unwrap_or(("", line));
    json!([shown(name), shown(value)])
}

impl Sheet for PageTable<'_> {
    fn start(&mut self, columns: &Columns) -> io::Result<()> {
        let form = |name: &String| match name.as_str() {
            "title" => Form::Said,
            "evidence" => Form::Pieces,
            _ => Form::Plain,
        };
        self.columns = columns.names().iter().map(form).collect();
        write!(self.out, "{{\"columns\":{},\"rows\":[", json!(columns.names()))
    }

    fn row(&mut self, row: Row) -> io::Result<()> {
        let cells = self.columns.iter().zip(row).map(|(form, cell)| self.cell(*form, cell));
        let cells = cells.collect();
        let line = serde_json::to_vec(&self.news(cells))?;
        self.out.write_all(if self.rows > 0 { b",\n" } else { b"" })?;
        self.rows += 1;
        self.bytes += line.len();
        self.out.write_all(&line)
    }

    fn is_full(&self) -> bool {
        self.bytes > LARGEST
    }

    fn end(&mut self, more: bool) -> io::Result<()> {
        write!(self.out, "],\"more\":{more}}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{FLEET_SCRIPT, sections};

    fn table(fill: impl FnOnce(&mut PageTable<'_>)) -> Value {
        let mut out = Vec::new();
        fill(&mut PageTable::new(&mut out, Lang::Zh));
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn cells_are_escaped_and_evidence_is_taken_apart_before_that() {
        let columns = Columns(["name", "hosts", "evidence"].map(str::to_owned).to_vec());
        let said = table(|table| {
            table.start(&columns).unwrap();
            let evidence = "command: a: b\\nc\u{1b}\npath: %bytes:%FF";
            table.row(vec![json!("a\u{202e}b"), json!(2), json!(evidence)]).unwrap();
            table.row(vec![json!("a\u{202e}b"), json!(2), json!("path: /x")]).unwrap();
            table.end(true).unwrap();
        });
        assert_eq!(
            said,
            json!({
                "columns": ["name", "hosts", "evidence"],
                "rows": [
                    ["a\\u{202e}b", 2, [["command", "a: b\\nc\\u{1b}"], ["path", "\\xff"]]],
                    [null, 2, [["path", "/x"]]]
                ],
                "more": true
            })
        );
    }

    /// The words that a script hands to `t` and `fill`.
    fn said_by(script: &str) -> Vec<&str> {
        let calls = script.split("(\"").collect::<Vec<_>>();
        let pairs = calls.iter().zip(calls.iter().skip(1));
        let called =
            |before: &str| before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned();
        pairs
            .filter(|(before, _)| ["t", "fill"].contains(&called(before).as_str()))
            .filter_map(|(_, rest)| rest.split('"').next())
            .collect()
    }

    #[test]
    fn what_the_script_says_is_in_its_words_and_all_words_have_their_chinese() {
        let script = FLEET_SCRIPT.concat();
        let said = said_by(&script);
        assert!(said.len() > 20, "{said:?}");
        let missing: Vec<_> = said.iter().filter(|word| !SCRIPT_WORDS.contains(word)).collect();
        assert!(missing.is_empty(), "not among the script's words: {missing:?}");
        let lists = sections::LISTS.iter().flat_map(|list| [list.heading, list.about]);
        let words = SCRIPT_WORDS.into_iter().chain(lists);
        let english: Vec<_> =
            words.filter(|word| *word != "{0} of {1}" && Lang::Zh.word(word) == *word).collect();
        assert!(english.is_empty(), "without Chinese: {english:#?}");
    }
}
