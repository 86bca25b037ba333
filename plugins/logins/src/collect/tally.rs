//! Events folded as they come, so that a host with a million failures has few items.

mod emit;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use coroner_core::{HostPath, Text};

use crate::items::{AccountDeed, Source};

/// Whether a record's line is a terminal: FTP servers and desktops write records of their own,
/// and RHEL's PAM notes commands over ssh, under other names.
pub(crate) fn is_terminal(line: &[u8]) -> bool {
    line.starts_with(b"pts/") || line.starts_with(b"tty")
}

/// Where something is written.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) file: HostPath,
    pub(crate) line: u32,
}

/// How often and when.
struct Span {
    count: u64,
    first: i64,
    last: i64,
    place: Place,
}

impl Span {
    fn new(when: i64, place: &Place) -> Self {
        Self { count: 0, first: when, last: when, place: place.clone() }
    }

    fn add(&mut self, when: i64, times: u32, place: &Place) {
        self.count = self.count.saturating_add(u64::from(times));
        if when < self.first {
            self.first = when;
            self.place = place.clone();
        }
        self.last = self.last.max(when);
    }
}

impl Span {
    /// Takes another span into this one.
    fn absorb(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        if other.first < self.first {
            self.first = other.first;
            self.place = other.place.clone();
        }
        self.last = self.last.max(other.last);
    }
}

/// Somebody came in.
pub(crate) struct Accepted<'a> {
    pub(crate) source: Source,
    pub(crate) when: i64,
    pub(crate) user: &'a [u8],
    pub(crate) from: &'a [u8],
    pub(crate) method: &'a [u8],
    pub(crate) key: Option<&'a [u8]>,
    /// Every source of logins over the network would have it.
    pub(crate) comparable: bool,
}

/// Somebody was turned away.
pub(crate) struct Refused<'a> {
    pub(crate) source: Source,
    pub(crate) when: i64,
    pub(crate) user: &'a [u8],
    pub(crate) from: &'a [u8],
    pub(crate) times: u32,
}

/// One login, kept apart so that sources can be compared.
pub(crate) struct Arrival {
    pub(crate) when: i64,
    pub(crate) user: Text,
    pub(crate) from: Text,
    pub(crate) place: Place,
    /// The time may be off by a whole zone: the line had no year and no offset.
    pub(crate) vague: bool,
}

struct Comings {
    span: Span,
    keys: BTreeSet<Text>,
    failed_before: u64,
    seconds: Option<u64>,
}

struct Failures {
    span: Span,
    tried: BTreeSet<Text>,
    /// The latest hours with failures, and how many each had.
    hours: BTreeMap<i64, u64>,
}

/// By what, who, as whom, which program, granted.
type Elevated = (Text, Text, Text, Text, bool);
/// What was done, to whom, and more on it.
type Deed = (AccountDeed, Text, Text);

/// The addresses that failed in one source.
#[derive(Default)]
struct Addresses {
    known: HashMap<Text, Failures>,
    /// Failures since those that cannot matter any more were last dropped.
    since_pruning: usize,
}

/// Who, from where, how.
type Who = (Source, Text, Text, Text);

/// What was seen, by source.
#[derive(Default)]
pub(crate) struct Tally {
    comings: HashMap<Who, Comings>,
    failures: HashMap<Source, Addresses>,
    unlisted: HashMap<Source, Span>,
    arrivals: HashMap<Source, Vec<Arrival>>,
    activity: HashMap<Source, BTreeMap<i64, u64>>,
    elevations: HashMap<(Elevated, Source), (Span, Text)>,
    deeds: HashMap<(Deed, Source), Span>,
    full: bool,
}

const MOST_COMINGS: usize = 20_000;
/// Addresses with failures followed at once, in each source.
const MOST_ADDRESSES: usize = 30_000;
/// An address with as many failures is kept however many others there are.
const SERIOUS: u64 = 20;
const MOST_ARRIVALS: usize = 100_000;
const MOST_HOURS: usize = 100_000;
const MOST_DEEDS: usize = 20_000;
/// Names or keys kept as examples.
const EXAMPLES: usize = 8;
/// Hours of failures kept per address.
const HOURS_OF_ONE: usize = 48;
const HOUR: i64 = 3600;

impl Tally {
    /// Somebody came in.
    pub(crate) fn accepted(&mut self, event: &Accepted<'_>, place: &Place, vague: bool) {
        let (user, from) = (Text::from(event.user), Text::from(event.from));
        let failed_before = self.failed_before(event.source, &from, event.when);
        let who = (event.source, user.clone(), from.clone(), Text::from(event.method));
        let full = self.comings.len() >= MOST_COMINGS;
        if full && !self.comings.contains_key(&who) {
            self.full = true;
            return;
        }
        let coming = self.comings.entry(who).or_insert_with(|| Comings {
            span: Span::new(event.when, place),
            keys: BTreeSet::new(),
            failed_before: 0,
            seconds: None,
        });
        coming.span.add(event.when, 1, place);
        coming.failed_before = coming.failed_before.max(failed_before);
        if let Some(key) = event.key.filter(|_| coming.keys.len() < EXAMPLES) {
            coming.keys.insert(Text::from(key));
        }
        let arrivals = self.arrivals.entry(event.source).or_default();
        if event.comparable && arrivals.len() < MOST_ARRIVALS {
            arrivals.push(Arrival { when: event.when, user, from, place: place.clone(), vague });
        }
    }

