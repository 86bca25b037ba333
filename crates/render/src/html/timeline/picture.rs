//! The picture: a row for each lane, a bar for each stretch of time, as high as its events are many.

use coroner_core::Time;
use maud::{Markup, html};

use super::events::{Event, Lane};
use crate::Lang;

/// Units of the drawing.
const WIDTH: i64 = 1000;
const LEFT: i64 = 190;
const ROW: i64 = 38;
const TOP: i64 = 8;
const BARS: i64 = 135;
const TICKS: i64 = 5;
/// The width of a bar's stretch.
const STEP: i64 = (WIDTH - LEFT) / BARS;

pub(super) fn svg(events: &[&Event<'_>], first: i64, last: i64, lang: Lang) -> Markup {
    let lanes: Vec<Lane> = Lane::ALL
        .into_iter()
        .filter(|lane| events.iter().any(|event| event.lane == *lane))
        .collect();
    let rows = i64::try_from(lanes.len()).unwrap_or(0);
    let bottom = TOP + rows * ROW;
    let about = lang.fill(
        "{0} events between {1} and {2}",
        &[&events.len(), &Time::from_seconds(first), &Time::from_seconds(last)],
    );
    html! {
        div.wide {
            svg.timeline viewBox={ "0 0 " (WIDTH + 10) " " (bottom + 30) } role="img" aria-label=(about) {
                @for tick in 0..=TICKS { (tick_at(tick, first, last, bottom)) }
                @for (row, lane) in (0..).zip(&lanes) {
                    (lane_row(events, *lane, TOP + row * ROW, (first, last), lang))
                }
            }
        }
    }
}

fn tick_at(tick: i64, first: i64, last: i64, bottom: i64) -> Markup {
    let x = LEFT + (WIDTH - LEFT) * tick / TICKS;
    let at = Time::from_seconds(first + (last - first) * tick / TICKS).to_string();
    let (day, clock) = at.split_once('T').unwrap_or((&at, ""));
    let clock = clock.get(..5).unwrap_or_default();
    let anchor = match tick {
        0 => "start",
        TICKS => "end",
        _ => "middle",
    };
    html! {
        line.tick x1=(x) x2=(x) y1=(TOP) y2=(bottom) {}
        text.time x=(x) y=(bottom + 14) text-anchor=(anchor) { (day) }
        text.time x=(x) y=(bottom + 26) text-anchor=(anchor) { (clock) }
    }
}

fn lane_row(
    events: &[&Event<'_>],
    row: Lane,
    y: i64,
    (first, last): (i64, i64),
    lang: Lang,
) -> Markup {
    let mut bars: Vec<Vec<&Event<'_>>> = (0..=BARS).map(|_| Vec::new()).collect();
    for event in events.iter().filter(|event| event.lane == row) {
        let at = (event.at.seconds() - first) * BARS / (last - first).max(1);
        let bar = usize::try_from(at).ok().and_then(|at| bars.get_mut(at));
        if let Some(bar) = bar {
            bar.push(event);
        }
    }
    let most = bars.iter().map(Vec::len).max().unwrap_or(1);
    html! {
        g class={ "lane " (row.class()) } {
            text.name x=(LEFT - 10) y=(y + 24) text-anchor="end" { (lang.word(row.name())) }
            line.base x1=(LEFT) x2=(WIDTH) y1=(y + ROW - 4) y2=(y + ROW - 4) {}
            @for (at, bar) in (0..).zip(&bars) {
                @if !bar.is_empty() { (one_bar(bar, most, LEFT + at * STEP, y, lang)) }
            }
        }
    }
}

/// Heights grow with the number of digits, so that one event beside a thousand still shows.
fn one_bar(bar: &[&Event<'_>], most: usize, x: i64, y: i64, lang: Lang) -> Markup {
    let digits = |count: usize| i64::from((count * 4).max(1).ilog2());
    let height = ((ROW - 8) * digits(bar.len()) / digits(most).max(1)).max(6);
    let named: Vec<String> =
        bar.iter().take(4).map(|event| format!("{} {}", event.what, event.detail)).collect();
    let first = bar.first().map(|event| event.at.to_string()).unwrap_or_default();
    let more = match bar.len().saturating_sub(4) {
        0 => String::new(),
        more => lang.fill("and {0} more", &[&more]),
    };
    html! {
        rect x=(x) y=(y + ROW - 4 - height) width=(STEP - 1) height=(height) rx="1" {
            title { (first) "\n" (named.join("\n")) "\n" (more) }
        }
    }
}
