//! What the dynamic loader is told to load.

use std::collections::BTreeMap;

use coroner_core::{Confidence, FileFacts, Findings, HostPath, Items, Severity};

use super::files::show;
use crate::items::{LibraryDirectory, Preloaded, SecondLibrary};
use crate::table::Weight;
use crate::{names, rules, table};

pub(super) fn judge(items: &Items, out: &mut Findings) {
    for preload in items.all::<Preloaded>() {
        preloaded(&preload, items, out);
    }
    for directory in items.all::<LibraryDirectory>() {
        searched(&directory, items, out);
    }
    let second: BTreeMap<HostPath, SecondLibrary> =
        items.all::<SecondLibrary>().map(|library| (library.path.clone(), library)).collect();
    for library in second.values() {
        if let Some(file) = items.file(&library.path) {
            shadowed(library, &file, out);
        }
    }
}

/// Libraries that monitoring agents and small machines preload: Raspberry Pi OS's memcpy, Dynatrace,
/// Datadog, Instana, allocators.
static KNOWN_PRELOADS: &[&str] = &[
    "libarmmem",
    "liboneagentproc.so",
    "libcofi_rpi.so",
    "libAppDynamics",
    "libappdynamics",
    "launcher.preload.so",
    "libinstana",
    "libeatmydata.so",
    "libjemalloc.so",
    "libtcmalloc",
    "libmimalloc.so",
    "libsnoopy.so",
    "libsentinelone",
];

/// Functions whose takeover hides files, processes or connections.
static HIDING: &[&str] =
    &["readdir", "readdir64", "readdir_r", "readdir64_r", "getdents", "getdents64"];

fn preloaded(preload: &Preloaded, items: &Items, out: &mut Findings) {
    let Some(file) = preload.found.as_ref().and_then(|found| items.file(found)) else {
        let draft = out.raise(&rules::PRELOAD_MISSING, preload).at(&preload.file, preload.line);
        draft.evidence("library", preload.library.clone());
        return;
    };
    let (severity, confidence) = grade_preload(&file);
    let draft = show(out.raise(&rules::PRELOAD, preload), &file);
    draft.at(&preload.file, preload.line).evidence("library", preload.library.clone());
    let taken = file.elf.as_ref().map(|elf| elf.takes_over.join(", ")).unwrap_or_default();
    if !taken.is_empty() {
        draft.evidence("functions taken over", taken);
    }
    draft.graded(severity, confidence);
}

fn grade_preload(file: &FileFacts) -> (Severity, Confidence) {
    let taken = file.elf.as_ref().map(|elf| elf.takes_over.as_slice()).unwrap_or_default();
    let hides = taken.iter().any(|name| HIDING.contains(&name.as_str()));
    let name = file.lies_at().name();
    let known = KNOWN_PRELOADS.iter().any(|known| name.starts_with(known.as_bytes()));
    if file.state.is_vouched() {
        if hides {
            (Severity::Medium, Confidence::Possible)
        } else {
            (Severity::Low, Confidence::Possible)
        }
    } else if hides || names::is_odd_place(file.lies_at()) {
        (Severity::Critical, Confidence::Certain)
    } else if known {
        (Severity::Low, Confidence::Possible)
    } else if taken.is_empty() {
        (Severity::Critical, Confidence::Likely)
    } else {
        (Severity::Critical, Confidence::Certain)
    }
}

fn searched(directory: &LibraryDirectory, items: &Items, out: &mut Findings) {
    let writable = items.file(&directory.directory).is_some_and(|facts| facts.mode & 0o002 != 0);
    if names::is_odd_place(&directory.directory) || writable {
        let draft = out.raise(&rules::ODD_LIBRARY_PATH, directory);
        draft.at(&directory.file, directory.line);
        draft.evidence("directory", directory.directory.text().clone());
    }
}

fn shadowed(library: &SecondLibrary, file: &FileFacts, out: &mut Findings) {
    if file.state.is_vouched() || names::in_system_directory(file.lies_at()) {
        return;
    }
    let weight = table::library(library.name.as_bytes());
    let ordinary = weight == Some(Weight::Common) && !names::is_odd_place(file.lies_at());
    let draft = show(out.raise(&rules::LIBRARY_SHADOWED, library), file);
    draft.evidence("name", library.name.clone());
    draft.evidence("because of", library.because.text().clone());
    if ordinary {
        draft.graded(Severity::Info, Confidence::Possible);
    }
}
