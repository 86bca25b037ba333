//! What is known of each kind of item.

use std::collections::HashMap;

use coroner_core::{Course, Item, Nature, Needs, Plugin, View, shared_items};
use serde_json::Value;

/// What is known of one kind.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The plugin that makes it; `core` for what many plugins share.
    pub plugin: &'static str,
    /// How it behaves.
    pub nature: Nature,
}

/// All kinds. One that nobody declares (from a newer version) counts as standing on the disk.
#[derive(Debug, Default)]
pub struct Kinds(HashMap<&'static str, Kind>);

/// Of a kind that nobody declares.
const UNKNOWN: Kind = Kind { plugin: "", nature: Nature::STANDING };
/// Who makes the kinds that many plugins share.
pub const CORE: &str = "core";
/// Directories that are memory on a running host and empty on its disk.
const MEMORY: [&[u8]; 5] = [b"/proc/", b"/sys/", b"/run/", b"/var/run/", b"/dev/"];
/// Fields that say where an item was read.
pub const PLACES: [&str; 4] = ["file", "path", "dir", "directory"];

impl Kinds {
    /// The kinds of these plugins and of core.
    pub fn of(plugins: &[&'static dyn Plugin]) -> Self {
        let shared =
            shared_items().map(|item| (item.kind, Kind { plugin: CORE, nature: item.nature }));
        let own = plugins.iter().flat_map(|plugin| {
            let meta = plugin.meta();
            let live = meta.needs == Needs::LiveKernel;
            meta.items.iter().map(move |item| {
                let view = if live { View::Kernel } else { item.nature.view };
                (item.kind, Kind { plugin: meta.id, nature: Nature { view, ..item.nature } })
            })
        });
        Self(shared.into_iter().chain(own).collect())
    }

    /// What is known of a kind.
    pub fn get(&self, kind: &str) -> &Kind {
        self.0.get(kind).unwrap_or(&UNKNOWN)
    }

    /// Whether this one item can only come from a running kernel.
    pub fn is_kernels(&self, item: &Item) -> bool {
        let nature = &self.get(&item.kind).nature;
        nature.view == View::Kernel || says_kernel(nature, item) || lies_in_memory(item)
    }

    /// Whether what it tells of comes and goes in ordinary life.
    pub fn is_passing(&self, item: &Item) -> bool {
        self.get(&item.kind).nature.course == Course::Passing
    }
}

fn says_kernel(nature: &Nature, item: &Item) -> bool {
    nature.kernel_where.is_some_and(|(field, values)| {
        let said = item.fields.get(field).and_then(Value::as_str);
        said.is_some_and(|said| values.contains(&said))
    })
}

fn lies_in_memory(item: &Item) -> bool {
    places(item).any(|place| MEMORY.iter().any(|dir| place.as_bytes().starts_with(dir)))
}

/// The paths that say where an item was read, as reports store them.
pub fn places(item: &Item) -> impl Iterator<Item = &str> {
    PLACES.iter().filter_map(|field| item.fields.get(*field).and_then(Value::as_str))
}
