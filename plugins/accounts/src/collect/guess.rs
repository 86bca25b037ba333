//! Weak passwords: a few guesses for each usable hash, bounded by counted work and not by a clock,
//! so that the same host gives the same answer.

use coroner_core::{Blocked, Cx, HostPath, Scope, Text};
use coroner_parse::account::{CannotCheck, cost, verify};

use crate::items::{Account, Guess};

/// Passwords that intruders try first, the most common ones before the rest.
const COMMON: &[&str] = &[
    "password",
    "123456",
    "admin",
    "root",
    "toor",
    "changeme",
    "12345678",
    "password123",
    "1234",
    "P@ssw0rd",
    "12345",
    "123456789",
    "test",
    "qwerty",
    "default",
    "letmein",
    "welcome",
    "Password1",
    "admin123",
    "root123",
    "passw0rd",
    "1q2w3e4r",
    "111111",
    "123123",
    "abc123",
    "000000",
    "secret",
    "server",
    "ubuntu",
    "debian",
    "centos",
    "vagrant",
    "raspberry",
    "guest",
    "backdoor",
    "hacker",
    "h4x0r",
    "pass",
    "pass123",
    "passwd",
    "test123",
    "user",
    "oracle",
    "postgres",
    "qwerty123",
    "iloveyou",
    "dragon",
    "monkey",
    "master",
    "1qaz2wsx",
    "qazwsx",
    "zxcvbnm",
    "asdfgh",
    "654321",
    "666666",
    "888888",
    "P@ssword1",
    "Welcome1",
    "Admin@123",
    "Passw0rd!",
    "changeit",
    "linux",
    "support",
    "system",
    "temp",
    "temp123",
    "public",
    "private",
    "superuser",
    "administrator",
    "nopassword",
    "calvin",
    "ubnt",
    "alpine",
    "kali",
    "live",
];

/// Microseconds of work without a word list, by scope.
const QUICK: u64 = 400_000;
const STANDARD: u64 = 2_000_000;
const FULL: u64 = 20_000_000;
/// And with one: whoever brings a list wants it tried.
const WITH_LIST: u64 = 30_000_000;

/// An account under test.
struct Target {
    index: usize,
    hash: Vec<u8>,
    cost: u64,
    own: Vec<Vec<u8>>,
}

/// `hashes` are told by their account's place in `accounts`.
pub(super) fn guess(cx: &mut Cx<'_>, accounts: &mut [Account], hashes: Vec<(usize, Vec<u8>)>) {
    let mut targets = Vec::new();
    for (index, hash) in hashes {
        let Some(account) = accounts.get(index) else { continue };
        match cost(&hash) {
            Ok(cost) => {
                let own = variants(account.name.as_bytes());
                targets.push(Target { index, hash, cost, own });
            }
            Err(reason) => cannot(cx, &account.name, reason),
        }
    }
    if !targets.is_empty() {
        run(cx, accounts, targets);
    }
}

/// One guess for each account in turn, so that the first account does not use up the work.
fn run(cx: &mut Cx<'_>, accounts: &mut [Account], mut targets: Vec<Target>) {
    let words: Vec<Text> = cx.options().wordlist.clone();
    let mut work = budget(cx.options().scope, !words.is_empty());
    let rounds =
        targets.iter().map(|t| t.own.len()).max().unwrap_or(0) + COMMON.len() + words.len();
    for round in 0..rounds {
        let mut left = Vec::new();
        for target in targets {
            let Some((candidate, kind)) = candidate(&target, round, &words) else { continue };
            if target.cost > work || cx.deadline().is_over() {
                untried(cx, accounts, &target, rounds - round);
                continue;
            }
            work -= target.cost;
            match verify(&target.hash, candidate) {
                Ok(true) => {
                    if let Some(account) = accounts.get_mut(target.index) {
                        account.password.guess = Some(kind);
                    }
                }
                Ok(false) => left.push(target),
                Err(reason) => {
                    let name = accounts.get(target.index).map(|account| account.name.clone());
                    cannot(cx, &name.unwrap_or_default(), reason);
                }
            }
        }
        targets = left;
    }
}

fn budget(scope: Scope, with_list: bool) -> u64 {
    let usual = match scope {
        Scope::Quick => QUICK,
        Scope::Standard => STANDARD,
        Scope::Full => FULL,
    };
    if with_list { usual.max(WITH_LIST) } else { usual }
}

/// The account's own variants first, then the common ones, then the given ones.
fn candidate<'a>(target: &'a Target, round: usize, words: &'a [Text]) -> Option<(&'a [u8], Guess)> {
    if let Some(own) = target.own.get(round) {
        return Some((own, Guess::Name));
    }
    let round = round - target.own.len();
    if let Some(common) = COMMON.get(round) {
        return Some((common.as_bytes(), Guess::Common));
    }
    words.get(round - COMMON.len()).map(|word| (word.as_bytes(), Guess::Wordlist))
}

fn variants(name: &[u8]) -> Vec<Vec<u8>> {
    if name.is_empty() {
        return Vec::new();
    }
    let mut capital = name.to_vec();
    if let Some(first) = capital.first_mut() {
        first.make_ascii_uppercase();
    }
    let with = |tail: &[u8]| [name, tail].concat();
    let reversed: Vec<u8> = name.iter().rev().copied().collect();
    let mut out = vec![name.to_vec(), with(b"123"), with(b"1"), capital, reversed, with(b"1234")];
    out.dedup();
    out
}

fn cannot(cx: &mut Cx<'_>, name: &Text, reason: CannotCheck) {
    let detail = format!("weak passwords were not tried for {name}: {reason}");
    cx.minor_gap(&HostPath::new("/etc/shadow"), Blocked::Unsupported, detail);
}

fn untried(cx: &mut Cx<'_>, accounts: &[Account], target: &Target, left: usize) {
    let name = accounts.get(target.index).map(|account| account.name.clone()).unwrap_or_default();
    let detail =
        format!("{left} guesses at the password of {name} were not tried: its hash is slow");
    cx.minor_gap(&HostPath::new("/etc/shadow"), Blocked::OutOfTime, detail);
}
