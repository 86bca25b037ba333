//! Entries and their fields.

use super::object::ObjectKind;
use super::{Journal, LARGEST_PAYLOAD, Source, hash};
use crate::Text;

/// An entry has some twenty fields; one with more than this is forged.
const MOST_ITEMS: u64 = 1024;

/// What an entry of the journal says, as far as it is of use here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub seqnum: u64,
    /// When journald took it, microseconds since 1970.
    pub realtime: u64,
    /// `SYSLOG_IDENTIFIER`: the sender's own name for itself.
    pub identifier: Text,
    /// `MESSAGE`.
    pub message: Text,
    /// `_COMM`, which the kernel said and not the sender.
    pub comm: Option<Text>,
    /// `_PID`, from the kernel.
    pub pid: Option<u32>,
    /// `_UID`, from the kernel.
    pub uid: Option<u32>,
    /// A field's content does not have the hash that was written with it: it was changed on disk.
    pub altered: bool,
    /// A field that is wanted could not be read.
    pub incomplete: bool,
}

/// A DATA object's content.
pub(super) struct Payload {
    pub(super) bytes: Vec<u8>,
    /// Agrees with its hash; true when it was cut and the hash says nothing.
    pub(super) genuine: bool,
}

impl<S: Source + ?Sized> Journal<'_, S> {
    /// When the entry at `offset` was written, microseconds since 1970.
    pub fn realtime(&self, offset: u64) -> Option<u64> {
        self.head(offset, ObjectKind::Entry)?;
        self.number(offset, 24)
    }

    /// Reads the entry at `offset`.
    pub fn message(&self, offset: u64) -> Option<Message> {
        let head = self.head(offset, ObjectKind::Entry)?;
        let mut message = Message {
            seqnum: self.number(offset, 16)?,
            realtime: self.number(offset, 24)?,
            ..Message::default()
        };
        let width = self.header.entry_item();
        let items = (head.size.checked_sub(64)? / width).min(MOST_ITEMS);
        let mut at = offset.checked_add(64)?;
        for _ in 0..items {
            self.take_item(at, &mut message);
            at = at.checked_add(width)?;
        }
        Some(message)
    }

    fn take_item(&self, at: u64, message: &mut Message) {
        let data = self.offset_at(at).filter(|&data| self.head(data, ObjectKind::Data).is_some());
        match data.map(|data| self.payload(data)) {
            Some(Some(payload)) => message.take(&payload),
            Some(None) | None => message.incomplete = true,
        }
    }

    /// Reads, unpacks and checks a DATA object; `None` when it cannot be unpacked.
    pub(super) fn payload(&self, data: u64) -> Option<Payload> {
        let head = self.head(data, ObjectKind::Data)?;
        let start = self.header.data_payload();
        let length = head.size.checked_sub(start)?;
        let stored = self.bytes(data.checked_add(start)?, length)?;
        let whole = length <= LARGEST_PAYLOAD;
        let bytes = match head.flags & 7 {
            0 => stored,
            2 => unpack_lz4(&stored)?,
            4 => unpack_zstd(&stored)?,
            _ => return None,
        };
        let genuine = !whole || self.number(data, 16)? == self.hash(&bytes);
        Some(Payload { bytes, genuine })
    }

    fn hash(&self, payload: &[u8]) -> u64 {
        if self.header.keyed_hash() {
            hash::keyed(&self.header.file_id, payload)
        } else {
            hash::jenkins(payload)
        }
    }
}

impl Message {
    fn take(&mut self, payload: &Payload) {
        let Some(equals) = memchr::memchr(b'=', &payload.bytes) else { return };
        let Some((field, [_, value @ ..])) = payload.bytes.split_at_checked(equals) else { return };
        let number = || std::str::from_utf8(value).ok()?.parse().ok();
        match field {
            b"MESSAGE" => self.message = Text::from(value),
            b"SYSLOG_IDENTIFIER" => self.identifier = Text::from(value),
            b"_COMM" => self.comm = Some(Text::from(value)),
            b"_PID" => self.pid = number(),
            b"_UID" => self.uid = number(),
            _ => return,
        }
        self.altered |= !payload.genuine;
    }
}

/// The unpacked size (u64) and one LZ4 block.
fn unpack_lz4(stored: &[u8]) -> Option<Vec<u8>> {
    let (size, block) = stored.split_first_chunk::<8>()?;
    let size = u64::from_le_bytes(*size);
    let size = usize::try_from(size).ok().filter(|_| size <= LARGEST_PAYLOAD)?;
    lz4_flex::block::decompress(block, size).ok()
}

/// One zstd frame.
fn unpack_zstd(stored: &[u8]) -> Option<Vec<u8>> {
    use std::io::Read as _;
    let decoder = ruzstd::decoding::StreamingDecoder::new(stored).ok()?;
    let mut bytes = Vec::new();
    decoder.take(LARGEST_PAYLOAD + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= LARGEST_PAYLOAD).then_some(bytes)
}
