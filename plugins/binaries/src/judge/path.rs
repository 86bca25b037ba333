//! PATH, and what takes a tool's place in it.

use coroner_core::{Confidence, FileFacts, Findings, HostPath, Items, Severity};

use super::files::show;
use crate::items::{DivertedTool, PathDirectory, Shadow};
use crate::table::{Purpose, Tool};
use crate::{names, rules, table};

pub(super) fn judge(items: &Items, out: &mut Findings) {
    for entry in items.all::<PathDirectory>() {
        directory(&entry, out);
    }
    for shadow in items.all::<Shadow>() {
        if let Some(file) = items.file(&shadow.path) {
            shadowed(&shadow, &file, out);
        }
    }
    for diversion in items.all::<DivertedTool>() {
        diverted(&diversion, items, out);
    }
}

fn directory(entry: &PathDirectory, out: &mut Findings) {
    let written = entry.directory.as_bytes();
    let place = HostPath::new(written);
    let private = entry.file.is_under("/root");
    let grade = if written.is_empty() || written.starts_with(b".") {
        (Severity::Low, Confidence::Possible)
    } else if names::is_temporary(&place) || (!private && is_hidden_for_everyone(&place)) {
        (Severity::High, Confidence::Likely)
    } else {
        return;
    };
    let draft = out.raise(&rules::ODD_PATH, entry).at(&entry.file, entry.line);
    draft
        .evidence("directory", entry.directory.clone())
        .evidence("variable", entry.variable.as_str());
    draft.graded(grade.0, grade.1);
}

fn is_hidden_for_everyone(place: &HostPath) -> bool {
    place.is_hidden() && !place.is_under("/root") && !place.is_under("/home")
}

/// Packages of which nobody keeps a second copy in PATH. Of the others (curl, htop, OpenSSH, shells)
/// administrators build newer ones.
static SELDOM: &[&str] = &[
    "procps",
    "iproute2",
    "net-tools",
    "lsof",
    "psmisc",
    "util-linux",
    "mount",
    "bsdutils",
    "kmod",
    "sudo",
    "login",
    "passwd",
    "coreutils",
    "findutils",
    "cron",
    "at",
    "systemd",
    "sysvinit-utils",
    "libc-bin",
    "e2fsprogs",
    "dash",
];

fn shadowed(shadow: &Shadow, file: &FileFacts, out: &mut Findings) {
    let owned = file.state.is_vouched() || names::in_system_directory(file.lies_at());
    let tool = table::tool(shadow.path.name()).filter(|_| !owned);
    let Some((severity, confidence)) = tool.and_then(|tool| grade(tool, file)) else { return };
    let draft = show(out.raise(&rules::SHADOWED, shadow), file);
    draft.evidence("takes the place of", shadow.shadows.text().clone());
    draft.evidence("for", shadow.whose.clone()).graded(severity, confidence);
}

fn grade(tool: &Tool, file: &FileFacts) -> Option<(Severity, Confidence)> {
    let seldom = tool.packages.first().is_some_and(|package| SELDOM.contains(package));
    let packed = file.elf.as_ref().is_some_and(|elf| !elf.packers.is_empty());
    match tool.purpose {
        Purpose::Look | Purpose::Login if seldom || packed => {
            Some((Severity::High, Confidence::Likely))
        }
        Purpose::Login if file.shebang.is_some() => Some((Severity::High, Confidence::Likely)),
        Purpose::Login => Some((Severity::Medium, Confidence::Possible)),
        _ if packed => Some((Severity::Medium, Confidence::Likely)),
        _ => None,
    }
}

fn diverted(diversion: &DivertedTool, items: &Items, out: &mut Findings) {
    let there = items.file(&diversion.path);
    let draft = out.raise(&rules::TOOL_DIVERTED, diversion).at(&diversion.file, diversion.line);
    draft.evidence("usual place", diversion.path.text().clone());
    draft.evidence("the package's file goes to", diversion.to.text().clone());
    if let Some(digest) = there.and_then(|file| file.sha256) {
        draft.evidence("sha256 of what lies there", digest);
    }
}
