//! The top of the page: how the fleet stands.

use coroner_render::page::{figure, grouped};
use maud::{Markup, html};

use super::told::Page;

/// How hosts stand, the worst first: class, word, how many.
fn standings(page: &Page<'_>) -> [(&'static str, &'static str, u64); 4] {
    let overview = page.overview;
    [
        ("compromised", "COMPROMISED", overview.compromised),
        ("suspicious", "SUSPICIOUS", overview.suspicious),
        ("inconclusive", "INCONCLUSIVE", overview.inconclusive),
        ("clean", "CLEAN", overview.clean),
    ]
}

/// `2 of 2,000 hosts are COMPROMISED`.
pub(super) fn meaning(page: &Page<'_>) -> String {
    let (_, word, count) = worst(page);
    let hosts = grouped(page.overview.hosts);
    page.lang.fill("{0}: {1} of {2} hosts", &[&page.lang.word(word), &grouped(count), &hosts])
}

fn worst(page: &Page<'_>) -> (&'static str, &'static str, u64) {
    let found = standings(page).into_iter().find(|(_, _, count)| *count > 0);
    found.unwrap_or(("inconclusive", "INCONCLUSIVE", 0))
}

pub(super) fn banner(page: &Page<'_>) -> Markup {
    let (overview, lang) = (page.overview, page.lang);
    let (class, word, count) = worst(page);
    html! {
        header.banner.(class) {
            p.level { (lang.word(word)) }
            h1 { (lang.fill("{0} of {1} hosts", &[&grouped(count), &grouped(overview.hosts)])) }
            p.about {
                (lang.fill(
                    "{0} reports, {1} to {2}; each host as its last report has it",
                    &[&grouped(overview.reports), &minute(&overview.first_seen), &minute(&overview.last_seen)]
                ))
            }
        }
    }
}

/// `2026-06-01 10:00` of a moment.
fn minute(moment: &str) -> String {
    moment.chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect::<String>() + " UTC"
}

pub(super) fn figures(page: &Page<'_>) -> Markup {
    let lang = page.lang;
    html! {
        ul.figures {
            @for (class, word, count) in standings(page) { (figure(class, count, lang.word(word))) }
            (figure("gap", page.stale, lang.word("not heard of for long")))
            (figure("gap", page.missing, lang.word("expected and without a report")))
            (figure("", page.overview.hosts, lang.word("hosts")))
        }
    }
}
