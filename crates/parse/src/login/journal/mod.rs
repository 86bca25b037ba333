//! The systemd journal file format (systemd `docs/JOURNAL_FILE_FORMAT.md`), read for a few fields.
//!
//! A file is a header and a run of objects: DATA (one `FIELD=value`), FIELD, ENTRY (a list of
//! DATA), hash tables and arrays of entry offsets. Every offset in it may lie, so each chain is
//! followed in one direction only and therefore ends.
//!
//! Own code because the crate for it opens files by path and maps them into memory: a path can be
//! moved by an intruder between look and open, and a mapped file that shrinks kills the process.

mod audit;
mod entry;
mod hash;
mod header;
mod object;

pub use audit::{Audit, SeqnumHole};
pub use entry::Message;
pub use header::{Header, Malformed, State};

use object::{ObjectHead, ObjectKind};

/// Where the bytes of a journal file come from; positions outside it read as nothing.
pub trait Source {
    /// How many bytes there are.
    fn size(&self) -> u64;
    /// Fills `into` from `offset`; false when not all of it is there.
    fn read(&self, offset: u64, into: &mut [u8]) -> bool;
}

impl Source for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read(&self, offset: u64, into: &mut [u8]) -> bool {
        let start = usize::try_from(offset).ok();
        let end = start.and_then(|start| start.checked_add(into.len()));
        let bytes = start.zip(end).and_then(|(start, end)| self.get(start..end));
        bytes.is_some_and(|bytes| {
            into.copy_from_slice(bytes);
            true
        })
    }
}

/// A field with more distinct values than this is not looked through.
const MOST_VALUES: usize = 65_536;
/// Entries of one value that are looked at in one file, the latest ones.
const MOST_ENTRIES: usize = 1_000_000;
/// The largest payload read: a login message is a line.
const LARGEST_PAYLOAD: u64 = 64 * 1024;

/// An open journal file.
#[derive(Debug)]
pub struct Journal<'s, S: Source + ?Sized> {
    source: &'s S,
    header: Header,
}

impl<'s, S: Source + ?Sized> Journal<'s, S> {
    /// Reads the header.
    ///
    /// # Errors
    /// When these bytes are no journal file, or one with features nobody has defined yet.
    pub fn open(source: &'s S) -> Result<Self, Malformed> {
        Ok(Self { source, header: Header::read(source)? })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Offsets of the entries that have `FIELD=value` for a value that `wanted` names, in the order
    /// of the file.
    pub fn entries_with(&self, field: &[u8], wanted: impl Fn(&[u8]) -> bool) -> Vec<u64> {
        let mut entries = Vec::new();
        for data in self.values_of(field) {
            let value = self.payload(data).and_then(|payload| {
                let value = payload.bytes.get(field.len().checked_add(1)?..)?;
                Some(wanted(value))
            });
            if value == Some(true) {
                self.entries_of(data, &mut entries);
            }
        }
        entries.sort_unstable();
        entries.dedup();
        entries
    }

    /// DATA objects of a field, found through the FIELD's chain: no value need be known.
    fn values_of(&self, field: &[u8]) -> Vec<u64> {
        let mut values = Vec::new();
        let mut next = self.find_field(field).unwrap_or(0);
        while next != 0 && values.len() < MOST_VALUES {
            let Some(data) = self.head(next, ObjectKind::Data) else { break };
            values.push(next);
            let older = self.number(data.offset, 32);
            // Newer values are put in front, so the chain only goes back.
            next = older.filter(|&older| older < next).unwrap_or(0);
        }
        values
    }

    /// The first DATA of the FIELD object with this name, over all buckets of its hash table.
    fn find_field(&self, field: &[u8]) -> Option<u64> {
        let buckets = (self.header.field_hash_table_size / 16).min(65_536);
        (0..buckets).find_map(|bucket| {
            let at = self.header.field_hash_table_offset.checked_add(bucket.checked_mul(16)?)?;
            self.find_in_bucket(self.plain_number(at)?, field)
        })
    }

    fn find_in_bucket(&self, mut next: u64, field: &[u8]) -> Option<u64> {
        while next != 0 {
            let head = self.head(next, ObjectKind::Field)?;
            let length = head.size.checked_sub(40)?;
            if length == field.len() as u64
                && self.bytes(head.offset.checked_add(40)?, length)? == field
            {
                return self.number(head.offset, 32);
            }
            // Chains grow at their end, so this one only goes forward.
            next = self.number(head.offset, 24).filter(|&after| after > next)?;
        }
        None
    }

    /// The entries a DATA object belongs to: one in the object, the others in a chain of arrays.
    fn entries_of(&self, data: u64, entries: &mut Vec<u64>) {
        entries.extend(self.number(data, 40).filter(|&first| first != 0));
        self.each_in_arrays(self.number(data, 48).unwrap_or(0), |entry| entries.push(entry));
        if entries.len() > MOST_ENTRIES {
            entries.drain(..entries.len() - MOST_ENTRIES);
        }
    }

    /// Walks a chain of `ENTRY_ARRAY` objects; each lies behind the one before.
    fn each_in_arrays(&self, mut array: u64, mut take: impl FnMut(u64)) {
        let width = self.header.offset_width();
        while let Some(head) =
            (array != 0).then(|| self.head(array, ObjectKind::EntryArray)).flatten()
        {
            let Some(items) = head.size.checked_sub(24) else { return };
            let mut at = head.offset.saturating_add(24);
            for _ in 0..items / width {
                match self.offset_at(at) {
                    Some(0) | None => break,
                    Some(entry) => take(entry),
                }
                at = at.saturating_add(width);
            }
            let next = self.number(head.offset, 16).unwrap_or(0);
            array = if next > array { next } else { 0 };
        }
    }

    fn head(&self, offset: u64, kind: ObjectKind) -> Option<ObjectHead> {
        ObjectHead::read(self.source, &self.header, offset).filter(|head| head.kind == Some(kind))
    }

    fn bytes(&self, offset: u64, length: u64) -> Option<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length.min(LARGEST_PAYLOAD)).ok()?];
        self.source.read(offset, &mut bytes).then_some(bytes)
    }

    /// The number `within` bytes into the object at `object`.
    fn number(&self, object: u64, within: u64) -> Option<u64> {
        self.plain_number(object.checked_add(within)?)
    }

    fn plain_number(&self, at: u64) -> Option<u64> {
        let mut raw = [0; 8];
        self.source.read(at, &mut raw).then(|| u64::from_le_bytes(raw))
    }

    fn offset_at(&self, at: u64) -> Option<u64> {
        if self.header.compact() {
            let mut raw = [0; 4];
            return self.source.read(at, &mut raw).then(|| u64::from(u32::from_le_bytes(raw)));
        }
        self.plain_number(at)
    }
}

#[cfg(test)]
mod tests;
