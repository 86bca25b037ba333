//! Files by several ways of reading.

use std::collections::BTreeSet;

use coroner_core::{Blocked, Cx, FileType, HostPath, ReadError};

use crate::content::difference;
use crate::disks::Disks;
use crate::items::{ContentView, FileView};
use crate::places;

/// Bytes of each file that are compared.
const COMPARED: usize = 1 << 20;
/// A file that is written all the time is tried this often.
const TRIES: u32 = 5;
const MOST_FILES: usize = 1000;

/// Tells every file that is there.
pub(crate) fn contents(cx: &mut Cx<'_>, homes: &[HostPath], disks: &mut Disks<'_>) {
    let mut paths: BTreeSet<HostPath> = places::FILES.iter().map(|&f| HostPath::from(f)).collect();
    for home in homes {
        paths.extend(places::HOME_FILES.iter().map(|file| home.join(file)));
    }
    for folder in places::FOLDERS {
        let files = cx.list(&HostPath::from(*folder)).into_iter();
        paths.extend(files.filter(|e| e.kind == FileType::Regular).map(|e| e.path));
    }
    if paths.len() > MOST_FILES {
        cx.gap_because(&HostPath::new("/etc"), Blocked::TooLarge, "more files than are compared");
    }
    for path in paths.iter().take(MOST_FILES) {
        if cx.deadline().is_over() {
            return cx.gap(path, Blocked::OutOfTime);
        }
        file(cx, path, disks);
    }
}

fn file(cx: &mut Cx<'_>, path: &HostPath, disks: &mut Disks<'_>) {
    let mut failed = None;
    let host = cx.host();
    let read = |disks: &mut Disks<'_>| {
        read_quiet(host, path, disks).map_err(|error| failed = error.blocked()).ok()
    };
    let view = disks.steady(read, FileView::is_quiet, FileView::keep);
    if let Some(view) = view {
        cx.emit(view);
    }
    match failed {
        // A link to a device, such as a history file to /dev/null, has no content to compare.
        None | Some(Blocked::NotRegular | Blocked::IsDirectory) => {}
        Some(reason) => cx.gap(path, reason),
    }
}

/// All ways within a time in which nobody wrote the file.
fn read_quiet(
    host: &coroner_host::Host,
    path: &HostPath,
    disks: &mut Disks<'_>,
) -> Result<FileView, ReadError> {
    for _ in 0..TRIES {
        let before = host.open_file(path)?;
        let real = host.resolve(path)?;
        let on_disk = disks.content(&real, before.stat(), COMPARED);
        let view = read_all(&before, path, on_disk)?;
        let after = host.open_file(path)?;
        if before.stat() == after.stat() {
            return Ok(view);
        }
    }
    Err(Blocked::Vanished.into())
}

fn read_all(
    file: &coroner_host::OpenFile,
    path: &HostPath,
    on_disk: Option<Vec<u8>>,
) -> Result<FileView, Blocked> {
    let (read, _) = file.read_up_to(COMPARED)?;
    let size = usize::try_from(file.stat().size).unwrap_or(usize::MAX);
    let others = [
        (ContentView::Vectored, file.read_vectored(COMPARED)),
        (ContentView::Mapped, file.read_mapped(size.min(COMPARED))),
        (ContentView::Blocks, on_disk.ok_or(Blocked::Unavailable)),
    ];
    let mut views = vec![ContentView::Read];
    let mut differences = Vec::new();
    for (view, other) in others {
        let Ok(other) = other else { continue };
        views.push(view);
        differences.extend(difference(view, &read, &other));
    }
    Ok(FileView { path: path.clone(), bytes: read.len() as u64, views, differences })
}

impl FileView {
    fn is_quiet(&self) -> bool {
        self.differences.is_empty()
    }

    fn keep(&mut self, again: &Self) {
        self.differences.retain(|difference| again.differences.contains(difference));
    }
}
