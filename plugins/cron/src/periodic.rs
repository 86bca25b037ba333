//! Directories whose scripts run-parts starts every hour, day, week, month.

use coroner_core::{Cx, DirEntry, FileType, HostPath, Launch, Text, Trigger};

use crate::crontabs::{directory, file};
use crate::items::{CronEntry, Storage};

/// Debian's and Red Hat's directories, then Alpine's.
const DIRECTORIES: [(&str, &str); 10] = [
    ("/etc/cron.hourly", "hourly"),
    ("/etc/cron.daily", "daily"),
    ("/etc/cron.weekly", "weekly"),
    ("/etc/cron.monthly", "monthly"),
    ("/etc/cron.yearly", "yearly"),
    ("/etc/periodic/15min", "every 15 minutes"),
    ("/etc/periodic/hourly", "hourly"),
    ("/etc/periodic/daily", "daily"),
    ("/etc/periodic/weekly", "weekly"),
    ("/etc/periodic/monthly", "monthly"),
];

pub(crate) fn collect(cx: &mut Cx<'_>) {
    let is_debian = cx.stat(&HostPath::new("/etc/debian_version")).is_some();
    for (dir, schedule) in DIRECTORIES {
        let dir = HostPath::new(dir);
        directory(cx, &dir, Storage::Periodic);
        for entry in cx.list(&dir) {
            if entry.kind != FileType::Directory {
                script(cx, &entry, schedule, is_debian);
            }
        }
    }
}

fn script(cx: &mut Cx<'_>, entry: &DirEntry, schedule: &str, is_debian: bool) {
    let ignored = ignored(cx, entry, is_debian);
    let Some(content) = file(cx, &entry.path, Storage::Periodic, ignored, None) else { return };
    if content.bytes.trim_ascii().is_empty() || entry.name == ".placeholder" {
        return;
    }
    let user = Some(Text::from("root"));
    cx.emit(CronEntry {
        file: entry.path.clone(),
        line: 0,
        storage: Storage::Periodic,
        schedule: Text::from(schedule),
        user: user.clone(),
        user_exists: None,
        command: entry.path.text().clone(),
        input: None,
        silent: false,
        indent: 0,
        lines_above: 0,
    });
    cx.launch(Launch {
        trigger: Trigger::Time,
        user,
        command: Text::default(),
        file: entry.path.clone(),
        line: 0,
        name: entry.name.clone(),
        enabled: ignored.is_none(),
        programs: vec![entry.path.clone()],
    });
}

/// run-parts(8) of Debian takes names of letters, digits, `-` and `_`; Red Hat's and busybox's
/// nearly all; none starts what is not executable.
fn ignored(cx: &mut Cx<'_>, entry: &DirEntry, is_debian: bool) -> Option<&'static str> {
    let name = entry.name.as_bytes();
    if name.starts_with(b".") {
        return Some("hidden");
    }
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if is_debian && !name.iter().all(plain) {
        return Some("run-parts leaves names with such letters alone");
    }
    let mode = cx.stat_followed(&entry.path).map_or(0, |stat| stat.mode);
    (mode & 0o111 == 0).then_some("not executable")
}
