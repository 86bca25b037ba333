//! What the launching files and the launched programs are.

use std::collections::{BTreeMap, BTreeSet};

use coroner_core::{
    Confidence, Draft, FileFacts, FileType, Findings, HostPath, Items, Launch, PackageState,
    Severity,
};
use coroner_parse::command::analysis::{Place, place};
use coroner_parse::command::shell::SHELLS;

use crate::rules;

pub(crate) fn judge(items: &Items, launches: &[Launch], out: &mut Findings) {
    let owned = owned_names(items, launches);
    let shells = shell_hashes(items);
    let mut programs: BTreeMap<&HostPath, &Launch> = BTreeMap::new();
    let mut files: BTreeMap<&HostPath, &Launch> = BTreeMap::new();
    for launch in launches {
        files.entry(&launch.file).or_insert(launch);
        for program in &launch.programs {
            programs.entry(program).or_insert(launch);
        }
    }
    for (path, launch) in files {
        odd_place(path, launch, out);
        let Some(facts) = items.file(path) else { continue };
        launching(&facts, launch, out);
        squats(&facts, launch, &owned, out);
    }
    for (path, launch) in programs {
        if let Some(facts) = items.file(path) {
            program(&facts, launch, &shells, out);
        }
    }
}

/// The facts of a file that help a reader to agree or not.
fn describe(draft: &mut Draft, facts: &FileFacts, launch: &Launch) {
    if let Some(package) = &facts.package {
        draft.evidence("package", package.clone());
    }
    if let Some(sha256) = &facts.sha256 {
        draft.evidence("sha256", sha256.as_str());
    }
    if let (Some(expected), Some(actual)) = (&facts.expected, &facts.actual) {
        draft.evidence("expected", expected.to_string());
        draft.evidence("actual", actual.to_string());
    }
    draft.evidence("owner", format!("{}:{} {:04o}", facts.uid, facts.gid, facts.mode));
    draft.evidence("changed", facts.changed.to_string());
    draft.evidence("started by", launch.file.text().clone());
    if !launch.command.is_empty() {
        draft.evidence("command", launch.command.clone());
    }
}

fn launching(facts: &FileFacts, launch: &Launch, out: &mut Findings) {
    match facts.state {
        PackageState::Modified | PackageState::Forged => {
            let draft = out.raise(&rules::FILE_MODIFIED, launch);
            draft.at(&launch.file, launch.line);
            describe(draft, facts, launch);
        }
        _ => {}
    }
    if is_world_writable(facts) {
        let draft = out.raise(&rules::FILE_WRITABLE, launch);
        draft.at(&launch.file, launch.line);
        describe(draft, facts, launch);
    }
}

fn is_world_writable(facts: &FileFacts) -> bool {
    facts.file_type == FileType::Regular && facts.mode & 0o002 != 0
}

fn program(facts: &FileFacts, launch: &Launch, shells: &BTreeSet<String>, out: &mut Findings) {
    match facts.state {
        PackageState::Modified | PackageState::Forged => {
            let draft = out.raise(&rules::PROGRAM_MODIFIED, facts);
            draft.in_file(&facts.path);
            describe(draft, facts, launch);
        }
        PackageState::Missing => {
            out.raise(&rules::PROGRAM_MISSING, facts)
                .in_file(&facts.path)
                .evidence("package", facts.package.clone().unwrap_or_default())
                .evidence("started by", launch.file.text().clone());
        }
        PackageState::Unowned => unowned(facts, launch, shells, out),
        _ => {}
    }
    if is_world_writable(facts) {
        let draft = out.raise(&rules::PROGRAM_WRITABLE, facts);
        draft.in_file(&facts.path);
        describe(draft, facts, launch);
    } else if runs_as_root(launch) && facts.uid != 0 && facts.file_type == FileType::Regular {
        let draft = out.raise(&rules::PROGRAM_OF_ANOTHER, facts);
        draft.in_file(&facts.path);
        describe(draft, facts, launch);
    }
}

