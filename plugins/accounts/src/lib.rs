//! Accounts, passwords, sudoers, authorized keys, `sshd_config`, name services and PAM stacks.
//!
//! An intruder who has root once keeps it by an account: a second uid 0, a password or a key where
//! nobody looks, a line of sudoers, a PAM stack that says yes. All of it is read from the files
//! themselves, the way the C library, sudo, sshd and libpam read them.
//!
//! Not seen: accounts of a directory service, and what a replaced library or daemon does with these
//! files (the binaries are another plugin's). Service accounts that people do log in to (git,
//! postgres, backup) are items and no findings.

mod collect;
pub mod items;
mod judge;
mod names;
mod rules;

use coroner_core::{Cx, Findings, ItemType, Items, Meta, Needs, Plugin, Skip};

/// The plugin.
pub struct Accounts;
coroner_core::submit!(Accounts);

static META: Meta = Meta {
    id: "accounts",
    summary: "Accounts, passwords, keys, sudoers, sshd, name services and PAM stacks",
    reads: &[
        "/etc/passwd",
        "/etc/shadow",
        "/etc/group",
        "/etc/gshadow",
        "/etc/login.defs",
        "/etc/shells",
        "/etc/fstab",
        "/etc/auto.master",
        "/etc/sudoers",
        "/etc/sudoers.d/*",
        "/usr/etc/sudoers",
        "/etc/hostname",
        "/etc/doas.conf",
        "/etc/doas.d/*",
        "/etc/ssh/*",
        "/etc/ssh/sshd_config.d/*",
        "/usr/etc/ssh/*",
        "/etc/nsswitch.conf",
        "/etc/pam.d/*",
        "~/.ssh/*",
    ],
    needs: Needs::Files,
    rules: rules::ALL,
    items: &[
        ItemType::of::<items::Account>(),
        ItemType::of::<items::Group>(),
        ItemType::of::<items::OddLine>(),
        ItemType::of::<items::ListedShell>(),
        ItemType::of::<items::AuthorizedKey>(),
        ItemType::of::<items::KeyFile>(),
        ItemType::of::<items::PrivateKey>(),
        ItemType::of::<items::SudoRule>(),
        ItemType::of::<items::SudoDefault>(),
        ItemType::of::<items::SudoFile>(),
        ItemType::of::<items::DoasRule>(),
        ItemType::of::<items::SshdSetting>(),
        ItemType::of::<items::SshdInclude>(),
        ItemType::of::<items::NssService>(),
        ItemType::of::<items::PamAuth>(),
    ],
};

impl Plugin for Accounts {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn collect(&self, cx: &mut Cx<'_>) -> Result<(), Skip> {
        collect::collect(cx);
        Ok(())
    }

    fn judge(&self, items: &Items, out: &mut Findings) {
        judge::judge(items, out);
    }
}
