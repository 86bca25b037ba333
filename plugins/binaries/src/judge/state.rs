//! What packages say of programs and libraries.

use std::collections::BTreeMap;

use coroner_core::packages::Package;
use coroner_core::{
    Confidence, Draft, FileFacts, FileType, Findings, Items, PackageState, Rule, Severity, Text,
};

use super::files::{Files, is_changed_link, is_doubtful, show};
use crate::table::{Form, Purpose, Tool};
use crate::{names, rules};

/// Names that are listed when many files of one package are meant.
const LISTED: usize = 12;

pub(super) fn judge(file: &FileFacts, out: &mut Findings) {
    match file.state {
        PackageState::Modified => modified(file, out),
        PackageState::Missing => missing(file, out),
        PackageState::Unknown => without_digest(file, out),
        _ => {}
    }
    if let Some(tool) = names::tool_at(&file.path) {
        script_for_program(file, tool, out);
        if file.state == PackageState::Unowned && file.file_type == FileType::Regular {
            unowned(file, tool, out);
        }
    }
}

/// A link in a system directory that leads a tool's name out of it.
pub(super) fn judge_links(items: &Items, out: &mut Findings) {
    for file in items.all::<FileFacts>().filter(|file| file.target.is_some()) {
        let outside = !names::in_system_directory(file.lies_at());
        let tool = names::tool_at(&file.path);
        if let Some(tool) = tool.filter(|_| outside && file.state == PackageState::Unowned) {
            unowned(&file, tool, out);
        }
        // Every name is judged here, since the place it leads to speaks for itself alone.
        if is_changed_link(&file) {
            link_changed(&file, out);
        } else if file.state == PackageState::Modified && file.actual.is_none() {
            modified(&file, out);
        }
    }
}

/// The package has a link there, and it led elsewhere.
fn link_changed(file: &FileFacts, out: &mut Findings) {
    let within = names::in_system_directory(file.lies_at());
    let draft = show(out.raise(&rules::LINK_CHANGED, file), file);
    if within {
        draft.graded(Severity::Medium, Confidence::Possible);
    }
}

/// Whether responders, or every program, rely on it.
fn is_relied_on(file: &FileFacts) -> bool {
    let library = names::is_relied_on_library(file.path.name());
    names::tool_at(&file.path).is_some() || (library && names::in_system_directory(&file.path))
}

fn modified(file: &FileFacts, out: &mut Findings) {
    let code = file.elf.is_some() || names::ends_as_library(file.path.name());
    let rule = if is_relied_on(file) {
        &rules::TOOL_MODIFIED
    } else if code {
        &rules::PROGRAM_MODIFIED
    } else {
        return;
    };
    show(out.raise(rule, file), file);
}

/// What is neither code nor data: scripts, units, modules of interpreters.
fn is_other(file: &FileFacts) -> bool {
    let code = file.elf.is_some() || names::ends_as_library(file.path.name());
    !is_relied_on(file) && !code && !names::is_data(&file.path)
}

fn missing(file: &FileFacts, out: &mut Findings) {
    let library = names::is_relied_on_library(file.path.name());
    if names::in_program_directory(&file.path) || names::tool_at(&file.path).is_some() || library {
        show(out.raise(&rules::TOOL_MISSING, file), file);
    }
}

fn without_digest(file: &FileFacts, out: &mut Findings) {
    if file.package.is_some() && file.file_type == FileType::Regular && is_relied_on(file) {
        show(out.raise(&rules::TOOL_WITHOUT_DIGEST, file), file);
    }
}

fn script_for_program(file: &FileFacts, tool: &Tool, out: &mut Findings) {
    let script =
        file.elf.is_none() && (file.shebang.is_some() || file.state == PackageState::Modified);
    if tool.form != Form::Elf || !script || !is_doubtful(file) {
        return;
    }
    let draft = show(out.raise(&rules::SCRIPT_FOR_PROGRAM, file), file);
    match file.state {
        PackageState::Modified | PackageState::Forged => {}
        PackageState::Unowned if is_seldom_by_hand(tool) => {
            draft.graded(Severity::Critical, Confidence::Likely);
        }
        _ => {
            draft.graded(Severity::Medium, Confidence::Possible);
        }
    }
}

fn is_seldom_by_hand(tool: &Tool) -> bool {
    matches!(tool.purpose, Purpose::Look | Purpose::Login | Purpose::Shell)
}

