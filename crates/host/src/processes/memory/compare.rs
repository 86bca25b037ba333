//! A process's own pages of code beside the bytes of the file.

use coroner_parse::Text;
use coroner_parse::elf::{Symbol, has_text_relocations, symbol_at};
use coroner_parse::process::Mapping;

use crate::{Blocked, HostPath, OpenFile, ReadError, Root};

use super::pages::{Scan, Stretch};

/// Bytes of a program's file that are read for its symbols; the largest programs have some 200 MB.
const LARGEST_PROGRAM: usize = 256 << 20;
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
    if let Err(why) = read_whole(file, &mut in_file, offset) {
        scan.note("map_files", why);
        return None;
    }
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
        only_breakpoints: only_probes(scan, &in_memory, &in_file, address, &differs),
        in_memory: shown(&in_memory),
        in_file: shown(&in_file),
    })
}

fn read_whole(file: &OpenFile, buffer: &mut [u8], offset: u64) -> Result<(), Blocked> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + done as u64)? {
            0 => break,
            count => done += count,
        }
    }
    Ok(())
}

/// Each byte that differs is part of a breakpoint, or of the call that an optimised probe puts in the place
/// of a five-byte `nop`: it leads to the kernel's own page.
fn only_probes(
    scan: &Scan<'_>,
    in_memory: &[u8],
    in_file: &[u8],
    address: u64,
    differs: &[usize],
) -> bool {
    let width = BREAKPOINT.len();
    let is_breakpoint = |at: usize| {
        let start = at - at % width.max(1);
        width > 0 && in_memory.get(start..start + width) == Some(BREAKPOINT)
    };
    let is_call = |at: usize| {
        let mut starts = at.saturating_sub(NOP.len() - 1)..=at;
        starts.any(|start| {
            in_file.get(start..start + NOP.len()) == Some(NOP)
                && calls_probe(
                    scan,
                    in_memory.get(start..).unwrap_or_default(),
                    address + start as u64,
                )
        })
    };
    differs.iter().all(|&at| is_breakpoint(at) || is_call(at))
}

/// The `nop` that probes are made for (`arch/x86/include/asm/nops.h`).
const NOP: &[u8] = &[0x0f, 0x1f, 0x44, 0x00, 0x00];

fn calls_probe(scan: &Scan<'_>, code: &[u8], address: u64) -> bool {
    let Some((0xe8, rest)) = code.split_first().map(|(first, rest)| (*first, rest)) else {
        return false;
    };
    let Some(distance) = rest.first_chunk::<4>() else { return false };
    let next = address.wrapping_add(NOP.len() as u64);
    let target = next.wrapping_add_signed(i64::from(i32::from_le_bytes(*distance)));
    scan.trampolines.iter().any(|(start, end)| (*start..*end).contains(&target))
}

#[cfg(test)]
#[cfg(target_arch = "x86_64")]
mod tests {
    use super::*;
    use crate::processes::ProcessDir;

    #[test]
    fn a_call_to_the_kernels_own_page_is_a_probe_and_one_elsewhere_is_none() {
        let proc = Root::open_plain(std::path::Path::new("/proc")).unwrap();
        let own = i32::try_from(std::process::id()).unwrap();
        let dir = ProcessDir::open(&proc, own).unwrap();
        let mut scan = Scan::new(&dir, &[]);
        scan.trampolines = vec![(0x3000, 0x4000)];
        let in_file = [&[0x90, 0x90][..], NOP, &[0x90]].concat();
        let with = |code: &[u8]| [&[0x90, 0x90][..], code, &[0x90]].concat();
        let only = |memory: &[u8]| {
            let differs: Vec<usize> =
                (0..memory.len()).filter(|&at| memory[at] != in_file[at]).collect();
            only_probes(&scan, memory, &in_file, 0x2000, &differs)
        };
        let to = |target: u64| -> Vec<u8> {
            let distance = i32::try_from(target - 0x2007).unwrap().to_le_bytes();
            [&[0xe8][..], &distance].concat()
        };
        assert!(only(&with(&to(0x3008))));
        assert!(!only(&with(&to(0x5000))));
        assert!(only(&with(&[0xcc, 0x1f, 0x44, 0x00, 0x00])));
        assert!(!only(&with(&[0xeb, 0x1f, 0x44, 0x00, 0x00])));
    }
}
