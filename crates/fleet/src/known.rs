//! Items that were read before: hosts of a fleet say mostly the same, word for word.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use coroner_compare::Kinds;
use coroner_core::ReportError;
use hashbrown::DefaultHashBuilder;
use serde_json::value::RawValue;

use crate::items::{Held, ItemRow};
use crate::layout::Key;

/// Bytes of JSON that are remembered; with what was made of them, some five times as much memory.
const MOST: usize = 16 << 20;

/// Items by their JSON.
#[derive(Debug)]
pub(crate) struct Known<'k> {
    kinds: &'k Kinds,
    /// Of the numbers that stand for texts.
    pub(crate) key: Key,
    rows: HashMap<Box<str>, (u64, Arc<ItemRow>), DefaultHashBuilder>,
    bytes: usize,
    /// Numbers that were given; none is given twice.
    numbers: u64,
}

/// An item that a report was the first to say.
#[derive(Debug)]
pub(crate) struct New {
    pub(crate) json: Box<str>,
    pub(crate) row: Arc<ItemRow>,
}

impl<'k> Known<'k> {
    pub(crate) fn new(kinds: &'k Kinds, key: Key) -> Self {
        Self { kinds, key, rows: HashMap::default(), bytes: 0, numbers: 0 }
    }

    /// What the JSON of an item says.
    ///
    /// # Errors
    /// It is no item.
    pub(crate) fn read(&self, json: &RawValue) -> Result<Held, ReportError> {
        if let Some((number, row)) = self.rows.get(json.get()) {
            return Ok(Held::new(Arc::clone(row), Some(*number)));
        }
        let item = serde_json::from_str(json.get())?;
        Ok(Held::new(Arc::new(ItemRow::of(item, self.kinds, self.key)), None))
    }

    /// Remembers what was read for the first time. When it is too much, all is forgotten: what most hosts
    /// say is soon known again.
    pub(crate) fn learn(&mut self, new: Vec<New>) {
        if self.bytes > MOST {
            self.rows.clear();
            self.bytes = 0;
        }
        for New { json, row } in new {
            let bytes = json.len();
            if let Entry::Vacant(place) = self.rows.entry(json) {
                self.bytes += bytes;
                self.numbers += 1;
                place.insert((self.numbers, row));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        crate::layout::begin(tempfile::tempdir().unwrap().path()).unwrap()
    }

    fn read(known: &Known<'_>, json: &str) -> Held {
        known.read(serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn what_was_learnt_is_not_read_again_and_keeps_its_number() {
        let (kinds, json) = (Kinds::default(), r#"{"kind":"module","key":"nf_tables"}"#);
        let mut known = Known::new(&kinds, key());
        let first = read(&known, json);
        assert_eq!(first.known, None);
        for _ in 0..2 {
            known.learn(vec![New { json: json.into(), row: Arc::clone(&first.row) }]);
        }
        let again = read(&known, json);
        assert_eq!(again.known, Some(1));
        assert!(Arc::ptr_eq(&first.row, &again.row));
        assert_eq!(read(&known, r#"{"kind":"module","key":"other"}"#).known, None);
    }

    #[test]
    fn memory_is_bounded_and_no_number_is_given_twice() {
        let kinds = Kinds::default();
        let mut known = Known::new(&kinds, key());
        let long = "x".repeat(MOST / 4);
        for number in 1..20_u64 {
            let json = format!(r#"{{"kind":"module","key":"{number}","a":"{long}"}}"#);
            let row = read(&known, &json).row;
            known.learn(vec![New { json: json.clone().into(), row }]);
            assert_eq!(read(&known, &json).known, Some(number));
            assert!(known.bytes <= MOST + MOST / 4 + 100);
            assert!(known.rows.len() <= 6);
        }
    }
}
