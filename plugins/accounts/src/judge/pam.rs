//! PAM stacks, followed step by step for somebody who knows no password.
//!
//! Every module that checks something fails, `pam_permit` succeeds, the rest stays out of it. If the
//! stack still ends in success, everyone comes in. The steps are those of libpam's
//! `pam_dispatch.c`, pam.conf(5).

use std::collections::BTreeMap;

use coroner_core::{Findings, HostPath, Items, PackageState};

use crate::items::{PamAction, PamAuth};
use crate::rules;

/// Services by which people come in; others may rightly let everybody through (greeters).
const ENTRANCES: &[&str] = &[
    "login",
    "sshd",
    "su",
    "su-l",
    "sudo",
    "sudo-i",
    "doas",
    "remote",
    "common-auth",
    "system-auth",
    "password-auth",
    "other",
    "vsftpd",
    "proftpd",
    "cockpit",
    "polkit-1",
    "webmin",
    "dovecot",
    "samba",
    "system-login",
    "system-local-login",
    "system-remote-login",
    "base-auth",
];

/// Entrances whose process is root's: there `pam_rootok` lets everyone in.
const RUN_BY_ROOT: &[&str] = &[
    "login",
    "sshd",
    "remote",
    "common-auth",
    "system-auth",
    "password-auth",
    "other",
    "vsftpd",
    "proftpd",
    "cockpit",
    "webmin",
    "dovecot",
    "samba",
    "system-login",
    "system-remote-login",
    "base-auth",
];

/// Modules that are asked for nothing and answer yes.
const YES: &[&str] = &["pam_permit.so", "pam_debug.so"];

/// Modules that prepare, delay, limit or note, and whose answer is neutral here.
const NEUTRAL: &[&str] = &[
    "pam_env.so",
    "pam_faildelay.so",
    "pam_nologin.so",
    "pam_securetty.so",
    "pam_faillock.so",
    "pam_tally2.so",
    "pam_group.so",
    "pam_cap.so",
    "pam_gnome_keyring.so",
    "pam_kwallet5.so",
    "pam_ecryptfs.so",
    "pam_mount.so",
    "pam_echo.so",
    "pam_warn.so",
    "pam_shells.so",
    "pam_access.so",
    "pam_time.so",
    "pam_issue.so",
    "pam_keyinit.so",
    "pam_limits.so",
    "pam_loginuid.so",
    "pam_motd.so",
    "pam_selinux.so",
    "pam_exec.so",
    "pam_lastlog.so",
    "pam_optional.so",
    "pam_usertype.so",
    "pam_localuser.so",
    "pam_setquota.so",
    "pam_umask.so",
];

pub(super) fn judge(items: &Items, out: &mut Findings) {
    let mut stacks: Vec<Vec<PamAuth>> = Vec::new();
    for line in items.all::<PamAuth>() {
        match stacks.last_mut() {
            Some(stack) if stack.first().is_some_and(|first| first.service == line.service) => {
                stack.push(line);
            }
            _ => stacks.push(vec![line]),
        }
    }
    // One line may open many services: one finding says it for all of them.
    let mut openers: BTreeMap<(&HostPath, u32), Vec<&PamAuth>> = BTreeMap::new();
    for stack in &stacks {
        if let Some(line) = opener(stack) {
            openers.entry((&line.file, line.line)).or_default().push(line);
        }
        exceptions(items, stack, out);
    }
    for lines in openers.values() {
        everyone(lines, out);
    }
}

/// The line that lets everyone into a service by which people come in.
fn opener(stack: &[PamAuth]) -> Option<&PamAuth> {
    let service = stack.first()?.service.name();
    let listed = |list: &[&str]| list.iter().any(|name| name.as_bytes() == service);
    if listed(ENTRANCES) { opens(stack, listed(RUN_BY_ROOT)) } else { None }
}

fn everyone(lines: &[&PamAuth], out: &mut Findings) {
    let Some(line) = lines.first() else { return };
    let services = lines.iter().map(|line| line.service.text());
    out.raise(&rules::PAM_LETS_EVERYONE_IN, *line)
        .at(&line.file, line.line)
        .evidence("module", line.module.clone())
        .evidence("services", super::joined(services));
}

/// A module's answer to somebody without a password.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Success,
    Failure,
    Neutral,
}

