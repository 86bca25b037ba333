mod build;

use build::{BASE, BODY, Elf, Section, segment};
use goblin::elf::program_header::{PF_R, PF_W, PF_X, PT_DYNAMIC, PT_GNU_STACK, PT_INTERP, PT_LOAD};
use proptest::prelude::*;

use super::*;

fn read_whole(elf: &Elf) -> ElfFacts {
    let bytes = elf.bytes();
    facts(&bytes, bytes.len() as u64).unwrap()
}

#[test]
fn what_is_not_elf_has_no_facts() {
    assert_eq!(facts(b"#!/bin/sh\n", 10), None);
    assert_eq!(facts(b"", 0), None);
}

#[test]
fn a_header_alone_is_a_damaged_elf() {
    let facts = facts(b"\x7fELF\x02\x01\x01", 7).unwrap();
    assert!(facts.damaged.is_some());
}

#[test]
fn a_sound_program_shows_nothing_odd_in_any_class_and_byte_order() {
    for (wide, big) in [(true, false), (true, true), (false, false), (false, true)] {
        let facts = read_whole(&Elf::sound(wide, big));
        let expected = ElfFacts {
            class: if wide { Class::Elf64 } else { Class::Elf32 },
            big_endian: big,
            machine: "X86_64".to_owned(),
            object: ObjectType::Executable,
            linking: Linking::Static,
            build_id: Some("deadbeef".to_owned()),
            entry: Address(BASE + BODY + 0x10),
            entry_place: Some(EntryPlace::Text),
            executable_segments: 1,
            sections: 5,
            stripped: Some(true),
            code_entropy: facts.code_entropy,
            ..ElfFacts::default()
        };
        assert_eq!(facts, expected, "wide {wide}, big {big}");
    }
}

#[test]
fn facts_survive_being_stored() {
    let mut elf = Elf::sound(true, false);
    elf.entry = 0xffff_ffff_ffff_fff0;
    let facts = read_whole(&elf);
    let stored = serde_json::to_string(&facts).unwrap();
    assert!(stored.contains("0xfffffffffffffff0"), "{stored}");
    assert_eq!(serde_json::from_str::<ElfFacts>(&stored).unwrap(), facts);
}

/// `.dynstr` and `.dynamic` in the data segment, and the interpreter, as a linker would lay them.
fn dynamic_program(kind: u16, tags: &[(u64, u64)]) -> Elf {
    let mut elf = Elf::sound(true, false);
    elf.kind = kind;
    let strings = BODY + 0x180;
    elf.put(strings, b"\0libc.so.6\0/tmp/x\0libevil.so\0");
    let mut dynamic = Vec::new();
    for &(tag, value) in [(5, BASE + strings)].iter().chain(tags).chain([&(0, 0)]) {
        dynamic.extend(tag.to_le_bytes());
        dynamic.extend(value.to_le_bytes());
    }
    let place = BODY + 0x1a8;
    elf.put(place, &dynamic);
    elf.segments.insert(2, segment(PT_DYNAMIC, PF_R | PF_W, place, dynamic.len() as u64));
    elf
}

fn with_interpreter(mut elf: Elf, path: &[u8]) -> Elf {
    elf.put(BODY + 0x40, path);
    elf.segments.insert(0, segment(PT_INTERP, PF_R, BODY + 0x40, path.len() as u64));
    elf
}

#[test]
fn a_dynamic_program_tells_its_loader_libraries_and_search_paths() {
    let tags = [(1, 1), (1, 18), (15, 11), (29, 11), (0x6fff_fffb, 0x0800_0000)];
    let elf = with_interpreter(dynamic_program(3, &tags), b"/lib64/ld-linux-x86-64.so.2\0");
    let facts = read_whole(&elf);
    assert_eq!(facts.linking, Linking::Pie);
    assert_eq!(facts.interpreter.unwrap(), "/lib64/ld-linux-x86-64.so.2");
    assert_eq!(facts.needed, [Text::from("libc.so.6"), Text::from("libevil.so")]);
    assert_eq!(facts.rpath.unwrap(), "/tmp/x");
    assert_eq!(facts.runpath.unwrap(), "/tmp/x");
}