/// Mechanisms that name no user run as root when the file is not in somebody's home.
fn runs_as_root(launch: &Launch) -> bool {
    match &launch.user {
        Some(user) => *user == "root" || *user == "0",
        None => !launch.file.is_under("/home") && !launch.file.is_under("/run/user"),
    }
}

fn unowned(facts: &FileFacts, launch: &Launch, shells: &BTreeSet<String>, out: &mut Findings) {
    let is_copy = facts.sha256.as_ref().is_some_and(|sha256| shells.contains(sha256));
    let named_so = SHELLS.contains(&facts.lies_at().name()) || facts.lies_at().name() == b"busybox";
    if is_copy && !named_so {
        let draft = out.raise(&rules::RENAMED_SHELL, facts);
        draft.in_file(&facts.path);
        describe(draft, facts, launch);
    }
}

/// Hashes of the shells that packages brought.
fn shell_hashes(items: &Items) -> BTreeSet<String> {
    let shells = items
        .all::<FileFacts>()
        .filter(|facts| facts.package.is_some() && SHELLS.contains(&facts.lies_at().name()));
    shells.filter_map(|facts| facts.sha256).collect()
}

/// Names of launches whose files a package owns: an unowned one of the same name overrides it.
fn owned_names(items: &Items, launches: &[Launch]) -> BTreeSet<Vec<u8>> {
    let owned = launches
        .iter()
        .filter(|launch| items.file(&launch.file).is_some_and(|facts| facts.package.is_some()));
    owned.map(|launch| launch.file.name().to_vec()).collect()
}

/// Beginnings of names that only the system's makers use.
const VENDOR_NAMES: [&[u8]; 8] = [
    b"dbus-org.freedesktop.",
    b"org.freedesktop.",
    b"freedesktop",
    b"systemd-",
    b"kworker",
    b"kthread",
    b"initramfs-",
    b"dpkg-",
];

/// Directories whose content other programs make at run time.
const MADE_AT_RUN_TIME: [&str; 3] =
    ["/run/systemd/generator", "/run/systemd/transient", "/run/udev"];

fn squats(facts: &FileFacts, launch: &Launch, owned: &BTreeSet<Vec<u8>>, out: &mut Findings) {
    let path = &launch.file;
    let made = MADE_AT_RUN_TIME.iter().any(|dir| path.as_bytes().starts_with(dir.as_bytes()));
    let own_name = path.name();
    let vendor = VENDOR_NAMES.iter().any(|prefix| own_name.starts_with(prefix));
    let overrides = owned.contains(own_name);
    if facts.state == PackageState::Unowned && vendor && !made && !overrides {
        let draft = out.raise(&rules::NAME_SQUATS_VENDOR, launch);
        draft.at(path, launch.line);
        describe(draft, facts, launch);
    }
}

/// A launching file that hides, or lies where everybody may write.
fn odd_place(path: &HostPath, launch: &Launch, out: &mut Findings) {
    // What runs for a user's session or was asked for at run time lies there by design.
    let session = path.is_under("/run/user") || path.is_under("/proc") || path.is_under("/sys");
    let in_system = ["/etc", "/usr", "/lib", "/opt", "/var"].iter().any(|dir| path.is_under(dir));
    let autostart = path.components().any(|part| part == b"autostart" || part == b"systemd");
    let (severity, confidence) = match place(path.as_bytes()) {
        _ if session => return,
        Place::Disguised | Place::Temporary | Place::Odd => (Severity::High, Confidence::Likely),
        Place::Hidden if (in_system || autostart) && path.name().starts_with(b".") => {
            (Severity::Medium, Confidence::Likely)
        }
        Place::Hidden | Place::Ordinary => return,
    };
    out.raise(&rules::FILE_IN_ODD_PLACE, launch)
        .at(path, launch.line)
        .graded(severity, confidence)
        .evidence("command", launch.command.clone());
}
