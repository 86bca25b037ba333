//! One host from one audit to the next.

use coroner_core::{FileFacts, Item, ItemKind, Report, Scope};
use serde::Serialize;
use serde_json::{Value, json};

use crate::findings::{FindingChanges, GapChanges};
use crate::items::{self, FieldChange, ItemChanges};
use crate::kinds::Kinds;
use crate::side::{Comparable, LeftOut, Side};

/// The schema of [`Diff`].
pub const DIFF_SCHEMA: &str = "coroner.diff/1";

/// What changed on a host between two audits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diff {
    /// `coroner.diff/1`.
    pub schema: &'static str,
    /// The earlier report.
    pub old: Side,
    /// The later report.
    pub new: Side,
    /// Name, distribution, kernel and labels of the host, where they changed.
    pub host: Vec<FieldChange>,
    /// How the two audits themselves differ: versions, scopes, rights.
    pub audits: Vec<FieldChange>,
    /// Items that stand until somebody changes them.
    pub items: ItemChanges,
    /// Items that come and go in ordinary life: logins, logs, processes.
    pub passing: ItemChanges,
    /// Findings.
    pub findings: FindingChanges,
    /// Gaps and coverage.
    pub gaps: GapChanges,
    /// What could not be compared.
    pub left_out: Vec<LeftOut>,
}

impl Diff {
    /// 0 nothing changed, 1 something did, 2 with new findings that a person must look at. What
    /// comes and goes in ordinary life does not count.
    pub fn exit_status(&self) -> u8 {
        if self.findings.alarming().next().is_some() {
            return 2;
        }
        let quiet = self.host.is_empty() && self.items.is_empty();
        u8::from(!(quiet && self.findings.is_empty() && self.gaps.is_empty()))
    }
}

/// Compares an earlier and a later report of one host, both live or both offline.
pub fn diff(old: &Report, new: &Report, kinds: &Kinds) -> Diff {
    let across = old.run.mode != new.run.mode;
    let mut comparable = Comparable::new(old, new, kinds);
    let mut sides = Vec::new();
    for report in [old, new] {
        let mut kept = Vec::new();
        for item in &report.items {
            match comparable.obstacle(item).cloned() {
                Some(why) => comparable.leave_out(item, &why),
                None => kept.push(item),
            }
        }
        sides.push(kept);
    }
    let newer = sides.pop().unwrap_or_default();
    let older = sides.pop().unwrap_or_default();
    let mut changes = items::items(older, newer, kinds, across);
    let scopes = old.run.scope != new.run.scope;
    for side in [&mut changes.new, &mut changes.gone] {
        side.retain(|item| keep(item, scopes, &mut comparable));
    }
    let passing = changes.split_off(kinds);
    Diff {
        schema: DIFF_SCHEMA,
        old: Side::of(old),
        new: Side::of(new),
        host: host(old, new),
        audits: audits(old, new),
        items: changes,
        passing,
        findings: FindingChanges::of(&old.findings, &new.findings),
        gaps: GapChanges::of(old, new),
        left_out: comparable.left_out(),
    }
}

/// Whether an item of one report alone is known to be new or gone.
fn keep(item: &Item, scopes_differ: bool, comparable: &mut Comparable<'_>) -> bool {
    let scope = (scopes_differ && item.kind == FileFacts::KIND)
        .then_some("the two audits looked at different scopes");
    match comparable.shared_obstacle(item).or(scope).or(Comparable::vouched(item)) {
        Some(why) => {
            comparable.leave_out(item, why);
            false
        }
        None => true,
    }
}

fn changed(pairs: impl IntoIterator<Item = (&'static str, Value, Value)>) -> Vec<FieldChange> {
    let differ = pairs.into_iter().filter(|(_, old, new)| old != new);
    differ.map(|(field, old, new)| FieldChange { field: field.to_owned(), old, new }).collect()
}

fn host(old: &Report, new: &Report) -> Vec<FieldChange> {
    let (old, new) = (&old.host, &new.host);
    changed([
        ("id", json!(old.id), json!(new.id)),
        ("name", json!(old.name), json!(new.name)),
        ("os.id", json!(old.os.id), json!(new.os.id)),
        ("os.version", json!(old.os.version), json!(new.os.version)),
        ("kernel", json!(old.kernel), json!(new.kernel)),
    ])
}

fn audits(old: &Report, new: &Report) -> Vec<FieldChange> {
    let scope = |scope: Scope| json!(scope);
    changed([
        ("version", json!(old.tool.version), json!(new.tool.version)),
        ("commit", json!(old.tool.commit), json!(new.tool.commit)),
        ("binary", json!(old.tool.sha256), json!(new.tool.sha256)),
        ("medium", json!(old.tool.medium), json!(new.tool.medium)),
        ("baselines", json!(old.tool.baselines), json!(new.tool.baselines)),
        ("mode", json!(old.run.mode), json!(new.run.mode)),
        ("scope", scope(old.run.scope), scope(new.run.scope)),
        ("privileged", json!(old.run.privileged), json!(new.run.privileged)),
        ("redacted", json!(old.run.redacted), json!(new.run.redacted)),
        ("trusted_nets", json!(old.run.trusted_nets), json!(new.run.trusted_nets)),
    ])
}
