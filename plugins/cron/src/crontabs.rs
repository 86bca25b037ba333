//! Crontabs: users' own, /etc/crontab, /etc/cron.d.

use coroner_core::{Content, Cx, DirEntry, FileType, HostPath, Launch, Text, Trigger};
use coroner_parse::schedule::{Crontab, CrontabEntry, Dialect, crontab};

use crate::items::{CronEntry, CronVariable, ScheduleFile, Storage, has_content, terminal_codes};
use crate::users::Users;

/// Where cron, cronie, SUSE's cron and busybox keep users' crontabs.
const SPOOLS: [&str; 4] =
    ["/var/spool/cron/crontabs", "/var/spool/cron", "/var/spool/cron/tabs", "/etc/crontabs"];

pub(crate) fn collect(cx: &mut Cx<'_>, users: &Users) {
    for spool in SPOOLS {
        let spool = HostPath::new(spool);
        directory(cx, &spool, Storage::Spool);
        for entry in cx.list(&spool) {
            if entry.kind != FileType::Directory {
                user_crontab(cx, &entry, users);
            }
        }
    }
    let is_debian = cx.stat(&HostPath::new("/etc/debian_version")).is_some();
    system_crontab(cx, &HostPath::new("/etc/crontab"), None, users);
    let dir = HostPath::new("/etc/cron.d");
    directory(cx, &dir, Storage::System);
    for entry in cx.list(&dir) {
        if entry.kind != FileType::Directory {
            let ignored = ignored_in_cron_d(entry.name.as_bytes(), is_debian);
            system_crontab(cx, &entry.path, ignored, users);
        }
    }
}

/// Says who may put schedules into a directory.
pub(crate) fn directory(cx: &mut Cx<'_>, path: &HostPath, storage: Storage) {
    if let Some(stat) = cx.stat(path)
        && stat.kind == FileType::Directory
    {
        cx.emit(ScheduleFile {
            path: path.clone(),
            storage,
            file_type: stat.kind,
            mode: stat.mode,
            uid: stat.uid,
            gid: stat.gid,
            expected_uid: None,
            user_exists: None,
            ignored: None,
            target: None,
            has_content: false,
            terminal_codes: None,
        });
    }
}

/// Says what a file is, and gives its content.
pub(crate) fn file(
    cx: &mut Cx<'_>,
    path: &HostPath,
    storage: Storage,
    ignored: Option<&str>,
    owner: Option<(Option<u32>, Option<bool>)>,
) -> Option<Content> {
    let stat = cx.stat(path)?;
    let target = cx.read_link(path);
    let content = cx.read(path);
    let bytes = content.as_ref().map(|content| content.bytes.as_slice()).unwrap_or_default();
    let of = content.as_ref().map_or(&stat, |content| &content.stat);
    let (expected_uid, user_exists) = owner.unwrap_or_default();
    cx.emit(ScheduleFile {
        path: path.clone(),
        storage,
        file_type: stat.kind,
        mode: of.mode,
        uid: of.uid,
        gid: of.gid,
        expected_uid,
        user_exists,
        ignored: ignored.map(Text::from),
        target,
        has_content: has_content(bytes),
        terminal_codes: if bytes.contains(&0) { None } else { terminal_codes(bytes) },
    });
    cx.want(path);
    content
}

fn user_crontab(cx: &mut Cx<'_>, entry: &DirEntry, users: &Users) {
    let user = entry.name.clone();
    let hidden = user.as_bytes().starts_with(b".");
    let ignored = hidden.then_some("a hidden file is nobody's crontab");
    let owner = (users.uid(&user), users.exists(&user).filter(|_| !hidden));
    let Some(content) = file(cx, &entry.path, Storage::Spool, ignored, Some(owner)) else { return };
    let parsed = crontab(&content.bytes, Dialect::User);
    let made = Made { storage: Storage::Spool, user: Some(user), enabled: ignored.is_none() };
    emit(cx, &content, &parsed, &made, users);
}

