//! Findings, gaps and coverage of two reports.

use std::collections::{BTreeMap, BTreeSet};

use coroner_core::{Confidence, Coverage, Finding, Gap, HostPath, Report, Severity, Status};
use serde::Serialize;
use serde_json::json;

use crate::items::FieldChange;

/// A finding of both reports that is graded otherwise now, or accepted now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Graded {
    /// Its id in the new report.
    pub id: String,
    /// The rule.
    pub rule: String,
    /// What differs.
    pub fields: Vec<FieldChange>,
}

/// What became of the findings.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FindingChanges {
    /// Only in the new report.
    pub new: Vec<Finding>,
    /// Only in the old report.
    pub gone: Vec<Finding>,
    /// In both, and graded or accepted otherwise.
    pub graded: Vec<Graded>,
    /// In both.
    pub still: Vec<Finding>,
}

impl FindingChanges {
    /// Compares findings by id, then by what they say, which survives a line that moved.
    pub fn of(old: &[Finding], new: &[Finding]) -> Self {
        let mut out = Self { new: new.to_vec(), gone: old.to_vec(), ..Self::default() };
        let by_id = pair(&mut out.gone, &mut out.new, |finding| finding.id.clone());
        let by_word = pair(&mut out.gone, &mut out.new, |finding| {
            (finding.rule.clone(), finding.path.clone(), finding.evidence.clone())
        });
        for (old, new) in by_id.into_iter().chain(by_word) {
            out.graded.extend(regraded(&old, &new));
            out.still.push(new);
        }
        out.still.sort_by(|a, b| (b.severity, &a.rule, &a.id).cmp(&(a.severity, &b.rule, &b.id)));
        out
    }

    /// New ones that a person must look at: medium or above, and not accepted.
    pub fn alarming(&self) -> impl Iterator<Item = &Finding> {
        let open = self.new.iter().filter(|finding| finding.accepted.is_none());
        open.filter(|finding| finding.severity >= Severity::Medium)
    }

    /// Nothing new, gone or graded otherwise.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.gone.is_empty() && self.graded.is_empty()
    }
}

fn pair<N: Ord>(
    old: &mut Vec<Finding>,
    new: &mut Vec<Finding>,
    name: impl Fn(&Finding) -> N,
) -> Vec<(Finding, Finding)> {
    let mut waiting: BTreeMap<N, Vec<Finding>> = BTreeMap::new();
    for finding in old.drain(..) {
        waiting.entry(name(&finding)).or_default().push(finding);
    }
    let (mut pairs, mut alone) = (Vec::new(), Vec::new());
    for finding in new.drain(..) {
        match waiting.get_mut(&name(&finding)).and_then(Vec::pop) {
            Some(other) => pairs.push((other, finding)),
            None => alone.push(finding),
        }
    }
    old.extend(waiting.into_values().flatten());
    *new = alone;
    pairs
}

fn regraded(old: &Finding, new: &Finding) -> Option<Graded> {
    type Grade = (Severity, Confidence, bool);
    let grade = |f: &Finding| -> Grade { (f.severity, f.confidence, f.accepted.is_some()) };
    let (was, is) = (grade(old), grade(new));
    let mut fields = vec![
        FieldChange { field: "severity".to_owned(), old: json!(was.0), new: json!(is.0) },
        FieldChange { field: "confidence".to_owned(), old: json!(was.1), new: json!(is.1) },
        FieldChange { field: "accepted".to_owned(), old: json!(was.2), new: json!(is.2) },
    ];
    fields.retain(|change| change.old != change.new);
    (!fields.is_empty()).then(|| Graded { id: new.id.clone(), rule: new.rule.clone(), fields })
}

/// What became of the gaps and the coverage.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GapChanges {
    /// What could be seen before and cannot now.
    pub new: Vec<Gap>,
    /// What could not be seen before and is no gap now.
    pub gone: Vec<Gap>,
    /// Plugins that fared otherwise: the field is the plugin's id.
    pub coverage: Vec<FieldChange>,
}

impl GapChanges {
    /// Compares gaps by plugin, path and reason: their words hold counts and lines.
    pub fn of(old: &Report, new: &Report) -> Self {
        let named = |report: &Report| -> BTreeSet<_> { report.gaps.iter().map(name).collect() };
        let (in_old, in_new) = (named(old), named(new));
        let not_in = |report: &Report, other: &BTreeSet<_>| -> Vec<Gap> {
            report.gaps.iter().filter(|gap| !other.contains(&name(gap))).cloned().collect()
        };
        Self {
            new: not_in(new, &in_old),
            gone: not_in(old, &in_new),
            coverage: coverage(&old.coverage, &new.coverage),
        }
    }

    /// Nothing new, gone or otherwise.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.gone.is_empty() && self.coverage.is_empty()
    }
}

fn name(gap: &Gap) -> (String, HostPath, String, bool) {
    (gap.plugin.clone(), gap.path.clone(), gap.reason.to_string(), gap.matters)
}

fn coverage(old: &[Coverage], new: &[Coverage]) -> Vec<FieldChange> {
    let said = |rows: &[Coverage]| -> BTreeMap<String, (Status, Option<String>)> {
        rows.iter().map(|row| (row.plugin.clone(), (row.status, row.why.clone()))).collect()
    };
    let (old, new) = (said(old), said(new));
    let plugins: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let changed = plugins.into_iter().filter(|plugin| old.get(*plugin) != new.get(*plugin));
    changed
        .map(|plugin| FieldChange {
            field: plugin.clone(),
            old: json!(old.get(plugin).map(words)),
            new: json!(new.get(plugin).map(words)),
        })
        .collect()
}

fn words((status, why): &(Status, Option<String>)) -> String {
    let status = format!("{status:?}").to_lowercase();
    why.as_ref().map(|why| format!("{status}: {why}")).unwrap_or(status)
}
