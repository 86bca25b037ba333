//! Who came in.

use std::collections::BTreeSet;

use coroner_core::{Confidence, Draft, Findings, Items, Severity, Text, Time};

use crate::items::{
    AccountDeed, AccountEvent, JournalFile, LogFile, Login, Outcome, Source, Standing,
};
use crate::rules::{
    BASE_ACCOUNT_LOGIN, FROM_PUBLIC_ADDRESS, OUTSIDE_TRUSTED_NETS, ROOT_PASSWORD_FROM_PUBLIC,
    SERVICE_ACCOUNT_LOGIN, SUCCESS_AFTER_FAILURES, UNKNOWN_ACCOUNT_LOGIN,
};

/// Failures that no person makes before remembering a password.
const MANY: u64 = 20;

pub(super) fn judge(items: &Items, out: &mut Findings) {
    let removals = Removals::of(items);
    // Two sources tell of one login; the one that says most speaks.
    let mut logins: Vec<Login> =
        items.all::<Login>().filter(|login| login.outcome == Outcome::Accepted).collect();
    logins.sort_by_key(|login| (rank(login.source), login.first));
    let mut told = BTreeSet::new();
    for login in &logins {
        let mut once = |rule: &'static str| {
            let from = if rule == "account" { Text::default() } else { login.from.clone() };
            told.insert((rule, login.user.clone(), from))
        };
        if is_guessed(login) && once("guessed") {
            guessed(login, out);
        }
        if login.public && once("place") {
            place(login, out);
        }
        if once("account") {
            account(login, &removals, out);
        }
    }
}

fn rank(source: Source) -> u8 {
    match source {
        Source::AuthLog => 0,
        Source::Journal => 1,
        Source::Wtmpdb => 2,
        Source::Wtmp => 3,
        Source::Utmp => 4,
        Source::Lastlog2 => 5,
        Source::Lastlog => 6,
    }
}

fn say<'a>(draft: &'a mut Draft, login: &Login) -> &'a mut Draft {
    draft.at(&login.file, login.line).evidence("account", login.user.clone());
    if !login.from.is_empty() {
        draft.evidence("from", login.from.clone());
    }
    draft
        .evidence("method", login.method.clone())
        .evidence("times", login.count.to_string())
        .evidence("first", login.first.to_string())
        .evidence("last", login.last.to_string());
    for key in &login.keys {
        draft.evidence("key", key.clone());
    }
    draft
}

/// A key cannot be guessed: its owner's neighbours behind one address may fail as they like. wtmp
/// does not say how somebody came in.
fn by_password(login: &Login) -> bool {
    let method = login.method.as_bytes();
    method == b"password" || method == b"session" || method.starts_with(b"keyboard-interactive")
}

fn is_guessed(login: &Login) -> bool {
    login.failed_before >= MANY && by_password(login) && !login.from.is_empty()
}

fn guessed(login: &Login, out: &mut Findings) {
    let draft = say(out.raise(&SUCCESS_AFTER_FAILURES, login), login);
    draft.evidence("failures before", login.failed_before.to_string());
    // A proxy or a bastion stands for everybody behind it.
    if !login.public || login.trusted == Some(true) {
        draft.graded(Severity::Medium, Confidence::Possible);
    }
}

fn place(login: &Login, out: &mut Findings) {
    let password = login.method.as_bytes() == b"password"
        || login.method.as_bytes().starts_with(b"keyboard-interactive");
    if login.standing == Standing::Root && password && login.trusted != Some(true) {
        let draft = say(out.raise(&ROOT_PASSWORD_FROM_PUBLIC, login), login);
        if login.trusted == Some(false) {
            draft.graded(Severity::High, Confidence::Likely);
        }
    } else if login.trusted == Some(false) {
        say(out.raise(&OUTSIDE_TRUSTED_NETS, login), login);
    } else if login.trusted.is_none() {
        say(out.raise(&FROM_PUBLIC_ADDRESS, login), login);
    }
}

fn account(login: &Login, removals: &Removals, out: &mut Findings) {
    let rule = match login.standing {
        Standing::Base => &BASE_ACCOUNT_LOGIN,
        Standing::ShellLess => &SERVICE_ACCOUNT_LOGIN,
        Standing::Absent => return unknown_account(login, removals, out),
        _ => return,
    };
    say(out.raise(rule, login), login);
}

fn unknown_account(login: &Login, removals: &Removals, out: &mut Findings) {
    // Nothing clears a slot of lastlog when its account is removed, years ago perhaps.
    let lasting = matches!(login.source, Source::Lastlog | Source::Lastlog2);
    if lasting || login.user.is_empty() || removals.names.contains(&login.user) {
        return;
    }
    let draft = say(out.raise(&UNKNOWN_ACCOUNT_LOGIN, login), login);
    if removals.known_since.is_none_or(|since| since > login.last) {
        draft.graded(Severity::Low, Confidence::Possible);
    }
}

/// Accounts whose removal or renaming a log tells of, and since when a log would tell.
struct Removals {
    names: BTreeSet<Text>,
    known_since: Option<Time>,
}

impl Removals {
    fn of(items: &Items) -> Self {
        let gone = items
            .all::<AccountEvent>()
            .filter(|event| matches!(event.deed, AccountDeed::Deleted | AccountDeed::Renamed));
        let records = |file: &LogFile| matches!(file.log.name(), b"wtmp" | b"btmp" | b"utmp");
        let logs = items.all::<LogFile>().filter(|file| !records(file));
        let texts = logs.filter_map(|file| file.first);
        let journals = items.all::<JournalFile>().map(|file| file.first);
        Self {
            names: gone.map(|event| event.name).collect(),
            known_since: texts.chain(journals).min(),
        }
    }
}
