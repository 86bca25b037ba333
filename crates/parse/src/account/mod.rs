//! Accounts and what they may do: passwd, shadow, group, sudoers, `sshd_config`, authorized keys.

mod authorized;
mod colon;
mod doas;
mod group;
mod key;
mod login_defs;
mod nsswitch;
mod pam;
mod passwd;
mod password;
mod private;
mod shadow;
mod sshd;
mod sudoers;

pub use authorized::{AuthorizedKey, KeyOption, authorized_keys};
pub use doas::{DoasRule, doas};
pub use group::{Group, Gshadow, group, gshadow};
pub use key::{PublicKey, fingerprint, public_key};
pub use login_defs::{login_defs, shells};
pub use nsswitch::{NssDatabase, nsswitch};
pub use pam::{PamControl, PamLine, PamStatement, pam};
pub use passwd::{Passwd, passwd};
pub use password::{CannotCheck, PasswordKind, PasswordState, classify, cost, verify};
pub use private::{PrivateKey, private_key};
pub use shadow::{Shadow, shadow};
pub use sshd::{
    Criterion, SshdConfig, SshdFile, SshdLine, SshdSetting, SshdStatement, resolve_sshd,
    sshd_config,
};
pub use sudoers::{
    AliasKind, DefaultsScope, DefaultsSetting, Grant, Member, Operator, Sudoers, SudoersEntry,
    SudoersRule, SudoersStatement, includedir_takes, sudoers,
};

use crate::BadLine;

/// What a file of records holds: the records, and the lines that are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table<T> {
    /// The records, in the order of the file.
    pub entries: Vec<T>,
    /// Lines that no reader would take for a record.
    pub bad: Vec<BadLine>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), bad: Vec::new() }
    }
}

/// Bad lines kept of one file: more of them tell nothing more.
const MOST_BAD_LINES: usize = 10_000;

impl<T> Table<T> {
    fn take(&mut self, record: Result<T, BadLine>) {
        match record {
            Ok(entry) => self.entries.push(entry),
            Err(bad) => self.refuse(bad),
        }
    }

    fn refuse(&mut self, bad: BadLine) {
        if self.bad.len() < MOST_BAD_LINES {
            self.bad.push(bad);
        }
    }
}
