//! rpm's header: an index of tags over a store of data (rpm's `docs/manual/format_header.md`).

/// Tag numbers (`include/rpm/rpmtag.h`), as far as an audit needs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Tag {
    /// The region that was signed, in packages since rpm 4.
    HeaderImmutable = 63,
    /// Keys of the pseudo-packages that hold them, in base 64.
    PubKeys = 266,
    /// A DSA or Edwards curve signature of the region.
    DsaHeader = 267,
    /// An RSA signature of the region.
    RsaHeader = 268,
    /// The region's SHA-1 in hexadecimal.
    Sha1Header = 269,
    /// The region's SHA-256 in hexadecimal.
    Sha256Header = 273,
    /// Signatures of the region in base 64, since rpm 6.
    OpenPgp = 278,
    /// Package name.
    Name = 1000,
    /// Upstream version.
    Version = 1001,
    /// Packager's release.
    Release = 1002,
    /// Epoch, absent where it is none.
    Epoch = 1003,
    /// When it was installed, seconds since 1970.
    InstallTime = 1008,
    /// Who built it.
    Vendor = 1011,
    /// Architecture.
    Arch = 1022,
    /// Whole paths, in packages from before rpm 4.
    OldFileNames = 1027,
    /// Sizes of up to 4 GiB.
    FileSizes = 1028,
    /// What became of each file: installed, left out, replaced.
    FileStates = 1029,
    /// Type and permission bits.
    FileModes = 1030,
    /// Modification times.
    FileMtimes = 1034,
    /// Digests in hexadecimal.
    FileDigests = 1035,
    /// Targets of symbolic links.
    FileLinkTos = 1036,
    /// Configuration file, documentation, ghost, ...
    FileFlags = 1037,
    /// Names of owning users.
    FileUserName = 1039,
    /// Names of owning groups.
    FileGroupName = 1040,
    /// The source package's file name.
    SourceRpm = 1044,
    /// Which directory each file is in.
    DirIndexes = 1116,
    /// Last parts of paths.
    BaseNames = 1117,
    /// Directories, with a slash at the end.
    DirNames = 1118,
    /// Sizes, where one is over 4 GiB.
    LongFileSizes = 5008,
    /// Capabilities as text.
    FileCaps = 5010,
    /// Algorithm of the digests (`RFC 4880` numbers).
    FileDigestAlgo = 5011,
}

/// Index entries and bytes that a header may have: rpm's own limits (`lib/header.c`).
const MOST_TAGS: usize = 0xffff;
const MOST_BYTES: usize = 256 << 20;

pub(super) const ENTRY: usize = 16;

/// rpm's data types (`rpmTagType`).
const INT16: u32 = 3;
const INT32: u32 = 4;
const INT64: u32 = 5;
pub(super) const BINARY: u32 = 7;
const CHAR: u32 = 1;
const INT8: u32 = 2;
const STRING: u32 = 6;
const STRING_ARRAY: u32 = 8;
const I18N_STRING: u32 = 9;

/// A header that lies in borrowed bytes. Values are looked at when they are asked for; one that
/// does not fit its store is as if it were absent.
#[derive(Debug, Clone, Copy)]
pub struct Header<'a> {
    pub(super) index: &'a [[u8; ENTRY]],
    pub(super) store: &'a [u8],
}

/// One line of the index: what a value is and where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IndexEntry {
    pub(super) tag: u32,
    pub(super) kind: u32,
    pub(super) offset: u32,
    pub(super) count: u32,
}

impl IndexEntry {
    pub(super) fn new(bytes: &[u8; ENTRY]) -> Self {
        let ([tag, kind, offset, count], _) = bytes.as_chunks::<4>() else {
            return Self { tag: 0, kind: 0, offset: 0, count: 0 };
        };
        let word = |bytes: &[u8; 4]| u32::from_be_bytes(*bytes);
        Self { tag: word(tag), kind: word(kind), offset: word(offset), count: word(count) }
    }
}

