//! What one source has and another lacks, where both cover the time.

use std::collections::BTreeMap;

use coroner_core::{Cx, HostPath, Text, Time};

use super::tally::{Arrival, Tally};
use crate::items::{LogHole, Mismatch, Source};

pub(super) fn sources(cx: &mut Cx<'_>, tally: &Tally) {
    for (present, absent, pick, slack) in COMPARISONS {
        let there: Vec<&Arrival> = tally.arrivals(present).iter().filter(|a| pick(a)).collect();
        let Some(mut covered) = Covered::new(tally, absent) else { continue };
        // These are the latest logins: what is newer than the last one in wtmp is what was cut off.
        if matches!(present, Source::Lastlog | Source::Utmp) {
            covered.last = i64::MAX;
        }
        mismatches(cx, (present, absent), &there, &covered, slack);
    }
    stale_lastlog(cx, tally);
    for (silent, other) in [(Source::AuthLog, Source::Journal), (Source::Journal, Source::AuthLog)]
    {
        if let (Some(quiet), Some(loud)) = (tally.activity(silent), tally.activity(other)) {
            holes(cx, (silent, other), quiet, loud);
        }
    }
}

/// Picks the arrivals that both sources would have.
type Pick = fn(&Arrival) -> bool;

/// Who has it, who lacks it, which arrivals both would have, and how many seconds apart they may
/// write it. A command over ssh without a terminal is in the logs and not in wtmp, so that
/// direction is not compared; terminals of tmux and xterm have no address.
const COMPARISONS: [(Source, Source, Pick, i64); 8] = [
    (Source::Wtmp, Source::AuthLog, has_address, 120),
    (Source::Wtmp, Source::Journal, has_address, 120),
    (Source::Wtmpdb, Source::AuthLog, has_address, 120),
    (Source::Wtmpdb, Source::Journal, has_address, 120),
    (Source::AuthLog, Source::Journal, has_address, 30),
    (Source::Journal, Source::AuthLog, has_address, 30),
    (Source::Utmp, Source::Wtmp, has_address, 30),
    (Source::Lastlog, Source::Wtmp, has_address, 30),
];

fn has_address(arrival: &Arrival) -> bool {
    arrival.from.as_str().is_some_and(|text| text.parse::<std::net::IpAddr>().is_ok())
}

/// The logins of a source as a set of times per account, and the time it covers.
struct Covered {
    by_user: BTreeMap<Text, Vec<i64>>,
    first: i64,
    last: i64,
    vague: bool,
}

impl Covered {
    /// `None` when the source has no login at all: it may not record any.
    fn new(tally: &Tally, source: Source) -> Option<Self> {
        let arrivals = tally.arrivals(source);
        let mut first = arrivals.iter().map(|arrival| arrival.when).min()?;
        let mut last = arrivals.iter().map(|arrival| arrival.when).max()?;
        // Other messages of the same programs show that the source was kept then.
        if let Some(hours) = tally.activity(source) {
            let (opening, closing) = (hours.first_key_value()?.0, hours.last_key_value()?.0);
            first = first.min(opening.saturating_add(1).saturating_mul(HOUR));
            last = last.max(closing.saturating_mul(HOUR));
        }
        let vague = arrivals.iter().any(|arrival| arrival.vague);
        let mut by_user: BTreeMap<Text, Vec<i64>> = BTreeMap::new();
        for arrival in arrivals {
            by_user.entry(arrival.user.clone()).or_default().push(arrival.when);
        }
        for times in by_user.values_mut() {
            times.sort_unstable();
        }
        Some(Self { by_user, first, last, vague })
    }

    fn has(&self, user: &Text, when: i64, slack: i64) -> bool {
        let Some(times) = self.by_user.get(user) else { return false };
        let at = times.partition_point(|&time| time < when.saturating_sub(slack));
        times.get(at).is_some_and(|&time| time <= when.saturating_add(slack))
    }

    /// Strictly inside: at its edges a source may have begun or stopped for its own reasons.
    fn covers(&self, when: i64, slack: i64) -> bool {
        when > self.first.saturating_add(slack) && when < self.last.saturating_sub(slack)
    }
}

