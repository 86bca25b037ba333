//! `/proc/kallsyms`: which modules own symbols. Fed piece by piece, since it is 10 MB and more.

use std::collections::BTreeMap;

use memchr::{memchr, memrchr};

use crate::Text;

/// Longer lines are skipped: a symbol's name is at most 512 bytes (`KSYM_NAME_LEN`).
const LONGEST_LINE: usize = 2048;
/// More modules than any kernel has loaded.
const MOST_MODULES: usize = 20_000;
/// Tags that no module stands behind: compiled bpf programs and trampolines.
const NOT_MODULES: [&[u8]; 3] = [b"bpf", b"__builtin__kprobes", b"__builtin__ftrace"];

/// What the symbol table says about modules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SymbolTags {
    /// Symbols of each module.
    pub modules: BTreeMap<Text, u32>,
    /// Symbols in all.
    pub symbols: u64,
    /// Symbols whose address is not zero; none of them when `kernel.kptr_restrict` hides addresses.
    pub with_address: u64,
    /// Lines that are no symbol.
    pub bad_lines: u64,
    /// The line that the next piece goes on with.
    partial: Vec<u8>,
    /// The line is already too long and is being skipped.
    skipping: bool,
}

impl SymbolTags {
    /// Takes the next piece of the file, cut anywhere.
    pub fn feed(&mut self, mut piece: &[u8]) {
        while let Some((line, rest)) =
            memchr(b'\n', piece).and_then(|end| piece.split_at_checked(end))
        {
            self.keep(line);
            self.end_line();
            piece = rest.get(1..).unwrap_or_default();
        }
        self.keep(piece);
    }

    /// Takes a last line that has no line end.
    #[must_use]
    pub fn finish(mut self) -> Self {
        if !self.partial.is_empty() || self.skipping {
            self.end_line();
        }
        self
    }

    fn keep(&mut self, part: &[u8]) {
        self.skipping |= self.partial.len() + part.len() > LONGEST_LINE;
        if self.skipping {
            self.partial.clear();
        } else {
            self.partial.extend_from_slice(part);
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.partial);
        let skipped = std::mem::take(&mut self.skipping);
        if skipped || self.symbol(&line).is_none() {
            self.bad_lines += 1;
        }
        self.partial = line; // keeps its memory for the next line
        self.partial.clear();
    }

    /// `ffffffffc0a01000 t nft_do_chain\t[nf_tables]`
    fn symbol(&mut self, line: &[u8]) -> Option<()> {
        let (address, rest) = line.split_at_checked(memchr(b' ', line)?)?;
        if address.is_empty() || !address.iter().all(u8::is_ascii_hexdigit) || rest.len() < 4 {
            return None;
        }
        self.symbols += 1;
        self.with_address += u64::from(address.iter().any(|&digit| digit != b'0'));
        let tag = line.strip_suffix(b"]").and_then(|line| line.get(memrchr(b'[', line)? + 1..));
        if let Some(tag) = tag.filter(|tag| !NOT_MODULES.contains(tag)) {
            self.count(tag);
        }
        Some(())
    }

    fn count(&mut self, module: &[u8]) {
        let name = Text::from(module);
        if self.modules.len() < MOST_MODULES || self.modules.contains_key(&name) {
            let count = self.modules.entry(name).or_default();
            *count = count.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[u8] =
        b"ffffffff81000000 T _stext\nffffffffc0a01000 t nft_do_chain\t[nf_tables]\n\
        ffffffffc0a01010 t nft_x\t[nf_tables]\nffffffffc0b00000 t prog\t[bpf]\nnot a symbol\n\
        ffffffffc0c00000 t hide\t[diamorphine]";

    fn read(content: &[u8], piece: usize) -> SymbolTags {
        let mut tags = SymbolTags::default();
        content.chunks(piece).for_each(|piece| tags.feed(piece));
        tags.finish()
    }

    #[test]
    fn modules_are_counted_and_programs_of_bpf_are_none() {
        let tags = read(TABLE, 4096);
        let modules: Vec<_> =
            tags.modules.iter().map(|(name, count)| (name.lossy().into_owned(), *count)).collect();
        assert_eq!(modules, [("diamorphine".to_owned(), 1), ("nf_tables".to_owned(), 2)]);
        assert_eq!((tags.symbols, tags.with_address, tags.bad_lines), (5, 5, 1));
    }

    #[test]
    fn hidden_addresses_are_noticed() {
        let tags = read(b"0000000000000000 T _stext\n0000000000000000 t x\t[m]\n", 7);
        assert_eq!((tags.symbols, tags.with_address), (2, 0));
    }

    #[test]
    fn a_line_without_end_costs_no_memory() {
        let mut tags = SymbolTags::default();
        (0..10_000).for_each(|_| tags.feed(&[b'x'; 1024]));
        assert!(tags.partial.capacity() <= 2 * LONGEST_LINE);
        assert_eq!(tags.finish().bad_lines, 1);
    }

    proptest::proptest! {
        #[test]
        fn where_the_pieces_are_cut_does_not_matter(piece in 1..200_usize, bytes: Vec<u8>) {
            let content = [TABLE, b"\n", &bytes].concat();
            let (whole, pieces) = (read(&content, usize::MAX), read(&content, piece));
            proptest::prop_assert_eq!(whole.modules, pieces.modules);
            proptest::prop_assert_eq!((whole.symbols, whole.bad_lines), (pieces.symbols, pieces.bad_lines));
        }
    }
}
