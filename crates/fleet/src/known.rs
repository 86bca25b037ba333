//! Items that were read before: hosts of a fleet say mostly the same, word for word.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use coroner_compare::Kinds;
use coroner_core::ReportError;
use hashbrown::DefaultHashBuilder;
use serde_json::value::RawValue;

use crate::items::{Held, ItemRow};
use crate::lasting::lasting;
use crate::layout::Key;

/// Bytes of JSON that are remembered; with what was made of them, some five times as much memory.
const MOST: usize = 16 << 20;

/// Items by their JSON, without what is no change by itself.
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
    json: Box<str>,
    row: Arc<ItemRow>,
}

impl<'k> Known<'k> {
    pub(crate) fn new(kinds: &'k Kinds, key: Key) -> Self {
        Self { kinds, key, rows: HashMap::default(), bytes: 0, numbers: 0 }
    }

    /// What the JSON of an item says, and what to learn when it was not known.
    ///
    /// # Errors
    /// It is no item.
    pub(crate) fn read(&self, json: &RawValue) -> Result<(Held, Option<New>), ReportError> {
        if let Some(held) = self.held(json.get()) {
            return Ok((held, None));
        }
        let lasting = lasting(json.get(), self.kinds);
        if let Some(held) = lasting.as_ref().and_then(|json| self.held(json)) {
            return Ok((held, None));
        }
        let item = serde_json::from_str(json.get())?;
        let row = Arc::new(ItemRow::of(item, self.kinds, self.key));
        let json = lasting.map_or_else(|| Box::from(json.get()), String::into_boxed_str);
        Ok((Held::new(Arc::clone(&row), None), Some(New { json, row })))
    }

    fn held(&self, json: &str) -> Option<Held> {
        let (number, row) = self.rows.get(json)?;
        Some(Held::new(Arc::clone(row), Some(*number)))
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
    use proptest::prelude::*;

    use super::*;

    fn key() -> Key {
        crate::layout::begin(tempfile::tempdir().unwrap().path()).unwrap()
    }

    fn read(known: &Known<'_>, json: &str) -> (Held, Option<New>) {
        known.read(serde_json::from_str(json).unwrap()).unwrap()
    }

    fn learn(known: &mut Known<'_>, json: &str) {
        let (_, new) = read(known, json);
        known.learn(new.into_iter().collect());
    }

    #[test]
    fn what_was_learnt_is_not_read_again_and_keeps_its_number() {
        let (kinds, json) = (Kinds::default(), r#"{"kind":"module","key":"nf_tables"}"#);
        let mut known = Known::new(&kinds, key());
        // Two reports of one round say it.
        let (first, second) = (read(&known, json), read(&known, json));
        assert_eq!(first.0.known, None);
        known.learn(first.1.into_iter().chain(second.1).collect());
        let (again, new) = read(&known, json);
        assert_eq!((again.known, new.is_none()), (Some(1), true));
        assert!(Arc::ptr_eq(&first.0.row, &again.row));
        assert_eq!(read(&known, r#"{"kind":"module","key":"other"}"#).0.known, None);
    }

    /// A file, with or without a time of its own.
    fn file(changed: &str, size: u32) -> String {
        format!(r#"{{"kind":"file","key":"/a"{changed},"path":"/a","size":{size}}}"#)
    }

    #[test]
    fn a_file_that_differs_in_its_times_alone_is_known() {
        let kinds = Kinds::of(&[]);
        let mut known = Known::new(&kinds, key());
        let changed = |at: &str| format!(r#","changed":"2026-01-{at}T03:04:05Z""#);
        learn(&mut known, &file(&changed("02"), 7));
        for times in [changed("02"), changed("03"), String::new()] {
            assert_eq!(read(&known, &file(&times, 7)).0.known, Some(1), "{times}");
            assert_eq!(read(&known, &file(&times, 8)).0.known, None, "{times}");
        }
        // What is no time there says something.
        for odd in [r#","changed":"/etc/passwd""#, r#","changed":null"#] {
            assert_eq!(read(&known, &file(odd, 7)).0.known, None, "{odd}");
        }
    }

    proptest! {
        /// The row of an item is the same without what is left out.
        #[test]
        fn nothing_of_a_row_is_made_of_what_is_left_out(
            kind in prop::sample::select(vec!["file", "process", "log.file", "cron.file", "vnc.peer"]),
            path in "[/a-z]{1,9}",
            fields in prop::collection::btree_map(
                prop::sample::select(vec!["modified", "changed", "born", "pid", "parent", "started", "line", "index",
                    "size", "links", "path", "file", "type", "count", "first", "last", "sha256", "package"]),
                prop::sample::select(vec!["1", "\"x\"", "\"/a/b\"", "\"2026-01-02T03:04:05.5Z\"",
                    "\"directory\"", "\"192.0.2.7\"", "null", "[7]", "-3", "1e3", "{\"line\":3}"]),
                0..9,
            ),
        ) {
            let (kinds, numbers) = (Kinds::of(&coroner_plugins::registry().unwrap()), key());
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!(",\"{name}\":{value}")).collect();
            let fields = fields.concat();
            let json = format!(r#"{{"kind":"{kind}","key":"{path}"{fields}}}"#);
            let row = |json: &str| ItemRow::of(serde_json::from_str(json).unwrap(), &kinds, numbers);
            if let Some(left) = lasting(&json, &kinds) {
                prop_assert!(left.len() < json.len());
                prop_assert_eq!(row(&left), row(&json));
            }
        }
    }

    #[test]
    fn memory_is_bounded_and_no_number_is_given_twice() {
        let kinds = Kinds::default();
        let mut known = Known::new(&kinds, key());
        let long = "x".repeat(MOST / 4);
        for number in 1..20_u64 {
            let json = format!(r#"{{"kind":"module","key":"{number}","a":"{long}"}}"#);
            learn(&mut known, &json);
            assert_eq!(read(&known, &json).0.known, Some(number));
            assert!(known.bytes <= MOST + MOST / 4 + 100);
            assert!(known.rows.len() <= 6);
        }
    }
}
