//! What of a header was signed when the package was built: the immutable region, which the database
//! keeps as it was, beside what was added when it was installed (`hdrblobVerifyRegion` in rpm's
//! `lib/header.c`).

use std::collections::HashSet;

use super::header::{BINARY, ENTRY, Header, IndexEntry, Tag};

/// What package files begin their headers with. The database leaves it out, and signatures cover it
/// (`rpm_header_magic`).
const MAGIC: [u8; 8] = [0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0];

/// Signatures that one header may bear; rpm 6 allows several.
const MOST_SIGNATURES: usize = 16;

/// The region of a header that its vendor made.
#[derive(Debug, Clone, Copy)]
pub struct Immutable<'a> {
    region: Header<'a>,
    added: &'a [[u8; ENTRY]],
}

/// Signatures and digests of the region, as rpm copies them from the package into the database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderSignatures<'a> {
    /// `OpenPGP` packets.
    pub packets: Vec<&'a [u8]>,
    /// The same in base 64, since rpm 6.
    pub armored: Vec<&'a [u8]>,
    /// SHA-256 in hexadecimal.
    pub sha256: Option<&'a [u8]>,
    /// SHA-1 in hexadecimal.
    pub sha1: Option<&'a [u8]>,
}

impl<'a> Header<'a> {
    /// The region that was signed; `None` where there is none, as in packages from before rpm 4
    /// and the pseudo-packages that hold keys.
    ///
    /// # Errors
    /// In a few words, when the region says of itself what cannot be.
    pub fn immutable(&self) -> Result<Option<Immutable<'a>>, &'static str> {
        let Some(first) = self.index.first().map(IndexEntry::new) else { return Ok(None) };
        if first.tag != Tag::HeaderImmutable as u32 {
            return Ok(None);
        }
        let whole = |entry: IndexEntry| {
            entry.tag == Tag::HeaderImmutable as u32
                && entry.kind == BINARY
                && entry.count as usize == ENTRY
        };
        // The region's data end with an index entry again, whose offset is the entries' length, negated.
        let start = first.offset as usize;
        let trailer = self.store.get(start..).and_then(<[u8]>::first_chunk).map(IndexEntry::new);
        let trailer = trailer.filter(|trailer| whole(first) && whole(*trailer));
        let trailer = trailer.ok_or("a signed region without its end")?;
        let length = trailer.offset.wrapping_neg() as usize;
        if !length.is_multiple_of(ENTRY) || length == 0 {
            return Err("a signed region of a length that cannot be");
        }
        let split = self.index.split_at_checked(length / ENTRY);
        let (index, added) = split.ok_or("a signed region that is longer than its header")?;
        let store = self.store.get(..start + ENTRY).ok_or("a signed region without its end")?;
        Ok(Some(Immutable { region: Header { index, store }, added }))
    }

    /// Signatures and digests of the region.
    pub fn signatures(&self) -> HeaderSignatures<'a> {
        let packets = [Tag::RsaHeader, Tag::DsaHeader];
        HeaderSignatures {
            packets: packets.into_iter().filter_map(|tag| self.bytes(tag)).collect(),
            armored: self.texts(Tag::OpenPgp).take(MOST_SIGNATURES).collect(),
            sha256: self.text(Tag::Sha256Header),
            sha1: self.text(Tag::Sha1Header),
        }
    }
}

impl<'a> Immutable<'a> {
    /// The region as a header of its own: nothing that was added later is in it.
    pub const fn header(&self) -> Header<'a> {
        self.region
    }

    /// The bytes that digests and signatures are over.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let Header { index, store } = self.region;
        let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
        let entries = index.as_flattened();
        [&MAGIC, &length(index.len())[..], &length(store.len()), entries, store].concat()
    }

    /// Tags of the region that something added later takes the place of: rpm believes the later
    /// one, and no signature covers it.
    pub fn replaced(&self) -> impl Iterator<Item = u32> {
        let tag = |entry: &[u8; ENTRY]| IndexEntry::new(entry).tag;
        let signed: HashSet<u32> = self.region.index.iter().map(tag).collect();
        self.added.iter().map(tag).filter(move |tag| signed.contains(tag))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::header::fixture::{Value, header, signed_header};
    use super::*;

    fn blob() -> Vec<u8> {
        signed_header(
            &[(Tag::Name, Value::Text("tool")), (Tag::FileDigests, Value::Texts(&["aa"]))],
            &[(Tag::InstallTime, Value::N32(&[7])), (Tag::Sha1Header, Value::Text("00"))],
        )
    }

    #[test]
    fn the_region_holds_what_was_signed_and_nothing_that_was_added() {
        let blob = blob();
        let header = Header::parse(&blob).unwrap();
        let region = header.immutable().unwrap().unwrap();
        assert_eq!(region.header().text(Tag::Name), Some(&b"tool"[..]));
        assert_eq!(region.header().number(Tag::InstallTime), None);
        assert_eq!(header.number(Tag::InstallTime), Some(7));
        assert_eq!(header.signatures().sha1, Some(&b"00"[..]));
        assert_eq!(region.replaced().count(), 0);
        let signed = region.signed_bytes();
        assert!(signed.starts_with(&[0x8e, 0xad, 0xe8, 1, 0, 0, 0, 0, 0, 0, 0, 3]));
        assert!(signed.len() < blob.len());
    }

    #[test]
    fn an_added_value_in_the_place_of_a_signed_one_is_told_and_is_what_rpm_believes() {
        let blob = signed_header(
            &[(Tag::FileDigests, Value::Texts(&["aa"]))],
            &[(Tag::FileDigests, Value::Texts(&["bb"]))],
        );
        let header = Header::parse(&blob).unwrap();
        let region = header.immutable().unwrap().unwrap();
        assert_eq!(region.replaced().collect::<Vec<_>>(), [Tag::FileDigests as u32]);
        assert_eq!(region.header().text(Tag::FileDigests), Some(&b"aa"[..]));
        assert_eq!(header.text(Tag::FileDigests), Some(&b"bb"[..]));
    }

    #[test]
    fn a_header_without_a_region_has_nothing_signed() {
        let blob = header(&[(Tag::Name, Value::Text("gpg-pubkey"))]);
        assert!(Header::parse(&blob).unwrap().immutable().unwrap().is_none());
    }

    #[test]
    fn a_region_that_says_what_cannot_be_is_an_error() {
        for at in [8 + 4, 8 + 8, 8 + 12] {
            let mut blob = blob();
            blob[at] = 0x7f;
            assert!(Header::parse(&blob).unwrap().immutable().is_err(), "{at}");
        }
    }

    proptest! {
        #[test]
        fn no_damage_makes_it_panic(at in 0usize..300, bytes: [u8; 4]) {
            let mut blob = blob();
            for (target, byte) in blob.iter_mut().skip(at).zip(bytes) {
                *target = byte;
            }
            if let Ok(header) = Header::parse(&blob) {
                let _ = header.signatures();
                if let Ok(Some(region)) = header.immutable() {
                    prop_assert!(region.signed_bytes().len() <= blob.len() + 8);
                    let _ = region.replaced().count();
                }
            }
        }
    }
}
