//! How a file is linked: loader, libraries, search paths, build-id.

use goblin::elf::dynamic::{
    DF_1_PIE, DT_DEBUG, DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME, DT_STRTAB, Dynamic,
};
use goblin::elf::note::{NT_GNU_BUILD_ID, Note, NoteDataIterator};
use goblin::elf::program_header::{PT_DYNAMIC, PT_INTERP, PT_NOTE};
use goblin::elf::section_header::SHT_NOTE;

use super::facts::{ElfFacts, Linking, ObjectType};
use super::image::{Image, name};
use super::symbols;
use crate::{Text, hex};

/// A dynamic section larger than this is cut: 4096 entries of 16 bytes.
const LARGEST_DYNAMIC: u64 = 64 * 1024;
/// Notes larger than this are cut.
const LARGEST_NOTE: u64 = 64 * 1024;
/// More libraries than this are not listed.
const MOST_NEEDED: usize = 512;

pub(super) fn describe(image: &Image<'_>, facts: &mut ElfFacts) {
    let interpreter = image.segments.iter().find(|segment| segment.p_type == PT_INTERP);
    facts.interpreter = interpreter
        .map(|segment| name(image.segment_bytes(segment)))
        .filter(|path| !path.is_empty());
    let dynamic = dynamic(image);
    if let Some(dynamic) = &dynamic {
        names(image, dynamic, facts);
    }
    facts.linking = linking(facts, interpreter.is_some(), dynamic.as_ref());
    if let Some(dynamic) = &dynamic {
        symbols::describe(image, dynamic, facts);
    }
    facts.build_id = build_id(image).map(hex);
}

/// The dynamic section. Its size is cut before goblin sees it, since goblin does work for every
/// entry and every segment.
fn dynamic(image: &Image<'_>) -> Option<Dynamic> {
    let mut segments = image.segments.clone();
    let found = segments.iter_mut().find(|segment| segment.p_type == PT_DYNAMIC)?;
    let there = image.segment_bytes(found).len() as u64;
    found.p_filesz = there.min(LARGEST_DYNAMIC);
    Dynamic::parse(image.head, &segments, image.ctx).ok().flatten()
}

fn names(image: &Image<'_>, dynamic: &Dynamic, facts: &mut ElfFacts) {
    let value = |tag| dynamic.dyns.iter().find(|entry| entry.d_tag == tag).map(|entry| entry.d_val);
    let Some(table) = value(DT_STRTAB).and_then(|address| image.offset_of(address)) else { return };
    let text = |offset: u64| -> Option<Text> {
        let found = name(image.bytes(table.checked_add(offset)?, u64::MAX));
        (!found.is_empty()).then_some(found)
    };
    let needed = dynamic.dyns.iter().filter(|entry| entry.d_tag == DT_NEEDED);
    facts.needed = needed.take(MOST_NEEDED).filter_map(|entry| text(entry.d_val)).collect();
    facts.soname = value(DT_SONAME).and_then(text);
    facts.rpath = value(DT_RPATH).and_then(text);
    facts.runpath = value(DT_RUNPATH).and_then(text);
}

/// A program at any address and a library have the same type; the linker's PIE flag tells them
/// apart, or, in files from before that flag (binutils 2.26), the debugger's slot that only
/// programs have.
fn linking(facts: &ElfFacts, has_loader: bool, dynamic: Option<&Dynamic>) -> Linking {
    let pie = dynamic.is_some_and(|dynamic| {
        let debug_slot = dynamic.dyns.iter().any(|entry| entry.d_tag == DT_DEBUG);
        dynamic.info.flags_1 & DF_1_PIE != 0 || (debug_slot && facts.soname.is_none())
    });
    match (facts.object, has_loader) {
        (ObjectType::Executable, false) => Linking::Static,
        (ObjectType::Executable, true) => Linking::Dynamic,
        (ObjectType::Shared, true) if pie || facts.soname.is_none() => Linking::Pie,
        (ObjectType::Shared, false) if pie => Linking::StaticPie,
        (ObjectType::Shared, _) => Linking::Library,
        _ => Linking::Other,
    }
}

/// The build-id, from the note segments or, in a file that has none, the note sections.
pub(super) fn build_id<'a>(image: &Image<'a>) -> Option<&'a [u8]> {
    let segments = image.segments.iter().filter(|segment| segment.p_type == PT_NOTE);
    let segments = segments.map(|note| (note.p_offset, note.p_filesz, note.p_align));
    let sections = image.sections.iter().flatten().filter(|section| section.sh_type == SHT_NOTE);
    let sections = sections.map(|note| (note.sh_offset, note.sh_size, note.sh_addralign));
    let mut places = segments.chain(sections).take(16);
    places.find_map(|(offset, size, align)| {
        let data = image.bytes(offset, size.min(LARGEST_NOTE));
        notes(image, data, align).find_map(|note| {
            let ours = note.n_type == NT_GNU_BUILD_ID && note.name == "GNU";
            let plausible = (1..=64).contains(&note.desc.len());
            (ours && plausible).then_some(note.desc)
        })
    })
}

fn notes<'a>(image: &Image<'_>, data: &'a [u8], align: u64) -> impl Iterator<Item = Note<'a>> {
    let align = if align == 8 { 8 } else { 4 };
    let notes = NoteDataIterator { data, size: data.len(), offset: 0, ctx: (align, image.ctx) };
    notes.map_while(Result::ok)
}
