//! `SQLite`'s write-ahead log: pages that are newer than the database file's
//! (<https://www.sqlite.org/fileformat2.html>, section 4). rpm leaves one beside its database while
//! any program has it open.

use std::collections::HashMap;

const HEADER: usize = 32;
const FRAME: usize = 24;
/// The last bit says in which byte order checksums are made.
const MAGIC: u32 = 0x377f_0682;

/// The committed pages of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log<'a> {
    /// Bytes per page.
    pub page_size: usize,
    /// Pages that the database has with them.
    pub page_count: u32,
    /// The newest content of each page that changed, counted from 1.
    pub pages: HashMap<u32, &'a [u8]>,
}

/// Reads a log as far as its checksums hold, and of that what was committed; `None` when nothing
/// was, which is also what a log of another time looks like.
pub fn committed(log: &[u8]) -> Option<Log<'_>> {
    let (header, frames) = log.split_first_chunk::<HEADER>()?;
    let word = |at: usize| be32(header, at);
    let big_endian = word(0)? & 1 == 1;
    let page_size = word(8)? as usize;
    if word(0)? & !1 != MAGIC
        || !page_size.is_power_of_two()
        || !(512..=65_536).contains(&page_size)
    {
        return None;
    }
    let mut sum = Checksum { big_endian, halves: (0, 0) };
    sum.add(header.get(..24)?);
    if sum.halves != (word(24)?, word(28)?) {
        return None;
    }
    let salt = header.get(16..24)?;
    let (mut waiting, mut out) = (Vec::new(), None);
    for frame in frames.chunks_exact(FRAME + page_size) {
        let (head, page) = frame.split_at_checked(FRAME)?;
        sum.add(head.get(..8)?);
        sum.add(page);
        let whole = head.get(8..16)? == salt && sum.halves == (be32(head, 16)?, be32(head, 20)?);
        if !whole {
            break;
        }
        waiting.push((be32(head, 0)?, page));
        let page_count = be32(head, 4)?;
        if page_count > 0 {
            let log =
                out.get_or_insert_with(|| Log { page_size, page_count, pages: HashMap::new() });
            log.page_count = page_count;
            log.pages.extend(waiting.drain(..));
        }
    }
    out
}

struct Checksum {
    big_endian: bool,
    halves: (u32, u32),
}

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        let word = |four: &[u8; 4]| {
            if self.big_endian { u32::from_be_bytes(*four) } else { u32::from_le_bytes(*four) }
        };
        let (mut first, mut second) = self.halves;
        let (words, _) = bytes.as_chunks::<4>();
        for [even, odd] in words.as_chunks::<2>().0 {
            first = first.wrapping_add(word(even)).wrapping_add(second);
            second = second.wrapping_add(word(odd)).wrapping_add(first);
        }
        self.halves = (first, second);
    }
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_be_bytes(*four))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAGE: usize = 512;

    /// A log of these frames: page number, pages after commit (0: none), what fills the page.
    fn log(frames: &[(u32, u32, u8)]) -> Vec<u8> {
        let mut out = Vec::new();
        for word in [MAGIC, 3_007_000, 512, 0, 7, 9] {
            out.extend(word.to_be_bytes());
        }
        let mut sum = Checksum { big_endian: false, halves: (0, 0) };
        sum.add(&out);
        out.extend([sum.halves.0.to_be_bytes(), sum.halves.1.to_be_bytes()].concat());
        for &(number, commit, fill) in frames {
            let head = [number.to_be_bytes(), commit.to_be_bytes()].concat();
            let page = [fill; PAGE];
            sum.add(&head);
            sum.add(&page);
            out.extend(head);
            out.extend([7u32.to_be_bytes(), 9u32.to_be_bytes()].concat());
            out.extend([sum.halves.0.to_be_bytes(), sum.halves.1.to_be_bytes()].concat());
            out.extend(page);
        }
        out
    }

    #[test]
    fn the_newest_committed_page_wins_and_what_was_not_committed_is_left_out() {
        let log = log(&[(2, 0, b'a'), (3, 3, b'b'), (2, 4, b'c'), (3, 0, b'x')]);
        let got = committed(&log).unwrap();
        assert_eq!((got.page_size, got.page_count, got.pages.len()), (PAGE, 4, 2));
        assert_eq!((got.pages[&2][0], got.pages[&3][0]), (b'c', b'b'));
    }

    #[test]
    fn a_damaged_frame_ends_the_log() {
        let mut log = log(&[(2, 2, b'a'), (3, 3, b'b')]);
        *log.last_mut().unwrap() = 0;
        assert_eq!(committed(&log).unwrap().page_count, 2);
    }

    #[test]
    fn an_empty_log_or_another_file_changes_nothing() {
        assert_eq!(committed(b""), None);
        assert_eq!(committed(&log(&[])), None);
        assert_eq!(committed(&[0x42; 2000]), None);
    }

    proptest! {
        #[test]
        fn no_damage_makes_it_panic(at in 0usize..1200, byte: u8, cut in 0usize..1200) {
            let mut log = log(&[(2, 0, b'a'), (3, 3, b'b')]);
            let inside = at % log.len();
            log[inside] = byte;
            log.truncate(cut);
            let _ = committed(&log);
        }
    }
}
