//! Where things lie: entry point, odd segments, bytes after the end.

use goblin::elf::header::EM_PPC64;
use goblin::elf::program_header::{PF_W, PF_X, PT_GNU_STACK, PT_LOAD, PT_NOTE, ProgramHeader};
use goblin::elf::section_header::{SHF_ALLOC, SHT_NOBITS, SHT_NOTE, SHT_SYMTAB};

use super::facts::{AppendedKind, ElfFacts, EntryPlace, NoteToLoad, ObjectType, StackFlag};
use super::image::Image;
use crate::Text;

pub(super) fn describe(image: &Image<'_>, facts: &mut ElfFacts) {
    let executable = image.loads().filter(|load| load.p_flags & PF_X != 0);
    facts.write_execute_segment = executable.clone().any(|load| load.p_flags & PF_W != 0);
    facts.executable_segments = u32::try_from(executable.count()).unwrap_or(u32::MAX);
    facts.stack = stack(image);
    facts.stripped = image
        .sections
        .as_ref()
        .map(|sections| !sections.iter().any(|section| section.sh_type == SHT_SYMTAB));
    if matches!(facts.object, ObjectType::Executable | ObjectType::Shared) {
        facts.entry_place = entry_place(image);
        facts.note_to_load = note_to_load(image);
    }
    facts.appended = appended(image).unwrap_or(0);
    facts.appended_kind = appended_kind(image, facts.appended);
}

fn stack(image: &Image<'_>) -> StackFlag {
    match image.segments.iter().find(|segment| segment.p_type == PT_GNU_STACK) {
        None => StackFlag::Absent,
        Some(stack) if stack.p_flags & PF_X != 0 => StackFlag::Executable,
        Some(_) => StackFlag::Plain,
    }
}

/// On 64-bit PowerPC the entry point is a descriptor in `.opd`, which is data.
fn entry_place(image: &Image<'_>) -> Option<EntryPlace> {
    let entry = image.header.e_entry;
    if entry == 0 || image.segments.is_empty() {
        return None;
    }
    let Some(segment) = image.loads().find(|load| within(entry, load.p_vaddr, load.p_memsz)) else {
        return Some(EntryPlace::Nowhere);
    };
    let section = image.sections.iter().flatten().find(|section| {
        section.sh_flags & u64::from(SHF_ALLOC) != 0
            && within(entry, section.sh_addr, section.sh_size)
    });
    let name = section.map(|section| image.section_name(section));
    if segment.p_flags & PF_X == 0 {
        let described = image.header.e_machine == EM_PPC64 && name == Some(b".opd");
        return Some(if described { EntryPlace::Text } else { EntryPlace::NotExecutable });
    }
    let sections = image.sections.as_deref()?;
    Some(match name {
        Some(b".text") => EntryPlace::Text,
        Some(other) => EntryPlace::Section(Text::from(other)),
        None if sections.is_empty() => EntryPlace::Segment,
        None => EntryPlace::OutsideSections,
    })
}

/// Infectors that need room for code take a note segment, which nothing needs at run time, and
/// rewrite it as a loaded, executable one whose bytes they append to the file. The note section
/// then lies in no note segment, the new segment holds no section, and it stands where the notes
/// stand in the table, away from the other loaded ones.
fn note_to_load(image: &Image<'_>) -> Vec<NoteToLoad> {
    let checks = [
        (note_without_segment(image), NoteToLoad::NoteWithoutSegment),
        (code_without_section(image), NoteToLoad::CodeWithoutSection),
        (code_out_of_place(image), NoteToLoad::CodeOutOfPlace),
    ];
    checks.into_iter().filter_map(|(seen, sign)| seen.then_some(sign)).collect()
}

/// Go's linker itself leaves a note section without a segment.
fn note_without_segment(image: &Image<'_>) -> bool {
    if image.section(b".note.go.buildid").is_some() {
        return false;
    }
    let segments: Vec<_> = image.segments.iter().filter(|s| s.p_type == PT_NOTE).collect();
    let mut notes = image.sections.iter().flatten().filter(|section| {
        section.sh_type == SHT_NOTE
            && section.sh_flags & u64::from(SHF_ALLOC) != 0
            && section.sh_size != 0
    });
    notes.any(|note| {
        !segments.iter().any(|segment| within(note.sh_offset, segment.p_offset, segment.p_filesz))
    })
}

fn code_without_section(image: &Image<'_>) -> bool {
    let Some(sections) = image.sections.as_deref().filter(|sections| !sections.is_empty()) else {
        return false;
    };
    let has_section = |load: &ProgramHeader| {
        sections.iter().any(|section| {
            section.sh_flags & u64::from(SHF_ALLOC) != 0
                && within(section.sh_addr, load.p_vaddr, load.p_memsz)
        })
    };
    let mut code = image.loads().filter(|load| load.p_flags & PF_X != 0 && load.p_filesz != 0);
    code.any(|load| !has_section(load))
}

/// Linkers write all loaded segments in one run of the table. patchelf breaks that run, but leaves
/// one executable segment.
fn code_out_of_place(image: &Image<'_>) -> bool {
    if image.loads().filter(|load| load.p_flags & PF_X != 0).count() < 2 {
        return false;
    }
    let mut runs = image.segments.chunk_by(|a, b| (a.p_type == PT_LOAD) == (b.p_type == PT_LOAD));
    let is_load = |run: &&[ProgramHeader]| run.first().is_some_and(|s| s.p_type == PT_LOAD);
    let after_first = runs.by_ref().skip_while(|run| !is_load(run)).skip(1);
    let mut later = after_first.filter(is_load).flatten();
    later.any(|load| load.p_flags & PF_X != 0)
}

/// Bytes after everything that the headers account for; `None` when the headers were not read.
fn appended(image: &Image<'_>) -> Option<u64> {
    let sections = image.sections.as_deref()?;
    if image.damaged.is_some() || (image.segments.is_empty() && sections.is_empty()) {
        return None;
    }
    let segments = image.segments.iter().map(|s| s.p_offset.saturating_add(s.p_filesz));
    let stored = sections.iter().filter(|section| section.sh_type != SHT_NOBITS);
    let stored = stored.map(|section| section.sh_offset.saturating_add(section.sh_size));
    let end = segments.chain(stored).chain([image.table_end()]).max()?;
    Some(image.file_size.saturating_sub(end))
}

fn appended_kind(image: &Image<'_>, appended: u64) -> Option<AppendedKind> {
    let start = image.file_size.checked_sub(appended).filter(|_| appended != 0)?;
    let bytes = image.bytes(start, appended);
    let starts = |magics: &[&[u8]]| magics.iter().any(|magic| bytes.starts_with(magic));
    if bytes.ends_with(b"~Module signature appended~\n") {
        Some(AppendedKind::ModuleSignature)
    } else if starts(&[b"\x7fELF"]) {
        Some(AppendedKind::Elf)
    } else if starts(&[b"#!"]) {
        Some(AppendedKind::Script)
    } else if starts(&[b"PK\x03\x04", b"\x1f\x8b", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"hsqs"]) {
        Some(AppendedKind::Archive)
    } else {
        None
    }
}

fn within(place: u64, start: u64, size: u64) -> bool {
    place.checked_sub(start).is_some_and(|into| into < size)
}