fn system_crontab(cx: &mut Cx<'_>, path: &HostPath, ignored: Option<&str>, users: &Users) {
    let Some(content) = file(cx, path, Storage::System, ignored, None) else { return };
    let parsed = crontab(&content.bytes, Dialect::System);
    let made = Made { storage: Storage::System, user: None, enabled: ignored.is_none() };
    emit(cx, &content, &parsed, &made, users);
}

/// Debian's cron takes names of letters, digits, `-` and `_` (cron(8)); cronie all but hidden
/// ones, backups and those that rpm left.
fn ignored_in_cron_d(name: &[u8], is_debian: bool) -> Option<&'static str> {
    if name.starts_with(b".") {
        return Some("hidden");
    }
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if is_debian {
        return (!name.iter().all(plain)).then_some("cron leaves names with such letters alone");
    }
    let left = [&b"~"[..], b"#", b".rpmsave", b".rpmorig", b".rpmnew"];
    left.iter().any(|end| name.ends_with(end)).then_some("a backup of an editor or of rpm")
}

/// Where entries come from.
struct Made {
    storage: Storage,
    user: Option<Text>,
    enabled: bool,
}

fn emit(cx: &mut Cx<'_>, content: &Content, parsed: &Crontab, made: &Made, users: &Users) {
    for bad in &parsed.bad {
        cx.bad_line(&content.path, bad);
    }
    for set in &parsed.variables {
        let (name, value) = (set.name.clone(), set.value.clone());
        cx.emit(CronVariable { file: content.path.clone(), line: set.line, name, value });
    }
    let above = EmptyLines::of(&content.bytes);
    for entry in &parsed.entries {
        let user = entry.user.clone().or_else(|| made.user.clone());
        launch(cx, &content.path, entry, user.clone(), made);
        cx.emit(CronEntry {
            file: content.path.clone(),
            line: entry.line,
            storage: made.storage,
            schedule: entry.when.clone(),
            user_exists: user.as_ref().and_then(|user| users.exists(user)),
            user,
            command: entry.command.clone(),
            input: entry.input.clone(),
            silent: entry.silent,
            indent: entry.indent,
            lines_above: above.before(entry.line),
        });
    }
}

fn launch(cx: &mut Cx<'_>, file: &HostPath, entry: &CrontabEntry, user: Option<Text>, made: &Made) {
    let is_boot = entry.when == "@reboot";
    cx.launch(Launch {
        trigger: if is_boot { Trigger::Boot } else { Trigger::Time },
        user,
        command: whole_command(entry),
        file: file.clone(),
        line: entry.line,
        name: Text::from(file.name()),
        enabled: made.enabled,
        programs: Vec::new(),
    });
}

/// The command, with what it reads put behind it as a shell would write it: `sh%payload` runs the
/// payload as surely as `sh -c payload`.
fn whole_command(entry: &CrontabEntry) -> Text {
    match &entry.input {
        None => entry.command.clone(),
        Some(input) => {
            let parts: [&[u8]; 4] =
                [entry.command.as_bytes(), b" <<'%'\n", input.as_bytes(), b"\n%\n"];
            Text::new(parts.concat())
        }
    }
}

/// Numbers of the lines that are not empty, to count empty ones before each.
struct EmptyLines(Vec<u32>);

impl EmptyLines {
    fn of(content: &[u8]) -> Self {
        let lines = content.split(|&byte| byte == b'\n').zip(1_u32..);
        let full = lines.filter(|(line, _)| !line.trim_ascii().is_empty());
        Self(full.map(|(_, number)| number).collect())
    }

    /// Empty lines right above a line.
    fn before(&self, line: u32) -> u32 {
        let at = self.0.partition_point(|&number| number < line);
        let last = at.checked_sub(1).and_then(|at| self.0.get(at)).copied().unwrap_or(0);
        line.saturating_sub(last).saturating_sub(1)
    }
}
