//! The running host beside its disk: what the running kernel did not show.

use std::collections::{HashMap, HashSet};

use coroner_core::{
    FileFacts, Finding, HostPath, Item, ItemKind, Launch, Report, Script, Text, Time,
};
use serde::Serialize;
use serde_json::Value;

use crate::findings::FindingChanges;
use crate::items::{self, ItemChange};
use crate::kinds::{Kinds, places};
use crate::side::{Comparable, LeftOut, Side};

/// The schema of [`CrossView`].
pub const CROSS_SCHEMA: &str = "coroner.cross-view/1";

/// Something that only the disk's report has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unseen {
    /// The item.
    pub item: Item,
    /// When the inode of its file last changed, if the report has that file.
    pub file_changed: Option<Time>,
}

/// Something that both reports have, and not the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TwoFaced {
    /// `old` is what the running kernel showed, `new` what the disk has.
    #[serde(flatten)]
    pub change: ItemChange,
    /// When the inode of its file last changed, if the report has that file.
    pub file_changed: Option<Time>,
    /// That was after the live audit: an ordinary change explains it.
    pub later: bool,
}

/// The report of a running host beside the report of its disk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CrossView {
    /// `coroner.cross-view/1`.
    pub schema: &'static str,
    /// Through the running kernel.
    pub live: Side,
    /// From the disk.
    pub disk: Side,
    /// On the disk before the live audit ended, and not shown to it.
    pub hidden: Vec<Unseen>,
    /// On the disk, and its file changed after the live audit.
    pub later: Vec<Unseen>,
    /// On the disk; the live audit knew that it could not see its file.
    pub blocked: Vec<Unseen>,
    /// Programs that only something hidden names: the live audit had no reason to look for them.
    pub only_named: Vec<Unseen>,
    /// Shown by the running kernel and not on the disk: another file system lay over it, or it was
    /// removed since.
    pub not_on_disk: Vec<Item>,
    /// In both, and not the same.
    pub differs: Vec<TwoFaced>,
    /// Findings that the disk's report alone has.
    pub findings: Vec<Finding>,
    /// Shown alike.
    pub same: usize,
    /// What was not compared.
    pub left_out: Vec<LeftOut>,
}

impl CrossView {
    /// 0 both show the same, 1 they differ for an ordinary reason, 2 something was hidden.
    pub fn exit_status(&self) -> u8 {
        if !self.hidden.is_empty() || self.differs.iter().any(|differs| !differs.later) {
            return 2;
        }
        let ordinary = [self.later.len(), self.blocked.len(), self.differs.len()];
        let more = self.not_on_disk.len() + self.findings.len();
        u8::from(ordinary.iter().sum::<usize>() + more > 0)
    }
}

const KERNELS: &str = "only a running host has it";
const PASSING: &str = "it is written in ordinary life while a host runs and stops";
const LIVE_NAMED: &str = "named by what only a running host has";
const SCOPES: &str = "the two audits looked at different scopes";

/// Sets the report of a running host beside the report of its disk.
pub fn cross_view(live: &Report, disk: &Report, kinds: &Kinds) -> CrossView {
    let mut comparable = Comparable::new(live, disk, kinds);
    let shown = standing(live, kinds, &mut comparable);
    let lying = standing(disk, kinds, &mut comparable);
    let mut changes = items::items(shown, lying, kinds, true);
    let scopes = live.run.scope != disk.run.scope;
    changes.gone.retain(|item| !left_out(item, LIVE_NAMED, is_file(item), &mut comparable));
    changes.new.retain(|item| !left_out(item, SCOPES, scopes && is_file(item), &mut comparable));
    let sorter = Sorter::new(live, disk);
    let mut out = CrossView {
        schema: CROSS_SCHEMA,
        live: Side::of(live),
        disk: Side::of(disk),
        hidden: Vec::new(),
        later: Vec::new(),
        blocked: Vec::new(),
        only_named: Vec::new(),
        not_on_disk: changes.gone,
        differs: sorter.two_faced(changes.changed),
        findings: FindingChanges::of(&live.findings, &disk.findings).new,
        same: changes.same + changes.moved,
        left_out: comparable.left_out(),
    };
    sorter.sort(changes.new, &mut out);
    out
}

