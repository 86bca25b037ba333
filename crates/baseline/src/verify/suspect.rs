//! The second look: what a reader needs to know of a file that disagrees with its package.

use coroner_core::{Algorithm, Deadline, Digest, FileFacts, Hasher, ReadError};
use coroner_host::{OpenFile, Root};
use coroner_parse::{Text, elf};

use super::{Suspect, state};
use crate::index::PackageDb;
use crate::verify::work::Found;

/// Content that is looked at for ELF facts.
const HEAD: usize = 2 << 20;
/// Larger files get no SHA-256: the disagreement is evidence enough.
const LARGEST: u64 = 512 << 20;
const BUFFER: usize = 128 << 10;

pub(super) fn facts(
    db: &PackageDb,
    root: &Root,
    suspect: &Suspect<'_>,
    deadline: Deadline,
) -> FileFacts {
    let path = suspect.task.path();
    let package = db.package(suspect.task.entry);
    let package = package.map(|package| package.name.clone()).unwrap_or_default();
    let mut facts = match root.stat_followed(&path).or_else(|_| root.stat(&path)) {
        Ok(stat) => FileFacts::from_stat(path.clone(), &stat),
        Err(_) => FileFacts::missing(path.clone(), package.clone()),
    };
    facts.package = Some(package);
    facts.state = state(suspect);
    facts.target = root.read_link(&path).ok();
    if facts.target.is_some() {
        facts.real = root.resolve(&path).ok();
    }
    facts.expected.clone_from(&suspect.task.entry.expected);
    if let Found::Digest(actual) = &suspect.found {
        facts.actual = Some(actual.clone());
    }
    if let Ok(file) = root.open_file(&path) {
        // What cannot be read any more stays unsaid.
        let _ = look_inside(&mut facts, &file, deadline);
    }
    facts
}

/// Fills in what the content says.
fn look_inside(
    facts: &mut FileFacts,
    file: &OpenFile,
    deadline: Deadline,
) -> Result<(), ReadError> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let (mut head, mut total) = (Vec::new(), 0_u64);
    let mut buffer = vec![0; BUFFER];
    let sha256 = loop {
        let count = file.read(&mut buffer)?;
        let chunk = buffer.get(..count).unwrap_or_default();
        if chunk.is_empty() {
            break Some(hasher.finish());
        }
        let room = HEAD.saturating_sub(head.len());
        head.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
        total += chunk.len() as u64;
        if total > LARGEST || deadline.is_over() {
            break None;
        }
        hasher.update(chunk);
    };
    facts.sha256 = sha256.as_ref().map(Digest::hex);
    facts.elf = elf::facts(&head, file.stat().size);
    facts.shebang = shebang(&head);
    Ok(())
}

fn shebang(head: &[u8]) -> Option<Text> {
    let line = head.strip_prefix(b"#!")?.split(|&byte| byte == b'\n').next()?;
    Some(Text::from(line.get(..256).unwrap_or(line)))
}
