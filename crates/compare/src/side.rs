//! The two reports as a whole: of whom, when, and how far they can be compared.

use std::collections::{BTreeMap, BTreeSet};

use coroner_core::{
    Coverage, FileFacts, Item, ItemKind, Level, Mode, Report, Scope, Status, Text, Time,
};
use serde::Serialize;

use crate::kinds::{CORE, Kinds};

/// One of the two reports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Side {
    /// The host's id.
    pub host: String,
    /// Its name.
    pub name: Text,
    /// Live or offline.
    pub mode: Mode,
    /// How much was looked at.
    pub scope: Scope,
    /// When the audit began.
    pub started: Time,
    /// When it ended.
    pub finished: Time,
    /// The version of coroner that made it.
    pub version: String,
    /// Its verdict.
    pub verdict: Level,
}

impl Side {
    /// Of a report.
    pub fn of(report: &Report) -> Self {
        Self {
            host: report.host.id.clone(),
            name: report.host.name.clone(),
            mode: report.run.mode,
            scope: report.run.scope,
            started: report.run.started,
            finished: report.run.finished,
            version: report.tool.version.clone(),
            verdict: report.verdict.level,
        }
    }
}

/// Whether both reports are of one host.
pub fn one_host(old: &Report, new: &Report) -> bool {
    old.host.id == new.host.id
}

/// Items that cannot be compared, and why: neither new nor gone is known of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Their kind.
    pub kind: String,
    /// How many there are in either report.
    pub items: usize,
    /// Why.
    pub why: String,
}

/// Sorts out what cannot be compared.
pub(crate) struct Comparable<'a> {
    kinds: &'a Kinds,
    /// Why the items of a plugin cannot be compared.
    plugins: BTreeMap<String, String>,
    left: BTreeMap<(String, String), usize>,
}

impl<'a> Comparable<'a> {
    pub(crate) fn new(old: &Report, new: &Report, kinds: &'a Kinds) -> Self {
        let plugins = one_sided(old, new);
        Self { kinds, plugins, left: BTreeMap::new() }
    }

    /// Why an item's kind was not looked for in both reports.
    pub(crate) fn obstacle(&self, item: &Item) -> Option<&String> {
        self.plugins.get(self.kinds.get(&item.kind).plugin)
    }

    /// Why items that many plugins share cannot be told missing.
    pub(crate) fn shared_obstacle(&self, item: &Item) -> Option<&'static str> {
        let shared = self.kinds.get(&item.kind).plugin == CORE && item.kind != "package";
        (shared && !self.plugins.is_empty()).then_some("the two audits ran different plugins")
    }

    /// Why a file of one report alone tells nothing: its package vouches for it, so it was there, as
    /// it is, and only something new names it.
    pub(crate) fn vouched(item: &Item) -> Option<&'static str> {
        let state = item.fields.get("state").and_then(|state| state.as_str());
        let vouched = item.kind == FileFacts::KIND && matches!(state, Some("local" | "vendor"));
        vouched.then_some("one report alone names it, and its package vouches for it")
    }

    pub(crate) fn leave_out(&mut self, item: &Item, why: &str) {
        *self.left.entry((item.kind.clone(), why.to_owned())).or_default() += 1;
    }

    pub(crate) fn left_out(self) -> Vec<LeftOut> {
        let left = self.left.into_iter();
        left.map(|((kind, why), items)| LeftOut { kind, items, why }).collect()
    }
}

/// Plugins that did their work in one report alone. Those that need a running host are not among
/// them when one report is of a disk: their items are the kernel's and are left out as such.
fn one_sided(old: &Report, new: &Report) -> BTreeMap<String, String> {
    let worked = |report: &Report| -> BTreeSet<String> {
        let rows = report.coverage.iter().filter(|row| did_its_work(row));
        rows.map(|row| row.plugin.clone()).collect()
    };
    let (in_old, in_new) = (worked(old), worked(new));
    let mut out = BTreeMap::new();
    for (missing, ran, report) in [(&in_old, &in_new, old), (&in_new, &in_old, new)] {
        for plugin in ran.difference(missing).filter(|plugin| !needs_running_host(report, plugin)) {
            out.insert(plugin.clone(), why_not(report, plugin));
        }
    }
    out
}

fn row<'a>(report: &'a Report, plugin: &str) -> Option<&'a Coverage> {
    report.coverage.iter().find(|row| row.plugin == plugin)
}

/// Whether a plugin looked. One that found nothing of its kind on the host (no cron, no libvirt)
/// looked, and answered.
pub fn did_its_work(row: &Coverage) -> bool {
    match row.status {
        Status::Ran | Status::Partial => true,
        Status::Skipped => !matches!(row.why.as_deref(), Some(NOT_ASKED_FOR | NEEDS_RUNNING)),
        Status::Failed => false,
    }
}

/// As the runner writes it.
const NOT_ASKED_FOR: &str = "not asked for";
const NEEDS_RUNNING: &str = "needs a running host";

fn needs_running_host(report: &Report, plugin: &str) -> bool {
    row(report, plugin).is_some_and(|row| row.why.as_deref() == Some(NEEDS_RUNNING))
}

fn why_not(report: &Report, plugin: &str) -> String {
    let why = match row(report, plugin) {
        None => "did not know its plugin yet".to_owned(),
        Some(row) => row.why.clone().unwrap_or_else(|| "failed".to_owned()),
    };
    format!("the audit of {} did not look ({why})", report.run.finished)
}
