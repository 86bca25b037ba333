//! The top of the page: what a manager reads, and why it says so.

use std::collections::BTreeMap;

use coroner_core::{Level, Report, Severity};
use maud::{Markup, html};

use super::findings::{anchor, severity_class};
use crate::Lang;
use crate::page::{figure, host_text};
use crate::text::{audit_line, escape, level_word, meaning, place, severity_word};

pub(super) fn banner(report: &Report, lang: Lang) -> Markup {
    let host = &report.host;
    let os = format!("{} {}", host.os.id, host.os.version);
    html! {
        header.banner.(level_class(report.verdict.level)) {
            p.level { (lang.word(level_word(report.verdict.level))) }
            h1 { (host_text(&host.name)) }
            p.meaning { (meaning(report, lang)) }
            p.about {
                (host_text(&os.trim()))
                @if let Some(kernel) = &host.kernel { " · " (host_text(kernel)) }
                " · " (host_text(&audit_line(report, lang)))
                @for (name, value) in &host.labels {
                    " · " (host_text(&escape(&format!("{name}={value}"))))
                }
            }
        }
        (figures(report, lang))
    }
}

fn level_class(level: Level) -> &'static str {
    match level {
        Level::Clean => "clean",
        Level::Inconclusive => "inconclusive",
        Level::Suspicious => "suspicious",
        Level::Compromised => "compromised",
    }
}

fn figures(report: &Report, lang: Lang) -> Markup {
    let mut counts: BTreeMap<Severity, u64> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| finding.accepted.is_none()) {
        *counts.entry(finding.severity).or_default() += 1;
    }
    let of = |severity| counts.get(&severity).copied().unwrap_or_default();
    let worst = [Severity::Critical, Severity::High, Severity::Medium];
    let weak = of(Severity::Low) + of(Severity::Info);
    let gaps = count(report.gaps.iter().filter(|gap| gap.matters).count());
    html! {
        ul.figures {
            @for severity in worst {
                (figure(severity_class(severity), of(severity), lang.word(severity_word(severity))))
            }
            (figure("low", weak, lang.word("worth knowing")))
            (figure("gap", gaps, lang.word("gaps that matter")))
            (figure("", count(report.items.len()), lang.word("items seen")))
            @if let Some(verified) = &report.run.verified {
                (figure("", verified.checked, lang.word("packaged files read")))
                (figure("", verified.proved, lang.word("proved from outside")))
            }
        }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The findings that made the verdict, each with a link to its evidence.
pub(super) fn reasons(report: &Report, lang: Lang) -> Markup {
    let reasons: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| report.verdict.reasons.contains(&finding.id))
        .collect();
    html! {
        section #reasons {
            h2 { (lang.word("Why")) }
            @if reasons.is_empty() { p { (meaning(report, lang)) } }
            ol.reasons {
                @for finding in &reasons {
                    li.(severity_class(finding.severity)) {
                        a href={ "#" (anchor(finding)) } { (escape(lang.word(&finding.title))) }
                        " " (host_text(&place(finding)))
                    }
                }
            }
        }
    }
}
