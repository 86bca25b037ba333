#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // tests

use coroner_core::{FileFacts, Item, Text};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{Kinds, items};

fn item(kind: &str, key: &str, fields: &Value) -> Item {
    let fields: Map<String, Value> = fields.as_object().cloned().unwrap_or_default();
    Item { kind: kind.to_owned(), key: Text::from(key), normal: None, fields }
}

fn kinds() -> Kinds {
    Kinds::of(&[])
}

#[test]
fn times_of_a_file_alone_are_no_change_and_its_hash_is() {
    let file = |modified: &str, sha256: &str| {
        let facts =
            json!({"path": "/x", "type": "regular", "modified": modified, "sha256": sha256});
        item("file", "/x", &facts)
    };
    let (first, touched, other) = (file("1", "a"), file("2", "a"), file("2", "b"));
    assert_eq!(items([&first], [&touched], &kinds(), false).same, 1);
    let changed = items([&first], [&other], &kinds(), false).changed;
    assert_eq!(changed[0].fields.len(), 1);
    assert_eq!(changed[0].fields[0].field, "sha256");
    assert_eq!(<FileFacts as coroner_core::ItemKind>::NATURE.moving[0], "modified");
}

#[test]
fn a_directory_that_grew_is_no_change_and_one_that_others_may_write_is() {
    let dir = |size: u64, mode: u32| {
        item("file", "/d", &json!({"path": "/d", "type": "directory", "size": size, "mode": mode}))
    };
    assert_eq!(items([&dir(10, 0o755)], [&dir(20, 0o755)], &kinds(), false).same, 1);
    assert_eq!(items([&dir(10, 0o755)], [&dir(10, 0o777)], &kinds(), false).changed.len(), 1);
}

#[test]
fn text_on_another_line_has_moved_and_a_twin_of_it_is_new() {
    let entry =
        |line: u32| item("job", &format!("/t:{line}"), &json!({"line": line, "command": "a"}));
    let changes = items([&entry(1)], [&entry(2), &entry(3)], &kinds(), false);
    assert_eq!((changes.moved, changes.new.len(), changes.gone.len()), (1, 1, 0));
}

#[test]
fn a_key_without_a_place_never_moves() {
    let named = |key: &str| item("rule", key, &json!({"text": "drop"}));
    let changes = items([&named("a")], [&named("b")], &kinds(), false);
    assert_eq!((changes.moved, changes.new.len(), changes.gone.len()), (0, 1, 1));
}

#[test]
fn lines_inside_a_field_are_no_change_and_nested_fields_are_named_by_dots() {
    let unit = |line: u32, program: &str| {
        item("unit", "u", &json!({"first": {"line": line, "program": program}}))
    };
    assert_eq!(items([&unit(1, "a")], [&unit(9, "a")], &kinds(), false).same, 1);
    let changes = items([&unit(1, "a")], [&unit(9, "b")], &kinds(), false);
    assert_eq!(changes.changed[0].fields[0].field, "first.program");
}

fn any_items() -> impl Strategy<Value = Vec<Item>> {
    let one = ("[ab]", 0_u32..4, 0_u32..3).prop_map(|(kind, line, value)| {
        item(&kind, &format!("k{line}"), &json!({"line": line, "value": value}))
    });
    proptest::collection::vec(one, 0..12)
}

proptest! {
    #[test]
    fn every_item_of_either_list_is_accounted_for_once(old in any_items(), new in any_items()) {
        let changes = items(&old, &new, &kinds(), false);
        let both = changes.same + changes.moved + changes.changed.len();
        prop_assert_eq!(both + changes.gone.len(), old.len());
        prop_assert_eq!(both + changes.new.len(), new.len());
        prop_assert!(changes.changed.iter().all(|change| !change.fields.is_empty()));
    }

    #[test]
    fn a_list_beside_itself_in_any_order_has_not_changed(list in any_items()) {
        let mut other = list.clone();
        other.reverse();
        prop_assert!(items(&list, &other, &kinds(), false).is_empty());
    }
}
