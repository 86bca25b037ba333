//! The head that all objects share.

use super::{Header, Source};

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ObjectKind {
    Data,
    Field,
    Entry,
    EntryArray,
    /// Hash tables and seals.
    Other,
}

/// The first 16 bytes of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct ObjectHead {
    pub(super) offset: u64,
    /// `None`: unused space, or a kind that does not exist.
    pub(super) kind: Option<ObjectKind>,
    pub(super) flags: u8,
    pub(super) size: u64,
}

impl ObjectHead {
    /// Reads the head at `offset`; `None` where no object can begin.
    pub(super) fn read<S: Source + ?Sized>(
        source: &S,
        header: &Header,
        offset: u64,
    ) -> Option<Self> {
        if offset < header.header_size || !offset.is_multiple_of(8) {
            return None;
        }
        let mut raw = [0; 16];
        if !source.read(offset, &mut raw) {
            return None;
        }
        let [kind, flags, _, _, _, _, _, _, size @ ..] = raw;
        let kind = match kind {
            1 => Some(ObjectKind::Data),
            2 => Some(ObjectKind::Field),
            3 => Some(ObjectKind::Entry),
            6 => Some(ObjectKind::EntryArray),
            4 | 5 | 7 => Some(ObjectKind::Other),
            _ => None,
        };
        let size = u64::from_le_bytes(size);
        (size >= 16).then_some(Self { offset, kind, flags, size })
    }

    /// Where the next object begins: objects are aligned to eight bytes.
    pub(super) fn next(&self) -> Option<u64> {
        self.offset.checked_add(self.size)?.checked_next_multiple_of(8)
    }
}