#[test]
fn a_library_is_told_from_a_program_of_the_same_type() {
    let library = read_whole(&dynamic_program(3, &[(14, 18)]));
    assert_eq!((library.linking, library.soname.unwrap()), (Linking::Library, "libevil.so".into()));
    assert_eq!(read_whole(&dynamic_program(3, &[])).linking, Linking::Library);
    assert_eq!(read_whole(&dynamic_program(3, &[(21, 0)])).linking, Linking::StaticPie);
    // libc.so.6 can be run, and is a library all the same.
    let libc = with_interpreter(dynamic_program(3, &[(14, 1)]), b"/lib64/ld.so\0");
    assert_eq!(read_whole(&libc).linking, Linking::Library);
}

#[test]
fn a_library_that_takes_over_readdir_is_told_from_one_that_uses_it() {
    let taken = |section_of_symbol: u8| {
        let mut elf = dynamic_program(3, &[(6, BASE + BODY + 0x40)]);
        // The second symbol, 24 bytes in: its name, then (at 6) the section that defines it.
        elf.put(BODY + 0x40 + 24, &[30, 0, 0, 0, 0x12, 0, section_of_symbol, 0]);
        elf.put(BODY + 0x180 + 30, b"readdir\0");
        elf.sections.push(Section {
            name: ".dynsym",
            kind: 11,
            flags: 2,
            offset: BODY + 0x40,
            size: 48,
        });
        read_whole(&elf).takes_over
    };
    assert_eq!(taken(1), ["readdir"]);
    assert_eq!(taken(0), Vec::<String>::new());
}

#[test]
fn a_note_turned_into_code_at_the_end_of_the_file_is_seen() {
    let mut elf = Elf::sound(true, false);
    let end = BODY + elf.body.len() as u64;
    elf.put(end, &[0xcc; 64]);
    elf.segments[2] =
        build::Segment { address: 0xc00_0000 + end, ..segment(PT_LOAD, PF_R | PF_X, end, 64) };
    elf.entry = 0xc00_0000 + end;
    let facts = read_whole(&elf);
    assert_eq!(
        facts.note_to_load,
        [NoteToLoad::NoteWithoutSegment, NoteToLoad::CodeWithoutSection]
    );
    assert_eq!(facts.entry_place, Some(EntryPlace::OutsideSections));
    assert_eq!(facts.executable_segments, 2);
}

#[test]
fn a_second_code_segment_away_from_the_others_is_out_of_place() {
    let mut elf = dynamic_program(3, &[]);
    elf.segments[3] = segment(PT_LOAD, PF_R | PF_X, BODY + 0x100, 64);
    let facts = read_whole(&elf);
    assert!(facts.note_to_load.contains(&NoteToLoad::CodeOutOfPlace), "{:?}", facts.note_to_load);
}

#[test]
fn a_moved_segment_table_with_one_code_segment_is_ordinary() {
    // What patchelf leaves: a data segment and the code in different runs of the table.
    let mut elf = dynamic_program(3, &[]);
    elf.segments.swap(0, 3);
    assert_eq!(read_whole(&elf).note_to_load, []);
}

#[test]
fn the_note_without_a_segment_that_the_go_linker_leaves_is_ordinary() {
    let mut elf = Elf::sound(true, false);
    elf.segments.truncate(2);
    assert_eq!(read_whole(&elf).note_to_load, [NoteToLoad::NoteWithoutSegment]);
    elf.sections[2].name = ".note.go.buildid";
    let facts = read_whole(&elf);
    assert_eq!((facts.note_to_load, facts.language), (Vec::new(), Some(Language::Go)));
}

