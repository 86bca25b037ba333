//! Directories, record by record: with a large buffer, one at a time, and past their end.

use std::collections::BTreeSet;

use coroner_core::{Blocked, Cx, HostPath, ReadError, Text};
use coroner_host::Host;
use coroner_host::views::{OpenDir, RawListing};
use coroner_parse::directory::{DirectoryRecord, names_in_gap};

use crate::disks::Disks;
use crate::items::{DirectoryView, Oversized};
use crate::places;

/// The size that programs use (glibc's `opendir`).
const LARGE: usize = 32 << 10;
/// A directory of more names than this is not read one by one.
const MOST_NAMES: usize = 50_000;
/// Bytes of a gap, and names of a list, that are kept.
const KEPT_BYTES: usize = 512;
const KEPT_NAMES: usize = 20;
/// Directories whose link count another check judges: `modules` and the count of processes.
const COUNTED_ELSEWHERE: [&str; 2] = ["/proc", "/sys/module"];

/// Tells every directory that is there.
pub(crate) fn directories(cx: &mut Cx<'_>, homes: &[HostPath], disks: &mut Disks<'_>) {
    let fixed = places::DIRECTORIES.iter().map(|&dir| HostPath::from(dir));
    let of_homes = homes.iter().flat_map(|home| [home.clone(), home.join(".ssh")]);
    let dirs: BTreeSet<HostPath> = fixed.chain(of_homes).collect();
    for dir in dirs {
        if cx.deadline().is_over() {
            cx.gap(&dir, Blocked::OutOfTime);
            return;
        }
        directory(cx, &dir, disks);
    }
}

fn directory(cx: &mut Cx<'_>, dir: &HostPath, disks: &mut Disks<'_>) {
    let open = match cx.host().open_dir(dir) {
        Ok(open) => open,
        Err(ReadError::Absent | ReadError::Blocked(Blocked::NotDirectory)) => return,
        Err(ReadError::Blocked(reason)) => return cx.gap(dir, reason),
    };
    let by_name = known_names(dir);
    let mut failed = None;
    let host = cx.host();
    let read_view = |disks: &mut Disks<'_>| {
        let mut view = read(&open, dir, &by_name).map_err(|reason| failed = Some(reason)).ok()?;
        view.on_disk_alone = on_disk_alone(host, &open, dir, disks);
        Some(view)
    };
    let view = disks.steady(read_view, DirectoryView::is_quiet, DirectoryView::keep);
    if let Some(mut view) = view {
        view.shorten();
        cx.emit(view);
    }
    if let Some(reason) = failed {
        cx.gap(dir, reason);
    }
}

/// Names in it that the plugin would open by name.
fn known_names(dir: &HostPath) -> Vec<&'static str> {
    let files = places::FILES.iter().chain(places::DIRECTORIES);
    let inside = files.filter(|path| HostPath::from(**path).parent().as_ref() == Some(dir));
    inside.filter_map(|path| path.rsplit('/').next()).collect()
}

fn read(open: &OpenDir, dir: &HostPath, by_name: &[&str]) -> Result<DirectoryView, Blocked> {
    let before = open.links()?;
    let large = open.read(LARGE, MOST_NAMES)?;
    let small = open.step(MOST_NAMES)?;
    if large.truncated || small.truncated {
        return Err(Blocked::TooLarge);
    }
    let (in_large, in_small) = (names(&large), names(&small));
    let found = by_name.iter().filter(|name| open.find(name).is_ok()).map(|name| Text::from(*name));
    // Those that came while the others were read are in the third listing.
    let unlisted: Vec<Text> = found.filter(|name| !in_large.contains(name)).collect();
    let again =
        if unlisted.is_empty() { None } else { Some(names(&open.read(LARGE, MOST_NAMES)?)) };
    let unlisted =
        unlisted.into_iter().filter(|name| again.as_ref().is_none_or(|a| !a.contains(name)));
    let shown = |listing: &RawListing| {
        let dirs = listing.records.iter().filter(|record| record.is_directory());
        u32::try_from(dirs.count()).unwrap_or(u32::MAX)
    };
    let links = before.min(open.links()?);
    let judged =
        open.counts_subdirectories() && COUNTED_ELSEWHERE.iter().all(|other| dir != *other);
    let counted = judged.then(|| links.saturating_sub(2));
    let shown = shown(&large).max(shown(&small));
    Ok(DirectoryView {
        dir: dir.clone(),
        names: u32::try_from(in_large.len()).unwrap_or(u32::MAX),
        oversized: oversized([&large, &small]),
        malformed: large.malformed || small.malformed,
        after_end: large.after_end.iter().chain(&small.after_end).cloned().collect(),
        withheld: withheld(&small),
        large_alone: in_large.difference(&in_small).cloned().collect(),
        small_alone: in_small.difference(&in_large).cloned().collect(),
        unlisted: unlisted.collect(),
        on_disk_alone: Vec::new(),
        counted,
        shown,
        links_differ: counted.is_some_and(|counted| counted > shown),
    })
}

