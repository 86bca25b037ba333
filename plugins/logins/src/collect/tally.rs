//! Events folded as they come, so that a host with a million failures has few items.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use coroner_core::{Blocked, Cx, HostPath, Network, Text, Time};

use super::accounts::Accounts;
use crate::items::{AccountDeed, AccountEvent, Elevation, Login, Outcome, Source, Standing};

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

/// Who, from where, how.
type Who = (Source, Text, Text, Text);

/// What was seen, by source.
#[derive(Default)]
pub(crate) struct Tally {
    comings: HashMap<Who, Comings>,
    failures: HashMap<(Source, Text), Failures>,
    unlisted: HashMap<Source, Span>,
    arrivals: HashMap<Source, Vec<Arrival>>,
    activity: HashMap<Source, BTreeMap<i64, u64>>,
    elevations: HashMap<(Elevated, Source), (Span, Text)>,
    deeds: HashMap<(Deed, Source), Span>,
    full: bool,
}

const MOST_COMINGS: usize = 20_000;
const MOST_ADDRESSES: usize = 50_000;
const MOST_ARRIVALS: usize = 100_000;
const MOST_HOURS: usize = 100_000;
const MOST_DEEDS: usize = 20_000;
/// Addresses with failures that become items, the worst ones; the others share one.
const LISTED_ADDRESSES: usize = 200;
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
        let known = self.failures.contains_key(&(event.source, from.clone()));
        if !known && self.failures.len() >= MOST_ADDRESSES {
            let others = self.unlisted.entry(event.source);
            others.or_insert_with(|| Span::new(event.when, place)).add(
                event.when,
                event.times,
                place,
            );
            return;
        }
        let failures = self.failures.entry((event.source, from)).or_insert_with(|| Failures {
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
        let failures = self.failures.get(&(source, from.clone()));
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

    /// Turns all of it into items.
    pub(crate) fn emit(self, cx: &mut Cx<'_>, accounts: &Accounts) {
        if self.full {
            let words = "more distinct logins or commands than a report keeps";
            cx.gap_because(&HostPath::new(super::LOG_DIR), Blocked::TooLarge, words);
        }
        for ((source, user, from, method), coming) in self.comings {
            let standing = accounts.standing(user.as_bytes());
            let mut login = login(cx, source, Outcome::Accepted, from, coming.span);
            login.keys = coming.keys.into_iter().collect();
            login.failed_before = coming.failed_before;
            login.seconds = coming.seconds;
            cx.emit(Login { user, method, standing, ..login });
        }
        emit_failures(cx, self.failures, self.unlisted);
        emit_elevations(cx, fullest(self.elevations, |(span, _)| span.count));
        for ((deed, name, detail), span) in fullest(self.deeds, |span| span.count) {
            let standing = accounts.standing(name.as_bytes());
            let (first, last) = (Time::from_seconds(span.first), Time::from_seconds(span.last));
            let Place { file, line } = span.place;
            let count = span.count;
            cx.emit(AccountEvent { deed, name, detail, count, first, last, file, line, standing });
        }
    }
}

/// The log and the journal tell the same things; of each, what the fuller of the two says.
fn fullest<K: Ord, V>(folds: HashMap<(K, Source), V>, count: impl Fn(&V) -> u64) -> BTreeMap<K, V> {
    let mut sorted: Vec<_> = folds.into_iter().collect();
    sorted.sort_by(|((a, left), _), ((b, right), _)| (a, left).cmp(&(b, right)));
    let mut merged: BTreeMap<K, V> = BTreeMap::new();
    for ((key, _), value) in sorted {
        if merged.get(&key).is_none_or(|kept| count(kept) < count(&value)) {
            merged.insert(key, value);
        }
    }
    merged
}

fn emit_failures(
    cx: &mut Cx<'_>,
    failures: HashMap<(Source, Text), Failures>,
    mut unlisted: HashMap<Source, Span>,
) {
    let mut worst: Vec<_> = failures.into_iter().collect();
    worst.sort_by(|(a, left), (b, right)| (right.span.count, a).cmp(&(left.span.count, b)));
    let mut listed: HashMap<Source, usize> = HashMap::new();
    for ((source, from), failures) in worst {
        let count = listed.entry(source).or_default();
        *count = count.saturating_add(1);
        if *count > LISTED_ADDRESSES {
            let span = failures.span;
            let others = unlisted.entry(source);
            let others = others.or_insert_with(|| Span::new(span.first, &span.place));
            others.count = others.count.saturating_add(span.count);
            others.first = others.first.min(span.first);
            others.last = others.last.max(span.last);
            continue;
        }
        let tried = failures.tried.into_iter().collect();
        let login = login(cx, source, Outcome::Failed, from, failures.span);
        cx.emit(Login { tried, ..login });
    }
    for (source, span) in unlisted {
        let login = login(cx, source, Outcome::Failed, Text::from("other addresses"), span);
        cx.emit(login);
    }
}

fn emit_elevations(cx: &mut Cx<'_>, elevations: BTreeMap<Elevated, (Span, Text)>) {
    for ((by, user, target, program, granted), (span, command)) in elevations {
        let (first, last) = (Time::from_seconds(span.first), Time::from_seconds(span.last));
        let Place { file, line } = span.place;
        let count = span.count;
        cx.emit(Elevation {
            by,
            user,
            target,
            program,
            command,
            granted,
            count,
            first,
            last,
            file,
            line,
        });
    }
}

fn login(cx: &Cx<'_>, source: Source, outcome: Outcome, from: Text, span: Span) -> Login {
    let address = from.as_str().and_then(|text| text.parse::<IpAddr>().ok());
    let nets = &cx.options().trusted_nets;
    let inside = |address| nets.iter().any(|net| net.contains(address));
    Login {
        source,
        outcome,
        user: Text::default(),
        tried: Vec::new(),
        method: Text::default(),
        count: span.count,
        first: Time::from_seconds(span.first),
        last: Time::from_seconds(span.last),
        keys: Vec::new(),
        file: span.place.file,
        line: span.place.line,
        failed_before: 0,
        public: address.is_some_and(Network::is_public),
        trusted: address.filter(|_| !nets.is_empty()).map(inside),
        standing: Standing::Unknown,
        seconds: None,
        from,
    }
}
