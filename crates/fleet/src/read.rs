//! What may be a report: opened, unpacked and read within bounds.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use coroner_core::{ReportError, UnreadItems};
use flate2::read::MultiGzDecoder;
use rustix::fs::{Mode, OFlags};
use ruzstd::decoding::StreamingDecoder;

use crate::bucket::BucketError;

/// Why a file is not taken in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It could not be read or unpacked.
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    /// The bucket did not give it.
    #[error("{0}")]
    NotGiven(#[from] BucketError),
    /// A folder, a device, a pipe.
    #[error("is not a regular file")]
    NotAFile,
    /// More than a report may have, unpacked.
    #[error("has more than {0} MiB unpacked; --largest raises the limit")]
    TooLarge(u64),
    /// It is something else, or of another version, or cut off.
    #[error("{0}")]
    NotAReport(#[from] ReportError),
    /// No host could be told from it.
    #[error("says no host id: whose report it is cannot be known")]
    Nameless,
}

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// What a zstd frame may ask for as its window.
const WINDOW: u64 = 128 << 20;

/// The JSON of a file, plain or packed by gzip or zstd (told by its first bytes, not its name), of at
/// most `largest` MiB.
pub(crate) fn file(path: &Path, largest: u64) -> Result<Vec<u8>, Refused> {
    unpacked(open(path)?, largest)
}

/// The report in it, its items unread.
///
/// # Errors
/// It is none, or of nobody.
pub(crate) fn report(json: &[u8]) -> Result<UnreadItems<'_>, Refused> {
    let report = UnreadItems::around_items(json)?;
    if report.host.id.is_empty() { Err(Refused::Nameless) } else { Ok(report) }
}

/// The same of anything that can be read.
pub(crate) fn unpacked(reader: impl Read, largest: u64) -> Result<Vec<u8>, Refused> {
    let mut file = BufReader::with_capacity(1 << 16, reader);
    let start = io::BufRead::fill_buf(&mut file)?;
    let (gzip, zstd) = (start.starts_with(GZIP), start.starts_with(ZSTD));
    if gzip {
        bounded(MultiGzDecoder::new(file), largest)
    } else if zstd {
        let decoder = StreamingDecoder::new_with_max_window_size(file, WINDOW);
        bounded(decoder.map_err(|error| io::Error::other(error.to_string()))?, largest)
    } else {
        bounded(file, largest)
    }
}

/// Never waits: what is no regular file is refused before a byte is read.
fn open(path: &Path) -> Result<File, Refused> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(io::Error::from)?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(Refused::NotAFile) }
}

fn bounded(reader: impl Read, largest: u64) -> Result<Vec<u8>, Refused> {
    let limit = largest.saturating_mul(1 << 20);
    let mut out = Vec::new();
    reader.take(limit.saturating_add(1)).read_to_end(&mut out)?;
    let length = u64::try_from(out.len()).unwrap_or(u64::MAX);
    if length > limit { Err(Refused::TooLarge(largest)) } else { Ok(out) }
}