#[test]
fn entry_points_outside_the_text_are_placed() {
    let place = |entry| {
        let mut elf = Elf::sound(true, false);
        elf.entry = entry;
        read_whole(&elf).entry_place
    };
    let note = Some(EntryPlace::Section(Text::from(".note.gnu.build-id")));
    assert_eq!(place(BASE + BODY + 0x100), note);
    assert_eq!(place(BASE + 0x80), Some(EntryPlace::OutsideSections));
    assert_eq!(place(BASE + BODY + 0x190), Some(EntryPlace::NotExecutable));
    assert_eq!(place(0x7000_0000), Some(EntryPlace::Nowhere));
    assert_eq!(place(u64::MAX), Some(EntryPlace::Nowhere));
    assert_eq!(place(0), None);
}

#[test]
fn the_entry_descriptor_of_64_bit_powerpc_is_ordinary() {
    let mut elf = Elf::sound(true, true);
    elf.machine = 21;
    elf.entry = BASE + BODY + 0x180;
    elf.sections[2].name = ".opd";
    assert_eq!(read_whole(&elf).entry_place, Some(EntryPlace::Text));
}

#[test]
fn a_writable_executable_segment_and_an_executable_stack_are_seen() {
    let mut elf = Elf::sound(false, false);
    elf.segments[1].flags |= PF_X;
    elf.segments.push(segment(PT_GNU_STACK, PF_R | PF_W | PF_X, 0, 0));
    let facts = read_whole(&elf);
    assert!(facts.write_execute_segment);
    assert_eq!(facts.stack, StackFlag::Executable);
}

#[test]
fn bytes_after_the_end_are_counted_and_named() {
    let appended = |tail: &[u8]| {
        let mut bytes = Elf::sound(true, false).bytes();
        bytes.extend(tail);
        let facts = facts(&bytes, bytes.len() as u64).unwrap();
        (facts.appended, facts.appended_kind)
    };
    assert_eq!(appended(b""), (0, None));
    assert_eq!(appended(b"\x7fELF program"), (12, Some(AppendedKind::Elf)));
    assert_eq!(appended(b"#!/bin/sh"), (9, Some(AppendedKind::Script)));
    assert_eq!(appended(b"xx~Module signature appended~\n").1, Some(AppendedKind::ModuleSignature));
    assert_eq!(appended(&[7; 100]), (100, None));
}

#[test]
fn packers_are_known_by_their_marks() {
    let mut upx = Elf::sound(true, false);
    upx.segments.truncate(2);
    let mut bytes = upx.bytes();
    bytes[0xec..0xf0].copy_from_slice(b"UPX!");
    assert_eq!(facts(&bytes, bytes.len() as u64).unwrap().packers, [Packer::Upx]);
    let mut frozen = Elf::sound(true, false).bytes();
    frozen.extend(b"MEI\x0c\x0b\x0a\x0b\x0e python");
    assert_eq!(facts(&frozen, frozen.len() as u64).unwrap().packers, [Packer::PyInstaller]);
    let mut script = Elf::sound(true, false);
    script.sections[2].name = ".rodata";
    script.put(BODY + 0x180, b"E: neither argv[0] nor $_ works.");
    assert_eq!(read_whole(&script).packers, [Packer::Shc]);
}

#[test]
fn a_dense_program_without_sections_that_unfolds_in_memory_is_packed() {
    let mut elf = Elf::sound(true, false);
    elf.sections.clear();
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    elf.body = noise.take(64 * 1024).collect();
    elf.segments[0].size = BODY + elf.body.len() as u64;
    elf.segments[1].memory = 1 << 20;
    let facts = read_whole(&elf);
    assert!(facts.code_entropy.unwrap() > 7800, "{:?}", facts.code_entropy);
    assert_eq!(facts.packers, [Packer::Unmarked]);
    assert_eq!(facts.entry_place, Some(EntryPlace::Segment));
}

#[test]
fn a_file_read_in_part_is_not_called_damaged_or_appended_to() {
    let mut elf = Elf::sound(true, false);
    elf.put(BODY + 0x2_0000, b"end");
    let bytes = elf.bytes();
    let facts = facts(&bytes[..0x1000], bytes.len() as u64).unwrap();
    assert!(facts.partly_read);
    assert_eq!((facts.damaged, facts.appended, facts.stripped), (None, 0, None));
    assert_eq!(facts.build_id.unwrap(), "deadbeef");
}