    /// A session of that person ended after so many seconds.
    pub(crate) fn stayed(&mut self, source: Source, user: &Text, from: &Text, seconds: u64) {
        let who = (source, user.clone(), from.clone(), Text::from("session"));
        if let Some(coming) = self.comings.get_mut(&who) {
            coming.seconds = Some(coming.seconds.unwrap_or(0).saturating_add(seconds));
        }
    }

    /// Somebody was turned away.
    pub(crate) fn refused(&mut self, event: &Refused<'_>, place: &Place) {
        let from = Text::from(event.from);
        let addresses = self.failures.entry(event.source).or_default();
        addresses.since_pruning = addresses.since_pruning.saturating_add(1);
        let known = addresses.known.contains_key(&from);
        let full = !known && addresses.known.len() >= MOST_ADDRESSES;
        if full && addresses.since_pruning > MOST_ADDRESSES / 8 {
            let others = self.unlisted.entry(event.source);
            prune(addresses, others.or_insert_with(|| Span::new(event.when, place)), event.when);
        }
        if !known && addresses.known.len() >= MOST_ADDRESSES {
            let others = self.unlisted.entry(event.source);
            others.or_insert_with(|| Span::new(event.when, place)).add(
                event.when,
                event.times,
                place,
            );
            return;
        }
        let failures = addresses.known.entry(from).or_insert_with(|| Failures {
            span: Span::new(event.when, place),
            tried: BTreeSet::new(),
            hours: BTreeMap::new(),
        });
        failures.span.add(event.when, event.times, place);
        if failures.tried.len() < EXAMPLES && !event.user.is_empty() {
            failures.tried.insert(Text::from(event.user));
        }
        let hour = failures.hours.entry(event.when.div_euclid(HOUR)).or_default();
        *hour = hour.saturating_add(u64::from(event.times));
        if failures.hours.len() > HOURS_OF_ONE {
            failures.hours.pop_first();
        }
    }

    /// Failures from an address in the hour of a login and the hour before. btmp is read whole
    /// before wtmp, so failures later in the same hour count there too.
    fn failed_before(&self, source: Source, from: &Text, when: i64) -> u64 {
        let hour = when.div_euclid(HOUR);
        let failures = self.failures.get(&source).and_then(|addresses| addresses.known.get(from));
        failures.map_or(0, |failures| {
            failures.hours.range(hour.saturating_sub(1)..=hour).map(|(_, count)| count).sum()
        })
    }

    /// A source had a message that any complete source of its kind would have.
    pub(crate) fn active(&mut self, source: Source, when: i64) {
        let hours = self.activity.entry(source).or_default();
        let hour = when.div_euclid(HOUR);
        if hours.len() < MOST_HOURS || hours.contains_key(&hour) {
            let count = hours.entry(hour).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// sudo or su was used or refused.
    pub(crate) fn elevated(
        &mut self,
        source: Source,
        who: Elevated,
        command: &[u8],
        when: i64,
        place: &Place,
    ) {
        let who = (who, source);
        if self.elevations.len() >= MOST_DEEDS && !self.elevations.contains_key(&who) {
            self.full = true;
            return;
        }
        let command = command.get(..1024).unwrap_or(command);
        let fold = self.elevations.entry(who);
        let (span, _) = fold.or_insert_with(|| (Span::new(when, place), Text::from(command)));
        span.add(when, 1, place);
    }

    /// An account or a group was changed.
    pub(crate) fn deed(&mut self, source: Source, what: Deed, when: i64, place: &Place) {
        let what = (what, source);
        if self.deeds.len() >= MOST_DEEDS && !self.deeds.contains_key(&what) {
            self.full = true;
            return;
        }
        self.deeds.entry(what).or_insert_with(|| Span::new(when, place)).add(when, 1, place);
    }

    pub(crate) fn arrivals(&self, source: Source) -> &[Arrival] {
        self.arrivals.get(&source).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn activity(&self, source: Source) -> Option<&BTreeMap<i64, u64>> {
        self.activity.get(&source)
    }
}

/// Makes room: drops addresses that were silent for two hours after a few failures. A flood of
/// addresses cannot push out the one that guesses on.
fn prune(addresses: &mut Addresses, others: &mut Span, now: i64) {
    addresses.since_pruning = 0;
    addresses.known.retain(|_, failures| {
        let fresh = now.saturating_sub(failures.span.last) < 2 * HOUR;
        let keep = fresh || failures.span.count >= SERIOUS;
        if !keep {
            others.absorb(&failures.span);
        }
        keep
    });
}
