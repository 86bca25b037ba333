//! Policies: what an operator accepts, why, and until when. Accepted findings stay in the report.

use std::collections::BTreeSet;

use coroner_host::HostPath;
use coroner_parse::Text;
use serde::Deserialize;

pub use crate::acceptance::Acceptance;
use crate::{Finding, Time};

/// One `[[accept]]` table. All that it names must fit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The rule's id.
    pub rule: String,
    /// The finding's file.
    pub path: Option<HostPath>,
    /// The key of the finding's subject.
    pub subject: Option<Text>,
    /// The finding's own id.
    pub id: Option<String>,
    /// A piece of evidence that must be there with this very value, such as a sha256.
    pub evidence: Option<Text>,
    /// Why it is accepted; must not be empty.
    pub reason: String,
    /// `2026-12-31`: the last day, in UTC, on which it is accepted.
    pub expires: Option<String>,
}

/// A policy file, read and checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    accepts: Vec<(Accept, Option<Time>)>,
}

/// What is wrong with a policy file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Not TOML, or an unknown field.
    #[error("{0}")]
    Format(String),
    /// No such rule, so the table would never do anything.
    #[error("accept table {number}: no rule is called '{rule}' (`coroner plugins` lists them)")]
    UnknownRule {
        /// Counted from 1.
        number: usize,
        /// What it names.
        rule: String,
    },
    /// An acceptance without a reason, or so wide that it would silence a whole rule.
    #[error("accept table {number}: {problem}")]
    Table {
        /// Counted from 1.
        number: usize,
        /// What to mend.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    #[serde(default)]
    accept: Vec<Accept>,
}

impl Policy {
    /// Reads a policy; `rules` are the ids that exist.
    ///
    /// # Errors
    /// The first thing to mend in it.
    pub fn parse(text: &str, rules: &BTreeSet<&str>) -> Result<Self, PolicyError> {
        let file: PolicyFile =
            toml::from_str(text).map_err(|error| PolicyError::Format(error.to_string()))?;
        let numbered = file.accept.into_iter().zip(1..);
        let accepts: Result<_, _> =
            numbered.map(|(accept, number)| check(accept, number, rules)).collect();
        Ok(Self { accepts: accepts? })
    }

    /// Marks the findings that the policy accepts at the time `now`.
    pub fn apply(&self, findings: &mut [Finding], now: Time) {
        for finding in findings {
            let fits = self
                .accepts
                .iter()
                .find(|(accept, end)| end.is_none_or(|end| now < end) && accept.fits(finding));
            finding.accepted = fits
                .map(|(accept, end)| Acceptance { reason: accept.reason.clone(), expires: *end });
        }
    }
}

fn check(
    accept: Accept,
    number: usize,
    rules: &BTreeSet<&str>,
) -> Result<(Accept, Option<Time>), PolicyError> {
    if !rules.contains(accept.rule.as_str()) {
        return Err(PolicyError::UnknownRule { number, rule: accept.rule });
    }
    let wrong = |problem| PolicyError::Table { number, problem };
    if accept.reason.trim().is_empty() {
        return Err(wrong("give a reason"));
    }
    if accept.path.is_none() && accept.subject.is_none() && accept.id.is_none() {
        return Err(wrong("name a path, a subject or an id, or it would silence the whole rule"));
    }
    let end = match &accept.expires {
        Some(day) => {
            let start = Time::parse(&format!("{day}T00:00:00Z"))
                .ok_or_else(|| wrong("expires must be a day such as 2026-12-31"))?;
            Some(Time::from_seconds(start.seconds() + 24 * 60 * 60))
        }
        None => None,
    };
    Ok((accept, end))
}

impl Accept {
    fn fits(&self, finding: &Finding) -> bool {
        self.rule == finding.rule
            && self.path.as_ref().is_none_or(|path| Some(path) == finding.path.as_ref())
            && self.subject.as_ref().is_none_or(|key| *key == finding.subject.key)
            && self.id.as_ref().is_none_or(|id| *id == finding.id)
            && self
                .evidence
                .as_ref()
                .is_none_or(|value| finding.evidence.iter().any(|given| given.value == *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Policy, PolicyError> {
        Policy::parse(text, &BTreeSet::from(["a/x"]))
    }

    #[test]
    fn a_policy_must_name_a_rule_a_place_and_a_reason() {
        let unknown = read("[[accept]]\nrule = 'a/y'\npath = '/p'\nreason = 'r'");
        assert!(matches!(unknown, Err(PolicyError::UnknownRule { number: 1, .. })));
        let wide = read("[[accept]]\nrule = 'a/x'\nreason = 'r'");
        assert!(matches!(wide, Err(PolicyError::Table { .. })));
        let silent = read("[[accept]]\nrule = 'a/x'\npath = '/p'\nreason = ' '");
        assert!(matches!(silent, Err(PolicyError::Table { .. })));
        let typo = read("[[accept]]\nrule = 'a/x'\npaht = '/p'\nreason = 'r'");
        assert!(matches!(typo, Err(PolicyError::Format(_))));
    }

    #[test]
    fn an_acceptance_ends_after_its_last_day() {
        let text = "[[accept]]\nrule = 'a/x'\npath = '/p'\nreason = 'r'\nexpires = '2026-01-01'";
        let policy = read(text).unwrap();
        let end = policy.accepts[0].1.unwrap();
        assert_eq!(end.to_string(), "2026-01-02T00:00:00Z");
    }
}