#[test]
fn section_headers_outside_the_file_are_damage() {
    let mut bytes = Elf::sound(true, false).bytes();
    bytes[40..48].copy_from_slice(&0x7fff_ffff_u64.to_le_bytes());
    let facts = facts(&bytes, bytes.len() as u64).unwrap();
    assert_eq!(facts.damaged.unwrap(), "section headers outside the file");
    assert_eq!(facts.linking, Linking::Static);
}

#[test]
fn a_tiny_program_without_sections_is_told() {
    let mut elf = Elf::sound(true, false);
    elf.sections.clear();
    let facts = read_whole(&elf);
    assert!(facts.is_tiny_without_sections(elf.bytes().len() as u64));
    assert!(!read_whole(&Elf::sound(true, false)).is_tiny_without_sections(1000));
}

#[test]
fn rust_is_known_by_the_compilers_comment() {
    let mut elf = Elf::sound(true, false);
    elf.put(BODY + 0x200, b"rustc version 1.90.0");
    let offset = BODY + 0x200;
    elf.sections.push(Section { name: ".comment", kind: 1, flags: 0, offset, size: 20 });
    assert_eq!(read_whole(&elf).language, Some(Language::Rust));
}

/// This test program: a real ELF file of this machine.
fn real() -> Vec<u8> {
    use std::io::Read as _;
    let mut head = Vec::new();
    let program = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
    program.take(256 * 1024).read_to_end(&mut head).unwrap();
    head
}

#[test]
fn this_very_program_is_a_sound_rust_program() {
    let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let facts = facts(&bytes, bytes.len() as u64).unwrap();
    assert!(facts.is_program(), "{:?}", facts.linking);
    assert_eq!(facts.language, Some(Language::Rust));
    assert_eq!((facts.damaged, facts.appended), (None, 0));
    assert_eq!((facts.note_to_load, facts.packers), (Vec::new(), Vec::new()));
}

proptest! {
    #[test]
    fn random_bytes_never_panic(mut bytes: Vec<u8>, size: u64) {
        bytes.splice(0..0, *MAGIC);
        prop_assert!(facts(&bytes, size).is_some());
    }

    #[test]
    fn random_headers_never_panic(wide: bool, big: bool, noise in proptest::collection::vec(any::<u8>(), 64..1024)) {
        let mut bytes = vec![0x7f, b'E', b'L', b'F', 1 + u8::from(wide), 1 + u8::from(big), 1];
        bytes.extend(noise);
        prop_assert!(without_the_net(&bytes, bytes.len() as u64));
    }

    #[test]
    fn a_changed_or_cut_real_program_never_panics(
        changes in proptest::collection::vec((0..4096_usize, any::<u8>()), 0..64),
        keep in 64..262_144_usize,
        size: u64,
    ) {
        let mut bytes = real();
        bytes.truncate(keep);
        for (place, value) in changes {
            if let Some(byte) = bytes.get_mut(place.max(4)) {
                *byte = value;
            }
        }
        prop_assert!(without_the_net(&bytes, size));
    }

    #[test]
    fn changed_tables_never_panic(
        wide: bool, big: bool,
        changes in proptest::collection::vec((4..1500_usize, any::<u8>()), 1..64),
    ) {
        let mut bytes = Elf::sound(wide, big).bytes();
        for (place, value) in changes {
            if let Some(byte) = bytes.get_mut(place) {
                *byte = value;
            }
        }
        prop_assert!(without_the_net(&bytes, bytes.len() as u64));
    }
}

/// The parser itself must not panic: `catch_unwind` is there for goblin's future, not for today.
fn without_the_net(bytes: &[u8], size: u64) -> bool {
    let facts = read(bytes, size);
    serde_json::to_string(&facts).is_ok()
}
