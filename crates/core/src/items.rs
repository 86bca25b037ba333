//! All items of a run: all that judging ever sees.

use std::collections::HashMap;

use crate::{FileFacts, HostPath, Item, ItemKind, Script};

/// All items of a run, sorted, with the look-ups that judges need.
#[derive(Debug, Default)]
pub struct Items {
    sorted: Vec<Item>,
    files: HashMap<HostPath, usize>,
    scripts: HashMap<HostPath, usize>,
}

impl Items {
    /// Sorts the items and drops exact repetitions.
    pub fn new(mut items: Vec<Item>) -> Self {
        items.sort_by(|a, b| {
            a.order().cmp(&b.order()).then_with(|| {
                let fields = |item: &Item| serde_json::to_string(&item.fields).unwrap_or_default();
                fields(a).cmp(&fields(b))
            })
        });
        items.dedup();
        let at = |kind: &str| {
            let named = items.iter().enumerate().filter(|(_, item)| item.kind == kind);
            named.map(|(index, item)| (HostPath::from(item.key.clone()), index)).collect()
        };
        let (files, scripts) = (at(FileFacts::KIND), at(Script::KIND));
        Self { sorted: items, files, scripts }
    }

    /// Every fact of one type, in the order of their keys.
    pub fn all<T: ItemKind>(&self) -> impl Iterator<Item = T> {
        let start = self.sorted.partition_point(|item| item.kind.as_str() < T::KIND);
        let rest = self.sorted.get(start..).unwrap_or_default();
        rest.iter().take_while(|item| item.kind == T::KIND).filter_map(Item::read)
    }

    /// The facts of a file that a plugin or a launch named.
    pub fn file(&self, path: &HostPath) -> Option<FileFacts> {
        self.sorted.get(*self.files.get(path)?)?.read()
    }

    /// The text of a launched file that no package vouches for.
    pub fn script(&self, path: &HostPath) -> Option<Script> {
        self.sorted.get(*self.scripts.get(path)?)?.read()
    }

    /// The items as reports hold them.
    pub fn as_slice(&self) -> &[Item] {
        &self.sorted
    }

    /// The items, given away.
    pub fn into_vec(self) -> Vec<Item> {
        self.sorted
    }
}
