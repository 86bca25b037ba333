//! From items to findings.

mod account;
mod group;
mod key;
mod login;
mod pam;
mod shell;
mod sshd;
mod sudo;

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
    key::judge(items, &accounts, out);
    sudo::judge(items, &accounts, out);
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

/// The kind of the account of that name; a name that passwd does not have is a person elsewhere.
fn kind_of_name(accounts: &[Account], name: &[u8]) -> Kind {
    match accounts.iter().find(|account| account.name.as_bytes() == name) {
        Some(account) => kind(account),
        None => names::kind(name, u32::MAX, false),
    }
}

/// Several texts in one line of evidence.
fn joined<'a>(texts: impl IntoIterator<Item = &'a Text>) -> Text {
    let parts: Vec<&[u8]> = texts.into_iter().map(Text::as_bytes).collect();
    Text::new(parts.join(&b", "[..]))
}
