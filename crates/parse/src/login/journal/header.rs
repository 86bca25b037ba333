//! The header of a journal file.

use super::Source;

const COMPRESSED_XZ: u32 = 1;
const COMPRESSED_LZ4: u32 = 2;
const KEYED_HASH: u32 = 4;
const COMPRESSED_ZSTD: u32 = 8;
const COMPACT: u32 = 16;
const KNOWN: u32 = COMPRESSED_XZ | COMPRESSED_LZ4 | KEYED_HASH | COMPRESSED_ZSTD | COMPACT;

/// Why bytes are no journal file that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Too short, or without the signature.
    #[error("no journal file")]
    NoJournal,
    /// A flag that no known version of systemd sets.
    #[error("a journal file with unknown features")]
    UnknownFeatures,
}

/// Whether the file is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Closed in order.
    Offline,
    /// Open for writing, or its writer died.
    Online,
    /// Rotated.
    Archived,
    /// A number that means nothing.
    Unknown(u8),
}

/// The header's fields that are of use here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    incompatible_flags: u32,
    /// Whether it is being written.
    pub state: State,
    /// This file; also the key of its hashes.
    pub file_id: [u8; 16],
    /// Files with the same one number their entries together.
    pub seqnum_id: [u8; 16],
    /// Where objects begin.
    pub header_size: u64,
    /// Bytes of objects.
    pub arena_size: u64,
    pub(super) field_hash_table_offset: u64,
    pub(super) field_hash_table_size: u64,
    /// Where the last object begins.
    pub tail_object_offset: u64,
    /// How many entries the file says it has.
    pub n_entries: u64,
    /// The number of its last entry.
    pub tail_entry_seqnum: u64,
    /// The number of its first entry.
    pub head_entry_seqnum: u64,
    pub(super) entry_array_offset: u64,
    /// The time of its first entry, microseconds since 1970.
    pub head_entry_realtime: u64,
    /// The time of its last entry, microseconds since 1970.
    pub tail_entry_realtime: u64,
}

impl Header {
    pub(super) fn read<S: Source + ?Sized>(source: &S) -> Result<Self, Malformed> {
        let mut raw = [0; 208];
        if !source.read(0, &mut raw) || !raw.starts_with(b"LPKSHHRH") {
            return Err(Malformed::NoJournal);
        }
        let header = Self::from_bytes(&raw).ok_or(Malformed::NoJournal)?;
        if header.incompatible_flags & !KNOWN != 0 {
            return Err(Malformed::UnknownFeatures);
        }
        Ok(header)
    }

    fn from_bytes(raw: &[u8; 208]) -> Option<Self> {
        let number = |at: usize| Some(u64::from_le_bytes(*raw.get(at..)?.first_chunk()?));
        Some(Self {
            incompatible_flags: u32::from_le_bytes(*raw.get(12..)?.first_chunk()?),
            state: match *raw.get(16)? {
                0 => State::Offline,
                1 => State::Online,
                2 => State::Archived,
                other => State::Unknown(other),
            },
            file_id: *raw.get(24..)?.first_chunk()?,
            seqnum_id: *raw.get(72..)?.first_chunk()?,
            header_size: number(88)?,
            arena_size: number(96)?,
            field_hash_table_offset: number(120)?,
            field_hash_table_size: number(128)?,
            tail_object_offset: number(136)?,
            n_entries: number(152)?,
            tail_entry_seqnum: number(160)?,
            head_entry_seqnum: number(168)?,
            entry_array_offset: number(176)?,
            head_entry_realtime: number(184)?,
            tail_entry_realtime: number(192)?,
        })
    }

    /// Offsets are 32 bits wide (systemd 252 and later, files under 4 GiB).
    pub(super) fn compact(&self) -> bool {
        self.incompatible_flags & COMPACT != 0
    }

    /// Hashes are `SipHash` keyed with the file's id, not Jenkins' hash.
    pub(super) fn keyed_hash(&self) -> bool {
        self.incompatible_flags & KEYED_HASH != 0
    }

    /// Bytes of an offset in an array of entries.
    pub(super) fn offset_width(&self) -> u64 {
        if self.compact() { 4 } else { 8 }
    }

    /// Where the payload of a DATA object begins.
    pub(super) fn data_payload(&self) -> u64 {
        if self.compact() { 72 } else { 64 }
    }

    /// Bytes of one item of an ENTRY.
    pub(super) fn entry_item(&self) -> u64 {
        if self.compact() { 4 } else { 16 }
    }

    /// The end of the last object, by the header.
    pub fn used_size(&self) -> u64 {
        self.header_size.saturating_add(self.arena_size)
    }
}
