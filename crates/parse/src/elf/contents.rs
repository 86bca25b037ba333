//! What the bytes themselves tell: entropy, packers, language. Samples only, to stay quick.

use goblin::elf::program_header::PF_X;
use memchr::memmem;

use super::facts::{ElfFacts, Language, Packer};
use super::image::Image;

/// Samples for the entropy: this many blocks of this size, spread over the segment. The estimate
/// is within 0.01 bit of the whole.
const BLOCKS: usize = 32;
const BLOCK: usize = 4096;
/// How much of a section is searched for a mark.
const SEARCHED: usize = 64 * 1024;
/// shc's stub has few constants; larger programs that hold its message only know of it, as this one.
const SHC_CONSTANTS: usize = 16 * 1024;
/// Entropy, in thousandths of a bit, above which code is packed or encrypted.
const DENSE: u16 = 7200;

pub(super) fn describe(image: &Image<'_>, facts: &mut ElfFacts) {
    let code = image.loads().filter(|load| load.p_flags & PF_X != 0);
    let code = code.max_by_key(|load| load.p_filesz).map(|load| image.segment_bytes(load));
    facts.code_entropy = code.and_then(entropy);
    facts.packers = packers(image, facts);
    facts.language = language(image);
}

/// Shannon entropy in thousandths of a bit per byte; `None` below 256 bytes, where it says nothing.
fn entropy(bytes: &[u8]) -> Option<u16> {
    let mut counts = [0_u32; 256];
    let mut total = 0_u32;
    let step = (bytes.len() / BLOCKS).max(BLOCK);
    for block in bytes.chunks(step) {
        for &byte in block.iter().take(BLOCK) {
            if let Some(count) = counts.get_mut(usize::from(byte)) {
                *count += 1;
            }
            total += 1;
        }
    }
    let total = f64::from(total);
    let share = |count: u32| f64::from(count) / total;
    let bits: f64 =
        counts.iter().filter(|count| **count != 0).map(|&c| -share(c) * share(c).log2()).sum();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0.0 to 8000.0")]
    (bytes.len() >= 256).then_some((bits * 1000.0).round() as u16)
}

fn packers(image: &Image<'_>, facts: &ElfFacts) -> Vec<Packer> {
    let tail = image.head.len().saturating_sub(4096);
    let tail = image.head.get(tail..).filter(|_| !image.partly_read()).unwrap_or_default();
    let rodata = Some(image.section_bytes(b".rodata")).filter(|bytes| bytes.len() <= SHC_CONSTANTS);
    let rodata = rodata.unwrap_or_default();
    let first = image.head.get(..512).unwrap_or(image.head);
    let last = tail.get(tail.len().saturating_sub(64)..).unwrap_or_default();
    let has = |place: &[u8], mark: &[u8]| memmem::find(place, mark).is_some();
    let marks = [
        (has(first, b"UPX!") || has(last, b"UPX!"), Packer::Upx),
        (has(tail, b"MEI\x0c\x0b\x0a\x0b\x0e"), Packer::PyInstaller),
        (matches!(image.head.get(8..11), Some(b"AI\x01" | b"AI\x02")), Packer::AppImage),
        (has(rodata, b"neither argv[0] nor $_ works"), Packer::Shc),
        (has(part(image.section_bytes(b".gopclntab")), b"ezuri/stub"), Packer::Ezuri),
    ];
    let mut found: Vec<_> =
        marks.into_iter().filter_map(|(seen, mark)| seen.then_some(mark)).collect();
    if found.is_empty() && looks_packed(image, facts) {
        found.push(Packer::Unmarked);
    }
    found
}

/// Packers throw the sections away, keep the program as one dense blob, and ask for the memory to
/// unfold it in.
fn looks_packed(image: &Image<'_>, facts: &ElfFacts) -> bool {
    let dense = facts.code_entropy.is_some_and(|entropy| entropy > DENSE);
    let unfolds = image.loads().any(|load| load.p_memsz / 2 > load.p_filesz);
    facts.is_program() && facts.sections == 0 && dense && unfolds
}

fn language(image: &Image<'_>) -> Option<Language> {
    let has = |section: &[u8], mark: &[u8]| {
        memmem::find(part(image.section_bytes(section)), mark).is_some()
    };
    let go = [&b".note.go.buildid"[..], b".go.buildinfo", b".gopclntab"];
    if go.iter().any(|name| image.section(name).is_some()) {
        Some(Language::Go)
    } else if has(b".comment", b"rustc version") || has(b".rodata", b"/rustc/") {
        Some(Language::Rust)
    } else {
        None
    }
}

fn part(bytes: &[u8]) -> &[u8] {
    bytes.get(..SEARCHED).unwrap_or(bytes)
}
