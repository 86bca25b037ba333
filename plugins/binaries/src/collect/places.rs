//! The directories of one root, each under its real name once.

use coroner_core::{Cx, FileType, HostPath};

use crate::table::{HELPER_DIRS, LIBRARY_DIRS, PROGRAM_DIRS};

/// Where this root keeps programs and libraries.
pub(super) struct Places {
    /// Programs that are typed.
    pub(super) programs: Vec<HostPath>,
    /// Programs that are not.
    pub(super) helpers: Vec<HostPath>,
    /// Libraries, multiarch directories, PAM modules and processor-specific variants.
    pub(super) libraries: Vec<HostPath>,
}

impl Places {
    pub(super) fn find(cx: &mut Cx<'_>) -> Self {
        let programs = real(cx, PROGRAM_DIRS.iter().map(HostPath::new));
        let helpers = real(cx, HELPER_DIRS.iter().map(HostPath::new));
        let tops = real(cx, LIBRARY_DIRS.iter().map(HostPath::new));
        let below = tops.iter().flat_map(|top| library_directories(cx, top)).collect::<Vec<_>>();
        let libraries = real(cx, tops.into_iter().chain(below));
        Self { programs, helpers, libraries }
    }

    /// Whether a directory is one of the system's own, for programs or for libraries.
    pub(super) fn has(&self, dir: &HostPath) -> bool {
        self.programs.contains(dir) || self.libraries.contains(dir)
    }

    /// Every directory whose names are looked at.
    pub(super) fn all(&self) -> impl Iterator<Item = &HostPath> {
        self.programs.iter().chain(&self.helpers).chain(&self.libraries)
    }
}

/// The real names of those that are there, without repetitions, in their order.
fn real(cx: &mut Cx<'_>, dirs: impl Iterator<Item = HostPath>) -> Vec<HostPath> {
    let mut found = Vec::new();
    for dir in dirs {
        if let Some(place) = cx.resolve(&dir).filter(|place| !found.contains(place)) {
            found.push(place);
        }
    }
    found
}

/// Multiarch directories (`x86_64-linux-gnu`), and in each of them and in the top itself the PAM
/// modules and the variants that the loader prefers on newer processors.
fn library_directories(cx: &mut Cx<'_>, top: &HostPath) -> Vec<HostPath> {
    let entries = cx.list(top);
    let multiarch = entries.iter().filter(|entry| {
        let name = entry.name.lossy();
        entry.kind == FileType::Directory
            && (name.contains("-linux-gnu") || name.contains("-linux-musl"))
    });
    let mut dirs = vec![top.clone()];
    dirs.extend(multiarch.map(|entry| entry.path.clone()));
    let mut found = dirs.clone();
    for dir in &dirs {
        found.push(dir.join("security"));
        let variants = cx.list(&dir.join("glibc-hwcaps"));
        found.extend(variants.into_iter().map(|entry| entry.path));
    }
    found
}
