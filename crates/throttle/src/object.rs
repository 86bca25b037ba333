//! Qdiscs, classes and filters as rtnetlink carries them (`linux/rtnetlink.h`, struct `tcmsg`).
//!
//! Attributes stay as the bytes that the kernel said: what is put back must be what was there, and
//! no typed reading in between can lose any of it.

use netlink_packet_core::{NlaBuffer, NlasIterator};
use serde::{Deserialize, Serialize};

use crate::handle::Handle;

/// `TCA_*` (linux/rtnetlink.h).
pub(crate) mod tca {
    pub(crate) const KIND: u16 = 1;
    pub(crate) const OPTIONS: u16 = 2;
    pub(crate) const STATS: u16 = 3;
    pub(crate) const STATS2: u16 = 7;
    pub(crate) const STAB: u16 = 8;
    pub(crate) const CHAIN: u16 = 11;
    pub(crate) const INGRESS_BLOCK: u16 = 13;
    pub(crate) const EGRESS_BLOCK: u16 = 14;
}

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// A queueing discipline.
    Qdisc,
    /// A class of one.
    Class,
    /// A filter.
    Filter,
}

impl Sort {
    /// The number of the `RTM_NEW...` message; delete and get follow it.
    pub(crate) const fn new_message(self) -> u16 {
        match self {
            Self::Qdisc => 36,
            Self::Class => 40,
            Self::Filter => 44,
        }
    }

    pub(crate) const fn delete_message(self) -> u16 {
        self.new_message() + 1
    }

    pub(crate) const fn get_message(self) -> u16 {
        self.new_message() + 2
    }
}

/// One qdisc, class or filter, without its counters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// What it is.
    pub sort: Sort,
    /// Its own handle.
    #[serde(with = "bits")]
    pub handle: Handle,
    /// What it hangs on.
    #[serde(with = "bits")]
    pub parent: Handle,
    /// For filters priority and protocol; for others the kernel's notes.
    pub info: u32,
    /// `htb`, `fq_codel`, `u32`, ...
    pub kind: String,
    /// `TCA_OPTIONS`, when it has any.
    #[serde(with = "hex")]
    pub options: Option<Vec<u8>>,
}

/// An object as the kernel shows it, with what it counted and what stands in the way of rebuilding.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) object: Object,
    pub(crate) stats: Vec<u8>,
    /// The older form (struct `tc_stats`), in which the policer of a filter still counts.
    pub(crate) old_stats: Vec<u8>,
    /// What else it has that is not in `object`.
    pub(crate) more: Option<&'static str>,
}

impl Object {
    /// Its kind and handle, escaped for a person.
    pub(crate) fn shown(&self) -> String {
        format!("{} {}", self.kind.escape_debug(), self.handle)
    }

    /// The message that makes it, or names it for deletion.
    pub(crate) fn message(&self, device: i32) -> Vec<u8> {
        let mut bytes = question(device, self.handle, self.parent, self.info);
        let mut kind = self.kind.clone().into_bytes();
        kind.push(0);
        put(&mut bytes, tca::KIND, &kind);
        if let Some(options) = &self.options {
            put(&mut bytes, tca::OPTIONS, options);
        }
        bytes
    }
}

/// The fixed part of every message.
pub(crate) fn question(device: i32, handle: Handle, parent: Handle, info: u32) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    bytes.extend(device.to_ne_bytes());
    for word in [handle.bits(), parent.bits(), info] {
        bytes.extend(word.to_ne_bytes());
    }
    bytes
}

impl Seen {
    /// Reads one message of a dump; `None` when it is of another device or too short.
    pub(crate) fn parse(sort: Sort, payload: &[u8], device: i32) -> Option<Self> {
        let (_, rest) = payload.split_at_checked(4)?;
        let (index, rest) = word(rest)?;
        let (handle, rest) = word(rest)?;
        let (parent, rest) = word(rest)?;
        let (info, attributes) = word(rest)?;
        let mut seen = Self::empty(sort, handle, parent, info);
        for (kind, value) in attributes_of(attributes) {
            seen.take(kind, value);
        }
        (index.cast_signed() == device).then_some(seen)
    }

    fn empty(sort: Sort, handle: u32, parent: u32, info: u32) -> Self {
        let (handle, parent) = (handle.into(), parent.into());
        let object = Object { sort, handle, parent, info, kind: String::new(), options: None };
        Self { object, stats: Vec::new(), old_stats: Vec::new(), more: None }
    }

