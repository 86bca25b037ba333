//! Findings: a rule, where it holds, and the evidence for it.

use std::collections::BTreeMap;

use coroner_host::{Blocked, HostPath};
use coroner_parse::Text;
use serde::{Deserialize, Serialize};

use crate::acceptance::Acceptance;
use crate::{Confidence, Gap, ItemKind, Rule, Severity, sha256_of};

/// The item that a finding speaks of.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Subject {
    /// The item's kind.
    pub kind: String,
    /// The item's key.
    pub key: Text,
}

/// One named fact that supports a finding.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Evidence {
    /// What it is: `command`, `sha256`, `owner`, ...
    pub name: String,
    /// Its value, at most 4 KiB.
    pub value: Text,
}

/// A judgement, as reports hold it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Finding {
    /// The same thing has the same id on every run and every host.
    pub id: String,
    /// The rule's id.
    pub rule: String,
    /// See [`Severity`].
    pub severity: Severity,
    /// See [`Confidence`].
    pub confidence: Confidence,
    /// The rule's title.
    pub title: String,
    /// The rule's reason.
    pub why: String,
    /// What ordinary thing can look the same.
    pub benign: String,
    /// MITRE ATT&CK technique ids.
    pub attack: Vec<String>,
    /// The item it speaks of.
    pub subject: Subject,
    /// The file to look at.
    pub path: Option<HostPath>,
    /// The line in it.
    pub line: Option<u32>,
    /// What supports it.
    pub evidence: Vec<Evidence>,
    /// What to do next, in order.
    pub next: Vec<String>,
    /// Who accepted it and until when, if a policy did.
    pub accepted: Option<Acceptance>,
}

/// Longest piece of evidence that a finding keeps.
const LONGEST_EVIDENCE: usize = 4096;
/// Most findings of one rule in one report: a thousand more of them tell nothing more.
const MOST_OF_ONE_RULE: usize = 500;

/// A finding while it is made.
#[derive(Debug)]
pub struct Draft(Finding);

impl Draft {
    fn new<T: ItemKind>(rule: &'static Rule, item: &T) -> Self {
        let owned = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        Self(Finding {
            id: String::new(),
            rule: rule.id.to_owned(),
            severity: rule.severity,
            confidence: rule.confidence,
            title: rule.title.to_owned(),
            why: rule.why.to_owned(),
            benign: rule.benign.to_owned(),
            attack: owned(rule.attack),
            subject: Subject { kind: T::KIND.to_owned(), key: item.key() },
            path: None,
            line: None,
            evidence: Vec::new(),
            next: owned(rule.next),
            accepted: None,
        })
    }

    /// The file and line to look at; line 0 stands for the whole file.
    pub fn at(&mut self, path: &HostPath, line: u32) -> &mut Self {
        self.0.path = Some(path.clone());
        self.0.line = (line > 0).then_some(line);
        self
    }

    /// The file to look at.
    pub fn in_file(&mut self, path: &HostPath) -> &mut Self {
        self.at(path, 0)
    }

    /// A named fact that supports it; cut at 4 KiB.
    pub fn evidence(&mut self, name: &str, value: impl Into<Text>) -> &mut Self {
        let mut bytes = value.into().into_bytes();
        bytes.truncate(LONGEST_EVIDENCE);
        self.0.evidence.push(Evidence { name: name.to_owned(), value: Text::new(bytes) });
        self
    }

    /// A step for the responder that only this case knows, before the rule's own steps.
    pub fn next_step(&mut self, step: impl Into<String>) -> &mut Self {
        self.0.next.insert(0, step.into());
        self
    }

    /// Grades this case apart from its rule, when the item itself says that it is milder or worse.
    pub fn graded(&mut self, severity: Severity, confidence: Confidence) -> &mut Self {
        self.0.severity = severity;
        self.0.confidence = confidence;
        self
    }

    fn finish(mut self) -> Finding {
        self.0.id = stable_id(&self.0);
        self.0
    }
}

fn stable_id(finding: &Finding) -> String {
    let path = finding.path.as_ref().map_or(&b""[..], HostPath::as_bytes);
    let parts = [
        finding.rule.as_bytes(),
        finding.subject.kind.as_bytes(),
        finding.subject.key.as_bytes(),
        path,
    ];
    sha256_of(&parts.join(&0)).hex().get(..16).unwrap_or_default().to_owned()
}

/// Where judges put their findings.
#[derive(Debug, Default)]
pub struct Findings {
    kept: BTreeMap<&'static str, Vec<Draft>>,
    /// A rule that holds more often than reports keep writes the rest here, over each other.
    surplus: BTreeMap<&'static str, (usize, Draft)>,
}

impl Findings {
    /// Says that `rule` holds for `item`; the draft takes the place and the evidence.
    pub fn raise<T: ItemKind>(&mut self, rule: &'static Rule, item: &T) -> &mut Draft {
        let draft = Draft::new(rule, item);
        let kept = self.kept.entry(rule.id).or_default();
        if kept.len() < MOST_OF_ONE_RULE {
            return kept.push_mut(draft);
        }
        let (count, last) =
            self.surplus.entry(rule.id).or_insert_with(|| (0, Draft::new(rule, item)));
        *count += 1;
        *last = draft;
        last
    }

    /// What was said more often than a report keeps.
    pub(crate) fn gaps(&self) -> Vec<Gap> {
        let gap = |(rule, (count, _)): (&&str, &(usize, Draft))| Gap {
            plugin: rule.split('/').next().unwrap_or_default().to_owned(),
            path: HostPath::new("/"),
            line: None,
            reason: Blocked::TooLarge,
            detail: Some(format!("{count} more findings of {rule} are not listed")),
            matters: true,
        };
        self.surplus.iter().map(gap).collect()
    }

    /// The findings, sorted worst first, without repetitions.
    pub(crate) fn finish(self) -> Vec<Finding> {
        let mut findings: Vec<Finding> =
            self.kept.into_values().flatten().map(Draft::finish).collect();
        sort(&mut findings);
        findings.dedup();
        findings
    }
}

pub(crate) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        (b.severity, b.confidence, &a.rule, &a.path, a.line, &a.subject, &a.evidence).cmp(&(
            a.severity,
            a.confidence,
            &b.rule,
            &b.path,
            b.line,
            &b.subject,
            &b.evidence,
        ))
    });
}
