//! An item, and a field that changed, in a line.

use std::io;

use coroner_compare::FieldChange;
use coroner_core::{Item, Text};
use serde_json::Value;

use super::layout::{Page, Paint};

/// Fields that tell a reader most, in the order to show them.
const TELLING: [&str; 16] = [
    "command",
    "user",
    "run_as",
    "exec",
    "programs",
    "target",
    "state",
    "package",
    "sha256",
    "mode",
    "changed",
    "shell",
    "fingerprint",
    "version",
    "trigger",
    "text",
];
/// How many of them stand in the line.
const SHOWN: usize = 6;
/// Characters of one value.
const LONGEST: usize = 160;
/// Items of one kind and fields of one item that are listed; JSON has them all.
pub(super) const MOST: usize = 40;

/// One line: a mark, the kind and key, and what tells most.
pub(super) fn line(mark: &str, paint: Paint, item: &Item, page: &mut Page<'_>) -> io::Result<()> {
    let told = told(item);
    let mark = page.paint(paint, mark);
    page.line(&format!("  {mark} {} {}", escaped(&item.kind), item.key))?;
    if told.is_empty() { Ok(()) } else { page.paragraph(6, &told.join(", ")) }
}

/// The fields that tell most.
pub(crate) fn told(item: &Item) -> Vec<String> {
    let told = TELLING.iter().filter_map(|name| Some((name, item.fields.get(*name)?)));
    let told = told.filter(|(_, value)| !is_nothing(value)).take(SHOWN);
    told.map(|(name, value)| format!("{name} {}", shown(name, value))).collect()
}

/// A field before and after.
pub(super) fn field(change: &FieldChange, page: &mut Page<'_>) -> io::Result<()> {
    let (old, new) = (shown(&change.field, &change.old), shown(&change.field, &change.new));
    page.paragraph(6, &format!("{}: {old} -> {new}", escaped(&change.field)))
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// A value with everything escaped that could act on a terminal, and cut.
fn shown(field: &str, value: &Value) -> String {
    let whole = match value {
        Value::Number(mode) if field == "mode" => format!("{:04o}", mode.as_u64().unwrap_or(0)),
        Value::Null => "nothing".to_owned(),
        Value::String(text) => Text::from_stored(text).to_string(),
        other => escaped(&other.to_string()),
    };
    let cut: String = whole.chars().take(LONGEST).collect();
    if cut.len() < whole.len() { cut + "..." } else { cut }
}

pub(super) fn escaped(text: &str) -> String {
    Text::from(text).to_string()
}
