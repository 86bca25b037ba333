//! From items to findings.

mod account;
mod group;
mod key;
mod login;
mod pam;
mod shell;
mod sshd;
mod sudo;

use std::collections::HashMap;

use coroner_core::{Findings, HostPath, Items, Text};

pub(crate) use shell::ORIGINALS;

use crate::items::Account;
use crate::names::{self, Kind};

/// Judges everything.
pub(crate) fn judge(items: &Items, out: &mut Findings) {
    let accounts: Vec<Account> = items.all::<Account>().collect();
    account::judge(items, &accounts, out);
    shell::judge(items, &accounts, out);
    group::judge(items, &accounts, out);
    let names = Names::of(&accounts);
    key::judge(items, &names, out);
    sudo::judge(items, &names, out);
    sshd::judge(items, out);
    login::judge(items, out);
    pam::judge(items, out);
}

fn passwd() -> HostPath {
    HostPath::new("/etc/passwd")
}

fn kind(account: &Account) -> Kind {
    names::kind(account.name.as_bytes(), account.uid, account.system)
}

/// Whether the shell lets somebody in; an empty one is /bin/sh.
fn has_shell(account: &Account) -> bool {
    !names::is_closed_shell(account.shell.as_bytes())
}

/// Accounts by name; the first line of a name counts.
struct Names<'a>(HashMap<&'a [u8], &'a Account>);

impl<'a> Names<'a> {
    fn of(accounts: &'a [Account]) -> Self {
        let mut map = HashMap::new();
        for account in accounts {
            map.entry(account.name.as_bytes()).or_insert(account);
        }
        Self(map)
    }

    fn get(&self, name: &[u8]) -> Option<&'a Account> {
        self.0.get(name).copied()
    }

    /// What kind of account it is; a name that passwd does not have is a person elsewhere.
    fn kind(&self, name: &[u8]) -> Kind {
        self.get(name).map_or_else(|| names::kind(name, u32::MAX, false), kind)
    }
}

/// Several texts in one line of evidence.
fn joined<'a>(texts: impl IntoIterator<Item = &'a Text>) -> Text {
    let parts: Vec<&[u8]> = texts.into_iter().map(Text::as_bytes).collect();
    Text::new(parts.join(&b", "[..]))
}
