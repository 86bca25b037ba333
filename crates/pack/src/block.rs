//! One package's files: paths that share their beginnings with the one before, and references to
//! the pack's table of contents.

use coroner_parse::Text;

use crate::content::Contents;
use crate::model::{Content, FileKind, PackFile};
use crate::wire::{Input, Output};
use crate::{PackError, content};

const REGULAR: u8 = 0;
const DIRECTORY: u8 = 1;
const LINK: u8 = 2;
const SPECIAL: u8 = 3;
const KIND: u8 = 0b0000_0011;
const CONFFILE: u8 = 0b0000_0100;

/// Longer paths cannot be opened (`PATH_MAX`).
const LONGEST_PATH: usize = 4096;
const LONGEST_BUILD_ID: usize = 64;

/// Writes the files of one package, which are sorted by path.
pub(crate) fn write(files: &[PackFile], contents: &mut content::Table) -> Vec<u8> {
    let mut out = Output::default();
    out.size(files.len());
    let (mut last_path, mut last_content): (&[u8], u32) = (&[], 0);
    for file in files {
        let path = file.path.as_bytes();
        let shared = last_path.iter().zip(path).take_while(|(a, b)| a == b).count();
        out.size(shared);
        out.counted(path.get(shared..).unwrap_or_default());
        last_path = path;
        out.0.push(kind_of(&file.kind) | if file.conffile { CONFFILE } else { 0 });
        out.number(u64::from(file.mode));
        out.counted(file.user.as_bytes());
        out.counted(file.group.as_bytes());
        match &file.kind {
            FileKind::Regular(content) => {
                let place = contents.place(content);
                out.number(zigzag(i64::from(place) - i64::from(last_content)));
                last_content = place;
                out.counted(content.build_id.as_deref().unwrap_or_default());
            }
            FileKind::Link(target) => out.counted(target.as_bytes()),
            FileKind::Directory | FileKind::Special => {}
        }
    }
    out.0
}

const fn kind_of(kind: &FileKind) -> u8 {
    match kind {
        FileKind::Regular(_) => REGULAR,
        FileKind::Directory => DIRECTORY,
        FileKind::Link(_) => LINK,
        FileKind::Special => SPECIAL,
    }
}

/// Reads the files of one package.
pub(crate) fn read(block: &[u8], contents: Contents<'_>) -> Result<Vec<PackFile>, PackError> {
    let mut input = Input::new(block);
    let count = input.size()?;
    // A file takes at least seven bytes, so a wrong count cannot ask for much memory.
    let mut files = Vec::with_capacity(count.min(block.len() / 7));
    let (mut path, mut last_content) = (Vec::new(), 0_u32);
    for _ in 0..count {
        next_path(&mut input, &mut path)?;
        let flags = input.byte()?;
        let mode = input.small()?;
        let user = Text::from(input.counted()?);
        let group = Text::from(input.counted()?);
        let kind = match flags & KIND {
            REGULAR => {
                last_content = moved(last_content, input.number()?)?;
                let build_id = input.counted()?;
                FileKind::Regular(regular(contents, last_content, build_id)?)
            }
            DIRECTORY => FileKind::Directory,
            LINK => FileKind::Link(Text::from(input.counted()?)),
            _ => FileKind::Special,
        };
        let conffile = flags & CONFFILE != 0;
        files.push(PackFile { path: Text::from(&*path), kind, mode, user, group, conffile });
    }
    if input.is_empty() { Ok(files) } else { Err(PackError::Malformed("more than its files")) }
}

fn next_path(input: &mut Input<'_>, path: &mut Vec<u8>) -> Result<(), PackError> {
    let shared = input.size()?;
    let rest = input.counted()?;
    if shared > path.len() || shared + rest.len() > LONGEST_PATH {
        return Err(PackError::Malformed("an impossible path"));
    }
    path.truncate(shared);
    path.extend_from_slice(rest);
    Ok(())
}

fn regular(contents: Contents<'_>, place: u32, build_id: &[u8]) -> Result<Content, PackError> {
    if build_id.len() > LONGEST_BUILD_ID {
        return Err(PackError::Malformed("an impossible build-id"));
    }
    let build_id = (!build_id.is_empty()).then(|| build_id.into());
    let content = contents.at(place).ok_or(PackError::Malformed("content that is not there"))?;
    Ok(Content { build_id, ..content })
}

/// Signed numbers as unsigned ones, small where the difference is small.
const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn moved(from: u32, by: u64) -> Result<u32, PackError> {
    let difference = (by >> 1).cast_signed() ^ -((by & 1).cast_signed());
    let place = i64::from(from).checked_add(difference).and_then(|place| u32::try_from(place).ok());
    place.ok_or(PackError::Malformed("content that is not there"))
}
