//! Who came in, and login records that were altered.
//!
//! An intruder who guessed a password leaves a login after many failures; one who knows leaves
//! logs that are empty, cut, edited, or at odds with each other, because each of wtmp, lastlog,
//! auth.log and the journal is cleaned with another tool. What cannot be seen: a login that never
//! was recorded (`ssh -T` with a log level of QUIET), and records removed from every source alike.

mod collect;
pub mod items;
mod judge;
mod rules;

use coroner_core::{Cx, Findings, ItemType, Items, Meta, Needs, Plugin, Skip, submit};

/// The plugin.
pub struct Logins;
submit!(Logins);

static META: Meta = Meta {
    id: "logins",
    summary: "Logins from utmp, wtmp, btmp, lastlog, auth.log and the journal, and altered records of them",
    reads: &[
        "/etc/localtime",
        "/etc/machine-id",
        "/etc/nsswitch.conf",
        "/etc/passwd",
        "/run/log/journal/**",
        "/run/utmp",
        "/var/lib/lastlog/lastlog2.db*",
        "/var/lib/wtmpdb/wtmp.db*",
        "/var/log",
        "/var/log/auth.log*",
        "/var/log/btmp*",
        "/var/log/journal/**",
        "/var/log/lastlog*",
        "/var/log/messages*",
        "/var/log/secure*",
        "/var/log/syslog*",
        "/var/log/wtmp*",
        "~/.*history",
        "~/.local/share/fish/fish_history",
    ],
    needs: Needs::Files,
    rules: rules::ALL,
    items: &[
        ItemType::of::<items::Login>(),
        ItemType::of::<items::LogFile>(),
        ItemType::of::<items::RecordOddity>(),
        ItemType::of::<items::Mismatch>(),
        ItemType::of::<items::LogHole>(),
        ItemType::of::<items::JournalFile>(),
        ItemType::of::<items::Elevation>(),
        ItemType::of::<items::AccountEvent>(),
        ItemType::of::<items::History>(),
    ],
};

impl Plugin for Logins {
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
