//! Findings: the reasons in full, the rest in a line each.

use std::collections::BTreeMap;
use std::io;

use coroner_core::{Finding, Report, Severity};

use super::layout::{Page, Paint};

/// Findings of one rule that are shown whole; more of the same tell a reader nothing new.
const SHOWN_OF_ONE_RULE: usize = 5;

pub(super) fn count(number: usize) -> String {
    if number == 1 { "1 finding".to_owned() } else { format!("{number} findings") }
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
        page.line(&format!("{more} more of {rule}: see the JSON report"))?;
        page.blank()?;
    }
    Ok(())
}

fn open(report: &Report) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(|finding| finding.accepted.is_none())
}

fn whole(finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    let paint = if finding.severity >= Severity::High { Paint::Alarm } else { Paint::Warn };
    let grade = format!("{:?}", finding.severity).to_uppercase();
    let title = page.paint(Paint::Heading, &finding.title);
    let grade = page.paint(paint, &grade);
    page.line(&format!("{grade}  {title}"))?;
    page.labelled(2, "where", &place(finding))?;
    for evidence in &finding.evidence {
        page.labelled(2, "seen", &format!("{}: {}", evidence.name, evidence.value))?;
    }
    page.labelled(2, "why", &finding.why)?;
    page.labelled(2, "unless", &finding.benign)?;
    for (step, number) in finding.next.iter().zip(1..) {
        page.labelled(2, "do", &format!("{number}. {step}"))?;
    }
    let sure = format!("{:?}", finding.confidence).to_lowercase();
    let ids = finding.attack.join(" ");
    page.labelled(2, "rule", &format!("{} ({sure}) {ids} {}", finding.rule, finding.id))?;
    page.blank()
}

pub(super) fn place(finding: &Finding) -> String {
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
                &format!("{} [{}] {}", finding.title, finding.rule, place(finding)),
            )?;
        }
    }
    for (rule, number) in shown.into_iter().filter(|(_, number)| *number > SHOWN_OF_ONE_RULE) {
        page.paragraph(2, &format!("{} more of {rule}", number - SHOWN_OF_ONE_RULE))?;
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
        let until = why.expires.map(|end| format!(" until {end}")).unwrap_or_default();
        let line = format!(
            "{} [{}] {}: {}{until}",
            finding.title,
            finding.rule,
            place(finding),
            why.reason
        );
        page.paragraph(2, &line)?;
    }
    page.blank()
}
