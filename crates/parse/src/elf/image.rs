//! The tables of an ELF file, read with goblin and capped.

use goblin::container::{Container, Ctx};
use goblin::elf::header::{self, Header};
use goblin::elf::program_header::{PT_LOAD, ProgramHeader};
use goblin::elf::section_header::{SHT_NOBITS, SectionHeader};

use super::facts::{Address, Class, ElfFacts, ObjectType};
use crate::Text;

/// More program headers than this are not looked at; linkers make about a dozen.
const MOST_SEGMENTS: usize = 512;
/// More section headers than this are not looked at; a large C++ library has a hundred.
const MOST_SECTIONS: usize = 4096;
/// Paths longer than this are cut.
const LONGEST_NAME: usize = 4096;
/// Section names longer than this are cut.
const LONGEST_SECTION_NAME: u64 = 128;

/// An ELF file as far as it was read.
pub(super) struct Image<'a> {
    /// The first bytes of the file.
    pub(super) head: &'a [u8],
    /// The size of the whole file.
    pub(super) file_size: u64,
    /// The file header.
    pub(super) header: Header,
    /// Class and byte order.
    pub(super) ctx: Ctx,
    /// Program headers; empty when damaged.
    pub(super) segments: Vec<ProgramHeader>,
    /// Section headers without the first, empty one; `None` when they were not read.
    pub(super) sections: Option<Vec<SectionHeader>>,
    /// What is wrong with the file.
    pub(super) damaged: Option<&'static str>,
}

impl<'a> Image<'a> {
    /// Reads the header and both tables. `Err` when not even the header can be read.
    pub(super) fn open(head: &'a [u8], file_size: u64) -> Result<Self, &'static str> {
        let header = goblin::elf::Elf::parse_header(head).map_err(|_| "the header is broken")?;
        let container = header.container().map_err(|_| "unknown class")?;
        let endian = header.endianness().map_err(|_| "unknown byte order")?;
        let ctx = Ctx::new(container, endian);
        let file_size = file_size.max(head.len() as u64);
        let mut image = Self {
            head,
            file_size,
            header,
            ctx,
            segments: Vec::new(),
            sections: None,
            damaged: None,
        };
        image.read_segments();
        image.read_sections();
        Ok(image)
    }

    fn read_segments(&mut self) {
        let count = usize::from(self.header.e_phnum);
        if count == 0 {
            return;
        }
        if usize::from(self.header.e_phentsize) != ProgramHeader::size(self.ctx) {
            return self.damage("program headers of a wrong size");
        }
        if count > MOST_SEGMENTS {
            return self.damage("too many program headers");
        }
        let parsed = usize::try_from(self.header.e_phoff)
            .ok()
            .and_then(|offset| ProgramHeader::parse(self.head, offset, count, self.ctx).ok());
        match parsed {
            Some(segments) => self.segments = segments,
            None => self.missing(self.header.e_phoff, "program headers outside the file"),
        }
    }

    fn read_sections(&mut self) {
        let count = usize::from(self.header.e_shnum);
        let offset = self.header.e_shoff;
        if offset == 0 || count == 0 {
            // A count of 0 with an offset means "more than 65279", and such files are not programs.
            if offset == 0 {
                self.sections = Some(Vec::new());
            }
            return;
        }
        if usize::from(self.header.e_shentsize) != SectionHeader::size(self.ctx) {
            return self.damage("section headers of a wrong size");
        }
        if count > MOST_SECTIONS {
            return;
        }
        let parsed = usize::try_from(offset)
            .ok()
            .and_then(|offset| SectionHeader::parse(self.head, offset, count, self.ctx).ok());
        match parsed {
            Some(sections) => self.sections = Some(sections.into_iter().skip(1).collect()),
            None => self.missing(self.table_end(), "section headers outside the file"),
        }
    }

    /// A table could not be read: that is damage only when it lies outside the file itself.
    fn missing(&mut self, end: u64, reason: &'static str) {
        if end > self.file_size || !self.partly_read() {
            self.damage(reason);
        }
    }

    /// Notes what is wrong; the first reason stands.
    pub(super) fn damage(&mut self, reason: &'static str) {
        self.damaged.get_or_insert(reason);
    }

    /// Only the beginning of the file is there.
    pub(super) fn partly_read(&self) -> bool {
        (self.head.len() as u64) < self.file_size
    }

    /// The end of the section header table.
    pub(super) fn table_end(&self) -> u64 {
        let size = u64::from(self.header.e_shnum) * u64::from(self.header.e_shentsize);
        self.header.e_shoff.saturating_add(size)
    }

    /// `PT_LOAD` segments, in the table's order.
    pub(super) fn loads(&self) -> impl Iterator<Item = &ProgramHeader> + Clone {
        self.segments.iter().filter(|segment| segment.p_type == PT_LOAD)
    }

    /// The bytes of `size` at `offset`, as far as they were read.
    pub(super) fn bytes(&self, offset: u64, size: u64) -> &'a [u8] {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.head.len());
        let end = usize::try_from(offset.saturating_add(size)).unwrap_or(usize::MAX);
        self.head.get(start..end.min(self.head.len())).unwrap_or_default()
    }

