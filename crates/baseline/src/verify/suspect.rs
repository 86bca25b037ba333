//! The second look: what a reader needs to know of a file that disagrees with its package.

use coroner_core::packages::{Claim, state_of};
use coroner_core::{Algorithm, Deadline, Digest, FileFacts, Hasher, PackageState, ReadError};
use coroner_host::{OpenFile, Root};
use coroner_parse::{Text, elf};

use super::task::Task;
use super::work::Found;
use crate::index::PackageDb;

/// Content that is looked at for ELF facts.
const HEAD: usize = 2 << 20;
/// Larger files get no SHA-256: the disagreement is evidence enough.
const LARGEST: u64 = 512 << 20;
const BUFFER: usize = 128 << 10;

/// A packaged path that is not as its database says.
pub(crate) struct Suspect<'a> {
    pub(crate) task: Task<'a>,
    pub(crate) found: Found,
}

pub(super) fn facts(
    db: &PackageDb,
    root: &Root,
    suspect: &Suspect<'_>,
    deadline: Deadline,
) -> FileFacts {
    let path = suspect.task.path();
    let claim = db.claim_of(suspect.task.place, suspect.task.entry);
    let mut facts = match root.stat_followed(&path).or_else(|_| root.stat(&path)) {
        Ok(stat) => FileFacts::from_stat(path.clone(), &stat),
        Err(_) => FileFacts::missing(path.clone(), claim.package.clone()),
    };
    facts.claimed(&claim);
    facts.target = root.read_link(&path).ok();
    if facts.target.is_some() {
        facts.real = root.resolve(&path).ok();
    }
    facts.expected = claim.first().cloned();
    if let Found::Digest(actual) = &suspect.found {
        facts.actual = Some(actual.clone());
    }
    let algorithm = claim.expected.as_ref().filter(|_| claim.vendor.is_some());
    let by_list = algorithm.map(|expected| Hasher::new(expected.algorithm()));
    // What cannot be read any more stays unsaid.
    let file = root.open_file(&path).ok();
    let listed = file.and_then(|file| look_inside(&mut facts, &file, by_list, deadline).ok()?);
    facts.state = state(&suspect.found, &claim, listed.as_ref());
    facts
}

/// The state of a packaged file that disagrees. `listed` is its digest by the algorithm of the host's
/// own list, where a pack speaks of it too.
fn state(found: &Found, claim: &Claim, listed: Option<&Digest>) -> PackageState {
    match found {
        Found::Absent => PackageState::Missing,
        Found::Digest(actual) => state_of(true, Some(claim), Some(actual), listed),
        Found::Blocked(_) if claim.conffile => PackageState::ConffileChanged,
        Found::Blocked(_) => PackageState::Modified,
    }
}

/// Fills in what the content says; gives its digest by the host's list's algorithm, if asked to.
fn look_inside(
    facts: &mut FileFacts,
    file: &OpenFile,
    mut by_list: Option<Hasher>,
    deadline: Deadline,
) -> Result<Option<Digest>, ReadError> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let (mut head, mut total) = (Vec::new(), 0_u64);
    let mut buffer = vec![0; BUFFER];
    let whole = loop {
        let count = file.read(&mut buffer)?;
        let chunk = buffer.get(..count).unwrap_or_default();
        if chunk.is_empty() {
            break true;
        }
        let room = HEAD.saturating_sub(head.len());
        head.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
        total += chunk.len() as u64;
        if total > LARGEST || deadline.is_over() {
            break false;
        }
        hasher.update(chunk);
        if let Some(by_list) = &mut by_list {
            by_list.update(chunk);
        }
    };
    facts.sha256 = whole.then(|| hasher.finish().hex());
    facts.elf = elf::facts(&head, file.stat().size);
    facts.shebang = shebang(&head);
    Ok(by_list.filter(|_| whole).map(Hasher::finish))
}

fn shebang(head: &[u8]) -> Option<Text> {
    let line = head.strip_prefix(b"#!")?.split(|&byte| byte == b'\n').next()?;
    Some(Text::from(line.get(..256).unwrap_or(line)))
}
