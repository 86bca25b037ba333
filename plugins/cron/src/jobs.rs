//! anacron and at.

use coroner_core::{Cx, DirEntry, FileType, HostPath, Launch, Text, Time, Trigger};
use coroner_parse::schedule::{AtName, anacrontab, at_job, at_name};

use crate::crontabs::{directory, file};
use crate::items::{AnacronStamp, CronEntry, CronVariable, Storage};
use crate::users::Users;

/// Debian's, Red Hat's and SUSE's spools of at.
const AT_SPOOLS: [&str; 3] = ["/var/spool/cron/atjobs", "/var/spool/at", "/var/spool/atjobs"];

pub(crate) fn collect(cx: &mut Cx<'_>, users: &Users) {
    anacron(cx);
    for entry in cx.list(&HostPath::new("/var/spool/anacron")) {
        if let Some(content) = cx.read_up_to(&entry.path, 64) {
            let date = Text::from(content.bytes.trim_ascii());
            cx.emit(AnacronStamp { job: entry.name, date });
        }
    }
    for spool in AT_SPOOLS {
        let spool = HostPath::new(spool);
        directory(cx, &spool, Storage::At);
        for entry in cx.list(&spool) {
            if entry.kind != FileType::Directory && entry.name != ".SEQ" {
                at(cx, &entry, users);
            }
        }
    }
}

fn anacron(cx: &mut Cx<'_>) {
    let path = HostPath::new("/etc/anacrontab");
    let Some(content) = file(cx, &path, Storage::Anacron, None, None) else { return };
    let parsed = anacrontab(&content.bytes);
    for bad in &parsed.bad {
        cx.bad_line(&path, bad);
    }
    for set in parsed.variables {
        let (name, value) = (set.name, set.value);
        cx.emit(CronVariable { file: path.clone(), line: set.line, name, value });
    }
    for job in parsed.jobs {
        let entry = CronEntry {
            file: path.clone(),
            line: job.line,
            storage: Storage::Anacron,
            schedule: job.period,
            user: Some(Text::from("root")),
            user_exists: None,
            command: job.command,
            input: None,
            silent: false,
            indent: 0,
            lines_above: 0,
        };
        launch(cx, &entry, job.name);
        cx.emit(entry);
    }
}

fn at(cx: &mut Cx<'_>, entry: &DirEntry, users: &Users) {
    let name = at_name(entry.name.as_bytes());
    let ignored = name.is_none().then_some("not a name of at's");
    let Some(content) = file(cx, &entry.path, Storage::At, ignored, None) else { return };
    let job = at_job(&content.bytes);
    if job.command.is_empty() {
        return;
    }
    let user = job.uid.and_then(|uid| users.name(uid).or(Some(Text::from(uid.to_string()))));
    let made = CronEntry {
        file: entry.path.clone(),
        line: job.line,
        storage: Storage::At,
        schedule: name.map(when).unwrap_or_default(),
        user_exists: None,
        user,
        command: job.command,
        input: None,
        silent: false,
        indent: 0,
        lines_above: 0,
    };
    launch(cx, &made, entry.name.clone());
    cx.emit(made);
}

fn when(name: AtName) -> Text {
    Text::from(Time::from_seconds(i64::from(name.minutes) * 60).to_string())
}

fn launch(cx: &mut Cx<'_>, entry: &CronEntry, name: Text) {
    cx.launch(Launch {
        trigger: Trigger::Time,
        user: entry.user.clone(),
        command: entry.command.clone(),
        file: entry.file.clone(),
        line: entry.line,
        name,
        enabled: true,
        programs: Vec::new(),
    });
}
