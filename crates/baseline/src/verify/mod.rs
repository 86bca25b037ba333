//! Every packaged file against its pack or its database: opened once, digested once, by the digest
//! that the pack, or else the database, has.
//!
//! Files are taken in the order in which their package manager wrote them, the largest packages
//! first: neighbours on the disk follow each other, and no large file is left to the end, where the
//! other processors would wait for it. Only files that disagree are read a second time, for the
//! evidence.

mod content;
mod suspect;
mod task;
mod work;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use coroner_core::packages::{SIGNATURES, Verification};
use coroner_core::{Blocked, Deadline, Gap, HostPath, KnownContent};
use coroner_host::Root;
use rayon::prelude::*;

use crate::index::{PackageDb, SPEAKER};
use crate::package::Entry;
use suspect::Suspect;
use task::Task;
use work::Found;

/// Files that disagree and are named; a package manager of its own (npm, pip) that upgrades itself in
/// place accounts for a thousand.
const MOST_SUSPECTS: usize = 20_000;

pub(crate) fn verify(
    db: &PackageDb,
    root: &Root,
    done: &HashSet<HostPath>,
    known: &dyn KnownContent,
    deadline: Deadline,
) -> Verification {
    let done: HashSet<&[u8]> = done.iter().map(HostPath::as_bytes).collect();
    let tasks = tasks(db, &done);
    let (with_digest, without): (Vec<_>, Vec<_>) =
        tasks.into_iter().partition(|task| task.entry.first().is_some());
    let mut out = Verification::default();
    let (mut suspects, mut unchecked) = (Vec::new(), 0_u64);
    for (task, found) in work::digest_all(root, &with_digest, known, deadline) {
        if matches!(found, Found::Blocked(Blocked::OutOfTime)) {
            unchecked += 1;
        } else {
            sort_out(db, task, found, &mut out, &mut suspects);
        }
    }
    out.gaps.extend((unchecked > 0).then(|| out_of_time(unchecked)));
    let unlike = without
        .par_iter()
        .filter_map(|&task| Some(Suspect { task, found: work::what_else_is_there(root, task)? }));
    suspects.extend(unlike.collect::<Vec<_>>());
    out.without_digest = without.len() as u64;
    suspects.retain(|suspect| !is_explained(db, suspect));
    suspects.sort_by_key(|suspect| suspect.task.place);
    if let Some(first_left_out) = suspects.get(MOST_SUSPECTS) {
        let detail = format!("{} files disagree with their packages", suspects.len());
        let gap = gap(first_left_out.task, Blocked::TooLarge);
        out.gaps.push(Gap { detail: Some(detail), ..gap });
        suspects.truncate(MOST_SUSPECTS);
    }
    out.suspects = suspects.par_iter().map(|s| suspect::facts(db, root, s, deadline)).collect();
    out
}

/// What is to be looked at, in the order to do it.
fn tasks<'a>(db: &'a PackageDb, done: &HashSet<&[u8]>) -> Vec<Task<'a>> {
    let weight: HashMap<u32, u64> =
        (0..).zip(&db.packages).map(|(id, package)| (id, package.weight)).collect();
    let mut tasks: Vec<_> = db
        .entries
        .iter()
        .map(|(place, entry)| Task { place, entry })
        .filter(|task| !task.entry.directory && !done.contains(task.place))
        .collect();
    let heavy_first = |task: &Task<'_>| {
        let weight = weight.get(&task.entry.package).copied().unwrap_or(0);
        (std::cmp::Reverse(weight), task.entry.order)
    };
    tasks.sort_by_cached_key(heavy_first);
    tasks
}

fn sort_out<'a>(
    db: &PackageDb,
    task: Task<'a>,
    found: Found,
    out: &mut Verification,
    suspects: &mut Vec<Suspect<'a>>,
) {
    match found {
        Found::Digest(digest) => {
            out.checked += 1;
            if task.entry.first() == Some(&digest) {
                out.agreed += 1;
                count_proof(db, task.entry, out);
            } else {
                suspects.push(Suspect { task, found: Found::Digest(digest) });
            }
        }
        Found::Blocked(reason) if !matches!(reason, Blocked::NotRegular | Blocked::IsDirectory) => {
            out.gaps.push(gap(task, reason));
        }
        other => suspects.push(Suspect { task, found: other }),
    }
}

fn gap(task: Task<'_>, reason: Blocked) -> Gap {
    let (plugin, path) = (SPEAKER.to_owned(), task.path());
    Gap { plugin, path, line: None, reason, detail: None, matters: true }
}

fn out_of_time(unchecked: u64) -> Gap {
    Gap {
        plugin: SPEAKER.to_owned(),
        path: HostPath::new("/"),
        line: None,
        reason: Blocked::OutOfTime,
        detail: Some(format!("{unchecked} packaged files were not checked")),
        matters: true,
    }
}

fn count_proof(db: &PackageDb, entry: &Entry, out: &mut Verification) {
    let signed = || db.package(entry).is_some_and(|package| package.proof.holds());
    let by = match &entry.vendor {
        Some(vendor) if vendor.trusted => Arc::clone(&vendor.by),
        None if signed() => SIGNATURES.into(),
        _ => return,
    };
    *out.proved.entry(by).or_default() += 1;
}

fn is_explained(db: &PackageDb, suspect: &Suspect<'_>) -> bool {
    let Suspect { task, found } = suspect;
    matches!(found, Found::Absent) && db.may_be_missing(task.place, task.entry)
}
