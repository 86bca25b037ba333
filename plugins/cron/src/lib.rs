//! Scheduled work: user spools, crontabs, cron.d, periodic directories, anacron, at jobs.
//!
//! cron is the first place an intruder goes: a line of text, and the payload comes back for ever.
//! Everything scheduled becomes a `launch`, which the shared judge looks at; the rules here are
//! about the files themselves: whose they are, who may write them, and what hides in them. Names
//! and owners are checked against /etc/passwd alone: on hosts whose accounts come from elsewhere
//! (see nsswitch.conf) nothing is said of unknown users.

mod crontabs;
mod items;
mod jobs;
mod judge;
mod periodic;
mod rules;
mod users;

pub use items::{AccessList, AnacronStamp, CronEntry, CronVariable, ScheduleFile, Storage};

use coroner_core::{Cx, Findings, HostPath, ItemType, Items, Meta, Needs, Plugin, Skip};

use items::lines_of_names;

/// Collects and judges scheduled work.
pub struct Cron;
coroner_core::submit!(Cron);

static META: Meta = Meta {
    id: "cron",
    summary: "scheduled work: user spools, crontabs, cron.d, periodic directories, anacron, at jobs",
    reads: &[
        "/etc/crontab",
        "/etc/cron.d/*",
        "/etc/cron.hourly/*",
        "/etc/cron.daily/*",
        "/etc/cron.weekly/*",
        "/etc/cron.monthly/*",
        "/etc/cron.yearly/*",
        "/etc/periodic/*/*",
        "/etc/crontabs/*",
        "/etc/anacrontab",
        "/etc/cron.allow",
        "/etc/cron.deny",
        "/etc/at.allow",
        "/etc/at.deny",
        "/etc/debian_version",
        "/etc/nsswitch.conf",
        "/etc/passwd",
        "/var/spool/cron/*",
        "/var/spool/cron/crontabs/*",
        "/var/spool/cron/tabs/*",
        "/var/spool/cron/atjobs/*",
        "/var/spool/at/*",
        "/var/spool/atjobs/*",
        "/var/spool/anacron/*",
    ],
    needs: Needs::Files,
    rules: rules::ALL,
    items: &[
        ItemType::of::<CronEntry>(),
        ItemType::of::<CronVariable>(),
        ItemType::of::<ScheduleFile>(),
        ItemType::of::<AnacronStamp>(),
        ItemType::of::<AccessList>(),
    ],
};

impl Plugin for Cron {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn collect(&self, cx: &mut Cx<'_>) -> Result<(), Skip> {
        let users = users::Users::read(cx);
        crontabs::collect(cx, &users);
        periodic::collect(cx);
        jobs::collect(cx, &users);
        for path in ["/etc/cron.allow", "/etc/cron.deny", "/etc/at.allow", "/etc/at.deny"] {
            let path = HostPath::new(path);
            if let Some(content) = cx.read(&path) {
                cx.emit(AccessList { path, users: lines_of_names(&content.bytes) });
            }
        }
        Ok(())
    }

    fn judge(&self, items: &Items, out: &mut Findings) {
        judge::entries(items, out);
        judge::files(items, out);
    }
}
