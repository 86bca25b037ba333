//! The records that getdents64(2) writes, down to the bytes between them.
//!
//! The kernel gives each record the length that its name needs (`filldir64`, fs/readdir.c:
//! `ALIGN(offsetof(d_name) + namlen + 1, 8)`). Whoever takes a name out of a directory after the
//! kernel filled the buffer can move the rest together, or make the record before it longer: then
//! its length no longer fits its name, and the bytes of the hidden record are still in the gap.

use crate::Text;

/// `offsetof(struct linux_dirent64, d_name)`: inode 8, offset 8, length 2, type 1.
const HEAD: usize = 19;
/// Names of files have at most 255 bytes (`NAME_MAX`), so no record needs more.
const LONGEST: u16 = 280;

/// One name in a directory, as the kernel wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryRecord {
    /// The name's bytes.
    pub name: Text,
    /// `d_type`: 4 is a directory (`DT_DIR`), 0 unknown.
    pub kind: u8,
    /// `d_off`: where the next record is found.
    pub offset: i64,
    /// `d_reclen`: bytes to the next record.
    pub length: u16,
    /// What lies between this record and the next when the length is more than the name needs.
    pub gap: Vec<u8>,
}

/// `DT_DIR`, dirent.h.
const DIRECTORY: u8 = 4;

impl DirectoryRecord {
    /// Whether the directory says that it is a directory.
    pub fn is_directory(&self) -> bool {
        self.kind == DIRECTORY
    }

    /// The length that the name needs.
    pub fn needed(&self) -> usize {
        needed(self.name.as_bytes().len())
    }
}

fn needed(name: usize) -> usize {
    (HEAD + name + 1).next_multiple_of(8)
}

/// Bytes that are no record: whoever wrote them was not the kernel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a directory record at byte {at}")]
pub struct BadRecord {
    /// Where in the buffer.
    pub at: usize,
}

/// The records in a buffer that getdents64(2) filled. After a bad one nothing more can be told.
pub fn directory_records(
    buffer: &[u8],
) -> impl Iterator<Item = Result<DirectoryRecord, BadRecord>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = buffer.get(at..).filter(|rest| !rest.is_empty())?;
        let Some(record) = record(rest) else {
            let bad = BadRecord { at };
            at = buffer.len();
            return Some(Err(bad));
        };
        at += usize::from(record.length);
        Some(Ok(record))
    })
}

fn record(rest: &[u8]) -> Option<DirectoryRecord> {
    let offset = i64::from_ne_bytes(*rest.get(8..)?.first_chunk()?);
    let length = u16::from_ne_bytes(*rest.get(16..)?.first_chunk()?);
    let kind = *rest.get(18)?;
    let whole = rest.get(..usize::from(length))?;
    let named = whole.get(HEAD..)?;
    let end = named.iter().position(|&byte| byte == 0)?;
    let name = named.get(..end).filter(|name| !name.is_empty())?;
    let gap = whole.get(needed(name.len())..)?;
    Some(DirectoryRecord { name: Text::from(name), kind, offset, length, gap: gap.to_vec() })
}

/// The names that still lie in a gap. Empty when its bytes were wiped.
pub fn names_in_gap(gap: &[u8]) -> Vec<Text> {
    let records = directory_records(gap).map_while(Result::ok);
    let real = records.filter(|record| record.length <= LONGEST);
    real.map(|record| record.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A record as the kernel writes it, with `more` bytes of room behind it.
    fn written(name: &[u8], more: &[u8]) -> Vec<u8> {
        let length = needed(name.len());
        let mut bytes = vec![0; length];
        bytes[8..16].copy_from_slice(&7_i64.to_ne_bytes());
        bytes[16..18].copy_from_slice(&u16::try_from(length + more.len()).unwrap().to_ne_bytes());
        bytes[18] = DIRECTORY;
        bytes[HEAD..HEAD + name.len()].copy_from_slice(name);
        bytes.extend_from_slice(more);
        bytes
    }

    fn read(buffer: &[u8]) -> Vec<DirectoryRecord> {
        directory_records(buffer).map(Result::unwrap).collect()
    }

    #[test]
    fn the_kernel_s_records_have_the_length_that_their_names_need() {
        let names: [&[u8]; 5] = [b".", b"1234", b"12345", b"a name of some length", b"\xff"];
        let buffer: Vec<u8> = names.iter().flat_map(|name| written(name, b"")).collect();
        let records = read(&buffer);
        assert_eq!(records.len(), 5);
        for (record, name) in records.iter().zip(names) {
            assert_eq!(record.name.as_bytes(), name);
            assert_eq!((usize::from(record.length), record.gap.len()), (record.needed(), 0));
            assert!(record.is_directory());
        }
        assert_eq!(records[1].length, 24);
        assert_eq!(records[2].length, 32);
    }

    #[test]
    fn a_record_made_longer_holds_the_hidden_one_in_its_gap() {
        let hidden = [written(b"4242", b""), written(b"backdoor", b"")].concat();
        let buffer = [written(b"4241", &hidden), written(b"4300", b"")].concat();
        let records = read(&buffer);
        assert_eq!(records.len(), 2);
        assert_eq!(names_in_gap(&records[0].gap), ["4242".into(), Text::from("backdoor")]);
        assert_eq!(names_in_gap(&[0; 24]), Vec::<Text>::new());
    }

    #[test]
    fn what_is_no_record_is_said_and_ends_the_reading() {
        let mut cut = written(b"whole", b"");
        let start = cut.len();
        cut.extend_from_slice(&written(b"cut", b"")[..20]);
        let records: Vec<_> = directory_records(&cut).collect();
        assert_eq!(records.len(), 2);
        assert_eq!(records[1], Err(BadRecord { at: start }));
        let endless = vec![0; 64];
        assert_eq!(directory_records(&endless).count(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic_and_to_an_end(bytes: Vec<u8>) {
            let _ = directory_records(&bytes).count();
            let _ = names_in_gap(&bytes);
        }

        #[test]
        fn what_the_kernel_writes_is_read_back(names in proptest::collection::vec("[^/\0]{1,60}", 0..20)) {
            let buffer: Vec<u8> = names.iter().flat_map(|n| written(n.as_bytes(), b"")).collect();
            let got: Vec<_> = read(&buffer).into_iter().map(|record| record.name).collect();
            let expected: Vec<_> = names.iter().map(|n| Text::from(n.as_str())).collect();
            prop_assert_eq!(got, expected);
        }
    }
}