fn unowned(file: &FileFacts, tool: &Tool, out: &mut Findings) {
    let (severity, confidence) = match tool.purpose {
        Purpose::Look | Purpose::Login | Purpose::Shell => (Severity::High, Confidence::Likely),
        Purpose::Administer => (Severity::Medium, Confidence::Likely),
        // Container runtimes, interpreters and downloaders are installed by hand every day.
        Purpose::Daemon | Purpose::Interpreter | Purpose::Fetch => {
            (Severity::Low, Confidence::Possible)
        }
    };
    let draft = show(out.raise(&rules::TOOL_UNOWNED, file), file);
    draft.graded(severity, confidence).evidence("usual packages", tool.packages.join(", "));
}

/// More changed files of one package than this are one finding.
const MANY: usize = 20;
/// Trees that a language's own package manager updates in place (`npm install -g npm`). It changes
/// hundreds of files; a few of them changed are an intruder's.
static SELF_UPDATING: &[&str] =
    &["/usr/lib/node_modules", "/usr/lib/google-cloud-sdk", "/usr/share/nodejs"];

type ByPackage<'f> = BTreeMap<Text, Vec<&'f FileFacts>>;

/// Files that are judged by the package: a thousand manual pages are one finding.
pub(super) fn judge_in_bulk(items: &Items, files: &Files, out: &mut Findings) {
    let (mut gone, mut data, mut other) = (ByPackage::new(), ByPackage::new(), ByPackage::new());
    let mut forged = ByPackage::new();
    for file in files.iter() {
        let Some(package) = &file.package else { continue };
        let of = match file.state {
            PackageState::Missing
                if !names::in_program_directory(&file.path) && !is_relied_on(file) =>
            {
                &mut gone
            }
            PackageState::Forged => &mut forged,
            PackageState::Modified if is_other(file) => &mut other,
            PackageState::Modified if file.elf.is_none() && !is_relied_on(file) => &mut data,
            _ => continue,
        };
        of.entry(package.clone()).or_default().push(file);
    }
    let packages: BTreeMap<Text, Package> =
        items.all::<Package>().map(|package| (package.name.clone(), package)).collect();
    for (rule, of) in [(&rules::FILES_MISSING, gone), (&rules::DATA_MODIFIED, data)] {
        for (name, files) in of {
            many(rule, packages.get(&name), &files, out);
        }
    }
    for (name, files) in other {
        changed(packages.get(&name), &files, out);
    }
    for (name, files) in forged {
        each_or_many(&rules::FORGED, packages.get(&name), &files, out);
    }
}

/// A few files are named one by one; of a package that was rebuilt whole there is one finding.
fn each_or_many(
    rule: &'static Rule,
    package: Option<&Package>,
    files: &[&FileFacts],
    out: &mut Findings,
) {
    if files.len() > MANY {
        many(rule, package, files, out);
        return;
    }
    for file in files {
        show(out.raise(rule, *file), file);
    }
}

fn changed(package: Option<&Package>, files: &[&FileFacts], out: &mut Findings) {
    if files.len() <= MANY {
        return each_or_many(&rules::FILE_MODIFIED, package, files, out);
    }
    let updates_itself =
        |file: &&FileFacts| SELF_UPDATING.iter().any(|tree| file.path.is_under(tree));
    let (updated, rest): (Vec<&FileFacts>, Vec<&FileFacts>) =
        files.iter().copied().partition(updates_itself);
    if let Some(draft) = many(&rules::FILE_MODIFIED, package, &updated, out) {
        draft.graded(Severity::Low, Confidence::Possible);
    }
    many(&rules::FILE_MODIFIED, package, &rest, out);
}

/// One finding for many files of a package.
fn many<'o>(
    rule: &'static Rule,
    package: Option<&Package>,
    files: &[&FileFacts],
    out: &'o mut Findings,
) -> Option<&'o mut Draft> {
    let first = files.first()?;
    let draft = match package {
        Some(package) => out.raise(rule, package),
        None => out.raise(rule, *first),
    };
    draft.in_file(&first.path);
    if let Some(name) = &first.package {
        draft.evidence("package", name.clone());
    }
    draft.evidence("files", files.len().to_string());
    for file in files.iter().take(LISTED) {
        draft.evidence("file", file.path.text().clone());
    }
    Some(draft)
}
