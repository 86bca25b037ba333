//! What the ELF headers of files that no package vouches for betray.

use coroner_core::{FileFacts, Findings, HostPath};
use coroner_parse::elf::{AppendedKind, ElfFacts, EntryPlace, NoteToLoad, Packer};

use super::files::{is_doubtful, show};
use crate::{names, rules};

/// Appended bytes below this are padding.
const SMALL_APPENDIX: u64 = 4096;
/// Entropy of code, in thousandths of a bit, above which it is packed.
const DENSE: u16 = 7200;

pub(super) fn judge(file: &FileFacts, out: &mut Findings) {
    let Some(elf) = file.elf.as_ref().filter(|_| is_doubtful(file)) else { return };
    if file.real.is_some() || !names::in_system_directory(&file.path) {
        return;
    }
    if let Some(sign) = code_added(elf) {
        show(out.raise(&rules::CODE_ADDED, file), file).evidence("sign", sign);
    }
    if let Some(sign) = packed(elf) {
        show(out.raise(&rules::PACKED, file), file).evidence("sign", sign);
    } else if let Some(sign) = odd_build(elf, file.size) {
        show(out.raise(&rules::ODD_BUILD, file), file).evidence("sign", sign);
    }
    if let Some(place) = odd_loader(elf) {
        show(out.raise(&rules::ODD_LOADER, file), file).evidence("place", place);
    }
}

fn code_added(elf: &ElfFacts) -> Option<String> {
    let section = elf.note_to_load.contains(&NoteToLoad::CodeWithoutSection);
    let place = elf.note_to_load.contains(&NoteToLoad::CodeOutOfPlace);
    let note = elf.note_to_load.contains(&NoteToLoad::NoteWithoutSegment);
    let entry = match &elf.entry_place {
        Some(EntryPlace::OutsideSections) => Some("outside every section"),
        Some(EntryPlace::NotExecutable) => Some("in a segment that is not executable"),
        Some(EntryPlace::Nowhere) => Some("in no segment"),
        _ => None,
    };
    match entry {
        Some(entry) => Some(format!("entry point {} lies {entry}", elf.entry)),
        None if section => Some("an executable segment holds no section".to_owned()),
        None if place && note => {
            Some("a note segment was turned into an executable one".to_owned())
        }
        None => None,
    }
}

fn packed(elf: &ElfFacts) -> Option<String> {
    let packer = elf.packers.iter().find_map(|packer| match packer {
        Packer::Upx => Some("UPX"),
        Packer::Unmarked => Some("a packer without a mark"),
        Packer::Shc => Some("shc, a shell script made into a program"),
        Packer::Ezuri => Some("Ezuri, which runs a program from memory"),
        Packer::PyInstaller | Packer::AppImage => None,
    });
    let dense = elf.code_entropy.filter(|entropy| *entropy > DENSE && elf.is_program());
    let dense = || dense.map(|entropy| format!("{entropy} thousandths of a bit per byte of code"));
    packer.map(str::to_owned).or_else(dense)
}

fn odd_build(elf: &ElfFacts, size: u64) -> Option<String> {
    let bundle = elf.packers.iter().any(|p| matches!(p, Packer::PyInstaller | Packer::AppImage));
    if elf.is_tiny_without_sections(size) {
        Some(format!("{size} bytes without sections"))
    } else if elf.write_execute_segment {
        Some("a segment is writable and executable".to_owned())
    } else if matches!(elf.appended_kind, Some(AppendedKind::Elf | AppendedKind::Script)) {
        Some(format!("another program hangs on its end ({} bytes)", elf.appended))
    } else if elf.appended > SMALL_APPENDIX && !bundle {
        Some(format!("{} bytes hang on its end", elf.appended))
    } else {
        elf.damaged.as_ref().filter(|_| elf.is_program()).map(|reason| format!("damaged: {reason}"))
    }
}

/// Places of package managers that bring their own loader.
static OTHER_SYSTEMS: &[&str] =
    &["/nix/store", "/gnu/store", "/home/linuxbrew", "/opt", "/snap", "/usr"];
/// Where distributions keep the loader.
static LOADER_DIRS: &[&str] =
    &["/lib", "/lib64", "/lib32", "/libx32", "/usr/lib", "/usr/lib64", "/usr/libexec"];

fn odd_loader(elf: &ElfFacts) -> Option<coroner_core::Text> {
    let loader = elf.interpreter.as_ref().filter(|path| {
        let place = HostPath::new(path.as_bytes());
        let ordinary = LOADER_DIRS.iter().chain(OTHER_SYSTEMS).any(|dir| place.is_under(dir));
        !path.as_bytes().starts_with(b"/") || !ordinary || place.is_hidden()
    });
    loader.cloned().or_else(|| {
        let paths = elf.rpath.iter().chain(&elf.runpath);
        let mut odd = paths.filter(|path| path.as_bytes().split(|&b| b == b':').any(is_odd_search));
        odd.next().cloned()
    })
}

/// A directory of an rpath where libraries must not come from. `$ORIGIN` is where the program lies.
fn is_odd_search(directory: &[u8]) -> bool {
    if directory.starts_with(b"$") {
        return false;
    }
    !directory.starts_with(b"/") || names::is_odd_place(&HostPath::new(directory))
}