fn mismatches(
    cx: &mut Cx<'_>,
    (present, absent): (Source, Source),
    there: &[&Arrival],
    covered: &Covered,
    slack: i64,
) {
    let (mut agreed, mut missing) = (0_u64, Vec::new());
    for arrival in there {
        if covered.has(&arrival.user, arrival.when, slack) {
            agreed = agreed.saturating_add(1);
        } else if covered.covers(arrival.when, slack) {
            missing.push(*arrival);
        }
    }
    // A zone guessed wrongly moves every line; then nothing agrees and nothing is known.
    let vague = covered.vague || there.iter().any(|arrival| arrival.vague);
    if vague && agreed == 0 {
        return;
    }
    for item in fold((present, absent), &missing, agreed) {
        cx.emit(item);
    }
}

fn fold(
    (present_in, absent_from): (Source, Source),
    missing: &[&Arrival],
    agreed: u64,
) -> Vec<Mismatch> {
    let mut folds: BTreeMap<(&Text, &Text), Mismatch> = BTreeMap::new();
    for arrival in missing {
        let when = Time::from_seconds(arrival.when);
        let fold = folds.entry((&arrival.user, &arrival.from)).or_insert_with(|| Mismatch {
            present_in,
            file: arrival.place.file.clone(),
            line: arrival.place.line,
            absent_from,
            user: arrival.user.clone(),
            from: arrival.from.clone(),
            count: 0,
            first: when,
            last: when,
            agreed,
        });
        fold.count = fold.count.saturating_add(1);
        fold.first = fold.first.min(when);
        fold.last = fold.last.max(when);
    }
    folds.into_values().collect()
}

/// sshd writes lastlog with each session on a terminal: a later login in wtmp was taken out of
/// lastlog, if lastlog was still being written then.
fn stale_lastlog(cx: &mut Cx<'_>, tally: &Tally) {
    let lastlog = tally.arrivals(Source::Lastlog);
    let mut latest: BTreeMap<&Text, &Arrival> = BTreeMap::new();
    for arrival in tally.arrivals(Source::Wtmp).iter().filter(|arrival| has_address(arrival)) {
        let kept = latest.entry(&arrival.user).or_insert(arrival);
        if kept.when < arrival.when {
            *kept = arrival;
        }
    }
    let noted =
        |user: &Text| lastlog.iter().find(|login| login.user == *user).map(|login| login.when);
    let stale = latest.into_values().filter(|arrival| {
        let written_later =
            lastlog.iter().any(|login| login.user != arrival.user && login.when > arrival.when);
        written_later
            && noted(&arrival.user).is_none_or(|when| when < arrival.when.saturating_sub(30))
    });
    let stale: Vec<&Arrival> = stale.collect();
    for item in fold((Source::Wtmp, Source::Lastlog), &stale, lastlog.len() as u64) {
        cx.emit(item);
    }
}

const HOUR: i64 = 3600;
/// An hour with fewer messages says nothing about its neighbour's silence.
const LOUD: u64 = 3;
/// Messages that a hole must have swallowed in all.
const SWALLOWED: u64 = 10;

/// Runs of hours in which one source is silent and the other has what both get. Whole hours, with
/// the silent one alive on both sides: rate limits and restarts do not last that long.
fn holes(
    cx: &mut Cx<'_>,
    (silent, other): (Source, Source),
    quiet: &BTreeMap<i64, u64>,
    loud: &BTreeMap<i64, u64>,
) {
    let (Some((&start, _)), Some((&end, _))) = (quiet.first_key_value(), quiet.last_key_value())
    else {
        return;
    };
    let file = match silent {
        Source::AuthLog => "/var/log/auth.log",
        _ => "/var/log/journal",
    };
    let mut runs: Vec<(i64, i64, u64)> = Vec::new();
    for (&hour, &messages) in loud.range(start..=end) {
        if quiet.contains_key(&hour) || messages < LOUD {
            continue;
        }
        match runs.last_mut() {
            Some((_, to, sum)) if quiet.range(*to..hour).next().is_none() => {
                *to = hour;
                *sum = sum.saturating_add(messages);
            }
            _ => runs.push((hour, hour, messages)),
        }
    }
    for (from, to, messages) in runs.into_iter().filter(|(.., sum)| *sum >= SWALLOWED).take(64) {
        let (from, to) = (from.saturating_mul(HOUR), to.saturating_add(1).saturating_mul(HOUR));
        let (from, to) = (Time::from_seconds(from), Time::from_seconds(to));
        cx.emit(LogHole { silent, other, file: HostPath::new(file), from, to, messages });
    }
}
