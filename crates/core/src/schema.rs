//! The published JSON schema, made from the types that reports are written from.

use serde_json::{Value, json};

use crate::packages::Package;
use crate::{FileFacts, ItemType, Launch, Plugin, Report, Script};

/// The kinds of items that core itself makes.
pub fn shared_items() -> [ItemType; 4] {
    [
        ItemType::of::<FileFacts>(),
        ItemType::of::<Launch>(),
        ItemType::of::<Package>(),
        ItemType::of::<Script>(),
    ]
}

/// The schema of a report, with the fields of every item kind that `plugins` declare.
pub fn report_schema(plugins: &[&'static dyn Plugin]) -> Value {
    let mut generator = schemars::SchemaGenerator::default();
    let own = plugins.iter().flat_map(|plugin| plugin.meta().items.iter().copied());
    let mut kinds: Vec<(&str, Value)> = shared_items()
        .into_iter()
        .chain(own)
        .map(|item| (item.kind, (item.schema)(&mut generator).to_value()))
        .collect();
    kinds.sort_by_key(|(kind, _)| *kind);
    kinds.dedup_by_key(|(kind, _)| *kind);
    let cases: Vec<Value> = kinds.into_iter().map(|(kind, fields)| case(kind, &fields)).collect();
    let mut schema = generator.into_root_schema_for::<Report>().to_value();
    if let Some(item) = schema.pointer_mut("/$defs/Item").and_then(Value::as_object_mut) {
        item.insert("allOf".to_owned(), Value::Array(cases));
    }
    if let Some(root) = schema.as_object_mut() {
        root.insert("$id".to_owned(), json!(crate::report::SCHEMA));
    }
    schema
}

/// An item of this kind has these fields.
fn case(kind: &str, fields: &Value) -> Value {
    json!({ "if": { "properties": { "kind": { "const": kind } } }, "then": fields })
}
