//! Accounts and their passwords.

use std::collections::HashMap;

use coroner_core::{Confidence, Draft, Findings, HostPath, Items, Rule, Severity};

use super::{has_shell, kind, passwd};
use crate::items::{Account, Guess, HomeState, NssService, OddLine, Place};
use crate::names::Kind;
use crate::rules;

pub(super) fn judge(items: &Items, accounts: &[Account], out: &mut Findings) {
    for account in accounts.iter().filter(|account| !account.compat) {
        root(account, out);
        password(account, out);
        home(account, out);
        line(account, out);
    }
    shared_uids(accounts, out);
    nis(items, accounts, out);
    odd_lines(items, out);
    modes(items, accounts, out);
}

fn raise<'a>(rule: &'static Rule, account: &Account, out: &'a mut Findings) -> &'a mut Draft {
    let draft = out.raise(rule, account).at(&passwd(), account.line);
    let uid = account.uid.to_string();
    draft.evidence("account", account.name.clone()).evidence("uid", uid)
}

fn root(account: &Account, out: &mut Findings) {
    if account.uid != 0 || account.name == "root" && !account.repeated {
        return;
    }
    let draft = raise(&rules::SECOND_UID_0, account, out)
        .evidence("gid", account.gid.to_string())
        .evidence("shell", account.shell.clone());
    // Its own group says that it was an ordinary account before.
    if account.gid != 0 {
        draft.graded(Severity::High, Confidence::Certain);
    }
    if matches!(account.password.place, Place::Passwd | Place::Nowhere) {
        raise(&rules::UID_0_WITHOUT_SHADOW, account, out);
    }
}

fn password(account: &Account, out: &mut Findings) {
    let password = &account.password;
    if password.place == Place::Passwd && password.state.is_hash() {
        let method = format!("{:?}", password.state.kind);
        raise(&rules::HASH_IN_PASSWD, account, out).evidence("method", method);
    }
    if password.is_empty() && has_shell(account) {
        let draft = raise(&rules::EMPTY_PASSWORD, account, out);
        if account.uid == 0 {
            draft.graded(Severity::Critical, Confidence::Likely);
        }
    }
    if let Some(guess) = password.guess {
        let draft = raise(&rules::WEAK_PASSWORD, account, out).evidence("guessed", words(guess));
        if account.uid == 0 {
            draft.graded(Severity::High, Confidence::Likely);
        }
    }
    system_password(account, out);
    if password.place == Place::Nowhere && account.uid != 0 {
        raise(&rules::SHADOW_DISAGREES, account, out).evidence("shadow", "no line");
    }
}

fn words(guess: Guess) -> &'static str {
    match guess {
        Guess::Name => "the account's name or a variant of it",
        Guess::Common => "a common password",
        Guess::Wordlist => "a word of the given list",
    }
}

fn system_password(account: &Account, out: &mut Findings) {
    let opens = account.password.opens() && account.password.state.is_hash();
    let grade = match (kind(account), has_shell(account)) {
        (Kind::Distribution, true) => (Severity::High, Confidence::Likely),
        (Kind::Distribution, false) => (Severity::Medium, Confidence::Likely),
        (Kind::Web, true) => (Severity::Medium, Confidence::Possible),
        _ => return,
    };
    if opens {
        raise(&rules::SYSTEM_ACCOUNT_PASSWORD, account, out)
            .evidence("shell", account.shell.clone())
            .graded(grade.0, grade.1);
    }
}

fn home(account: &Account, out: &mut Findings) {
    let person = kind(account) == Kind::Person && has_shell(account) && account.password.opens();
    if person && account.home_state == HomeState::Absent {
        raise(&rules::LOGIN_WITHOUT_HOME, account, out).evidence("home", account.home.clone());
    }
}

fn line(account: &Account, out: &mut Findings) {
    if account.repeated {
        raise(&rules::REPEATED_NAME, account, out);
    }
    if let Some(odd) = &account.odd {
        let draft = raise(&rules::ODD_LINE, account, out).evidence("odd", odd.as_str());
        if account.uid == 0 {
            draft.graded(Severity::High, Confidence::Likely);
        }
    }
}

/// Two names for one system uid, when one of them can log in.
fn shared_uids(accounts: &[Account], out: &mut Findings) {
    let mut by_uid: HashMap<u32, Vec<&Account>> = HashMap::new();
    let system = accounts.iter().filter(|a| a.system && !a.compat && !a.repeated);
    for account in system {
        by_uid.entry(account.uid).or_default().push(account);
    }
    for account in accounts.iter().filter(|account| has_shell(account)) {
        let Some(sharing) = by_uid.get(&account.uid) else { continue };
        let other = sharing.iter().find(|other| other.line != account.line);
        if let Some(other) = other.filter(|_| account.system && !account.repeated) {
            raise(&rules::SHARED_SYSTEM_UID, account, out).evidence("other", other.name.clone());
        }
    }
}

fn nis(items: &Items, accounts: &[Account], out: &mut Findings) {
    let mut services = items.all::<NssService>().filter(|service| service.database == "passwd");
    let used = services.any(|s| s.service == "compat" || s.service == "nis");
    for account in accounts.iter().filter(|account| account.compat) {
        let draft = raise(&rules::NIS_LINE, account, out);
        if !used {
            draft
                .evidence("nsswitch", "does not ask for it")
                .graded(Severity::Low, Confidence::Possible);
        }
    }
}

fn odd_lines(items: &Items, out: &mut Findings) {
    for odd in items.all::<OddLine>() {
        let shadow = odd.file == "/etc/shadow";
        if odd.file == "/etc/passwd" || odd.file == "/etc/group" {
            let draft = out.raise(&rules::ODD_LINE, &odd).at(&odd.file, odd.line);
            draft.evidence("odd", odd.reason.as_str()).evidence("line", odd.start.clone());
        } else if shadow {
            let draft = out.raise(&rules::SHADOW_DISAGREES, &odd).at(&odd.file, odd.line);
            draft.evidence("odd", odd.reason.as_str()).evidence("account", odd.start.clone());
        }
    }
}

/// The four files belong to root; shadow's are readable by root and the group shadow alone.
fn modes(items: &Items, accounts: &[Account], out: &mut Findings) {
    let Some(first) = accounts.first() else { return };
    for (path, secret) in [
        ("/etc/passwd", false),
        ("/etc/group", false),
        ("/etc/shadow", true),
        ("/etc/gshadow", true),
    ] {
        let path = HostPath::new(path);
        let Some(facts) = items.file(&path) else { continue };
        let group_writes = facts.mode & 0o020 != 0 && facts.gid != 0;
        let readable = secret && facts.mode & 0o004 != 0;
        if facts.uid != 0 || facts.mode & 0o002 != 0 || group_writes || readable {
            out.raise(&rules::FILE_OPEN, first)
                .in_file(&path)
                .evidence("mode", format!("{:04o}", facts.mode))
                .evidence("owner", format!("{}:{}", facts.uid, facts.gid));
        }
    }
}
