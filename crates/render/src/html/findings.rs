//! Findings: one card a rule, with every place where it holds and the evidence there.

use coroner_core::{Finding, Report, Severity};
use maud::{Markup, html};

use crate::Lang;
use crate::page::host_text;
use crate::text::{confidence_word, escape, place, severity_word};

/// Places of one rule that are open at once; the others are behind a line that counts them.
const OPEN_PLACES: usize = 4;

pub(super) fn section(report: &Report, lang: Lang) -> Markup {
    let cards = |wanted: &dyn Fn(&Finding) -> bool| {
        grouped(report.findings.iter().filter(|finding| wanted(finding)).collect())
    };
    let open = cards(&|f| f.accepted.is_none() && f.severity >= Severity::Medium);
    let minor = cards(&|f| f.accepted.is_none() && f.severity < Severity::Medium);
    let accepted = cards(&|f| f.accepted.is_some());
    html! {
        section #findings {
            h2 { (lang.word("Findings")) }
            @if open.is_empty() { p.quiet { (lang.word("Nothing that a person must look at.")) } }
            @for same in &open { (card(same, true, lang)) }
            (list(&minor, lang.word("Worth knowing; none of it changes the verdict"), lang))
            (list(&accepted, lang.word("Accepted by policy"), lang))
        }
    }
}

fn list(cards: &[Vec<&Finding>], heading: &str, lang: Lang) -> Markup {
    html! {
        @if !cards.is_empty() {
            h3 { (heading) }
            @for same in cards { (card(same, false, lang)) }
        }
    }
}

/// Findings of one rule and grade together, in the order of the report.
fn grouped(findings: Vec<&Finding>) -> Vec<Vec<&Finding>> {
    let mut cards: Vec<Vec<&Finding>> = Vec::new();
    let mut at = std::collections::HashMap::new();
    for finding in findings {
        let key = (&finding.rule, finding.severity, finding.confidence, &finding.next);
        let index = *at.entry(key).or_insert(cards.len());
        match cards.get_mut(index) {
            Some(card) => card.push(finding),
            None => cards.push(vec![finding]),
        }
    }
    cards
}

fn card(same: &[&Finding], open: bool, lang: Lang) -> Markup {
    let Some(first) = same.first() else { return html! {} };
    html! {
        details.card.(severity_class(first.severity)) open[open] {
            summary {
                span.badge { (lang.word(severity_word(first.severity))) }
                span.title { (lang.word(&first.title)) }
                @if same.len() > 1 { span.times { (lang.fill("{0} places", &[&same.len()])) } }
            }
            div.inside {
                div.places {
                    @for finding in same.iter().take(OPEN_PLACES) { (one_place(finding, lang)) }
                    @if same.len() > OPEN_PLACES {
                        details.more {
                            summary { (lang.fill("{0} more places", &[&(same.len() - OPEN_PLACES)])) }
                            @for finding in same.iter().skip(OPEN_PLACES) { (one_place(finding, lang)) }
                        }
                    }
                }
                (reasoning(first, lang))
            }
        }
    }
}

fn one_place(finding: &Finding, lang: Lang) -> Markup {
    html! {
        div.place id=(anchor(finding)) tabindex="-1" {
            p.where { (host_text(&place(finding))) }
            dl.evidence {
                @for evidence in &finding.evidence {
                    dt { (escape(&evidence.name)) }
                    dd { (host_text(&evidence.value)) }
                }
            }
            @if let Some(accepted) = &finding.accepted {
                p.quiet {
                    (lang.word("Accepted by policy")) ": " (host_text(&escape(&accepted.reason)))
                    @if let Some(end) = accepted.expires { (lang.fill(" until {0}", &[&end])) }
                }
            }
        }
    }
}

/// What the rule says, once for all its places.
fn reasoning(finding: &Finding, lang: Lang) -> Markup {
    html! {
        div.reasoning {
            h4 { (lang.word("why")) }
            p { (escape(lang.word(&finding.why))) }
            h4 { (lang.word("unless")) }
            p { (escape(lang.word(&finding.benign))) }
            h4 { (lang.word("do")) }
            ol { @for step in &finding.next { li { (escape(lang.word(step))) } } }
            p.rule {
                (host_text(&escape(&finding.rule))) " · " (lang.word(confidence_word(finding.confidence)))
                @for id in &finding.attack { " · " (escape(id)) }
            }
        }
    }
}

/// Ids are a report's own text; only what may stand in an address is kept.
pub(super) fn anchor(finding: &Finding) -> String {
    let plain = finding.id.chars().filter(char::is_ascii_alphanumeric);
    plain.fold(String::from("f-"), |mut anchor, character| {
        anchor.push(character);
        anchor
    })
}

pub(super) fn severity_class(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low | Severity::Info => "low",
    }
}