    fn take(&mut self, kind: u16, value: &[u8]) {
        match kind {
            tca::KIND => self.object.kind = text(value),
            tca::OPTIONS => self.object.options = Some(value.to_vec()),
            tca::STATS => self.old_stats = value.to_vec(),
            tca::STATS2 => self.stats = value.to_vec(),
            tca::STAB => self.more = Some("a size table"),
            tca::CHAIN if value.iter().any(|&byte| byte != 0) => self.more = Some("a chain"),
            tca::INGRESS_BLOCK | tca::EGRESS_BLOCK => self.more = Some("a shared block of filters"),
            _ => {}
        }
    }
}

/// Text that ends with a zero byte.
pub(crate) fn text(value: &[u8]) -> String {
    let end = value.iter().position(|&byte| byte == 0).unwrap_or(value.len());
    String::from_utf8_lossy(value.get(..end).unwrap_or_default()).into_owned()
}

/// A number in the machine's byte order, and what follows it.
pub(crate) fn word(bytes: &[u8]) -> Option<(u32, &[u8])> {
    bytes.split_first_chunk().map(|(first, rest)| (u32::from_ne_bytes(*first), rest))
}

/// The attributes in a run of bytes, up to the first that is broken.
pub(crate) fn attributes_of<'a>(bytes: &'a [u8]) -> Vec<(u16, &'a [u8])> {
    let whole = NlasIterator::new(bytes).map_while(Result::ok);
    let parts = |attribute: NlaBuffer<&'a [u8]>| {
        let (kind, length) = (attribute.kind(), attribute.value_length());
        (kind, attribute.into_inner().get(4..4 + length).unwrap_or_default())
    };
    whole.map(parts).collect()
}

/// Appends an attribute, padded to four bytes.
pub(crate) fn put(bytes: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
    bytes.extend(length.to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

/// Handles in saved states: numbers.
mod bits {
    use super::Handle;
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    pub(super) fn serialize<S: Serializer>(handle: &Handle, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_u32(handle.bits())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Handle, D::Error> {
        u32::deserialize(from).map(Handle::from)
    }
}

/// Bytes in saved states: hexadecimal text.
mod hex {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::fmt::Write;

    #[allow(clippy::ref_option)] // serde's signature
    pub(super) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        let text = bytes.as_ref().map(|bytes| {
            bytes.iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            })
        });
        text.serialize(out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        let pair = |pair: &[u8]| {
            let digits = std::str::from_utf8(pair).ok().filter(|digits| digits.len() == 2)?;
            u8::from_str_radix(digits, 16).ok()
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(pair).collect();
        bytes.map(Some).ok_or_else(|| D::Error::custom("not hexadecimal"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_object_that_is_sent_is_read_back_and_saved_whole(
            handle: u32, parent: u32, info: u32, kind in "[a-z0-9_]{1,15}",
            options: Option<Vec<u8>>, device: i32,
        ) {
            let sort = Sort::Class;
            let (handle, parent) = (Handle::from(handle), Handle::from(parent));
            let object = Object { sort, handle, parent, info, kind, options };
            let seen = Seen::parse(sort, &object.message(device), device).unwrap();
            prop_assert_eq!(&seen.object, &object);
            let saved = serde_json::to_string(&object).unwrap();
            prop_assert_eq!(serde_json::from_str::<Object>(&saved).unwrap(), object);
        }

        #[test]
        fn no_message_makes_the_reader_panic(bytes: Vec<u8>) {
            let _ = Seen::parse(Sort::Qdisc, &bytes, 0);
        }
    }

    #[test]
    fn what_cannot_be_put_back_is_named() {
        let object = Object {
            sort: Sort::Filter,
            handle: Handle::new(1, 0),
            parent: Handle::ROOT,
            info: 0,
            kind: "u32".to_owned(),
            options: None,
        };
        let with = |kind, value: &[u8]| {
            let mut bytes = object.message(2);
            put(&mut bytes, kind, value);
            Seen::parse(Sort::Filter, &bytes, 2).unwrap().more
        };
        assert_eq!(with(tca::STAB, &[1]), Some("a size table"));
        assert_eq!(with(tca::CHAIN, &[0; 4]), None);
        assert_eq!(with(tca::CHAIN, &1_u32.to_ne_bytes()), Some("a chain"));
    }
}