/// Names in the blocks of a directory that its listing lacks, when nobody wrote it meanwhile.
fn on_disk_alone(host: &Host, open: &OpenDir, dir: &HostPath, disks: &mut Disks<'_>) -> Vec<Text> {
    let mut find = || {
        let stat = host.stat_followed(dir).ok()?;
        let on_disk = disks.names(&host.resolve(dir).ok()?, &stat)?;
        let listed = names(&open.read(LARGE, MOST_NAMES).ok()?);
        let settled = host.stat_followed(dir).ok()? == stat;
        settled.then(|| on_disk.difference(&listed).cloned().collect())
    };
    find().unwrap_or_default()
}

fn names(listing: &RawListing) -> BTreeSet<Text> {
    listing.records.iter().map(|record| record.name.clone()).collect()
}

fn withheld(listing: &RawListing) -> Vec<(Text, u32)> {
    let needs = |needs: usize| u32::try_from(needs).unwrap_or(u32::MAX);
    listing.withheld.iter().map(|gone| (gone.after.clone(), needs(gone.needs))).collect()
}

fn oversized(listings: [&RawListing; 2]) -> Vec<Oversized> {
    let records = listings.into_iter().flat_map(|listing| &listing.records);
    let long = records.filter(|record| !record.gap.is_empty()).map(too_long);
    let once: BTreeSet<Oversized> = long.collect();
    once.into_iter().collect()
}

fn too_long(record: &DirectoryRecord) -> Oversized {
    let start = record.gap.get(..KEPT_BYTES).unwrap_or(&record.gap);
    Oversized {
        name: record.name.clone(),
        length: record.length.into(),
        needed: u32::try_from(record.needed()).unwrap_or(u32::MAX),
        inside: names_in_gap(&record.gap),
        bytes: Text::from(start),
    }
}

impl DirectoryView {
    /// Nothing in it contradicts anything.
    pub(crate) fn is_quiet(&self) -> bool {
        let lists = [
            &self.after_end,
            &self.large_alone,
            &self.small_alone,
            &self.unlisted,
            &self.on_disk_alone,
        ];
        self.oversized.is_empty()
            && self.withheld.is_empty()
            && lists.iter().all(|names| names.is_empty())
            && !self.malformed
            && !self.links_differ
    }

    /// Leaves what another reading holds too.
    fn keep(&mut self, again: &Self) {
        let both = |names: &mut Vec<Text>, again: &[Text]| names.retain(|n| again.contains(n));
        both(&mut self.after_end, &again.after_end);
        both(&mut self.large_alone, &again.large_alone);
        both(&mut self.small_alone, &again.small_alone);
        both(&mut self.unlisted, &again.unlisted);
        both(&mut self.on_disk_alone, &again.on_disk_alone);
        self.withheld.retain(|gone| again.withheld.contains(gone));
        // The name before may be gone, and the hidden one then lies behind another.
        let same = |a: &Oversized, b: &Oversized| {
            a.name == b.name || a.inside.iter().any(|name| b.inside.contains(name))
        };
        self.oversized.retain(|record| again.oversized.iter().any(|other| same(record, other)));
        self.malformed &= again.malformed;
        // A directory in which they meet once is one where subdirectories come and go.
        self.links_differ &= again.links_differ;
    }

    fn shorten(&mut self) {
        for names in
            [&mut self.after_end, &mut self.large_alone, &mut self.small_alone, &mut self.unlisted]
        {
            names.sort();
            names.dedup();
            names.truncate(KEPT_NAMES);
        }
        self.withheld.truncate(KEPT_NAMES);
        self.oversized.truncate(KEPT_NAMES);
    }
}
