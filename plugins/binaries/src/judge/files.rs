//! The file facts of a report, each file once, and what is said of any of them.

use std::collections::{BTreeMap, BTreeSet};

use coroner_core::{Draft, FileFacts, FileType, HostPath, Items, PackageState, Text};

use crate::names;
use crate::table::Purpose;

/// Files by where they lie.
pub(super) struct Files {
    by_place: BTreeMap<HostPath, FileFacts>,
    shells: BTreeSet<String>,
    needed: BTreeMap<Text, HostPath>,
}

impl Files {
    pub(super) fn of(items: &Items) -> Self {
        let mut by_place: BTreeMap<HostPath, FileFacts> = BTreeMap::new();
        for file in items.all::<FileFacts>().filter(|file| !is_changed_link(file)) {
            let place = file.lies_at().clone();
            // The name under which it lies speaks for it; links to it are only other names.
            if file.path == place || !by_place.contains_key(&place) {
                by_place.insert(place, file);
            }
        }
        let shells = by_place.iter().filter(|(place, _)| is_shell(place));
        let shells = shells.filter_map(|(_, file)| file.sha256.clone()).collect();
        let needed = by_place.iter().filter(|(place, _)| names::tool_at(place).is_some());
        let needed = needed.flat_map(|(place, file)| {
            let libraries = file.elf.iter().flat_map(|elf| &elf.needed);
            libraries.map(|library| (library.clone(), place.clone()))
        });
        let needed = needed.collect();
        Self { by_place, shells, needed }
    }

    /// A relied-on program that asks the loader for a library of this name.
    pub(super) fn who_needs(&self, library: &[u8]) -> Option<&HostPath> {
        self.needed.get(&Text::from(library))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &FileFacts> {
        self.by_place.values()
    }

    /// Whether a file's content is that of one of the system's shells or interpreters.
    pub(super) fn is_copy_of_shell(&self, file: &FileFacts) -> bool {
        let copied = file.sha256.as_ref().is_some_and(|digest| self.shells.contains(digest));
        copied && !is_shell(file.lies_at())
    }
}

fn is_shell(place: &HostPath) -> bool {
    let tool = names::tool_at(place);
    tool.is_some_and(|tool| matches!(tool.purpose, Purpose::Shell | Purpose::Interpreter))
}

/// A packaged link that was made to lead elsewhere: its state is the link's, and says nothing of the
/// file that it leads to.
pub(super) fn is_changed_link(file: &FileFacts) -> bool {
    let says_nothing = file.expected.is_none() && file.actual.is_none();
    file.state == PackageState::Modified && file.target.is_some() && says_nothing
}

/// Whether somebody says that the content is wrong, or nobody says that it is right.
pub(super) fn is_doubtful(file: &FileFacts) -> bool {
    use PackageState::{Forged, Modified, Unknown, Unowned};
    file.file_type == FileType::Regular
        && matches!(file.state, Forged | Modified | Unknown | Unowned)
}

/// What every finding on a file shows.
pub(super) fn show<'d>(draft: &'d mut Draft, file: &FileFacts) -> &'d mut Draft {
    draft.in_file(&file.path);
    if let Some(real) = &file.real {
        draft.evidence("leads to", real.text().clone());
    }
    if let Some(package) = &file.package {
        draft.evidence("package", package.clone());
    }
    draft.evidence("state", state_in_words(file.state));
    if let Some(expected) = &file.expected {
        draft.evidence("expected", expected.to_string());
    }
    if let Some(actual) = &file.actual {
        draft.evidence("actual", actual.to_string());
    }
    if let Some(listed) = &file.listed {
        draft.evidence("the host's list", listed.to_string());
    }
    if let Some(proof) = &file.proof {
        draft.evidence("pack", proof.as_str());
    }
    if file.state == PackageState::Missing {
        return draft;
    }
    if let Some(digest) = &file.sha256 {
        draft.evidence("sha256", digest.as_str());
    }
    let owner = format!("{}:{} mode {:04o}", file.uid, file.gid, file.mode);
    draft.evidence("owner", owner).evidence("size", file.size.to_string());
    draft.evidence("changed", file.changed.to_string());
    if let Some(first) = &file.shebang {
        draft.evidence("first line", first.clone());
    }
    draft
}

fn state_in_words(state: PackageState) -> &'static str {
    match state {
        PackageState::Vendor => "as its vendor published it",
        PackageState::Local => "agrees with the host's package database",
        PackageState::ConffileChanged => "a changed configuration file",
        PackageState::Modified => "differs from its package",
        PackageState::Forged => {
            "agrees with the host's package database, which was edited: the vendor published another file"
        }
        PackageState::Unowned => "belongs to no package",
        PackageState::Missing => "missing",
        PackageState::Unknown => "not known to the package database",
    }
}
