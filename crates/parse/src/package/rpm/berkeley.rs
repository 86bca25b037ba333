//! rpm's oldest container, /var/lib/rpm/Packages of Red Hat 5 to 8: a hash of Berkeley DB
//! (`dbinc/db_page.h`, versions 7 to 10). Its pages hold pairs of items, a number and a header;
//! headers that do not fit a page lie in chains of overflow pages. In the byte order of the
//! machine that made it.

use std::borrow::Cow;

use crate::package::BadRecord;

const MAGIC: u32 = 0x0006_1561;
const VERSIONS: std::ops::RangeInclusive<u32> = 7..=10;
/// Bytes before a page's offsets, and before an overflow page's content.
const HEAD: usize = 26;
/// Databases with checksums or encryption have longer page heads; rpm never asks for either.
const CHECKSUMS: u8 = 1;

/// Page types that hold pairs: before and since version 9.
const HASH_UNSORTED: u8 = 2;
const HASH: u8 = 13;
const OVERFLOW: u8 = 7;

/// Item types.
const INLINE: u8 = 1;
const OFF_PAGE: u8 = 3;

/// Keys of headers and of the number that the next header will have.
const KEY: usize = 4;

/// The header blobs of a Packages file; a bad item costs that package alone.
///
/// # Errors
/// In a few words, when it is no database of this kind.
pub fn berkeley_headers(
    content: &[u8],
) -> Result<impl Iterator<Item = Result<Cow<'_, [u8]>, BadRecord>>, &'static str> {
    let database = Database::open(content)?;
    Ok(Headers { database, page: 0, pair: 0, record: 0, left: content.len() })
}

#[derive(Debug, Clone, Copy)]
struct Database<'a> {
    content: &'a [u8],
    page_size: usize,
    is_big_endian: bool,
}

impl<'a> Database<'a> {
    fn open(content: &'a [u8]) -> Result<Self, &'static str> {
        let magic = content.get(12..).and_then(<[u8]>::first_chunk).ok_or("not a Berkeley DB")?;
        let is_big_endian = match (u32::from_le_bytes(*magic), u32::from_be_bytes(*magic)) {
            (MAGIC, _) => false,
            (_, MAGIC) => true,
            _ => return Err("not a hash of Berkeley DB"),
        };
        let mut database = Self { content, page_size: 0, is_big_endian };
        let whole = Page { bytes: content, is_big_endian };
        let version = whole.word(16).unwrap_or_default();
        database.page_size = whole.word(20).unwrap_or_default() as usize;
        if !VERSIONS.contains(&version) {
            return Err("a version of Berkeley DB that is not known");
        }
        if !database.page_size.is_power_of_two() || !(512..=65_536).contains(&database.page_size) {
            return Err("pages of a size that cannot be");
        }
        if content.get(24) != Some(&0) || content.get(26).is_none_or(|b| b & CHECKSUMS != 0) {
            return Err("encrypted or with checksums, as rpm never makes it");
        }
        Ok(database)
    }

    fn page(&self, number: usize) -> Option<Page<'a>> {
        let start = number.checked_mul(self.page_size)?;
        let bytes = self.content.get(start..)?.get(..self.page_size)?;
        Some(Page { bytes, is_big_endian: self.is_big_endian })
    }
}

#[derive(Debug, Clone, Copy)]
struct Page<'a> {
    bytes: &'a [u8],
    is_big_endian: bool,
}

impl<'a> Page<'a> {
    fn half(&self, at: usize) -> Option<usize> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        let number =
            if self.is_big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) };
        Some(usize::from(number))
    }

    fn word(&self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn kind(&self) -> Option<u8> {
        self.bytes.get(25).copied()
    }

    /// How many pairs of items it holds.
    fn pairs(&self) -> usize {
        match self.kind() {
            Some(HASH | HASH_UNSORTED) => self.half(20).unwrap_or_default() / 2,
            _ => 0,
        }
    }

    /// Items lie from the page's end towards its start, each up to where the one before begins.
    fn item(&self, index: usize) -> Option<&'a [u8]> {
        let offset = |index: usize| self.half(HEAD + 2 * index);
        let end = match index.checked_sub(1) {
            Some(before) => offset(before)?,
            None => self.bytes.len(),
        };
        self.bytes.get(offset(index)?..end)
    }
}

struct Headers<'a> {
    database: Database<'a>,
    page: usize,
    pair: usize,
    record: u32,
    /// Bytes that may still be read. Items and chains share none in a sound database, so together
    /// they are no longer than the file: a cycle ends here.
    left: usize,
}

