//! How much an archive may hold.

use std::io::{self, Read};

use crate::Refused;

/// Bytes that one archive may unpack to; the largest of a distribution have some 4 GB.
const MOST: u64 = 16 << 30;
/// Up to here the ratio is not asked for.
const FREE: u64 = 64 << 20;
/// How many times its size an archive may unpack to; text gives 10, tables of zeroes 100.
/// `Installed-Size` is no bound: builders write what they like there.
const RATIO: u64 = 250;

/// Paths of one archive; the largest packages have some 100,000.
pub(crate) const MOST_ENTRIES: usize = 1_000_000;
/// Longer paths cannot be opened (`PATH_MAX`).
pub(crate) const LONGEST_PATH: usize = 4095;
/// Bytes of a control file that are read: lists of digests have 100 bytes a file.
pub(crate) const LARGEST_CONTROL: u64 = 64 << 20;
/// Bytes that long names and PAX records of one entry may take.
pub(crate) const LARGEST_EXTENSION: u64 = 64 << 10;
/// KiB of memory that an xz or zstd window may ask for; packages use up to 64 MiB.
pub(crate) const WINDOW_KIB: u32 = 160 << 10;

/// How many bytes something of `packed` bytes may unpack to.
pub(crate) fn unpacked(packed: u64) -> u64 {
    packed.saturating_mul(RATIO).clamp(FREE, MOST)
}

/// A reader that refuses to give more than its limit.
pub(crate) struct Bounded<R> {
    inner: R,
    limit: u64,
    left: u64,
}

impl<R: Read> Bounded<R> {
    pub(crate) const fn new(inner: R, limit: u64) -> Self {
        Self { inner, limit, left: limit }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => return Err(Refused::Bomb(self.limit).into()),
        }
        Ok(count)
    }
}

/// Reads everything, unless there is more than `limit`.
pub(crate) fn read_all(reader: impl Read, limit: u64) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    reader.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(Refused::Bomb(limit)) } else { Ok(bytes) }
}

/// Reads what is left, so that checksums at the end are checked.
pub(crate) fn drain(mut reader: impl Read) -> Result<u64, Refused> {
    Ok(io::copy(&mut reader, &mut io::sink())?)
}
