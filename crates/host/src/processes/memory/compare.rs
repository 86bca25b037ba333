//! A process's own pages of code beside the bytes of the file.

use coroner_parse::Text;
use coroner_parse::elf::{Symbol, has_text_relocations, symbol_at};
use coroner_parse::process::Mapping;

use crate::{HostPath, OpenFile, ReadError, Root};

use super::pages::{Scan, Stretch};

/// Bytes of a program's file that are read for its symbols; the largest programs have some 200 MB.
const LARGEST_PROGRAM: usize = 512 << 20;
/// Bytes of code that a finding shows.
const SHOWN: usize = 16;
/// Pages that differ and are kept, of one mapping.
const MOST_PAGES: usize = 64;
/// The instruction that stops a program for its debugger, `int3` on x86, and what it replaces is one byte.
#[cfg(target_arch = "x86_64")]
const BREAKPOINT: &[u8] = &[0xcc];
/// `brk #0` and the kernel's own `brk #5` of uprobes (`arch/arm64/include/asm/brk-imm.h`), low bytes first.
#[cfg(target_arch = "aarch64")]
const BREAKPOINT: &[u8] = &[0x00, 0x00, 0x20, 0xd4];
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const BREAKPOINT: &[u8] = &[];

/// One page of code that is not what the file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignPage {
    /// The first address that differs.
    pub address: u64,
    /// Where its bytes stand in the file.
    pub offset: u64,
    /// Bytes of the page that differ.
    pub differing: usize,
    /// From the first that differs on: what runs.
    pub in_memory: Vec<u8>,
    /// From there on: what the file holds.
    pub in_file: Vec<u8>,
    /// All that differs is breakpoints.
    pub only_breakpoints: bool,
}

/// Code of one file in memory that is not what the file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignCode {
    /// The file, in the process's own root.
    pub path: Text,
    /// The pages that differ, at most 64.
    pub pages: Vec<ForeignPage>,
    /// The function that the first of them lies in.
    pub symbol: Option<Symbol>,
    /// The file asks the loader to change its code (`DT_TEXTREL`, elf(5)).
    pub relocated: bool,
    /// The file is a program for Windows, whose code Wine changes as it loads it.
    pub of_windows: bool,
}

pub(super) fn stretch(host: &Root, scan: &mut Scan<'_>, stretch: &Stretch) -> Option<ForeignCode> {
    let file = match file_of(host, scan, &stretch.mapping) {
        Ok(file) => file,
        Err(error) => {
            if let Some(why) = error.blocked() {
                scan.note("map_files", why);
            }
            return None;
        }
    };
    let mut pages = Vec::new();
    for &address in &stretch.pages {
        pages.extend(page(scan, &file, &stretch.mapping, address));
        if pages.len() >= MOST_PAGES {
            break;
        }
    }
    let first = pages.first()?.offset;
    let (whole, _) = file.read_up_to(LARGEST_PROGRAM.min(sized(&file))).unwrap_or_default();
    Some(ForeignCode {
        path: stretch.mapping.name.clone(),
        symbol: symbol_at(&whole, first),
        relocated: has_text_relocations(&whole),
        of_windows: whole.starts_with(b"MZ"),
        pages,
    })
}

fn sized(file: &OpenFile) -> usize {
    usize::try_from(file.stat().size).unwrap_or(usize::MAX)
}

/// The very file behind a mapping, whatever its name leads to now; a test's tree has no links to them.
fn file_of(host: &Root, scan: &Scan<'_>, mapping: &Mapping) -> Result<OpenFile, ReadError> {
    if !scan.dir.is_the_kernels() {
        return host.open_file(&HostPath::new(mapping.name.as_bytes()));
    }
    let link = format!("map_files/{:x}-{:x}", mapping.start, mapping.end);
    host.open_handle(&scan.dir.follow(&link)?)
}

fn page(
    scan: &mut Scan<'_>,
    file: &OpenFile,
    mapping: &Mapping,
    address: u64,
) -> Option<ForeignPage> {
    let length = usize::try_from(scan.page).ok()?;
    let into = address.checked_sub(mapping.start)?;
    let offset = mapping.offset.checked_add(into)?;
    let in_memory = scan.read(address, length)?;
    // Behind the file's end the page is zeros.
    let mut in_file = vec![0; length];
    read_whole(file, &mut in_file, offset);
    let differs: Vec<usize> = in_memory
        .iter()
        .zip(&in_file)
        .enumerate()
        .filter(|(_, (a, b))| a != b)
        .map(|(at, _)| at)
        .collect();
    let first = *differs.first()?;
    let shown = |bytes: &[u8]| bytes.iter().skip(first).take(SHOWN).copied().collect();
    Some(ForeignPage {
        address: address + first as u64,
        offset: offset + first as u64,
        differing: differs.len(),
        only_breakpoints: only_breakpoints(&in_memory, &differs),
        in_memory: shown(&in_memory),
        in_file: shown(&in_file),
    })
}

fn read_whole(file: &OpenFile, buffer: &mut [u8], offset: u64) {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + done as u64) {
            Ok(0) | Err(_) => return,
            Ok(count) => done += count,
        }
    }
}

/// Each byte that differs is part of a breakpoint instruction.
fn only_breakpoints(in_memory: &[u8], differs: &[usize]) -> bool {
    let width = BREAKPOINT.len();
    width > 0
        && differs.iter().all(|&at| {
            let start = at - at % width;
            in_memory.get(start..start + width) == Some(BREAKPOINT)
        })
}
