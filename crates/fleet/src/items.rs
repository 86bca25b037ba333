//! Items as rows. What an item says is one row for all reports that say it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use coroner_compare::Kinds;
use coroner_core::{Course, Item};
use serde_json::Value;

use crate::identity::{Identity, bounded, short_hash};
use crate::layout::Key;
use crate::marks::{Mark, marks};

/// What an item says, whatever report it stands in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ItemRow {
    pub(crate) kind: String,
    pub(crate) plugin: &'static str,
    /// `standing`, or `passing` for what comes and goes in ordinary life.
    pub(crate) course: &'static str,
    pub(crate) identity: Identity,
    pub(crate) key: String,
    /// The package that owns a file.
    pub(crate) package: String,
    pub(crate) state: String,
    pub(crate) sha256: String,
    /// Stands for kind and item, and `fact` for kind and subject.
    pub(crate) thing: i64,
    pub(crate) fact: i64,
    /// What it names, each with its number.
    marks: BTreeMap<Mark, i64>,
    /// Of a package: its name, version and architecture.
    names: Option<(String, Arc<str>)>,
}

/// An item of one report, or several of one name.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) row: Arc<ItemRow>,
    /// Its number among the items that are known; none when its report was the first to say it.
    pub(crate) known: Option<u64>,
    /// The version of its package that the report has; empty without one.
    pub(crate) version: Arc<str>,
    /// Items of the report that this row stands for.
    pub(crate) copies: i64,
    /// Of what several of one name say together.
    together: Option<String>,
}

/// Something that an item names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MarkRow {
    pub(crate) what: &'static str,
    pub(crate) value: String,
    pub(crate) kind: String,
    pub(crate) item: String,
    pub(crate) path: String,
    /// Stands for `what` and `value`.
    pub(crate) thing: i64,
}

impl ItemRow {
    pub(crate) fn of(item: Item, kinds: &Kinds, numbers: Key) -> Self {
        let known = kinds.get(&item.kind);
        let names = (item.kind == "package").then(|| named(&item)).flatten();
        let numbered = |mark: Mark| {
            let number = numbers.number(mark.what, &mark.value);
            (mark, number)
        };
        let marks = marks(&item).into_iter().map(numbered).collect();
        let own = ["package", "state", "sha256"].map(|name| bounded(field(&item, name)));
        let (kind, key) = (bounded(&item.kind), bounded(item.key.to_stored()));
        let identity = Identity::of(item, &known.nature);
        let texts = [&identity.item, &identity.subject];
        let [thing, fact] = texts.map(|text| numbers.number(&kind, text));
        let [package, state, sha256] = own;
        let plugin = known.plugin;
        let course = match known.nature.course {
            Course::Standing => "standing",
            Course::Passing => "passing",
        };
        Self {
            kind,
            plugin,
            course,
            identity,
            key,
            package,
            state,
            sha256,
            thing,
            fact,
            marks,
            names,
        }
    }

    fn name(&self) -> (&str, &str) {
        (&self.kind, &self.identity.item)
    }

    /// Whether it has it in a column of its own, so that it needs no mark.
    fn holds(&self, value: &str) -> bool {
        let identity = &self.identity;
        [&self.key, &identity.item, &identity.path, &self.sha256].iter().any(|own| *own == value)
    }

    fn mark(&self, (mark, thing): (&Mark, &i64)) -> MarkRow {
        MarkRow {
            thing: *thing,
            what: mark.what,
            value: mark.value.clone(),
            kind: self.kind.clone(),
            item: self.identity.item.clone(),
            path: self.identity.path.clone(),
        }
    }
}

impl Held {
    pub(crate) fn new(row: Arc<ItemRow>, known: Option<u64>) -> Self {
        Self { row, known, version: Arc::default(), copies: 1, together: None }
    }

    /// A hash of all that it says, times and places aside.
    pub(crate) fn vhash(&self) -> &str {
        self.together.as_ref().unwrap_or(&self.row.identity.vhash)
    }

    fn is_named_as(&self, other: &Self) -> bool {
        self.row.thing == other.row.thing && self.row.name() == other.row.name()
    }

    /// Takes in another item of the same name, whatever the order.
    fn fold(&mut self, other: &Self) {
        self.copies += other.copies;
        if other.vhash() != self.vhash() {
            let mut both = [self.vhash(), other.vhash()];
            both.sort_unstable();
            self.together = Some(short_hash(&both.concat()));
        }
    }
}

/// One row for each name, and what the items name.
pub(crate) fn folded(mut items: Vec<Held>) -> (Vec<Held>, Vec<MarkRow>) {
    give_versions(&mut items);
    // Items of one name stand together, in the order of the report.
    items.sort_by_key(|item| item.row.thing);
    let mut rows: Vec<Held> = Vec::with_capacity(items.len());
    let mut named = Vec::new();
    for item in items {
        let marks = item.row.marks.iter();
        if let Some(first) = rows.last_mut().filter(|first| first.is_named_as(&item)) {
            // The first one's row does not hold what this one names.
            named.extend(marks.map(|mark| item.row.mark(mark)));
            first.fold(&item);
        } else {
            let marks = marks.filter(|(mark, _)| !item.row.holds(&mark.value));
            named.extend(marks.map(|mark| item.row.mark(mark)));
            rows.push(item);
        }
    }
    named.sort();
    named.dedup();
    (rows, named)
}

/// Files have the version of their package that the same report has.
fn give_versions(items: &mut [Held]) {
    let packages: Vec<Arc<ItemRow>> = items
        .iter()
        .filter(|item| item.row.names.is_some())
        .map(|item| Arc::clone(&item.row))
        .collect();
    let named = packages.iter().filter_map(|row| row.names.as_ref());
    let versions: HashMap<&str, &Arc<str>> =
        named.map(|(name, version)| (name.as_str(), version)).collect();
    for item in items.iter_mut().filter(|item| !item.row.package.is_empty()) {
        if let Some(version) = versions.get(item.row.package.as_str()) {
            item.version = Arc::clone(version);
        }
    }
}

fn named(item: &Item) -> Option<(String, Arc<str>)> {
    let [version, arch] = ["version", "architecture"].map(|name| field(item, name));
    let version = bounded(format!("{version} {arch}").trim_end());
    Some((bounded(item.key.as_str()?), Arc::from(version)))
}

fn field<'i>(item: &'i Item, name: &str) -> &'i str {
    item.fields.get(name).and_then(Value::as_str).unwrap_or_default()
}
