//! Programs that git runs: hooks and commands in its configuration.
//!
//! An intruder who cannot write cron waits for somebody to commit or to look at a log. Repositories
//! are looked for a few levels below homes and the places where sites and services lie.

use coroner_core::{Blocked, Cx, DirEntry, FileType, HostPath, Text, Trigger};
use coroner_parse::startup::git;

use crate::automount::Mounts;
use crate::homes::Home;
use crate::starts;

/// Levels below a home or `/srv` that are searched.
const DEPTH: usize = 3;
/// Directories listed in all, and names looked at in one.
const MOST_DIRECTORIES: usize = 4_000;
const MOST_NAMES: usize = 2_000;
const TOPS: &[&str] = &["/opt", "/srv", "/var/www", "/usr/src", "/home"];
/// Never holds a working tree, and often thousands of names.
const SKIPPED: [&[u8]; 6] =
    [b"node_modules", b".cache", b".npm", b".cargo", b"containers", b"overlay2"];

/// Collects the system's configuration, each home's, and that of repositories.
pub(crate) fn collect(cx: &mut Cx<'_>, homes: &[Home], mounts: &Mounts) {
    config(cx, &HostPath::new("/etc/gitconfig"), None);
    for home in homes {
        config(cx, &home.path.join(".gitconfig"), Some(&home.account));
        config(cx, &home.path.join(".config/git/config"), Some(&home.account));
    }
    let own =
        homes.iter().filter(|home| !home.path.is_under("/var") && !home.path.is_under("/usr"));
    let tops = own.map(|home| home.path.clone()).chain(TOPS.iter().map(HostPath::new));
    repositories(cx, tops.collect(), mounts);
}

fn repositories(cx: &mut Cx<'_>, mut tops: Vec<HostPath>, mounts: &Mounts) {
    tops.sort();
    tops.dedup();
    let mut level = tops;
    let mut left = MOST_DIRECTORIES;
    for _ in 0..=DEPTH {
        let mut below = Vec::new();
        for dir in level.into_iter().filter(|dir| !mounts.would_mount(dir)) {
            if left == 0 || cx.deadline().is_over() {
                cx.minor_gap(
                    &dir,
                    Blocked::TooLarge,
                    "not searched for repositories: too many directories",
                );
                return;
            }
            left -= 1;
            // Listed past the gap-taking door: that somebody's folder is huge says nothing.
            let Ok(listing) = cx.host().list(&dir, MOST_NAMES) else { continue };
            for entry in listing.entries {
                below.extend(searched_next(cx, entry));
            }
        }
        level = below;
        level.sort();
        level.dedup();
    }
}

fn searched_next(cx: &mut Cx<'_>, entry: DirEntry) -> Option<HostPath> {
    if entry.kind != FileType::Directory || SKIPPED.contains(&entry.name.as_bytes()) {
        return None;
    }
    let name = entry.name.as_bytes();
    if name == b".git" || name.ends_with(b".git") {
        repository(cx, &entry.path);
        return None;
    }
    Some(entry.path)
}

fn repository(cx: &mut Cx<'_>, dir: &HostPath) {
    config(cx, &dir.join("config"), None);
    hooks(cx, &dir.join("hooks"));
}

fn hooks(cx: &mut Cx<'_>, dir: &HostPath) {
    for entry in cx.list(dir) {
        if entry.kind == FileType::Regular && !entry.name.as_bytes().ends_with(b".sample") {
            let enabled = cx.stat(&entry.path).is_some_and(|stat| stat.is_executable());
            starts::file(cx, Trigger::Program, None, &entry.path, enabled);
        }
    }
}

fn config(cx: &mut Cx<'_>, path: &HostPath, user: Option<&Text>) {
    let Some(content) = cx.read(path) else { return };
    for found in git::commands(&content.bytes) {
        match found {
            Ok(found) => {
                let at = (path, found.line);
                starts::command(
                    cx,
                    Trigger::Program,
                    user,
                    at,
                    found.value.name,
                    found.value.command,
                );
            }
            Err(bad) => cx.bad_line(path, &bad),
        }
    }
    for found in git::hook_directories(&content.bytes).into_iter().flatten() {
        if found.value.as_bytes().starts_with(b"/") {
            hooks(cx, &HostPath::new(found.value.as_bytes()));
        }
    }
}