impl<'a> Iterator for Headers<'a> {
    type Item = Result<Cow<'a, [u8]>, BadRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let page = self.database.page(self.page)?;
            if self.pair >= page.pairs() {
                (self.page, self.pair) = (self.page + 1, 0);
                continue;
            }
            let pair = self.pair;
            self.pair += 1;
            if let Some(header) = self.header(page, pair).transpose() {
                let record = self.record;
                self.record = self.record.saturating_add(1);
                return Some(header.map_err(|reason| BadRecord { record, reason }));
            }
        }
    }
}

impl<'a> Headers<'a> {
    /// The header of a pair; `None` for the pair that holds the next header's number.
    fn header(
        &mut self,
        page: Page<'a>,
        pair: usize,
    ) -> Result<Option<Cow<'a, [u8]>>, &'static str> {
        let key = page.item(2 * pair).ok_or("an item out of its page")?;
        let value = page.item(2 * pair + 1).ok_or("an item out of its page")?;
        match (key, value) {
            ([INLINE, 0, 0, 0, 0], _) => Ok(None),
            ([INLINE, number @ ..], _) if number.len() != KEY => Err("a key that is no number"),
            ([INLINE, ..], [INLINE, header @ ..]) => {
                self.spend(header.len())?;
                Ok(Some(Cow::Borrowed(header)))
            }
            ([INLINE, ..], [OFF_PAGE, ..]) => {
                let value = Page { bytes: value, is_big_endian: page.is_big_endian };
                let (first, length) = (value.word(4), value.word(8));
                let (first, length) = first.zip(length).ok_or("an item cut off")?;
                self.chain(first as usize, length as usize).map(|header| Some(Cow::Owned(header)))
            }
            _ => Err("an item of unknown type"),
        }
    }

