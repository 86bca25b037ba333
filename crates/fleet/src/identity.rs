//! What makes two hosts' items the same thing.

use std::borrow::Cow;

use coroner_compare::{PLACED, form_of, has_place, places};
use coroner_core::{Item, Nature, hex, sha256_of};
use serde_json::{Map, Value};

/// Longest text of one cell; what is longer ends with a piece of its hash.
const LONGEST: usize = 400;

/// How an item is named across hosts and runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// What is stacked: the masked form where the kind has one.
    pub(crate) item: String,
    /// What is compared from one run to the next: two values of one subject are a change.
    pub(crate) subject: String,
    /// The directory it stands in, two levels deep.
    pub(crate) place: String,
    /// Where it was read.
    pub(crate) path: String,
    /// A hash of all that it says, times and places aside.
    pub(crate) vhash: String,
    /// What it says, in short.
    pub(crate) detail: String,
}

impl Identity {
    pub(crate) fn of(item: Item, nature: &Nature) -> Self {
        let key = bounded(item.key.to_stored());
        let path = places(&item).next().map(bounded).unwrap_or_default();
        let placed = has_place(&item);
        let normal = item.normal.as_ref().map(|normal| bounded(normal.to_stored()));
        let moved = (placed && normal.is_none()).then(|| without_place(&key, &item));
        let fields = form_of(item.fields, nature, false);
        let said = brief(&fields);
        let stacked = match (normal, moved) {
            (Some(normal), _) => normal,
            (None, Some(moved)) => bounded(format!("{moved} {said}")),
            (None, None) => key.clone(),
        };
        let text = serde_json::to_string(&fields).unwrap_or_default();
        Self {
            subject: if placed { stacked.clone() } else { key },
            item: stacked,
            place: place_of(&path).to_owned(),
            path,
            vhash: short_hash(&text),
            detail: bounded(said),
        }
    }
}

/// 128 bits, in hexadecimal.
pub(crate) fn short_hash(text: &str) -> String {
    let hash = sha256_of(text.as_bytes());
    hex(hash.as_bytes().get(..16).unwrap_or_default())
}

/// At most [`LONGEST`] bytes that still differ where the whole text does.
pub(crate) fn bounded<'t>(text: impl Into<Cow<'t, str>>) -> String {
    let text = text.into();
    if text.len() <= LONGEST {
        return text.into_owned();
    }
    let end = text.floor_char_boundary(LONGEST);
    format!("{}…#{}", text.get(..end).unwrap_or_default(), short_hash(&text))
}

/// `name=value` of each field that says something.
fn brief(fields: &Map<String, Value>) -> String {
    let mut out = String::new();
    for (name, value) in fields.iter().filter(|(_, value)| !says_nothing(value)) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend([name.as_str(), "="]);
        match value {
            Value::String(text) => out.push_str(text),
            other => out.push_str(&other.to_string()),
        }
    }
    out
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

/// A key without the line or the place that neighbours move.
fn without_place(key: &str, item: &Item) -> String {
    let numbers: Vec<String> = PLACED
        .iter()
        .filter_map(|field| item.fields.get(*field)?.as_u64())
        .map(|number| number.to_string())
        .collect();
    let parts = key.split_inclusive([':', ' ']).map(|part| {
        let word = part.trim_end_matches([':', ' ']);
        if numbers.iter().any(|number| number == word) {
            part.replacen(word, "*", 1)
        } else {
            part.to_owned()
        }
    });
    parts.collect()
}

/// The directory of a path, two levels deep: `/etc/cron.d`, `/usr/bin`, `/home/ann`.
fn place_of(path: &str) -> &str {
    let Some((dir, _)) = path.rsplit_once('/') else { return "" };
    let third = dir.match_indices('/').nth(2).map_or(dir.len(), |(at, _)| at);
    match dir.get(..third) {
        Some("") | None => "/",
        Some(place) => place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use coroner_core::Text;
    use proptest::prelude::*;
    use serde_json::json;

    fn item(kind: &str, key: &str, normal: Option<&str>, fields: &Value) -> Item {
        Item {
            kind: kind.to_owned(),
            key: Text::from(key),
            normal: normal.map(Text::from),
            fields: fields.as_object().cloned().unwrap_or_default(),
        }
    }

    fn identity(key: &str, normal: Option<&str>, fields: &Value) -> Identity {
        Identity::of(item("x", key, normal, fields), &Nature::STANDING)
    }

    #[test]
    fn a_rule_on_another_line_is_the_same_thing_and_another_rule_on_that_line_is_not() {
        let rule = |line: u32, user: &str| {
            let key = format!("/etc/sudoers:{line}");
            identity(&key, None, &json!({"file": "/etc/sudoers", "line": line, "user": user}))
        };
        assert_eq!(rule(3, "ann"), rule(9, "ann"));
        assert_ne!(rule(3, "ann").subject, rule(3, "eve").subject);
        assert!(rule(3, "ann").item.starts_with("/etc/sudoers:* "));
    }

    #[test]
    fn a_package_is_stacked_by_version_and_followed_by_name() {
        let old = identity("bash", Some("bash 1"), &json!({"version": "1"}));
        let new = identity("bash", Some("bash 2"), &json!({"version": "2"}));
        assert_ne!(old.item, new.item);
        assert_eq!(old.subject, new.subject);
        assert_ne!(old.vhash, new.vhash);
    }

    #[test]
    fn places_are_directories_two_levels_deep() {
        let paths = ["/etc/cron.d/x", "/home/ann/.ssh/keys", "/vmlinuz", "x", "/usr/bin/ss"];
        let places = paths.map(place_of);
        assert_eq!(places, ["/etc/cron.d", "/home/ann", "/", "", "/usr/bin"]);
    }

    proptest! {
        #[test]
        fn a_cut_text_still_differs_where_the_whole_did(start in "\\PC{390,420}", a in "\\PC{0,40}", b in "\\PC{0,40}") {
            let (one, other) = (format!("{start}{a}"), format!("{start}{b}"));
            prop_assert_eq!(one == other, bounded(&one) == bounded(&other));
            prop_assert!(bounded(&one).len() <= LONGEST + 40);
        }
    }
}
