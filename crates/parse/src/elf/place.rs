//! Which function a byte of a file belongs to, and whether its code is changed as it is loaded.

use std::panic::catch_unwind;

use goblin::elf::dynamic::{DF_TEXTREL, DT_FLAGS, DT_TEXTREL, Dynamic};
use goblin::elf::section_header::{SHT_DYNSYM, SHT_SYMTAB, SectionHeader};
use goblin::elf::sym::{STT_FUNC, STT_GNU_IFUNC, Sym, Symtab};
use serde::{Deserialize, Serialize};

use super::image::{Image, name};
use crate::Text;

/// Symbols that are looked at; browsers have some hundred thousand.
const MOST_SYMBOLS: u64 = 2 << 20;
const LONGEST_SYMBOL: u64 = 1024;

/// A function of a program, and how far into it a place lies.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Symbol {
    /// The function, as the symbol table has it.
    pub name: Text,
    /// Bytes from its start.
    pub into: u64,
}

impl std::fmt::Display for Symbol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}+{:#x}", self.name, self.into)
    }
}

/// The function that the byte at a file's offset belongs to, by the symbol table or else by the dynamic one.
/// `file` is the whole file.
pub fn symbol_at(file: &[u8], offset: u64) -> Option<Symbol> {
    catch_unwind(|| find(file, offset)).ok().flatten()
}

/// Whether the file asks the loader to change its code: 32-bit programs and old assembly do.
pub fn has_text_relocations(file: &[u8]) -> bool {
    let asks = || {
        let image = Image::open(file, file.len() as u64).ok()?;
        let dynamic = Dynamic::parse(image.head, &image.segments, image.ctx).ok()??;
        Some(dynamic.dyns.iter().any(|entry| {
            entry.d_tag == DT_TEXTREL || entry.d_tag == DT_FLAGS && entry.d_val & DF_TEXTREL != 0
        }))
    };
    catch_unwind(asks).ok().flatten().unwrap_or(false)
}

fn find(file: &[u8], offset: u64) -> Option<Symbol> {
    let image = Image::open(file, file.len() as u64).ok()?;
    let load = image
        .loads()
        .find(|load| offset.checked_sub(load.p_offset).is_some_and(|into| into < load.p_filesz))?;
    let address = load.p_vaddr.checked_add(offset - load.p_offset)?;
    [SHT_SYMTAB, SHT_DYNSYM].into_iter().find_map(|kind| {
        let sections = image.sections.as_deref()?;
        let table = sections.iter().find(|section| section.sh_type == kind)?;
        let names = sections.get(usize::try_from(table.sh_link).ok()?.checked_sub(1)?)?;
        in_table(&image, table, names, address)
    })
}

fn in_table(
    image: &Image<'_>,
    table: &SectionHeader,
    names: &SectionHeader,
    address: u64,
) -> Option<Symbol> {
    let size = Sym::size(image.ctx.container) as u64;
    let there = image.bytes(table.sh_offset, table.sh_size).len() as u64;
    let count = usize::try_from((there / size).min(MOST_SYMBOLS)).ok()?;
    let offset = usize::try_from(table.sh_offset).ok()?;
    let symbols = Symtab::parse(image.head, offset, count, image.ctx).ok()?;
    let is_function = |symbol: &Sym| matches!(symbol.st_type(), STT_FUNC | STT_GNU_IFUNC);
    let holds = |symbol: &Sym| {
        let into = address.checked_sub(symbol.st_value);
        into.is_some_and(|into| into < symbol.st_size.max(1))
    };
    let found = symbols.iter().find(|symbol| is_function(symbol) && holds(symbol))?;
    let start = names.sh_offset.checked_add(found.st_name as u64)?;
    let name = name(image.bytes(start, LONGEST_SYMBOL));
    (!name.is_empty()).then(|| Symbol { name, into: address - found.st_value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_this_very_program_has_a_name() {
        let file = std::fs::read("/proc/self/exe").unwrap();
        let image = Image::open(&file, file.len() as u64).unwrap();
        let offset = image.offset_of(image.header.e_entry).unwrap();
        let symbol = symbol_at(&file, offset + 4).unwrap();
        assert_eq!((symbol.name.clone(), symbol.into), ("_start".into(), 4));
        assert_eq!(symbol.to_string(), "_start+0x4");
        assert_eq!(symbol_at(&file, u64::MAX), None);
        assert!(!has_text_relocations(&file));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>, offset: u64) {
            let elf = [&b"\x7fELF\x02\x01\x01\0"[..], &bytes].concat();
            let _ = (symbol_at(&elf, offset), has_text_relocations(&elf));
        }
    }
}
