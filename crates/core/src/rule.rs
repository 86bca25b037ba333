//! Rules: what is said of something, written once, as data.

use serde::{Deserialize, Serialize};

/// How bad it is if the finding is true.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; never changes the verdict.
    Info,
    /// A weakness or an oddity; never changes the verdict.
    Low,
    /// A person must look at it.
    Medium,
    /// What intruders do; if true, the host is theirs in part.
    High,
    /// If true, the host is theirs.
    Critical,
}

/// How sure the rule is that no ordinary explanation holds.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Ordinary explanations exist and are common.
    Possible,
    /// Ordinary explanations exist and are rare.
    Likely,
    /// No ordinary explanation is known.
    Certain,
}

/// A rule is a static; a finding adds only where and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// `<plugin>/<kebab>`, never changed once released.
    pub id: &'static str,
    /// See [`Severity`].
    pub severity: Severity,
    /// See [`Confidence`].
    pub confidence: Confidence,
    /// One line, for a tired reader.
    pub title: &'static str,
    /// Why an intruder does this and how it shows.
    pub why: &'static str,
    /// What ordinary thing can look the same.
    pub benign: &'static str,
    /// MITRE ATT&CK technique ids, current ones first, renumbered old ones after them.
    pub attack: &'static [&'static str],
    /// What the responder does next, in order.
    pub next: &'static [&'static str],
}
