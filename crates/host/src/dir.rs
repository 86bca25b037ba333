//! Directory listings: names as bytes, sorted, bounded.

use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;

use coroner_parse::Text;
use rustix::fs::RawDir;

use crate::stat::stat_at;
use crate::{FileType, HostPath, ReadError, Stat};

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirEntry {
    /// The name's bytes.
    pub name: Text,
    /// The directory's path with the name added.
    pub path: HostPath,
    /// What the directory says it is; file systems without types say `Unknown`.
    pub kind: FileType,
}

/// A directory's names, sorted by bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The names, without `.` and `..`.
    pub entries: Vec<DirEntry>,
    /// There were more names than the limit allowed.
    pub truncated: bool,
}

const BUFFER: usize = 32 * 1024;

pub(crate) fn read_dir(
    fd: BorrowedFd<'_>,
    dir: &HostPath,
    limit: usize,
) -> Result<Listing, ReadError> {
    let mut buffer = vec![MaybeUninit::<u8>::uninit(); BUFFER];
    let mut reader = RawDir::new(fd, &mut buffer);
    let mut listing = Listing::default();
    while let Some(entry) = reader.next() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") {
            continue;
        }
        if listing.entries.len() >= limit {
            listing.truncated = true;
            break;
        }
        listing.entries.push(DirEntry {
            name: Text::from(name),
            path: dir.join(name),
            kind: entry.file_type().into(),
        });
    }
    listing.entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(listing)
}

/// The same names with what each of them is, links not followed. A name that vanished in between
/// is left out.
pub(crate) fn stats(fd: BorrowedFd<'_>, listing: Listing) -> Vec<(DirEntry, Stat)> {
    let stat = |entry: DirEntry| {
        let stat = stat_at(fd, entry.name.as_bytes()).ok()?;
        Some((entry, stat))
    };
    listing.entries.into_iter().filter_map(stat).collect()
}
