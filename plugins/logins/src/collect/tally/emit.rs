//! What was folded, as items.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use coroner_core::{Blocked, Cx, HostPath, Network, Text, Time};

use super::{Addresses, Elevated, Place, Span, Tally};
use crate::collect::LOG_DIR;
use crate::collect::accounts::Accounts;
use crate::items::{AccountEvent, Elevation, Login, Outcome, Source, Standing};

/// Addresses with failures that become items, the worst ones; the others share one.
const LISTED_ADDRESSES: usize = 200;

impl Tally {
    /// Turns all of it into items.
    pub(crate) fn emit(self, cx: &mut Cx<'_>, accounts: &Accounts) {
        if self.full {
            let words = "more distinct logins or commands than a report keeps";
            cx.gap_because(&HostPath::new(LOG_DIR), Blocked::TooLarge, words);
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
    failures: HashMap<Source, Addresses>,
    mut unlisted: HashMap<Source, Span>,
) {
    let each = failures.into_iter().flat_map(|(source, addresses)| {
        addresses.known.into_iter().map(move |(from, failures)| ((source, from), failures))
    });
    let mut worst: Vec<_> = each.collect();
    worst.sort_by(|(a, left), (b, right)| (right.span.count, a).cmp(&(left.span.count, b)));
    let mut listed: HashMap<Source, usize> = HashMap::new();
    for ((source, from), failures) in worst {
        let count = listed.entry(source).or_default();
        *count = count.saturating_add(1);
        if *count > LISTED_ADDRESSES {
            let span = failures.span;
            let others = unlisted.entry(source);
            others.or_insert_with(|| Span::new(span.first, &span.place)).absorb(&span);
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
