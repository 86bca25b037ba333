//! Login shells: what their paths look like and what lies behind them.

use coroner_core::{FileFacts, FileType, Findings, HostPath, Items, PackageState, Text};

use super::{has_shell, passwd};
use crate::items::{Account, ListedShell};
use crate::{names, rules};

/// Shells that copies are made of.
pub(crate) const ORIGINALS: &[&str] = &[
    "/bin/sh",
    "/bin/bash",
    "/bin/dash",
    "/usr/bin/zsh",
    "/bin/busybox",
    "/usr/bin/ksh",
    "/bin/ash",
    "/bin/rbash",
];

pub(super) fn judge(items: &Items, accounts: &[Account], out: &mut Findings) {
    let originals: Vec<FileFacts> =
        ORIGINALS.iter().filter_map(|path| items.file(&HostPath::new(path))).collect();
    for account in accounts.iter().filter(|account| !account.compat && has_shell(account)) {
        path(account, out);
        file(items, &originals, account, out);
    }
    for shell in items.all::<ListedShell>() {
        if is_disguised(shell.path.as_bytes()) {
            out.raise(&rules::SHELL_NAME_DISGUISED, &shell)
                .at(&HostPath::new("/etc/shells"), shell.line)
                .evidence("shell", shell.path.clone());
        }
    }
}

/// A blank at an end, or a character that does not show.
fn is_disguised(shell: &[u8]) -> bool {
    let shown = Text::from(shell).to_string();
    shell.trim_ascii().len() < shell.len() || shown.as_bytes() != shell
}

fn path(account: &Account, out: &mut Findings) {
    let shell = account.shell.as_bytes();
    if is_disguised(shell) {
        out.raise(&rules::SHELL_NAME_DISGUISED, account)
            .at(&passwd(), account.line)
            .evidence("account", account.name.clone())
            .evidence("shell", format!("\"{}\"", account.shell));
    }
    if names::is_temporary(shell) || names::is_hidden(shell) {
        out.raise(&rules::SHELL_IN_ODD_PLACE, account)
            .at(&passwd(), account.line)
            .evidence("account", account.name.clone())
            .evidence("shell", account.shell.clone());
    }
}

fn file(items: &Items, originals: &[FileFacts], account: &Account, out: &mut Findings) {
    let shell = account.shell.as_bytes();
    if shell.is_empty() {
        return;
    }
    let Some(facts) = items.file(&HostPath::new(shell)) else {
        if account.password.opens() {
            out.raise(&rules::SHELL_MISSING, account)
                .at(&passwd(), account.line)
                .evidence("account", account.name.clone())
                .evidence("shell", account.shell.clone());
        }
        return;
    };
    if let Some(original) = copied(&facts, originals) {
        out.raise(&rules::SHELL_IS_A_COPY, account)
            .at(facts.lies_at(), 0)
            .evidence("account", account.name.clone())
            .evidence("same as", original.lies_at())
            .evidence("sha256", facts.sha256.clone().unwrap_or_default());
    } else if is_foreign(&facts) {
        out.raise(&rules::SHELL_UNOWNED, account)
            .at(facts.lies_at(), 0)
            .evidence("account", account.name.clone())
            .evidence("sha256", facts.sha256.clone().unwrap_or_default());
    }
}

/// The original that this shell is a copy of: same bytes, another place, no package.
fn copied<'a>(shell: &FileFacts, originals: &'a [FileFacts]) -> Option<&'a FileFacts> {
    let hash = shell.sha256.as_ref()?;
    if shell.package.is_some() || shell.state.is_vouched() || shell.size == 0 {
        return None;
    }
    let is_own = originals.iter().any(|original| original.lies_at() == shell.lies_at());
    let same = originals.iter().find(|original| original.sha256.as_ref() == Some(hash));
    same.filter(|_| !is_own)
}

fn is_foreign(facts: &FileFacts) -> bool {
    let at = facts.lies_at();
    facts.state == PackageState::Unowned
        && facts.file_type == FileType::Regular
        && [&b"/bin"[..], b"/sbin", b"/usr", b"/lib", b"/etc"].iter().any(|dir| at.is_under(dir))
        && !names::is_local_place(at.as_bytes())
}