impl<'a> Header<'a> {
    /// Reads a blob as the databases hold it (without the magic that package files begin with).
    ///
    /// # Errors
    /// In a few words, when lengths and bytes disagree.
    pub fn parse(blob: &'a [u8]) -> Result<Self, &'static str> {
        let (tags, rest) = be32(blob).ok_or("header cut off")?;
        let (bytes, rest) = be32(rest).ok_or("header cut off")?;
        let (tags, bytes) = (tags as usize, bytes as usize);
        if tags == 0 || tags > MOST_TAGS || bytes > MOST_BYTES {
            return Err("header too large");
        }
        let (index, rest) = rest.split_at_checked(tags * ENTRY).ok_or("header cut off")?;
        let store = rest.get(..bytes).ok_or("header cut off")?;
        Ok(Self { index: index.as_chunks().0, store })
    }

    /// The type, the bytes from the value's start to the store's end, and the count. Of two
    /// values, rpm takes the one that was added on the host (`headerLoad` in `lib/header.c`).
    fn find(&self, tag: Tag) -> Option<(u32, &'a [u8], usize)> {
        let mut entries = self.index.iter().rev().map(IndexEntry::new);
        let entry = entries.find(|entry| entry.tag == tag as u32)?;
        Some((entry.kind, self.store.get(entry.offset as usize..)?, entry.count as usize))
    }

    /// Bytes.
    pub fn bytes(&self, tag: Tag) -> Option<&'a [u8]> {
        match self.find(tag)? {
            (BINARY, bytes, count) => bytes.get(..count),
            _ => None,
        }
    }

    /// A text, or the first one of several.
    pub fn text(&self, tag: Tag) -> Option<&'a [u8]> {
        match self.find(tag)? {
            (STRING | STRING_ARRAY | I18N_STRING, bytes, 1..) => {
                bytes.get(..memchr::memchr(0, bytes)?)
            }
            _ => None,
        }
    }

    /// Texts, as many as the header says and its store holds.
    pub fn texts(&self, tag: Tag) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (mut rest, count) = match self.find(tag) {
            Some((STRING | STRING_ARRAY | I18N_STRING, bytes, count)) => (bytes, count),
            _ => (&[][..], 0),
        };
        let next = move || {
            let (text, after) = rest.split_at_checked(memchr::memchr(0, rest)?)?;
            rest = after.get(1..).unwrap_or_default();
            Some(text)
        };
        std::iter::from_fn(next).take(count)
    }

    /// Whole numbers of any width, as many as the header says and its store holds.
    pub fn numbers(&self, tag: Tag) -> impl Iterator<Item = u64> + use<'a> {
        let (width, bytes, count) = match self.find(tag) {
            Some((CHAR | INT8, bytes, count)) => (1, bytes, count),
            Some((INT16, bytes, count)) => (2, bytes, count),
            Some((INT32, bytes, count)) => (4, bytes, count),
            Some((INT64, bytes, count)) => (8, bytes, count),
            _ => (1, &[][..], 0),
        };
        bytes.chunks_exact(width).take(count).map(big_endian)
    }

    /// The first number.
    pub fn number(&self, tag: Tag) -> Option<u64> {
        self.numbers(tag).next()
    }
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

fn be32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*number), rest))
}

#[cfg(test)]
pub(super) mod fixture {
    use super::*;

