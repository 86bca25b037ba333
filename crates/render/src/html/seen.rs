//! What could not be seen, what was looked at, and what the report stands on.

use std::collections::BTreeMap;

use coroner_core::{Gap, Report, Status};
use maud::{Markup, html};

use crate::Lang;
use crate::page::host_text;
use crate::text::{atime_word, enforced_word, escape, grouped, status_word, verified_files};

pub(super) fn gaps(report: &Report, lang: Lang) -> Markup {
    let (matter, rest): (Vec<_>, Vec<_>) = report.gaps.iter().partition(|gap| gap.matters);
    html! {
        section #gaps {
            h2 { (lang.word("Not seen")) }
            @if report.gaps.is_empty() { p.quiet { (lang.word("All that was wanted was seen.")) } }
            (gap_list(&matter, lang.word("Not seen, and the verdict needs it"), true, lang))
            (gap_list(
                &rest,
                lang.word("Not seen or not understood; the verdict does not need it"),
                false,
                lang
            ))
        }
    }
}

fn gap_list(gaps: &[&Gap], heading: &str, open: bool, lang: Lang) -> Markup {
    let mut kinds: BTreeMap<(&str, String), Vec<&Gap>> = BTreeMap::new();
    for gap in gaps {
        kinds.entry((&gap.plugin, gap.reason.to_string())).or_default().push(gap);
    }
    html! {
        @if !kinds.is_empty() { h3 { (heading) } }
        @for ((plugin, reason), same) in &kinds {
            details.gaps open[open && same.len() < 20] {
                summary {
                    (escape(plugin)) ": " (lang.word(reason)) " "
                    span.times { (grouped(u64::try_from(same.len()).unwrap_or(0))) }
                }
                ul { @for gap in same { li { (one_gap(gap)) } } }
            }
        }
    }
}

fn one_gap(gap: &Gap) -> Markup {
    html! {
        (host_text(&gap.path))
        @if let Some(line) = gap.line { ":" (line) }
        @if let Some(detail) = &gap.detail { " " span.quiet { (host_text(&escape(detail))) } }
    }
}

pub(super) fn coverage(report: &Report, lang: Lang) -> Markup {
    html! {
        section #coverage {
            h2 { (lang.word("Looked at")) }
            div.wide {
                table {
                    thead {
                        tr {
                            th scope="col" { (lang.word("Plugin")) }
                            th.number scope="col" { (lang.word("Items")) }
                            th.number scope="col" { (lang.word("Findings")) }
                            th.number scope="col" { (lang.word("Gaps")) }
                            th.number scope="col" { (lang.word("Time")) }
                            th scope="col" { (lang.word("Result")) }
                        }
                    }
                    tbody {
                        @for row in &report.coverage {
                            tr.(status_class(row.status)) {
                                th scope="row" { (escape(&row.plugin)) }
                                td.number { (row.items) }
                                td.number { (row.findings) }
                                td.number { (row.gaps) }
                                td.number { (row.ms) " ms" }
                                td {
                                    (lang.word(status_word(row.status)))
                                    @if let Some(why) = &row.why { " (" (escape(why)) ")" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn status_class(status: Status) -> &'static str {
    match status {
        Status::Ran => "ran",
        Status::Partial => "partial",
        Status::Skipped => "skipped",
        Status::Failed => "failed",
    }
}

/// The tool, the packs it believed, and how far it was kept to reading.
pub(super) fn standing(report: &Report, lang: Lang) -> Markup {
    let run = &report.run;
    let unknown = || lang.word("unknown").to_owned();
    let sha256 = report.tool.sha256.clone().unwrap_or_else(unknown);
    html! {
        section #standing {
            h2 { (lang.word("What it stands on")) }
            dl.facts {
                dt { "coroner" } dd { (escape(&report.tool.version)) }
                dt { (lang.word("SHA-256 of the tool")) } dd { (host_text(&escape(&sha256))) }
                @if let Some(medium) = &report.tool.medium {
                    dt { (lang.word("SHA-256 of its medium's manifest")) }
                    dd { (host_text(&escape(medium))) }
                }
                dt { (lang.word("Host id")) } dd { (host_text(&escape(&report.host.id))) }
                dt { (lang.word("Started, finished")) }
                dd { (run.started) ", " (run.finished) }
                dt { (lang.word("Kept to reading by the kernel")) }
                dd { (lang.word(enforced_word(run.read_only))) }
                dt { (lang.word("Access times kept")) } dd { (lang.word(atime_word(run.keeps_atime))) }
                @if let Some(verified) = &run.verified {
                    dt { (lang.word("Packaged files")) }
                    dd { @for said in verified_files(verified, lang) { p { (said) } } }
                }
                dt { (lang.word("Baselines")) }
                dd {
                    @if report.tool.baselines.is_empty() { p { (lang.word("none")) } }
                    @for used in &report.tool.baselines {
                        p {
                            (host_text(&escape(&used.name))) " · "
                            (lang.word(if used.trusted { "trusted" } else { "not trusted" })) " · "
                            (host_text(&escape(&used.sha256)))
                            @if let Some(key) = &used.key { " · " (host_text(&escape(key))) }
                        }
                    }
                }
            }
        }
    }
}
