//! The form in which two items are compared: their fields without what moves by itself.

use coroner_core::{Item, Nature};
use serde_json::{Map, Value};

/// A line moves when another is written above it; the text on it does not change.
const LINE: &str = "line";

/// The fields of an item without those that its kind calls moving, and without line numbers.
/// `across_views` leaves out what only a running host can say too.
///
/// Two items of one kind with equal forms tell the same fact.
pub fn form(item: &Item, nature: &Nature, across_views: bool) -> Map<String, Value> {
    form_of(item.fields.clone(), nature, across_views)
}

/// The same of the fields alone, for whoever needs them no more.
pub fn form_of(
    mut fields: Map<String, Value>,
    nature: &Nature,
    across_views: bool,
) -> Map<String, Value> {
    let live = if across_views { nature.live } else { &[] };
    for path in nature.moving.iter().chain(live) {
        remove(&mut fields, path);
    }
    // A directory grows with the names in it, which are items of their own.
    if fields.get("type").and_then(Value::as_str) == Some("directory") {
        fields.remove("size");
        fields.remove("links");
    }
    fields.values_mut().for_each(without_lines);
    fields.remove(LINE);
    fields
}

/// Fields that say where among its neighbours an item stands.
pub const PLACED: [&str; 2] = ["line", "index"];

/// Whether its key holds a line or a place, so that its neighbours can rename it.
pub fn has_place(item: &Item) -> bool {
    PLACED.iter().any(|field| item.fields.contains_key(*field))
}

fn remove(fields: &mut Map<String, Value>, path: &str) {
    match path.split_once('.') {
        None => drop(fields.remove(path)),
        Some((first, rest)) => {
            if let Some(Value::Object(inner)) = fields.get_mut(first) {
                remove(inner, rest);
            }
        }
    }
}

fn without_lines(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove(LINE);
            fields.values_mut().for_each(without_lines);
        }
        Value::Array(list) => list.iter_mut().for_each(without_lines),
        _ => {}
    }
}
