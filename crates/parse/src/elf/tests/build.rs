//! Builds small, whole ELF files of either class and byte order.

use goblin::elf::program_header::{PF_R, PF_W, PF_X, PT_LOAD, PT_NOTE};

/// Where the segments are mapped.
pub(super) const BASE: u64 = 0x40_0000;

/// A section to write: name, type, flags, address, contents.
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) kind: u32,
    pub(super) flags: u64,
    pub(super) offset: u64,
    pub(super) size: u64,
}

/// A segment to write.
#[derive(Clone, Copy)]
pub(super) struct Segment {
    pub(super) kind: u32,
    pub(super) flags: u32,
    pub(super) offset: u64,
    pub(super) address: u64,
    pub(super) size: u64,
    pub(super) memory: u64,
}

/// An ELF file in the making: everything is open to being made wrong by a test.
pub(super) struct Elf {
    pub(super) wide: bool,
    pub(super) big: bool,
    pub(super) kind: u16,
    pub(super) machine: u16,
    pub(super) entry: u64,
    pub(super) segments: Vec<Segment>,
    pub(super) sections: Vec<Section>,
    /// From offset 0x400 on; the headers lie before it.
    pub(super) body: Vec<u8>,
}

/// Where the body starts.
pub(super) const BODY: u64 = 0x400;

pub(super) fn segment(kind: u32, flags: u32, offset: u64, size: u64) -> Segment {
    Segment { kind, flags, offset, address: BASE + offset, size, memory: size }
}

impl Elf {
    /// A sound static program: text, a build-id note with its segment, data.
    pub(super) fn sound(wide: bool, big: bool) -> Self {
        let mut body = vec![0x90; 0x100];
        let mut note = Vec::new();
        for word in [4_u32, 4, 3] {
            note.extend(if big { word.to_be_bytes() } else { word.to_le_bytes() });
        }
        note.extend(*b"GNU\0\xde\xad\xbe\xef");
        let note_size = note.len() as u64;
        body.extend(note);
        body.resize(0x200, 0);
        Self {
            wide,
            big,
            kind: 2,
            machine: 62,
            entry: BASE + BODY + 0x10,
            segments: vec![
                segment(PT_LOAD, PF_R | PF_X, 0, BODY + 0x120),
                segment(PT_LOAD, PF_R | PF_W, BODY + 0x180, 0x80),
                segment(PT_NOTE, PF_R, BODY + 0x100, note_size),
            ],
            sections: vec![
                Section { name: ".text", kind: 1, flags: 6, offset: BODY, size: 0x100 },
                Section {
                    name: ".note.gnu.build-id",
                    kind: 7,
                    flags: 2,
                    offset: BODY + 0x100,
                    size: note_size,
                },
                Section { name: ".data", kind: 1, flags: 3, offset: BODY + 0x180, size: 0x80 },
            ],
            body,
        }
    }

    /// Writes `bytes` at `offset` of the file.
    pub(super) fn put(&mut self, offset: u64, bytes: &[u8]) {
        let start = usize::try_from(offset - BODY).unwrap();
        if self.body.len() < start + bytes.len() {
            self.body.resize(start + bytes.len(), 0);
        }
        self.body[start..start + bytes.len()].copy_from_slice(bytes);
    }

    fn number(&self, out: &mut Vec<u8>, value: u64, size: usize) {
        let big = value.to_be_bytes();
        let little = value.to_le_bytes();
        out.extend(if self.big { &big[8 - size..] } else { &little[..size] });
    }

    fn word(&self, out: &mut Vec<u8>, value: u64) {
        self.number(out, value, if self.wide { 8 } else { 4 });
    }

    /// The file.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut names = vec![0];
        let mut name_offsets = Vec::new();
        for section in &self.sections {
            name_offsets.push(names.len() as u64);
            names.extend(section.name.bytes().chain([0]));
        }
        let names_offset = BODY + self.body.len() as u64;
        let table = if self.sections.is_empty() { 0 } else { names_offset + names.len() as u64 };
        let mut out = self.header(table);
        self.segments.iter().for_each(|segment| self.program_header(&mut out, segment));
        out.resize(usize::try_from(BODY).unwrap(), 0);
        out.extend(&self.body);
        if table == 0 {
            return out;
        }
        out.extend(&names);
        self.section_header(&mut out, [0; 6]);
        for (section, name) in self.sections.iter().zip(name_offsets) {
            let address = BASE + section.offset;
            let row =
                [name, section.kind.into(), section.flags, address, section.offset, section.size];
            self.section_header(&mut out, row);
        }
        self.section_header(&mut out, [0, 3, 0, 0, names_offset, names.len() as u64]);
        out
    }

    fn header(&self, table: u64) -> Vec<u8> {
        let mut out = b"\x7fELF".to_vec();
        out.extend([if self.wide { 2 } else { 1 }, if self.big { 2 } else { 1 }, 1]);
        out.resize(16, 0);
        let (header, program, section) = if self.wide { (64, 56, 64) } else { (52, 32, 40) };
        self.number(&mut out, self.kind.into(), 2);
        self.number(&mut out, self.machine.into(), 2);
        self.number(&mut out, 1, 4);
        for word in [self.entry, header, table] {
            self.word(&mut out, word);
        }
        self.number(&mut out, 0, 4);
        let sections = if table == 0 { 0 } else { self.sections.len() as u64 + 2 };
        let last = sections.saturating_sub(1);
        for half in [header, program, self.segments.len() as u64, section, sections, last] {
            self.number(&mut out, half, 2);
        }
        out
    }

    fn program_header(&self, out: &mut Vec<u8>, segment: &Segment) {
        self.number(out, segment.kind.into(), 4);
        if self.wide {
            self.number(out, segment.flags.into(), 4);
        }
        for word in [segment.offset, segment.address, segment.address, segment.size, segment.memory]
        {
            self.word(out, word);
        }
        if !self.wide {
            self.number(out, segment.flags.into(), 4);
        }
        self.word(out, 4);
    }

    /// Name, type, flags, address, offset, size.
    fn section_header(&self, out: &mut Vec<u8>, row: [u64; 6]) {
        let [name, kind, flags, address, offset, size] = row;
        self.number(out, name, 4);
        self.number(out, kind, 4);
        for word in [flags, address, offset, size] {
            self.word(out, word);
        }
        self.number(out, 0, 8);
        self.word(out, 4);
        self.word(out, 0);
    }
}
