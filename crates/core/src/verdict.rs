//! The verdict: one word and its reasons.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Confidence, Finding, Gap, Severity};

/// One word for a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Nothing found, and all that the verdict needs was seen.
    Clean,
    /// Nothing found, and not all that the verdict needs was seen.
    Inconclusive,
    /// A person must look.
    Suspicious,
    /// Something without an ordinary explanation, or several strong signs at one place.
    Compromised,
}

impl Level {
    /// The process's exit status.
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Suspicious => 1,
            Self::Compromised => 2,
            Self::Inconclusive => 3,
        }
    }
}

/// The verdict of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Verdict {
    /// See [`Level`].
    pub level: Level,
    /// Ids of the findings that made it so.
    pub reasons: Vec<String>,
}

impl Verdict {
    /// Weighs findings that no policy accepted, and gaps.
    pub fn of(findings: &[Finding], gaps: &[Gap]) -> Self {
        let open: Vec<&Finding> = findings.iter().filter(|f| f.accepted.is_none()).collect();
        let certain: Vec<&Finding> = open.iter().copied().filter(|f| is_certain(f)).collect();
        let mut damning = ids(&certain);
        damning.extend(gathered(&open));
        let look: Vec<_> =
            open.iter().copied().filter(|f| f.severity >= Severity::Medium).collect();
        let (level, reasons) = if !damning.is_empty() {
            (Level::Compromised, damning)
        } else if !look.is_empty() {
            (Level::Suspicious, ids(&look))
        } else if gaps.iter().any(|gap| gap.matters) {
            (Level::Inconclusive, BTreeSet::new())
        } else {
            (Level::Clean, BTreeSet::new())
        };
        let order = findings.iter().map(|finding| &finding.id);
        let reasons: Vec<String> = order.filter(|id| reasons.contains(*id)).cloned().collect();
        Self { level, reasons: unique(reasons) }
    }
}

fn unique(ids: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    ids.into_iter().filter(|id| seen.insert(id.clone())).collect()
}

fn ids(findings: &[&Finding]) -> BTreeSet<String> {
    findings.iter().map(|finding| finding.id.clone()).collect()
}

fn is_certain(finding: &Finding) -> bool {
    finding.confidence == Confidence::Certain && finding.severity >= Severity::High
}

/// Strong findings of different rules that point at the same item or the same file.
fn gathered(findings: &[&Finding]) -> BTreeSet<String> {
    let strong = |f: &&&Finding| f.severity >= Severity::High && f.confidence >= Confidence::Likely;
    let mut places: BTreeMap<Vec<u8>, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(strong) {
        let subject = [finding.subject.kind.as_bytes(), finding.subject.key.as_bytes()].join(&0);
        places.entry(subject).or_default().push(finding);
        if let Some(path) = &finding.path {
            places.entry(path.as_bytes().to_vec()).or_default().push(finding);
        }
    }
    let several = places.values().filter(|group| {
        let rules: BTreeSet<&str> = group.iter().map(|finding| finding.rule.as_str()).collect();
        rules.len() > 1
    });
    several.flatten().map(|finding| finding.id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HostPath, Subject, Text};

    fn finding(rule: &str, severity: Severity, confidence: Confidence, path: &str) -> Finding {
        Finding {
            id: format!("{rule}@{path}"),
            rule: rule.to_owned(),
            severity,
            confidence,
            title: String::new(),
            why: String::new(),
            benign: String::new(),
            attack: Vec::new(),
            subject: Subject { kind: "x".into(), key: Text::from(path) },
            path: Some(HostPath::new(path)),
            line: None,
            evidence: Vec::new(),
            next: Vec::new(),
            accepted: None,
        }
    }

    fn level(findings: &[Finding]) -> Level {
        Verdict::of(findings, &[]).level
    }

    #[test]
    fn one_certain_finding_is_enough() {
        let certain = finding("a/x", Severity::High, Confidence::Certain, "/p");
        assert_eq!(level(&[certain]), Level::Compromised);
    }

    #[test]
    fn two_strong_rules_at_one_place_are_enough_and_at_two_places_are_not() {
        let strong = |rule, path| finding(rule, Severity::High, Confidence::Likely, path);
        assert_eq!(level(&[strong("a/x", "/p"), strong("b/y", "/p")]), Level::Compromised);
        assert_eq!(level(&[strong("a/x", "/p"), strong("b/y", "/q")]), Level::Suspicious);
        assert_eq!(level(&[strong("a/x", "/p"), strong("a/x", "/p")]), Level::Suspicious);
    }

    #[test]
    fn low_findings_leave_a_host_clean_and_a_gap_makes_it_inconclusive() {
        let low = finding("a/x", Severity::Low, Confidence::Certain, "/p");
        assert_eq!(level(std::slice::from_ref(&low)), Level::Clean);
        let gap = Gap {
            plugin: "a".into(),
            path: HostPath::new("/p"),
            line: None,
            reason: crate::Blocked::Denied,
            detail: None,
            matters: true,
        };
        assert_eq!(Verdict::of(&[low], std::slice::from_ref(&gap)).level, Level::Inconclusive);
        let minor = Gap { matters: false, ..gap };
        assert_eq!(Verdict::of(&[], &[minor]).level, Level::Clean);
    }

    #[test]
    fn an_accepted_finding_no_longer_speaks() {
        let mut certain = finding("a/x", Severity::High, Confidence::Certain, "/p");
        let reason = "known".to_owned();
        certain.accepted = Some(crate::policy::Acceptance { reason, expires: None });
        assert_eq!(level(&[certain]), Level::Clean);
    }
}
