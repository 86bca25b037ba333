//! The table of contents: what each different regular file holds, once, however many packages and
//! architectures ship it.

use std::collections::HashMap;

use crate::model::Content;

/// SHA-256, MD5, and the size in little-endian order.
pub(crate) const ROW: usize = 32 + 16 + 8;

/// The table of a pack that is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contents<'a>(pub(crate) &'a [u8]);

impl Contents<'_> {
    /// A row, without a build-id.
    pub(crate) fn at(self, place: u32) -> Option<Content> {
        let start = (place as usize).checked_mul(ROW)?;
        let row = self.0.get(start..)?;
        let (sha256, rest) = row.split_first_chunk()?;
        let (md5, rest) = rest.split_first_chunk()?;
        let size = rest.first_chunk()?;
        let (sha256, md5, size) = (*sha256, *md5, u64::from_le_bytes(*size));
        Some(Content { size, sha256, md5, build_id: None })
    }
}

/// The table of a pack that is written, in the order of first use.
#[derive(Debug, Default)]
pub(crate) struct Table {
    places: HashMap<[u8; 32], u32>,
    pub(crate) rows: Vec<u8>,
}

impl Table {
    pub(crate) fn place(&mut self, content: &Content) -> u32 {
        let next = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        let place = *self.places.entry(content.sha256).or_insert(next);
        if place == next {
            self.rows.extend_from_slice(&content.sha256);
            self.rows.extend_from_slice(&content.md5);
            self.rows.extend_from_slice(&content.size.to_le_bytes());
        }
        place
    }
}
