//! An item: a fact, without judgement.

use std::fmt;

use coroner_parse::Text;
use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::Nature;

/// A type of fact. Its fields become the item's fields, so none may be called `kind`, `key` or
/// `normal`.
pub trait ItemKind: Serialize + DeserializeOwned + schemars::JsonSchema {
    /// `cron.entry`, `account`, ...: never changed once released.
    const KIND: &'static str;

    /// How it behaves from one audit to the next.
    const NATURE: Nature = Nature::STANDING;

    /// Names the same thing on every run and every host; unique within the kind.
    fn key(&self) -> Text;

    /// A second form with addresses, ports, pids and random names masked, for stacking hosts.
    fn normal(&self) -> Option<Text> {
        None
    }
}

/// One fact, as reports hold it.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Item {
    /// See [`ItemKind::KIND`].
    pub kind: String,
    /// See [`ItemKind::key`].
    pub key: Text,
    /// See [`ItemKind::normal`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normal: Option<Text>,
    /// The fields of the kind.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// As serde would derive it, but what is flattened is not gathered first: a fleet reads millions.
impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Item;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an item")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
                let (mut kind, mut key, mut normal) = (None, None, None);
                let mut fields = Map::new();
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        "kind" => once("kind", &mut kind, map.next_value()?)?,
                        "key" => once("key", &mut key, map.next_value()?)?,
                        "normal" => once("normal", &mut normal, map.next_value()?)?,
                        _ => drop(fields.insert(name, map.next_value()?)),
                    }
                }
                let kind = kind.ok_or_else(|| Error::missing_field("kind"))?;
                let key = key.ok_or_else(|| Error::missing_field("key"))?;
                Ok(Item { kind, key, normal: normal.flatten(), fields })
            }
        }

        from.deserialize_map(Reader)
    }
}

/// Takes in a value that may be there once.
fn once<T, E: Error>(name: &'static str, place: &mut Option<T>, value: T) -> Result<(), E> {
    if place.replace(value).is_some() { Err(E::duplicate_field(name)) } else { Ok(()) }
}

impl Item {
    /// Stores a typed fact. Fields that are not an object (no item type has such) are dropped.
    pub fn of<T: ItemKind>(fact: &T) -> Self {
        let fields = match serde_json::to_value(fact) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        Self { kind: T::KIND.to_owned(), key: fact.key(), normal: fact.normal(), fields }
    }

    /// The typed fact again; `None` when a saved report holds fields this version cannot read.
    pub fn read<T: ItemKind>(&self) -> Option<T> {
        T::deserialize(serde::de::value::MapDeserializer::new(
            self.fields.iter().map(|(name, value)| (name.as_str(), value)),
        ))
        .ok()
    }

    /// Items stand in this order.
    pub(crate) fn order(&self) -> (&str, &Text) {
        (&self.kind, &self.key)
    }
}

/// A type of item, as plugins declare it for the published schema.
#[derive(Clone, Copy)]
pub struct ItemType {
    /// See [`ItemKind::KIND`].
    pub kind: &'static str,
    /// Makes the JSON schema of the fields.
    pub schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
    /// See [`ItemKind::NATURE`].
    pub nature: Nature,
}

impl ItemType {
    /// Declares `T`.
    pub const fn of<T: ItemKind>() -> Self {
        Self {
            kind: T::KIND,
            schema: |generator| generator.subschema_for::<T>(),
            nature: T::NATURE,
        }
    }
}

impl std::fmt::Debug for ItemType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind)
    }
}

/// Whether a number is 0, for fields that are left out then (`skip_serializing_if`).
#[allow(clippy::trivially_copy_pass_by_ref)] // serde gives a reference
pub fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What serde derives.
    #[derive(Debug, Deserialize)]
    struct Derived {
        kind: String,
        key: Text,
        #[serde(default)]
        normal: Option<Text>,
        #[serde(flatten)]
        fields: Map<String, Value>,
    }

    proptest! {
        #[test]
        fn an_item_is_read_as_serde_would_derive_it(
            pairs in proptest::collection::vec(("kind|key|normal|uid|a", "null|1|\"x\"|\"%bytes:%ff\"|\\{\"b\":\\[\\]\\}"), 0..6)
        ) {
            let pairs: Vec<String> =
                pairs.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            let json = format!("{{{}}}", pairs.join(","));
            match (serde_json::from_str::<Item>(&json), serde_json::from_str::<Derived>(&json)) {
                (Ok(item), Ok(derived)) => {
                    prop_assert_eq!(item.kind, derived.kind);
                    prop_assert_eq!(item.key, derived.key);
                    prop_assert_eq!(item.normal, derived.normal);
                    prop_assert_eq!(item.fields, derived.fields);
                }
                (Err(_), Err(_)) => {}
                (item, derived) => prop_assert!(false, "{json}: {item:?} and {derived:?}"),
            }
        }
    }

    #[test]
    fn what_an_item_lacks_is_named() {
        let error = |json| serde_json::from_str::<Item>(json).unwrap_err().to_string();
        assert!(error("{\"kind\":\"x\"}").starts_with("missing field `key`"));
        assert!(error("{\"key\":\"x\"}").starts_with("missing field `kind`"));
        assert!(error("{\"key\":\"x\",\"key\":\"y\"}").starts_with("duplicate field `key`"));
        assert!(error("[]").starts_with("invalid type: sequence, expected an item"));
    }
}
