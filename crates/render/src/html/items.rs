//! The items, as data that the page's script shows: escaped here, so the script only ever sets plain text.

use std::io::{self, Write};

use coroner_core::{Item, Report};
use maud::{Markup, html};
use serde_json::Value;

use crate::Lang;
use crate::page::{script_words, shown};
use crate::text::{grouped, told};

/// What the script says.
const SCRIPT_WORDS: [&str; 9] = [
    "Kind",
    "Key",
    "What tells most",
    "{0} of {1} items",
    "no item fits",
    "Close",
    "Choose an item to see all its fields.",
    "{0} of {1} items are printed: narrow the search to print others",
    "all kinds",
];

pub(super) fn section(report: &Report, lang: Lang) -> Markup {
    let count = grouped(u64::try_from(report.items.len()).unwrap_or(0));
    html! {
        section #items {
            h2 { (lang.word("Items")) }
            p.quiet { (lang.fill("{0} facts, without judgement.", &[&count])) }
            noscript { p { (lang.word("The list needs scripts; the JSON report has all items.")) } }
            div.tools role="search" {
                label for="search" { (lang.word("Search")) }
                input #search.search type="search" autocomplete="off" spellcheck="false";
                label for="kind" { (lang.word("Kind")) }
                select #kind {}
                p #count.count role="status" aria-live="polite" {}
            }
            div #grid {}
            div #detail role="region" aria-label=(lang.word("The chosen item")) tabindex="-1" {}
        }
    }
}

/// `{"words": {...}, "items": [[kind, key, what tells most, fields], ...]}`.
pub(super) fn data(report: &Report, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"{\"words\":")?;
    serde_json::to_writer(&mut *out, &script_words(&SCRIPT_WORDS, lang))?;
    out.write_all(b",\"items\":[")?;
    for (at, item) in report.items.iter().enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        serde_json::to_writer(&mut *out, &row(item))?;
    }
    out.write_all(b"]}")
}

fn row(item: &Item) -> Value {
    let mut fields = item.fields.clone();
    if let Some(normal) = &item.normal {
        fields.insert("normal".to_owned(), Value::from(&*normal.to_stored()));
    }
    Value::from(vec![
        Value::from(shown(&item.kind)),
        Value::from(item.key.to_string()),
        Value::from(told(item).join(" · ")),
        escaped(Value::Object(fields)),
    ])
}

fn escaped(value: Value) -> Value {
    match value {
        Value::String(text) => Value::from(shown(&text)),
        Value::Array(list) => list.into_iter().map(escaped).collect(),
        Value::Object(fields) => Value::Object(
            fields.into_iter().map(|(name, value)| (shown(&name), escaped(value))).collect(),
        ),
        other => other,
    }
}
