//! What is kept of an ELF file.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Text;

/// The facts of one ELF file; part of the shared `file` item.
///
/// What is ordinary (`false`, `None`, empty) is left out when stored, so that thousands of plain
/// programs stay small.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct ElfFacts {
    /// 32 or 64 bit.
    pub class: Class,
    /// Most significant byte first.
    #[serde(skip_serializing_if = "is_false")]
    pub big_endian: bool,
    /// The processor it is for (`X86_64`, `AARCH64`, ...), or its number.
    pub machine: String,
    /// The type in the header.
    pub object: ObjectType,
    /// How the program is linked; tells a program from a library.
    pub linking: Linking,
    /// The loader that the kernel starts for it (`PT_INTERP`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<Text>,
    /// The name it gives itself as a library (`DT_SONAME`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soname: Option<Text>,
    /// Libraries it asks for (`DT_NEEDED`), in search order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needed: Vec<Text>,
    /// `DT_RPATH`: searched before `LD_LIBRARY_PATH`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpath: Option<Text>,
    /// `DT_RUNPATH`: searched after `LD_LIBRARY_PATH`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runpath: Option<Text>,
    /// Functions of the C library, PAM or OpenSSL that this library defines itself, out of a
    /// short list of those that serve to hide things or to read secrets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub takes_over: Vec<String>,
    /// The GNU build-id note, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_id: Option<String>,
    /// Where execution starts.
    pub entry: Address,
    /// What lies at the entry point; `None` when there is none (most libraries) or when the part
    /// of the file that would tell was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_place: Option<EntryPlace>,
    /// A segment is both writable and executable.
    #[serde(skip_serializing_if = "is_false")]
    pub write_execute_segment: bool,
    /// What `PT_GNU_STACK` asks for.
    pub stack: StackFlag,
    /// Number of executable `PT_LOAD` segments; one in nearly every program.
    pub executable_segments: u32,
    /// Signs that a note segment was turned into a code segment, the common way to add code to a
    /// program without moving the rest of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub note_to_load: Vec<NoteToLoad>,
    /// Section headers, by the header's count; 0 when they were stripped away.
    pub sections: u32,
    /// No symbol table. `None` when the section headers were not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stripped: Option<bool>,
    /// Bytes after the last segment, section and header.
    #[serde(skip_serializing_if = "is_zero")]
    pub appended: u64,
    /// What those bytes are, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appended_kind: Option<AppendedKind>,
    /// Shannon entropy of the executable segments in thousandths of a bit per byte (0 to 8000),
    /// from at most 128 KiB of samples. Plain code lies between 5500 and 6800; above 7200 it is
    /// packed or encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_entropy: Option<u16>,
    /// Marks of packers and bundlers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packers: Vec<Packer>,
    /// The language, where a cheap sign tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Only the beginning of the file was looked at.
    #[serde(skip_serializing_if = "is_false")]
    pub partly_read: bool,
    /// Why the file could not be taken apart in full: a loader may still run it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damaged: Option<Text>,
}

impl ElfFacts {
    /// An ELF file of which nothing but the reason is known.
    pub(crate) fn damaged(reason: &'static str) -> Self {
        Self { damaged: Some(Text::from(reason)), ..Self::default() }
    }

    /// A program, as opposed to a library, a module or an object.
    pub fn is_program(&self) -> bool {
        matches!(
            self.linking,
            Linking::Static | Linking::StaticPie | Linking::Dynamic | Linking::Pie
        )
    }

    /// A tiny program made by hand or by a payload generator: no sections, under 16 KiB.
    pub fn is_tiny_without_sections(&self, file_size: u64) -> bool {
        self.is_program() && self.sections == 0 && file_size < 16 * 1024
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// `EI_CLASS`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Class {
    /// 32 bit.
    #[serde(rename = "32")]
    Elf32,
    /// 64 bit.
    #[default]
    #[serde(rename = "64")]
    Elf64,
}

/// `e_type`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectType {
    /// `ET_REL`: an object file or a kernel module.
    Relocatable,
    /// `ET_EXEC`: a program at a fixed address.
    Executable,
    /// `ET_DYN`: a library, or a program at any address.
    Shared,
    /// `ET_CORE`: a core dump.
    Core,
    /// Anything else.
    #[default]
    Other,
}

/// How a file is linked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Linking {
    /// A program at a fixed address that needs no loader.
    Static,
    /// A program at any address that relocates itself.
    StaticPie,
    /// A program at a fixed address, started by a loader.
    Dynamic,
    /// A program at any address, started by a loader.
    Pie,
    /// A shared library.
    Library,
    /// An object, a module, a core dump, or not known.
    #[default]
    Other,
}

/// What lies at the entry point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EntryPlace {
    /// The `.text` section, as it should be.
    Text,
    /// Another section, by its name.
    Section(Text),
    /// An executable segment, in a file without section headers.
    Segment,
    /// An executable segment, but outside every section: code was added after linking.
    OutsideSections,
    /// A segment that is not executable.
    NotExecutable,
    /// No segment at all.
    Nowhere,
}

/// `PT_GNU_STACK`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StackFlag {
    /// Not said; the kernel decides by processor.
    #[default]
    Absent,
    /// Not executable, as it should be.
    Plain,
    /// Executable.
    Executable,
}

/// A sign that a note segment was turned into a loaded one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NoteToLoad {
    /// A note section lies in no note segment.
    NoteWithoutSegment,
    /// An executable segment holds no section at all.
    CodeWithoutSection,
    /// An executable segment stands apart from the other loaded ones in the table.
    CodeOutOfPlace,
}

/// What appended bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AppendedKind {
    /// A kernel module's signature.
    ModuleSignature,
    /// Another ELF file.
    Elf,
    /// A script (`#!`).
    Script,
    /// A compressed archive or file system (zip, gzip, xz, zstd, squashfs).
    Archive,
}

/// A packer, or a bundler that carries a program as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Packer {
    /// UPX, by its mark.
    Upx,
    /// Built like a packed file (no sections, dense code, much more memory than file) without a
    /// known mark: an unknown packer, or UPX with its marks removed.
    Unmarked,
    /// shc: a shell script compiled into a program.
    Shc,
    /// `PyInstaller`: Python with its program appended.
    PyInstaller,
    /// `AppImage`: a file system with a starter.
    AppImage,
    /// Ezuri: a loader that decrypts a program into memory.
    Ezuri,
}

/// The language a file was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// Go, by its build-id note or build information.
    Go,
    /// Rust, by the compiler's comment or a source path of its library.
    Rust,
}

/// An address; stored in hex, since JSON readers lose digits of large numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Address(pub u64);

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Cow::<'de, str>::deserialize(deserializer)?;
        let digits = stored.strip_prefix("0x").unwrap_or(&stored);
        u64::from_str_radix(digits, 16).map(Self).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Address {
    fn schema_name() -> Cow<'static, str> {
        "Address".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^0x[0-9a-f]+$" })
    }
}