    /// A value to put into a header.
    pub(crate) enum Value<'a> {
        Text(&'a str),
        Texts(&'a [&'a str]),
        N8(&'a [u8]),
        N16(&'a [u16]),
        N32(&'a [u32]),
    }

    /// Writes a header as rpm stores it.
    pub(crate) fn header(values: &[(Tag, Value<'_>)]) -> Vec<u8> {
        let (mut index, mut store) = (Vec::new(), Vec::new());
        write(&mut index, &mut store, values);
        blob(&index, &store)
    }

    /// The same with a signed region, and what was added beside it.
    pub(crate) fn signed_header(
        signed: &[(Tag, Value<'_>)],
        added: &[(Tag, Value<'_>)],
    ) -> Vec<u8> {
        let (mut entries, mut store) = (Vec::new(), Vec::new());
        write(&mut entries, &mut store, signed);
        let region = Tag::HeaderImmutable as u32;
        let mut index = Vec::new();
        entry(&mut index, [region, BINARY, u32::try_from(store.len()).unwrap(), 16]);
        index.extend(entries);
        let length = u32::try_from(index.len()).unwrap();
        entry(&mut store, [region, BINARY, length.wrapping_neg(), 16]);
        write(&mut index, &mut store, added);
        blob(&index, &store)
    }

    fn blob(index: &[u8], store: &[u8]) -> Vec<u8> {
        let length = |length: usize| u32::try_from(length).unwrap().to_be_bytes();
        [&length(index.len() / ENTRY)[..], &length(store.len()), index, store].concat()
    }

    fn entry(to: &mut Vec<u8>, words: [u32; 4]) {
        to.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    }

    fn write(index: &mut Vec<u8>, store: &mut Vec<u8>, values: &[(Tag, Value<'_>)]) {
        for (tag, value) in values {
            let offset = u32::try_from(store.len()).unwrap();
            let (kind, count) = put(store, value);
            entry(index, [*tag as u32, kind, offset, u32::try_from(count).unwrap()]);
        }
    }

    fn put(store: &mut Vec<u8>, value: &Value<'_>) -> (u32, usize) {
        match value {
            Value::Text(text) => {
                store.extend(text.bytes().chain([0]));
                (STRING, 1)
            }
            Value::Texts(texts) => {
                texts.iter().for_each(|text| store.extend(text.bytes().chain([0])));
                (STRING_ARRAY, texts.len())
            }
            Value::N8(numbers) => {
                store.extend_from_slice(numbers);
                (CHAR, numbers.len())
            }
            Value::N16(numbers) => {
                numbers.iter().for_each(|n| store.extend(n.to_be_bytes()));
                (INT16, numbers.len())
            }
            Value::N32(numbers) => {
                numbers.iter().for_each(|n| store.extend(n.to_be_bytes()));
                (INT32, numbers.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::{Value, header};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_and_numbers_are_found_by_their_tags() {
        let blob = header(&[
            (Tag::Name, Value::Text("bash")),
            (Tag::BaseNames, Value::Texts(&["a", "", "c"])),
            (Tag::FileModes, Value::N16(&[0o100_755, 0o120_777])),
            (Tag::InstallTime, Value::N32(&[1_700_000_000])),
        ]);
        let header = Header::parse(&blob).unwrap();
        assert_eq!(header.text(Tag::Name), Some(&b"bash"[..]));
        assert_eq!(header.texts(Tag::BaseNames).collect::<Vec<_>>(), [&b"a"[..], b"", b"c"]);
        assert_eq!(header.numbers(Tag::FileModes).collect::<Vec<_>>(), [0o100_755, 0o120_777]);
        assert_eq!(header.number(Tag::InstallTime), Some(1_700_000_000));
        assert_eq!(header.text(Tag::Version), None);
    }

    #[test]
    fn a_value_of_the_wrong_type_is_absent() {
        let blob = header(&[(Tag::Name, Value::N32(&[7])), (Tag::FileSizes, Value::Text("x"))]);
        let header = Header::parse(&blob).unwrap();
        assert_eq!(header.text(Tag::Name), None);
        assert_eq!(header.numbers(Tag::FileSizes).count(), 0);
    }

    #[test]
    fn a_header_that_claims_more_than_it_has_is_refused() {
        assert!(Header::parse(b"").is_err());
        assert!(Header::parse(&[0xff; 64]).is_err());
        let blob = header(&[(Tag::Name, Value::Text("bash"))]);
        assert!(Header::parse(&blob[..blob.len() - 1]).is_err());
    }

    #[test]
    fn a_count_beyond_the_store_ends_with_the_store() {
        let mut blob = header(&[(Tag::FileSizes, Value::N32(&[1, 2]))]);
        blob[8 + 12..8 + 16].copy_from_slice(&u32::MAX.to_be_bytes());
        let header = Header::parse(&blob).unwrap();
        assert_eq!(header.numbers(Tag::FileSizes).collect::<Vec<_>>(), [1, 2]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(tags in 1u8..4, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut blob = vec![0, 0, 0, tags, 0, 0, 0, 100];
            blob.extend(bytes);
            if let Ok(header) = Header::parse(&blob) {
                let _ = (header.text(Tag::Name), header.texts(Tag::BaseNames).count(), header.numbers(Tag::FileModes).count());
            }
        }
    }
}
