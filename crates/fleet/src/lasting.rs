//! What an item says with its times and counters left out, found without reading the rest. Files of two hosts
//! mostly differ in nothing else.

use coroner_compare::{Kinds, PLACED, PLACES};
use coroner_core::Time;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Digits that any reader takes for a number.
const MOST_DIGITS: usize = 19;

/// The JSON of an item without the fields that are no change by themselves, where they are times and numbers, of
/// which nothing in a row is made. None when there are none, or it cannot be told which they are.
pub(crate) fn lasting(json: &str, kinds: &Kinds) -> Option<String> {
    let Parts(parts) = serde_json::from_str(json).ok()?;
    let (_, kind) = parts.iter().find(|(name, _)| *name == "kind")?;
    let moving = kinds.get(kind.get().trim_matches('"')).nature.moving;
    // What names an item, or says where it was read, is no less part of its row for moving.
    let names = |name: &str| PLACED.contains(&name) || PLACES.contains(&name);
    let moves = |name: &str, value: &RawValue| {
        moving.contains(&name) && !names(name) && is_time_or_number(value.get())
    };
    let (mut left, mut dropped) = (String::with_capacity(json.len()), Vec::new());
    for (name, value) in &parts {
        if moves(name, value) {
            dropped.push(*name);
        } else {
            left.push(if left.is_empty() { '{' } else { ',' });
            left.extend(["\"", name, "\":", value.get()]);
        }
    }
    left.push('}');
    // Of a name that is there twice readers take one.
    let once = |dropped: &&str| parts.iter().filter(|(name, _)| name == dropped).count() == 1;
    (!dropped.is_empty() && dropped.iter().all(once)).then_some(left)
}

fn is_time_or_number(value: &str) -> bool {
    match value.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(text) => Time::parse(text).is_some(),
        None => value.len() <= MOST_DIGITS && value.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// The fields of an object as they stand in its text. One whose name is not written as it is cannot be told.
struct Parts<'j>(Vec<(&'j str, &'j RawValue)>);

impl<'de> Deserialize<'de> for Parts<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Parts<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts<'de>, A::Error> {
                let mut parts = Vec::with_capacity(20);
                while let Some(part) = map.next_entry()? {
                    parts.push(part);
                }
                Ok(Parts(parts))
            }
        }

        from.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        r#"{"kind":"file","key":"/a","changed":"2026-01-02T03:04:05.678Z","path":"/a","size":7}"#;

    fn of(json: &str) -> Option<String> {
        lasting(json, &Kinds::of(&[]))
    }

    #[test]
    fn times_of_a_file_are_left_out_and_nothing_else() {
        let left = r#"{"kind":"file","key":"/a","path":"/a","size":7}"#;
        assert_eq!(of(FILE).as_deref(), Some(left));
        assert_eq!(of(left), None);
        assert_eq!(of(&FILE.replace("\"file\"", "\"module\"")), None, "another kind's fields");
    }

    #[test]
    fn what_is_no_time_and_what_is_there_twice_stays() {
        for other in ["\"/etc/passwd\"", "\"192.0.2.1\"", "null", "-1", "1e9", "[1]", "{}"] {
            let json = FILE.replace("\"2026-01-02T03:04:05.678Z\"", other);
            assert_eq!(of(&json), None, "{other}");
        }
        assert_eq!(of(&FILE.replace("\"path\":\"/a\"", "\"changed\":\"/b\"")), None);
        assert_eq!(of(&FILE.replace("\"path\"", "\"p\\u0061th\"")), None, "a name in escapes");
        for none in ["{}", "[]", "3", r#"{"kind":3,"changed":1}"#] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
