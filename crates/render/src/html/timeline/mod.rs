//! When things happened around the findings: a picture, and the same as a list.

mod events;
mod picture;

use coroner_core::Report;
use maud::{Markup, html};

use crate::Lang;
use crate::page::host_text;
use events::{Event, Lane};

/// Events of the list; all are among the items.
const LISTED: usize = 300;

pub(super) fn section(report: &Report, lang: Lang) -> Markup {
    let events = events::of(report);
    let (first, last) = window(&events, report.run.finished.seconds());
    let (inside, outside): (Vec<_>, Vec<_>) =
        events.iter().partition(|event| (first..=last).contains(&event.at.seconds()));
    let earlier = outside.iter().filter(|event| event.at.seconds() < first).count();
    let later = outside.len() - earlier;
    html! {
        section #timeline {
            h2 { (lang.word("Timeline")) }
            @if inside.is_empty() {
                p.quiet { (lang.word("No item of this report has a time.")) }
            } @else {
                p.quiet {
                    (lang.word(
                        "Times in UTC. Files are placed by the last change of their inode, which no ordinary program can set."
                    ))
                    " "
                    (lang.fill("{0} events are earlier than the picture, {1} are later.", &[&earlier, &later]))
                }
                (picture::svg(&inside, first, last, lang))
                (list(&inside, lang))
            }
        }
    }
}

/// The time around the findings, with as much before and after; all times when no finding has one.
fn window(events: &[Event<'_>], now: i64) -> (i64, i64) {
    let times = |findings: bool| {
        let chosen = events.iter().filter(move |e| !findings || e.lane == Lane::Finding);
        let seconds = chosen.map(|event| event.at.seconds()).filter(|&at| at <= now + 86_400);
        seconds.fold(None, |span: Option<(i64, i64)>, at| {
            Some(span.map_or((at, at), |(first, last)| (first.min(at), last.max(at))))
        })
    };
    let Some((first, last)) = times(true).or_else(|| times(false)) else { return (now, now) };
    let room = ((last - first) / 4).max(3600);
    (first - room, last + room)
}

fn list(inside: &[&Event<'_>], lang: Lang) -> Markup {
    let marked: Vec<_> = inside.iter().filter(|event| event.lane != Lane::Package).collect();
    html! {
        details.more {
            summary { (lang.fill("The same as a list ({0} events, without packaged files)", &[&marked.len()])) }
            @if marked.len() > LISTED {
                p { (lang.fill("The first {0}; all are among the items.", &[&LISTED])) }
            }
            ol.events {
                @for event in marked.into_iter().take(LISTED) {
                    li.(event.lane.class()) {
                        time { (event.at) } " "
                        span.lane { (lang.word(event.lane.name())) } " "
                        (host_text(event.what)) " " span.quiet { (event.detail) }
                    }
                }
            }
        }
    }
}
