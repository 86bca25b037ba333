//! One of the files that are digested side by side: its bytes, cut into blocks.

use super::{BUFFER, Source};
use crate::Blocked;

/// Files digested at a time.
pub(super) const LANES: usize = 8;

/// The four words of each lane's state, word by word.
pub(super) type State = [[u32; LANES]; 4];

/// Bytes that MD5 takes at a time.
pub(super) const BLOCK: usize = 64;

/// The marker and the length at the end of a message (RFC 1321, 3.1 and 3.2) need at most this.
const PADDING: usize = 2 * BLOCK;

/// A source, and the part of it that is in memory.
pub(super) struct Lane<Id, S> {
    pub(super) job: Option<(Id, S)>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    length: u64,
    padded: bool,
}

impl<Id, S: Source> Lane<Id, S> {
    pub(super) fn new() -> Self {
        let buffer = vec![0; BUFFER + PADDING];
        Self { job: None, buffer, start: 0, end: 0, length: 0, padded: false }
    }

    pub(super) fn begin(&mut self, job: (Id, S)) {
        self.job = Some(job);
        (self.start, self.end, self.length, self.padded) = (0, 0, 0, false);
    }

    /// Whole blocks that are in memory.
    pub(super) fn blocks(&self) -> &[u8] {
        let ready = self.buffer.get(self.start..self.end).unwrap_or_default();
        ready.get(..ready.len() / BLOCK * BLOCK).unwrap_or_default()
    }

    /// Everything was read and digested.
    pub(super) fn is_done(&self) -> bool {
        self.padded && self.start == self.end
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.start += bytes;
    }

    /// Reads until there is a whole block, or the end with its padding.
    pub(super) fn fill(&mut self) -> Result<(), Blocked> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        while self.end < BLOCK && !self.padded {
            let Some((_, source)) = &mut self.job else { return Ok(()) };
            let room = self.buffer.get_mut(self.end..BUFFER).unwrap_or_default();
            let count = source.read(room)?.min(room.len());
            self.end += count;
            self.length += count as u64;
            if count == 0 {
                self.pad();
            }
        }
        Ok(())
    }

    fn pad(&mut self) {
        let end = (self.end + 9).next_multiple_of(BLOCK);
        if let Some(padding) = self.buffer.get_mut(self.end..end) {
            padding.fill(0);
            if let [marker, .., _, _, _, _, _, _, _, _] = padding {
                *marker = 0x80;
            }
            if let Some(length) = padding.last_chunk_mut() {
                *length = self.length.wrapping_mul(8).to_le_bytes();
            }
        }
        self.end = end;
        self.padded = true;
    }
}
