//! Netlink attributes: type, length, value.

use netlink_packet_core::NlasIterator;

use super::super::bytes::{network_u32, network_u64};
use crate::Text;

/// The attributes of a message or of another attribute. A broken one ends the list.
#[derive(Debug, Clone)]
pub(super) struct Attributes<'a>(Vec<(u16, &'a [u8])>);

impl<'a> Attributes<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Self {
        let whole = NlasIterator::new(bytes).map_while(Result::ok);
        let pairs = whole.filter_map(|attribute| {
            let (kind, length) = (attribute.kind(), usize::from(attribute.length()));
            Some((kind, attribute.into_inner().get(4..length)?))
        });
        Self(pairs.collect())
    }

    pub(super) fn get(&self, kind: u16) -> Option<&'a [u8]> {
        self.0.iter().find(|(found, _)| *found == kind).map(|(_, value)| *value)
    }

    pub(super) fn nested(&self, kind: u16) -> Option<Attributes<'a>> {
        self.get(kind).map(Attributes::read)
    }

    pub(super) fn text(&self, kind: u16) -> Option<Text> {
        self.get(kind).map(super::super::bytes::c_string)
    }

    pub(super) fn word(&self, kind: u16) -> Option<u32> {
        network_u32(self.get(kind)?, 0)
    }

    pub(super) fn long(&self, kind: u16) -> Option<u64> {
        network_u64(self.get(kind)?, 0)
    }

    /// All values of one type (`NFTA_LIST_ELEM`).
    pub(super) fn all(&self, kind: u16) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |(found, _)| *found == kind).map(|(_, value)| *value)
    }
}
