//! Findings: the reasons in full, the rest in a line each.

use std::collections::BTreeMap;
use std::io;

use coroner_core::{Confidence, Finding, Report, Severity};

use crate::Lang;

use super::layout::{Page, Paint};
use super::seen;

/// Findings of one rule that are shown whole; more of the same tell a reader nothing new.
const SHOWN_OF_ONE_RULE: usize = 5;

pub(crate) fn count(number: usize, lang: Lang) -> String {
    match number {
        1 => lang.word("1 finding").to_owned(),
        many => lang.fill("{0} findings", &[&many]),
    }
}

/// What a person must look at, worst first; the verdict's own reasons are marked.
pub(super) fn reasons(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in open(report).filter(|finding| finding.severity >= Severity::Medium) {
        let number = shown.entry(&finding.rule).or_default();
        *number += 1;
        if *number <= SHOWN_OF_ONE_RULE {
            whole(finding, page)?;
        }
    }
    for (rule, number) in shown.into_iter().filter(|(_, number)| *number > SHOWN_OF_ONE_RULE) {
        let more = number - SHOWN_OF_ONE_RULE;
        page.line(&page.fill("{0} more of {1}: see the JSON report", &[&more, &rule]))?;
        page.blank()?;
    }
    Ok(())
}

fn open(report: &Report) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(|finding| finding.accepted.is_none())
}

fn whole(finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    let paint = if finding.severity >= Severity::High { Paint::Alarm } else { Paint::Warn };
    let lang = page.lang();
    let title = page.paint(Paint::Heading, lang.word(&finding.title));
    let grade = page.paint(paint, lang.word(severity_word(finding.severity)));
    page.line(&format!("{grade}  {title}"))?;
    page.labelled(2, "where", &place(finding))?;
    for evidence in &finding.evidence {
        page.labelled(2, "seen", &format!("{}: {}", evidence.name, evidence.value))?;
    }
    page.labelled(2, "why", lang.word(&finding.why))?;
    page.labelled(2, "unless", lang.word(&finding.benign))?;
    for (step, number) in finding.next.iter().zip(1..) {
        page.labelled(2, "do", &format!("{number}. {}", lang.word(step)))?;
    }
    let sure = lang.word(confidence_word(finding.confidence));
    let ids = finding.attack.join(" ");
    page.labelled(2, "rule", &format!("{} ({sure}) {ids} {}", finding.rule, finding.id))?;
    page.blank()
}

/// The severity in capitals.
pub(crate) fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "CRITICAL",
        Severity::High => "HIGH",
        Severity::Medium => "MEDIUM",
        Severity::Low => "LOW",
        Severity::Info => "INFO",
    }
}

/// How sure a rule is.
pub(crate) fn confidence_word(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    }
}

pub(crate) fn place(finding: &Finding) -> String {
    match (&finding.path, finding.line) {
        (Some(path), Some(line)) => format!("{path}:{line}"),
        (Some(path), None) => path.to_string(),
        _ => format!("{} {}", finding.subject.kind, finding.subject.key),
    }
}

/// Weaknesses and oddities, a line each.
pub(super) fn minor(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let minor: Vec<_> =
        open(report).filter(|finding| finding.severity < Severity::Medium).collect();
    if minor.is_empty() {
        return Ok(());
    }
    page.heading("Worth knowing; none of it changes the verdict")?;
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &minor {
        let number = shown.entry(&finding.rule).or_default();
        *number += 1;
        if *number <= SHOWN_OF_ONE_RULE {
            page.labelled(
                2,
                "",
                &format!(
                    "{} [{}] {}",
                    page.lang().word(&finding.title),
                    finding.rule,
                    place(finding)
                ),
            )?;
        }
    }
    for (rule, number) in shown.into_iter().filter(|(_, number)| *number > SHOWN_OF_ONE_RULE) {
        page.paragraph(2, &page.fill("{0} more of {1}", &[&(number - SHOWN_OF_ONE_RULE), &rule]))?;
    }
    page.blank()
}

/// What a policy accepted; it stays visible.
pub(super) fn accepted(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let accepted: Vec<_> = report
        .findings
        .iter()
        .filter_map(|finding| Some((finding, finding.accepted.as_ref()?)))
        .collect();
    if accepted.is_empty() {
        return Ok(());
    }
    page.heading("Accepted by policy")?;
    for (finding, why) in accepted {
        let until = why.expires.map(|end| page.fill(" until {0}", &[&end])).unwrap_or_default();
        let line = format!(
            "{} [{}] {}: {}{until}",
            page.lang().word(&finding.title),
            finding.rule,
            place(finding),
            seen::escape(&why.reason)
        );
        page.paragraph(2, &line)?;
    }
    page.blank()
}
