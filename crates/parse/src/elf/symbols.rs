//! Functions that a library takes over from the C library.

use goblin::elf::dynamic::{DT_STRTAB, DT_SYMTAB, Dynamic};
use goblin::elf::section_header::SHT_DYNSYM;
use goblin::elf::sym::{Sym, Symtab};

use super::facts::{ElfFacts, Linking};
use super::image::{Image, until_nul};

/// Symbol tables longer than this are cut: libraries that hide things are small.
const MOST_SYMBOLS: u64 = 8192;
const LONGEST_SYMBOL: u64 = 32;

/// What preloaded libraries define to hide files, processes and connections, to open doors or to
/// read passwords. The C library defines them itself, as do sanitizers and sandboxes.
const TAKEN_OVER: &[&[u8]] = &[
    b"readdir",
    b"readdir64",
    b"readdir_r",
    b"readdir64_r",
    b"getdents",
    b"getdents64",
    b"open",
    b"open64",
    b"openat",
    b"fopen",
    b"fopen64",
    b"opendir",
    b"stat",
    b"stat64",
    b"lstat",
    b"lstat64",
    b"fstatat",
    b"__xstat",
    b"__xstat64",
    b"__lxstat",
    b"__lxstat64",
    b"access",
    b"unlink",
    b"unlinkat",
    b"rename",
    b"kill",
    b"ptrace",
    b"execve",
    b"write",
    b"read",
    b"accept",
    b"accept4",
    b"pam_authenticate",
    b"pam_open_session",
    b"pam_get_item",
    b"getpwnam",
    b"getpwnam_r",
    b"getpwuid",
    b"getspnam",
    b"crypt",
    b"RSA_public_decrypt",
    b"syslog",
    b"dlsym",
];

/// The names out of [`TAKEN_OVER`] that a library defines, sorted.
pub(super) fn describe(image: &Image<'_>, dynamic: &Dynamic, facts: &mut ElfFacts) {
    if facts.linking != Linking::Library {
        return;
    }
    let value = |tag| dynamic.dyns.iter().find(|entry| entry.d_tag == tag).map(|entry| entry.d_val);
    let place = |tag| value(tag).and_then(|address| image.offset_of(address));
    let (Some(symbols), Some(names)) = (place(DT_SYMTAB), place(DT_STRTAB)) else { return };
    let mut found: Vec<_> = defined(image, symbols, names)
        .filter_map(|symbol| {
            let name = image.bytes(names.checked_add(symbol.st_name as u64)?, LONGEST_SYMBOL);
            let name = TAKEN_OVER.iter().find(|known| **known == until_nul(name))?;
            std::str::from_utf8(name).ok().map(str::to_owned)
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    facts.takes_over = found;
}

/// The symbols that the library defines. The dynamic section does not say how many there are; the
/// section headers do, or the string table, which linkers write behind the symbols.
fn defined<'a>(image: &Image<'a>, symbols: u64, names: u64) -> impl Iterator<Item = Sym> + 'a {
    let size = Sym::size(image.ctx.container) as u64;
    let mut sections = image.sections.iter().flatten();
    let section = sections.find(|s| s.sh_type == SHT_DYNSYM && s.sh_offset == symbols);
    let bytes = section.map_or_else(|| names.saturating_sub(symbols), |section| section.sh_size);
    let count = image.bytes(symbols, bytes.min(MOST_SYMBOLS * size)).len() as u64 / size;
    let offset = usize::try_from(symbols).ok();
    let table = offset.and_then(|offset| {
        Symtab::parse(image.head, offset, usize::try_from(count).ok()?, image.ctx).ok()
    });
    table
        .into_iter()
        .flat_map(|table| table.iter().collect::<Vec<_>>())
        .filter(|symbol| symbol.st_shndx != 0 && symbol.st_name != 0)
}