    /// The bytes of a segment, as far as they were read.
    pub(super) fn segment_bytes(&self, segment: &ProgramHeader) -> &'a [u8] {
        self.bytes(segment.p_offset, segment.p_filesz)
    }

    /// The file offset that is mapped at `address`.
    pub(super) fn offset_of(&self, address: u64) -> Option<u64> {
        self.loads().find_map(|load| {
            let into = address.checked_sub(load.p_vaddr)?;
            (into < load.p_filesz).then(|| load.p_offset.checked_add(into)).flatten()
        })
    }

    /// The section with this name.
    pub(super) fn section(&self, name: &[u8]) -> Option<&SectionHeader> {
        let sections = self.sections.as_deref()?;
        sections.iter().find(|section| self.section_name(section) == name)
    }

    /// The bytes of the section with this name; empty when there are none.
    pub(super) fn section_bytes(&self, name: &[u8]) -> &'a [u8] {
        match self.section(name) {
            Some(section) if section.sh_type != SHT_NOBITS => {
                self.bytes(section.sh_offset, section.sh_size)
            }
            _ => &[],
        }
    }

    /// The name of a section; empty when its table was not read.
    pub(super) fn section_name(&self, section: &SectionHeader) -> &'a [u8] {
        let index = usize::from(self.header.e_shstrndx).checked_sub(1);
        let names = self.sections.as_deref().zip(index).and_then(|(all, index)| all.get(index));
        names.map_or(&[], |names| {
            let start = names.sh_offset.saturating_add(section.sh_name as u64);
            let rest = names.sh_size.saturating_sub(section.sh_name as u64);
            until_nul(self.bytes(start, rest.min(LONGEST_SECTION_NAME)))
        })
    }

    /// What the file header alone tells.
    pub(super) fn header_facts(&self) -> ElfFacts {
        ElfFacts {
            class: match self.ctx.container {
                Container::Little => Class::Elf32,
                Container::Big => Class::Elf64,
            },
            big_endian: !self.ctx.is_little_endian(),
            machine: machine(self.header.e_machine),
            object: object_type(self.header.e_type),
            entry: Address(self.header.e_entry),
            sections: u32::from(self.header.e_shnum),
            partly_read: self.partly_read(),
            ..ElfFacts::default()
        }
    }
}

/// The bytes before the first NUL, cut to a sane length, as text.
pub(super) fn name(bytes: &[u8]) -> Text {
    Text::from(until_nul(bytes.get(..LONGEST_NAME).unwrap_or(bytes)))
}

/// The bytes before the first NUL.
pub(super) fn until_nul(bytes: &[u8]) -> &[u8] {
    memchr::memchr(0, bytes).and_then(|end| bytes.get(..end)).unwrap_or(bytes)
}

fn machine(number: u16) -> String {
    match header::machine_to_str(number) {
        "EM_UNKNOWN" => number.to_string(),
        known => known.to_owned(),
    }
}

fn object_type(number: u16) -> ObjectType {
    match number {
        header::ET_REL => ObjectType::Relocatable,
        header::ET_EXEC => ObjectType::Executable,
        header::ET_DYN => ObjectType::Shared,
        header::ET_CORE => ObjectType::Core,
        _ => ObjectType::Other,
    }
}
