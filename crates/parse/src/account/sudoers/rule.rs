//! User specifications: who, where = (as whom) tags: what.

use super::members::{members, negations};
use super::scan::Scanner;
use super::{Grant, Member, SudoersRule};
use crate::Text;

type Reason = &'static str;

/// Each tag with the one that it takes back.
const TAGS: &[(&str, &str)] = &[
    ("NOPASSWD", "PASSWD"),
    ("NOEXEC", "EXEC"),
    ("NOSETENV", "SETENV"),
    ("NOLOG_INPUT", "LOG_INPUT"),
    ("NOLOG_OUTPUT", "LOG_OUTPUT"),
    ("NOMAIL", "MAIL"),
    ("NOFOLLOW", "FOLLOW"),
    ("NOINTERCEPT", "INTERCEPT"),
];

const OPTIONS: &[&[u8]] = &[
    b"ROLE",
    b"TYPE",
    b"PRIVS",
    b"LIMITPRIVS",
    b"APPARMOR_PROFILE",
    b"CWD",
    b"CHROOT",
    b"NOTBEFORE",
    b"NOTAFTER",
    b"TIMEOUT",
];

/// Names and options that the commands of one rule may hold together, inherited ones counted for
/// each command: a line of hosts times a line of commands must not fill the memory.
const MOST_INHERITED: usize = 50_000;

const DIGESTS: &[&[u8]] = &[b"sha224", b"sha256", b"sha384", b"sha512"];

/// What a command inherits from the one before it in its list.
#[derive(Clone, Default)]
struct Inherited {
    run_as: Option<Vec<Member>>,
    run_as_groups: Vec<Member>,
    tags: Vec<Text>,
    options: Vec<(Text, Text)>,
}

impl Inherited {
    fn size(&self) -> usize {
        let users = self.run_as.as_ref().map_or(0, Vec::len);
        users + self.run_as_groups.len() + self.tags.len() + self.options.len()
    }
}

pub(super) fn rule(scanner: &mut Scanner<'_>) -> Result<SudoersRule, Reason> {
    let users = members(scanner, b",=:()")?;
    let mut grants = Vec::new();
    loop {
        let hosts = members(scanner, b",=:()")?;
        if !scanner.eat(b"=") {
            return Err("rule without '='");
        }
        command_list(scanner, &hosts, &mut grants)?;
        if !scanner.eat(b":") {
            break;
        }
    }
    if scanner.at_end() { Ok(SudoersRule { users, grants }) } else { Err("text behind a rule") }
}

fn command_list(
    scanner: &mut Scanner<'_>,
    hosts: &[Member],
    grants: &mut Vec<Grant>,
) -> Result<(), Reason> {
    let mut inherited = Inherited::default();
    let mut held = 0usize;
    loop {
        run_as(scanner, &mut inherited)?;
        while option(scanner, &mut inherited)? || tag(scanner, &mut inherited.tags) {}
        let command = command(scanner)?;
        held = held.saturating_add(hosts.len()).saturating_add(inherited.size());
        if held > MOST_INHERITED {
            return Err("too many names");
        }
        let Inherited { run_as, run_as_groups, tags, options } = inherited.clone();
        let hosts = hosts.to_vec();
        grants.push(Grant { hosts, run_as, run_as_groups, tags, options, command });
        if !scanner.eat(b",") {
            return Ok(());
        }
    }
}

/// `(users)`, `(users:groups)`, `(:groups)` or `()`.
fn run_as(scanner: &mut Scanner<'_>, inherited: &mut Inherited) -> Result<(), Reason> {
    if !scanner.eat(b"(") {
        return Ok(());
    }
    let (mut users, mut groups) = (Vec::new(), Vec::new());
    if !matches!(scanner.peek(), Some(b':' | b')')) {
        users = members(scanner, b",:()=")?;
    }
    if scanner.eat(b":") && scanner.peek() != Some(b')') {
        groups = members(scanner, b",:()=")?;
    }
    if !scanner.eat(b")") {
        return Err("'(' without ')'");
    }
    inherited.run_as = Some(users);
    inherited.run_as_groups = groups;
    Ok(())
}

fn option(scanner: &mut Scanner<'_>, inherited: &mut Inherited) -> Result<bool, Reason> {
    let name = scanner.capitals();
    let mut ahead = scanner.clone();
    if !OPTIONS.contains(&name) || !ahead.eat(name) || !ahead.eat(b"=") {
        return Ok(false);
    }
    let value = ahead.word(b",").ok_or("option without a value")?;
    inherited.options.push((name.into(), value));
    *scanner = ahead;
    Ok(true)
}

/// Reads `TAG:` and takes back its opposite.
fn tag(scanner: &mut Scanner<'_>, tags: &mut Vec<Text>) -> bool {
    let name = scanner.capitals();
    let known = |(no, yes): &&(&str, &str)| no.as_bytes() == name || yes.as_bytes() == name;
    let Some((no, yes)) = TAGS.iter().find(known) else { return false };
    let mut ahead = scanner.clone();
    if !ahead.eat(name) || !ahead.eat(b":") {
        return false;
    }
    tags.retain(|set| *set != *no && *set != *yes);
    tags.push(name.into());
    *scanner = ahead;
    true
}

/// A command list of an alias.
pub(super) fn commands(scanner: &mut Scanner<'_>) -> Result<Vec<Member>, Reason> {
    let mut out = Vec::new();
    loop {
        out.push(command(scanner)?);
        if !scanner.eat(b",") {
            return Ok(out);
        }
    }
}

/// The commands of `Defaults!`, which have no arguments.
pub(super) fn plain_commands(scanner: &mut Scanner<'_>) -> Result<Vec<Member>, Reason> {
    members(scanner, b",=")
}

/// `[!] [digest] path arguments`, `ALL`, an alias, or `sudoedit file`.
fn command(scanner: &mut Scanner<'_>) -> Result<Member, Reason> {
    let mut negated = negations(scanner);
    while digest(scanner) {
        negated |= negations(scanner);
    }
    let first = scanner.word(b",:").ok_or("a command is missing")?;
    let mut name = first.into_bytes();
    if name != b"ALL" && !matches!(scanner.peek(), None | Some(b',' | b':')) {
        name.push(b' ');
        name.extend_from_slice(scanner.arguments().as_bytes());
    }
    Ok(Member { negated, name: Text::new(name) })
}

/// `sha256:HASH` before a command, several joined by commas.
fn digest(scanner: &mut Scanner<'_>) -> bool {
    let mut ahead = scanner.clone();
    if !DIGESTS.iter().any(|method| ahead.eat(method)) || !ahead.eat(b":") {
        return false;
    }
    if ahead.word(b",").is_none() {
        return false;
    }
    let _ = ahead.eat(b",");
    *scanner = ahead;
    true
}
