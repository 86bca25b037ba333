//! Walks: names among the packaged ones, and privileged files anywhere.

use coroner_core::{Blocked, Cx, DirEntry, FileType, HostPath, Options, Scope, Stat};

use super::places::Places;
use crate::names;

/// Names in one directory that are looked at.
const MOST_NAMES: usize = 50_000;
/// Names in all that a walk for privileged files looks at.
const MOST_IN_ALL: usize = 1_000_000;
/// Unowned files of one directory whose facts are asked for; the hundredth tells nothing new.
const MOST_WANTED: usize = 5_000;

/// Every name in the directories of programs and libraries.
pub(super) fn system_directories(cx: &mut Cx<'_>, places: &Places) {
    for dir in places.all() {
        for (entry, stat) in list(cx, dir).into_iter().take(MOST_WANTED) {
            if deserves_a_look(&entry, &stat) {
                cx.want_if_unowned(&entry.path);
            }
            if is_privileged(cx, &entry, &stat) || hides_what_it_is(&entry) {
                cx.want(&entry.path);
            }
        }
    }
}

/// Programs, libraries, and names that should not be there at all.
fn deserves_a_look(entry: &DirEntry, stat: &Stat) -> bool {
    let name = entry.name.as_bytes();
    let runs = stat.is_file() && (stat.is_executable() || names::ends_as_library(name));
    runs || names::is_hidden(name)
}

fn hides_what_it_is(entry: &DirEntry) -> bool {
    let name = entry.name.as_bytes();
    names::is_misleading(name) || names::renamed_from(name).is_some()
}

/// Set-uid, set-gid, or with capabilities. Asking for the attribute opens the file, so only
/// programs are asked: on others it means nothing.
fn is_privileged(cx: &Cx<'_>, entry: &DirEntry, stat: &Stat) -> bool {
    let capable = || {
        let value = cx.host().root().xattr(&entry.path, "security.capability");
        matches!(value, Ok(Some(_)))
    };
    stat.is_file() && stat.is_executable() && (stat.mode & 0o6000 != 0 || capable())
}

/// Where privileged files are looked for, and how deep, by how much is asked.
fn privileged_places(options: &Options) -> &'static [(&'static str, usize)] {
    match options.scope {
        Scope::Quick => &[("/tmp", 3), ("/var/tmp", 3), ("/dev/shm", 3), ("/root", 2)],
        Scope::Standard => &[
            ("/usr", 8),
            ("/lib", 4),
            ("/opt", 6),
            ("/etc", 5),
            ("/boot", 3),
            ("/srv", 4),
            ("/root", 4),
            ("/home", 4),
            ("/var", 4),
            ("/tmp", 4),
            ("/dev/shm", 4),
        ],
        Scope::Full => &[("/", 32)],
    }
}

/// Trees of other systems (container images, guests, snaps) and of the kernel: their set-uid files
/// are theirs.
static NOT_OURS: &[&str] = &[
    "/proc",
    "/sys",
    "/snap",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/kubelet",
    "/var/lib/lxc",
    "/var/lib/lxd",
    "/var/lib/machines",
    "/var/lib/snapd",
    "/var/lib/flatpak",
    "/var/lib/rancher",
    "/var/lib/microk8s",
    "/var/lib/schroot",
    "/run/containerd",
    "/run/snapd",
    "/gnu/store",
    "/nix/store",
];

/// Set-uid and capable files outside the directories of packages.
pub(super) fn privileged_files(cx: &mut Cx<'_>) {
    let mut seen = 0;
    for &(top, depth) in privileged_places(cx.options()) {
        let mut level = vec![HostPath::new(top)];
        for _ in 0..depth {
            let mut below = Vec::new();
            for dir in level {
                let entries = list(cx, &dir);
                seen += entries.len();
                if seen > MOST_IN_ALL || cx.deadline().is_over() {
                    let why = "too many files to look for set-uid ones among";
                    return cx.minor_gap(&dir, Blocked::TooLarge, why);
                }
                look_at(cx, entries, &mut below);
            }
            level = below;
        }
    }
}

fn look_at(cx: &mut Cx<'_>, entries: Vec<(DirEntry, Stat)>, below: &mut Vec<HostPath>) {
    for (entry, stat) in entries {
        if stat.kind == FileType::Directory {
            if !NOT_OURS.iter().any(|other| entry.path == **other) {
                below.push(entry.path);
            }
        } else if is_privileged(cx, &entry, &stat) {
            cx.want(&entry.path);
        }
    }
}

/// Names with what they are. What is not there or no directory is empty; what cannot be read is a
/// gap that does not hold up the verdict, since the packaged files are checked elsewhere.
fn list(cx: &mut Cx<'_>, dir: &HostPath) -> Vec<(DirEntry, Stat)> {
    match cx.host().root().list_with_stats(dir, MOST_NAMES) {
        Ok((entries, truncated)) => {
            if truncated {
                cx.minor_gap(dir, Blocked::TooLarge, "not every name was looked at");
            }
            entries
        }
        Err(error) => {
            match error.blocked() {
                None | Some(Blocked::NotDirectory) => {}
                Some(reason) => cx.minor_gap(dir, reason, "names not looked at"),
            }
            Vec::new()
        }
    }
}