    fn spend(&mut self, bytes: usize) -> Result<(), &'static str> {
        self.left = self.left.checked_sub(bytes).ok_or("headers overlap")?;
        Ok(())
    }

    fn chain(&mut self, first: usize, length: usize) -> Result<Vec<u8>, &'static str> {
        let (mut header, mut number) = (Vec::new(), first);
        while number != 0 {
            let page = self.database.page(number).ok_or("an overflow page out of range")?;
            self.spend(page.bytes.len())?;
            if page.kind() != Some(OVERFLOW) {
                return Err("not an overflow page");
            }
            let content = page.half(22).and_then(|used| page.bytes.get(HEAD..)?.get(..used));
            header.extend_from_slice(content.ok_or("an overflow page cut off")?);
            number = page.word(16).unwrap_or_default() as usize;
        }
        if header.len() == length { Ok(header) } else { Err("a header of another length") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAGE: usize = 512;

    struct Builder {
        is_big_endian: bool,
        pages: Vec<[u8; PAGE]>,
    }

    impl Builder {
        fn new(is_big_endian: bool) -> Self {
            let mut builder = Self { is_big_endian, pages: vec![[0; PAGE]] };
            for (at, word) in [(12, MAGIC), (16, 9), (20, 512)] {
                builder.word(0, at, word);
            }
            builder.pages[0][25] = 8;
            builder
        }

        fn word(&mut self, page: usize, at: usize, word: u32) {
            let bytes = if self.is_big_endian { word.to_be_bytes() } else { word.to_le_bytes() };
            self.pages[page][at..at + 4].copy_from_slice(&bytes);
        }

        fn half(&mut self, page: usize, at: usize, half: usize) {
            let half = u16::try_from(half).unwrap();
            let bytes = if self.is_big_endian { half.to_be_bytes() } else { half.to_le_bytes() };
            self.pages[page][at..at + 2].copy_from_slice(&bytes);
        }

        fn off_page(&self, first: u32, length: u32) -> Vec<u8> {
            let word = |word: u32| {
                if self.is_big_endian { word.to_be_bytes() } else { word.to_le_bytes() }
            };
            [[OFF_PAGE, 0, 0, 0], word(first), word(length)].concat()
        }

        fn hash_page(&mut self, items: &[&[u8]]) {
            self.pages.push([0; PAGE]);
            let page = self.pages.len() - 1;
            let mut end = PAGE;
            for (index, item) in items.iter().enumerate() {
                end -= item.len();
                self.pages[page][end..end + item.len()].copy_from_slice(item);
                self.half(page, HEAD + 2 * index, end);
            }
            self.half(page, 20, items.len());
            self.pages[page][25] = HASH;
        }

        fn overflow_page(&mut self, content: &[u8], next: u32) {
            self.pages.push([0; PAGE]);
            let page = self.pages.len() - 1;
            self.pages[page][HEAD..HEAD + content.len()].copy_from_slice(content);
            self.half(page, 22, content.len());
            self.word(page, 16, next);
            self.pages[page][25] = OVERFLOW;
        }

        fn bytes(&self) -> Vec<u8> {
            self.pages.concat()
        }
    }

    const FIRST: &[u8] = &[INLINE, 1, 0, 0, 0];
    const SECOND: &[u8] = &[INLINE, 2, 0, 0, 0];

    fn database(is_big_endian: bool) -> Vec<u8> {
        let mut builder = Builder::new(is_big_endian);
        let long = builder.off_page(2, 600);
        let next = [&[INLINE, 0, 0, 0, 0][..], &[INLINE, 3, 0, 0, 0]];
        let pairs = [next[0], next[1], FIRST, &long, SECOND, &[INLINE, b'x', b'y']];
        builder.hash_page(&pairs);
        builder.overflow_page(&[b'a'; 400], 3);
        builder.overflow_page(&[b'b'; 200], 0);
        builder.bytes()
    }

    #[test]
    fn headers_in_pages_and_in_chains_are_read_in_both_byte_orders() {
        for is_big_endian in [false, true] {
            let content = database(is_big_endian);
            let got: Vec<_> = berkeley_headers(&content).unwrap().map(Result::unwrap).collect();
            let long = [[b'a'; 400].as_slice(), &[b'b'; 200]].concat();
            assert_eq!(got, [long.as_slice(), b"xy"]);
        }
    }

    #[test]
    fn a_chain_that_comes_back_to_itself_ends() {
        let mut builder = Builder::new(false);
        let cycle = builder.off_page(2, u32::MAX);
        builder.hash_page(&[SECOND, &[INLINE, b'x'], FIRST, &cycle]);
        builder.overflow_page(&[b'a'; 400], 2);
        let content = builder.bytes();
        let got: Vec<_> = berkeley_headers(&content).unwrap().collect();
        assert_eq!(got[0].as_deref(), Ok(&b"x"[..]));
        assert_eq!(got[1], Err(BadRecord { record: 1, reason: "headers overlap" }));
    }

    #[test]
    fn a_chain_of_another_length_or_of_other_pages_is_refused() {
        let mut builder = Builder::new(false);
        let (short, wild, other) =
            (builder.off_page(2, 401), builder.off_page(99, 1), builder.off_page(1, 1));
        builder.hash_page(&[FIRST, &short, SECOND, &wild, &[INLINE, 4, 0, 0, 0], &other]);
        builder.overflow_page(&[b'a'; 400], 0);
        let content = builder.bytes();
        assert_eq!(berkeley_headers(&content).unwrap().filter(Result::is_err).count(), 3);
    }

    #[test]
    fn pairs_that_all_name_one_long_chain_are_not_all_followed() {
        let mut builder = Builder::new(false);
        let chain = builder.off_page(2, 486 * 20);
        let pairs: Vec<&[u8]> = (0..24).flat_map(|_| [FIRST, chain.as_slice()]).collect();
        builder.hash_page(&pairs);
        for next in 3..23 {
            builder.overflow_page(&[b'a'; 486], if next == 22 { 0 } else { next });
        }
        let content = builder.bytes();
        let read: usize = berkeley_headers(&content).unwrap().flatten().map(|h| h.len()).sum();
        assert!(read > 0 && read <= content.len(), "{read}");
    }

    #[test]
    fn another_file_is_not_a_database() {
        assert!(berkeley_headers(b"").is_err());
        assert!(berkeley_headers(&[0; 4096]).is_err());
        let mut content = database(false);
        content[20..24].copy_from_slice(&500u32.to_le_bytes());
        assert!(berkeley_headers(&content).is_err());
    }

    proptest! {
        #[test]
        fn no_damage_makes_it_panic_or_read_more_than_the_file(
            damage in proptest::collection::vec((0usize..2048, any::<u8>()), 0..20),
            cut in 0usize..2049,
        ) {
            let mut content = database(false);
            for (at, byte) in damage {
                content[at] = byte;
            }
            content.truncate(cut);
            if let Ok(headers) = berkeley_headers(&content) {
                let read: usize = headers.flatten().map(|header| header.len()).sum();
                prop_assert!(read <= content.len());
            }
        }
    }
}
