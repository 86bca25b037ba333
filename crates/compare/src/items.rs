//! Two lists of items: which are new, gone or changed.

use std::collections::HashMap;

use coroner_core::{Item, Text};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::form::{form, has_place};
use crate::kinds::Kinds;

/// A field before and after; null where it was not there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    /// Its name; dots lead into it.
    pub field: String,
    /// Before.
    pub old: Value,
    /// After.
    pub new: Value,
}

/// An item that both lists have, with other fields.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemChange {
    /// Its kind.
    pub kind: String,
    /// Its key in the new list.
    pub key: Text,
    /// What differs; never empty.
    pub fields: Vec<FieldChange>,
}

/// What became of a list of items.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ItemChanges {
    /// Only in the new list.
    pub new: Vec<Item>,
    /// Only in the old list.
    pub gone: Vec<Item>,
    /// In both, with other fields.
    pub changed: Vec<ItemChange>,
    /// In both, unchanged, on another line of its file.
    pub moved: usize,
    /// In both, unchanged.
    pub same: usize,
}

impl ItemChanges {
    /// Nothing new, gone or changed.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.gone.is_empty() && self.changed.is_empty()
    }

    /// Takes out what comes and goes in ordinary life.
    pub(crate) fn split_off(&mut self, kinds: &Kinds) -> Self {
        let passing = |item: &mut Item| kinds.is_passing(item);
        let passes = |change: &mut ItemChange| {
            kinds.get(&change.kind).nature.course == coroner_core::Course::Passing
        };
        Self {
            new: self.new.extract_if(.., passing).collect(),
            gone: self.gone.extract_if(.., passing).collect(),
            changed: self.changed.extract_if(.., passes).collect(),
            moved: 0,
            same: 0,
        }
    }
}

/// An item, its form, and that form as text, which is quick to compare.
struct Formed<'a> {
    item: &'a Item,
    form: Map<String, Value>,
    text: String,
}

impl<'a> Formed<'a> {
    fn of(item: &'a Item, kinds: &Kinds, across_views: bool) -> Self {
        let form = form(item, &kinds.get(&item.kind).nature, across_views);
        let text = serde_json::to_string(&form).unwrap_or_default();
        Self { item, form, text }
    }

    fn name(&self) -> (&'a str, &'a Text) {
        (&self.item.kind, &self.item.key)
    }
}

/// Compares two lists of items. Pairs are found first by key and form, then by form alone (text
/// that moved to another line), then by key. `across_views` leaves out what only a running host
/// can say. The order of both lists does not matter.
pub fn items<'a>(
    old: impl IntoIterator<Item = &'a Item>,
    new: impl IntoIterator<Item = &'a Item>,
    kinds: &Kinds,
    across_views: bool,
) -> ItemChanges {
    let formed = |item: &'a Item| Formed::of(item, kinds, across_views);
    let mut old: Vec<_> = old.into_iter().map(formed).collect();
    let mut new: Vec<_> = new.into_iter().map(formed).collect();
    let same = pair(&mut old, &mut new, |f| Some((f.name(), f.text.clone())));
    let moved = pair(&mut old, &mut new, |f| {
        has_place(f.item).then(|| (f.item.kind.as_str(), f.text.clone()))
    });
    let changed = pair(&mut old, &mut new, |f| Some(f.name()));
    let given = |side: Vec<Formed<'_>>| side.into_iter().map(|f| f.item.clone()).collect();
    let mut out = ItemChanges {
        new: given(new),
        gone: given(old),
        changed: changed.iter().map(|(old, new)| change(old, new)).collect(),
        moved: moved.len(),
        same: same.len(),
    };
    out.sort();
    out
}

impl ItemChanges {
    fn sort(&mut self) {
        let name = |item: &Item| (item.kind.clone(), item.key.clone());
        self.new.sort_by_cached_key(name);
        self.gone.sort_by_cached_key(name);
        self.changed.sort_by_cached_key(|change| (change.kind.clone(), change.key.clone()));
    }
}

/// Takes out the pairs that share a name; a name may stand for several.
fn pair<'a, N: Eq + std::hash::Hash>(
    old: &mut Vec<Formed<'a>>,
    new: &mut Vec<Formed<'a>>,
    name: impl Fn(&Formed<'a>) -> Option<N>,
) -> Vec<(Formed<'a>, Formed<'a>)> {
    let mut waiting: HashMap<N, Vec<Formed<'a>>> = HashMap::new();
    let (mut pairs, mut alone_new) = (Vec::new(), Vec::new());
    let mut alone_old = Vec::new();
    for formed in old.drain(..) {
        match name(&formed) {
            Some(name) => waiting.entry(name).or_default().push(formed),
            None => alone_old.push(formed),
        }
    }
    for formed in new.drain(..) {
        let waits = name(&formed).and_then(|name| waiting.get_mut(&name)).and_then(Vec::pop);
        match waits {
            Some(other) => pairs.push((other, formed)),
            None => alone_new.push(formed),
        }
    }
    alone_old.extend(waiting.into_values().flatten());
    (*old, *new) = (alone_old, alone_new);
    pairs
}

fn change(old: &Formed<'_>, new: &Formed<'_>) -> ItemChange {
    let mut fields = Vec::new();
    differences("", &old.form, &new.form, &mut fields);
    ItemChange { kind: new.item.kind.clone(), key: new.item.key.clone(), fields }
}

/// The fields that differ, objects entered.
fn differences(
    above: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    out: &mut Vec<FieldChange>,
) {
    let gone = old.keys().filter(|name| !new.contains_key(*name));
    for name in new.keys().chain(gone) {
        let side = |fields: &Map<String, Value>| fields.get(name).cloned().unwrap_or(Value::Null);
        let field = format!("{above}{name}");
        match (side(old), side(new)) {
            (old, new) if old == new => {}
            (Value::Object(old), Value::Object(new)) => {
                differences(&format!("{field}."), &old, &new, out);
            }
            (old, new) => out.push(FieldChange { field, old, new }),
        }
    }
}
