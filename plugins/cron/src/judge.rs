//! What is odd about schedules and the files that hold them.

use coroner_core::{Confidence, FileType, Findings, Items, Severity, Text};
use coroner_parse::command::analysis::{Place, place};
use coroner_parse::command::programs;

use crate::items::{CronEntry, CronVariable, ScheduleFile, Storage};
use crate::rules;

/// Columns to the right, or lines down, that no editor window shows.
const OUT_OF_SIGHT: u32 = 80;

/// Judges commands and variables.
pub(crate) fn entries(items: &Items, out: &mut Findings) {
    for entry in items.all::<CronEntry>() {
        if entry.user_exists == Some(false) && entry.storage == Storage::System {
            out.raise(&rules::NO_SUCH_USER, &entry)
                .at(&entry.file, entry.line)
                .evidence("user", entry.user.clone().unwrap_or_default())
                .evidence("command", entry.command.clone());
        }
        if entry.indent >= OUT_OF_SIGHT || entry.lines_above >= OUT_OF_SIGHT {
            out.raise(&rules::OUT_OF_SIGHT, &entry)
                .at(&entry.file, entry.line)
                .evidence("blanks before", entry.indent.to_string())
                .evidence("empty lines above", entry.lines_above.to_string())
                .evidence("command", entry.command.clone());
        }
        if runs_package_files(&entry.command) {
            out.raise(&rules::PACKAGE_SCRIPT, &entry)
                .at(&entry.file, entry.line)
                .evidence("command", entry.command.clone());
        }
    }
    for set in items.all::<CronVariable>() {
        if is_odd(&set) {
            out.raise(&rules::ODD_ENVIRONMENT, &set)
                .at(&set.file, set.line)
                .evidence("name", set.name.clone())
                .evidence("value", set.value.clone());
        }
    }
}

/// Maintainer scripts are run by the package manager alone, and packages are not installed from
/// its own database directory.
fn runs_package_files(command: &Text) -> bool {
    let script = programs(command.as_bytes()).iter().any(|program| {
        let path = program.as_bytes();
        path.starts_with(b"/var/lib/dpkg/info/") || path.starts_with(b"/var/lib/rpm/")
    });
    let words = command.as_bytes().split(u8::is_ascii_whitespace);
    let package = |word: &[u8]| word.starts_with(b"/var/lib/rpm/") && word.ends_with(b".rpm");
    script || words.into_iter().any(package)
}

fn is_odd(set: &CronVariable) -> bool {
    let in_odd_place = |path: &[u8]| path.starts_with(b"/") && place(path) != Place::Ordinary;
    match set.name.as_bytes() {
        b"SHELL" | b"BASH_ENV" | b"ENV" => in_odd_place(set.value.as_bytes()),
        b"LD_PRELOAD" | b"LD_AUDIT" => !set.value.is_empty(),
        b"PATH" | b"LD_LIBRARY_PATH" => {
            let mut parts = set.value.as_bytes().split(|&byte| byte == b':');
            parts.any(|part| in_odd_place(&[part, b"/x"].concat()))
        }
        _ => false,
    }
}

/// Judges files and directories.
pub(crate) fn files(items: &Items, out: &mut Findings) {
    for file in items.all::<ScheduleFile>() {
        owner(&file, out);
        writers(&file, out);
        hidden(&file, out);
        if let Some((line, text)) = &file.terminal_codes {
            out.raise(&rules::TERMINAL_CODES, &file)
                .at(&file.path, *line)
                .evidence("line", text.clone());
        }
        let target = file.target.as_ref().filter(|target| target.as_bytes().starts_with(b"/"));
        if let Some(target) = target
            && place(target.as_bytes()) != Place::Ordinary
            && target != "/dev/null"
        {
            out.raise(&rules::LINK_TO_ODD_PLACE, &file)
                .in_file(&file.path)
                .evidence("target", target.clone());
        }
    }
}

fn owner_text(file: &ScheduleFile) -> String {
    format!("{}:{} {:04o}", file.uid, file.gid, file.mode)
}

fn owner(file: &ScheduleFile, out: &mut Findings) {
    let is_dir = file.file_type == FileType::Directory;
    match file.storage {
        Storage::Spool if !is_dir => {
            if file.user_exists == Some(false) && file.has_content {
                out.raise(&rules::NO_SUCH_USER, file)
                    .in_file(&file.path)
                    .evidence("user", file.path.name());
            }
            let expected = file.expected_uid.filter(|uid| file.uid != *uid && file.uid != 0);
            if let Some(expected) = expected {
                out.raise(&rules::SPOOL_OWNER, file)
                    .in_file(&file.path)
                    .evidence("owner", owner_text(file))
                    .evidence("expected uid", expected.to_string());
            }
        }
        Storage::System | Storage::Periodic | Storage::Anacron if file.uid != 0 => {
            out.raise(&rules::NOT_ROOTS, file)
                .in_file(&file.path)
                .evidence("owner", owner_text(file));
        }
        _ => {}
    }
}

/// The spools' directories belong to a group that may add files, by design (crontab(1) is
/// set-gid); a sticky bit keeps its members from each other's.
fn writers(file: &ScheduleFile, out: &mut Findings) {
    if file.file_type == FileType::Link {
        return;
    }
    let spool_dir = file.file_type == FileType::Directory
        && matches!(file.storage, Storage::Spool | Storage::At);
    let world = file.mode & 0o002 != 0;
    let group =
        file.mode & 0o020 != 0 && file.gid != 0 && !spool_dir && file.storage != Storage::At;
    if world || group {
        let draft = out.raise(&rules::WRITABLE, file);
        draft.in_file(&file.path).evidence("owner", owner_text(file));
        if !world {
            draft.graded(Severity::Low, Confidence::Possible);
        }
    }
}

/// Hidden files that packages and tools leave among schedules.
fn is_usual(name: &[u8]) -> bool {
    let usual: [&[u8]; 6] =
        [b".placeholder", b".SEQ", b".gitignore", b".keep", b".gitkeep", b".etckeeper"];
    let editor = name.ends_with(b".swp") || name.ends_with(b".swo");
    usual.contains(&name) || editor || name.starts_with(b".nfs")
}

fn hidden(file: &ScheduleFile, out: &mut Findings) {
    let name = file.path.name();
    if name.starts_with(b".") && !is_usual(name) && file.has_content {
        out.raise(&rules::HIDDEN_FILE, file)
            .in_file(&file.path)
            .evidence("owner", owner_text(file));
    }
}