/// The items of a report that both views can have.
fn standing<'r>(report: &'r Report, kinds: &Kinds, out: &mut Comparable<'_>) -> Vec<&'r Item> {
    let mut kept = Vec::new();
    for item in &report.items {
        let obstacle = out.obstacle(item).cloned();
        let why = match obstacle {
            Some(why) => Some(why),
            None if kinds.is_kernels(item) => Some(KERNELS.to_owned()),
            None => kinds.is_passing(item).then(|| PASSING.to_owned()),
        };
        match why {
            Some(why) => out.leave_out(item, &why),
            None => kept.push(item),
        }
    }
    kept
}

fn left_out(item: &Item, why: &str, applies: bool, comparable: &mut Comparable<'_>) -> bool {
    let why = comparable.shared_obstacle(item).or(applies.then_some(why));
    let why = why.or(Comparable::vouched(item));
    if let Some(why) = why {
        comparable.leave_out(item, why);
    }
    why.is_some()
}

fn is_file(item: &Item) -> bool {
    item.kind == FileFacts::KIND || item.kind == Script::KIND
}

/// Files that launches among `items` run, and that no other of the items was read from.
fn only_named(items: &[Item]) -> HashSet<Text> {
    let launches = items.iter().filter(|item| item.kind == Launch::KIND);
    let programs = launches.filter_map(|launch| launch.fields.get("programs")?.as_array());
    let programs = programs.flatten().filter_map(Value::as_str).map(Text::from_stored);
    let read = items.iter().filter(|item| !is_file(item)).flat_map(places);
    let read: HashSet<Text> = read.map(Text::from_stored).collect();
    programs.filter(|program| !read.contains(program)).collect()
}

/// Tells hidden from written later and from known not to be seen.
struct Sorter<'r> {
    disk: HashMap<(&'r str, &'r Text), &'r Item>,
    changed: HashMap<&'r Text, Time>,
    blocked: HashSet<HostPath>,
    live_end: Time,
    disk_start: Time,
}

impl<'r> Sorter<'r> {
    fn new(live: &Report, disk: &'r Report) -> Self {
        let files = disk.items.iter().filter(|item| item.kind == FileFacts::KIND);
        let time = |item: &Item| Time::parse(item.fields.get("changed").and_then(Value::as_str)?);
        Self {
            disk: disk.items.iter().map(|item| ((item.kind.as_str(), &item.key), item)).collect(),
            changed: files.filter_map(|item| Some((&item.key, time(item)?))).collect(),
            blocked: live.gaps.iter().map(|gap| gap.path.clone()).collect(),
            live_end: live.run.finished,
            disk_start: disk.run.started,
        }
    }

    fn sort(&self, items: Vec<Item>, out: &mut CrossView) {
        let named = only_named(&items);
        for item in items {
            let file_changed = self.file_changed(&item);
            let blocked = places(&item)
                .any(|place| self.blocked.contains(&HostPath::from(Text::from_stored(place))));
            let list = if blocked {
                &mut out.blocked
            } else if is_file(&item) && named.contains(&item.key) {
                &mut out.only_named
            } else if file_changed.is_some_and(|time| self.is_later(time)) {
                &mut out.later
            } else {
                &mut out.hidden
            };
            list.push(Unseen { item, file_changed });
        }
    }

    fn two_faced(&self, changes: Vec<ItemChange>) -> Vec<TwoFaced> {
        let two_faced = |change: ItemChange| {
            let item = self.disk.get(&(change.kind.as_str(), &change.key));
            let file_changed = item.and_then(|item| self.file_changed(item));
            let later = file_changed.is_some_and(|time| self.is_later(time));
            TwoFaced { change, file_changed, later }
        };
        changes.into_iter().map(two_faced).collect()
    }

    fn file_changed(&self, item: &Item) -> Option<Time> {
        let named = places(item).map(Text::from_stored);
        let mut files = named.chain([item.key.clone()]);
        files.find_map(|file| self.changed.get(&file).copied())
    }

    /// A time that was still to come when the disk was read is somebody's invention.
    fn is_later(&self, time: Time) -> bool {
        time > self.live_end && time <= self.disk_start
    }
}
