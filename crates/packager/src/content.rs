//! What a regular file holds, in one pass.

use std::io::Read;

use coroner_pack::Content;
use coroner_parse::elf;
use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::Refused;

/// Bytes read at a time.
const BUFFER: usize = 128 << 10;
/// Where an ELF file's notes are looked for: programs have them on their first page, kernel modules
/// name them in a table at their end, and few are larger than this.
const HEAD: usize = 4 << 20;

/// Reads a file to its end.
pub(crate) fn content(reader: &mut dyn Read) -> Result<Content, Refused> {
    let (mut sha256, mut md5) = (Sha256::new(), Md5::new());
    let (mut size, mut head) = (0, Vec::new());
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = reader.read(&mut buffer)?;
        let part = buffer.get(..count).filter(|part| !part.is_empty());
        let Some(part) = part else { break };
        sha256.update(part);
        md5.update(part);
        keep(&mut head, size, part);
        size += count as u64;
    }
    let build_id = elf::build_id(&head, size).map(Vec::into_boxed_slice);
    Ok(Content { size, sha256: sha256.finalize().into(), md5: md5.finalize().into(), build_id })
}

/// Keeps the beginning of an ELF file.
fn keep(head: &mut Vec<u8>, size: u64, part: &[u8]) {
    let wanted = if size == 0 { part.starts_with(elf::MAGIC) } else { !head.is_empty() };
    if wanted && head.len() < HEAD {
        let room = (HEAD - head.len()).min(part.len());
        head.extend_from_slice(part.get(..room).unwrap_or_default());
    }
}