fn answer(line: &PamAuth, by_root: bool) -> Answer {
    let name = line.module.as_bytes().rsplit(|&b| b == b'/').next().unwrap_or_default();
    let listed = |list: &[&str]| list.iter().any(|module| module.as_bytes() == name);
    if listed(YES) || (by_root && name == b"pam_rootok.so") {
        Answer::Success
    } else if listed(NEUTRAL) {
        Answer::Neutral
    } else {
        Answer::Failure
    }
}

/// What libpam does with an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Ignore,
    Ok,
    Done,
    Bad,
    Die,
    Reset,
    Jump(usize),
}

fn step(line: &PamAuth, answer: Answer) -> Step {
    let name = match answer {
        Answer::Success => "success",
        Answer::Failure => "auth_err",
        Answer::Neutral => "ignore",
    };
    match &line.control {
        PamAction::Word(word) => worded(word, answer),
        PamAction::Pairs(pairs) => {
            let find = |wanted: &str| pairs.iter().find(|(said, _)| *said == *wanted);
            match find(name).or_else(|| find("default")) {
                Some((_, action)) => paired(action.as_bytes()),
                None if answer == Answer::Neutral => Step::Ignore,
                None => Step::Bad,
            }
        }
    }
}

fn worded(word: &str, answer: Answer) -> Step {
    match (word, answer) {
        (_, Answer::Neutral) | ("sufficient" | "optional", Answer::Failure) => Step::Ignore,
        ("sufficient", Answer::Success) => Step::Done,
        (_, Answer::Success) => Step::Ok,
        ("requisite", Answer::Failure) => Step::Die,
        (_, Answer::Failure) => Step::Bad,
    }
}

fn paired(action: &[u8]) -> Step {
    match action {
        b"ok" => Step::Ok,
        b"done" => Step::Done,
        b"bad" => Step::Bad,
        b"die" => Step::Die,
        b"reset" => Step::Reset,
        b"ignore" => Step::Ignore,
        number => {
            let text = std::str::from_utf8(number).ok();
            text.and_then(|text| text.parse().ok()).map_or(Step::Bad, Step::Jump)
        }
    }
}

/// The line that brings a stack of failures to success.
fn opens(stack: &[PamAuth], by_root: bool) -> Option<&PamAuth> {
    let mut opener = None;
    let mut failed = false;
    let mut at = 0;
    while let Some(line) = stack.get(at) {
        at += 1;
        match step(line, answer(line, by_root)) {
            Step::Ok if !failed => opener = opener.or(Some(line)),
            Step::Done if !failed => {
                opener = opener.or(Some(line));
                match end_of_substack(stack, line, at) {
                    Some(next) => at = next,
                    None => return opener,
                }
            }
            Step::Ignore | Step::Ok | Step::Done => {}
            Step::Bad => failed = true,
            Step::Die => match end_of_substack(stack, line, at) {
                Some(next) => {
                    failed = true;
                    at = next;
                }
                None => return None,
            },
            Step::Reset => (opener, failed) = (None, false),
            Step::Jump(over) => at = at.saturating_add(over),
        }
    }
    opener.filter(|_| !failed)
}

/// `done` and `die` in a substack end that substack alone.
fn end_of_substack(stack: &[PamAuth], line: &PamAuth, at: usize) -> Option<usize> {
    if line.substack == 0 {
        return None;
    }
    let rest = stack.get(at..).unwrap_or_default();
    let inside = rest.iter().take_while(|next| next.substack >= line.substack).count();
    Some(at + inside)
}

/// Lines that let some users in before any password is asked for, where no package put them.
fn exceptions(items: &Items, stack: &[PamAuth], out: &mut Findings) {
    for line in stack.iter().filter(|line| line.file == line.service) {
        let name = line.module.as_bytes();
        let asks_name = name.ends_with(b"pam_succeed_if.so") || name.ends_with(b"pam_listfile.so");
        let vouched = items.file(&line.file).is_some_and(|facts| {
            facts.state.is_vouched()
                || (facts.package.is_some() && facts.state == PackageState::Unknown)
        });
        if asks_name && !vouched && step(line, Answer::Success) == Step::Done {
            out.raise(&rules::PAM_EXCEPTION, line)
                .at(&line.file, line.line)
                .evidence("arguments", super::joined(&line.arguments));
        }
    }
}
