//! Whether the code in a process's memory is the code of the files it was mapped from.
//!
//! The kernel shares the pages of a mapped program with every process that runs it. A page whose code was
//! changed (through ptrace, /proc/PID/mem, or by the process itself) is copied first and is the process's own
//! from then on; /proc/PID/pagemap tells such pages apart (bit 61). Hardly any process has one in its code, so
//! only those few are compared with the file. Nothing is stopped, traced or written.
//!
//! <https://docs.kernel.org/admin-guide/mm/pagemap.html>

mod compare;
mod pages;

use std::time::Instant;

use coroner_parse::Text;
use coroner_parse::process::{Mapping, mappings, process_stat};

use crate::{Blocked, ReadError, Root};

use super::ProcessDir;
pub use compare::{ForeignCode, ForeignPage};

/// 65,530 mappings (`vm.max_map_count`) of some 100 bytes.
const LONGEST_MAPS: usize = 16 << 20;
/// Files, and stretches of memory without a file, of one process that are kept.
const MOST_KEPT: usize = 4096;

/// Mappings of one process with pages of its own that are compared; each may mean reading a whole file.
const MOST_STRETCHES: usize = 32;

/// A file with code in a process's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedFile {
    /// Its path in the process's own root, without the kernel's mark.
    pub path: Text,
    /// The kernel marks it as deleted.
    pub marked_deleted: bool,
    /// Its inode.
    pub inode: u64,
}

/// A stretch of executable memory that no file lies behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnonymousCode {
    /// First address.
    pub start: u64,
    /// Bytes.
    pub length: u64,
    /// It can be written too.
    pub writable: bool,
    /// The kernel's name for it; mostly empty.
    pub name: Text,
    /// It, or the memory right before it, starts as a program's file does.
    pub starts_as_program: bool,
}

/// The code in one process's memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProcessCode {
    /// The process.
    pub pid: i32,
    /// The files its code comes from, each once.
    pub files: Vec<MappedFile>,
    /// Its code that comes from no file.
    pub anonymous: Vec<AnonymousCode>,
    /// Pages of files' code that are the process's own and differ from the file.
    pub foreign: Vec<ForeignCode>,
    /// Pages of files' code that are the process's own, the same as in the file or not.
    pub own_pages: usize,
    /// What was not seen, and why.
    pub blocked: Option<(&'static str, Blocked)>,
}

/// Looks at one process, if it is still the one that started at `started` clock ticks.
pub(crate) fn read_code(
    tree: &Root,
    host: &Root,
    pid: i32,
    started: u64,
    until: Instant,
) -> Option<ProcessCode> {
    let mut code = ProcessCode { pid, ..ProcessCode::default() };
    if Instant::now() >= until {
        code.blocked = Some(("maps", Blocked::OutOfTime));
        return Some(code);
    }
    let dir = ProcessDir::open(tree, pid).ok()?;
    let stat = process_stat(&dir.read("stat", LONGEST_MAPS).ok()?.0)?;
    if stat.started != started || stat.is_zombie() {
        return None;
    }
    let (text, cut) = match dir.read("maps", LONGEST_MAPS) {
        Ok(read) => read,
        Err(error) => return denied(code, error),
    };
    if cut {
        code.blocked = Some(("maps", Blocked::TooLarge));
    }
    let all: Vec<Mapping> = mappings(&text).filter_map(Result::ok).collect();
    code.files = files(&all);
    let mut scan = pages::Scan::new(&dir, &all);
    code.anonymous = anonymous(&all, &mut scan);
    let changed = scan.own_pages(&all);
    code.own_pages = changed.iter().map(|stretch| stretch.pages.len()).sum();
    if changed.len() > MOST_STRETCHES {
        scan.note("pagemap", Blocked::TooLarge);
    }
    let compared = changed.iter().take(MOST_STRETCHES);
    code.foreign =
        compared.filter_map(|stretch| compare::stretch(host, &mut scan, stretch)).collect();
    code.blocked = code.blocked.or(scan.blocked);
    Some(code)
}

/// A process that ends is none; one that is kept back is said.
fn denied(mut code: ProcessCode, error: ReadError) -> Option<ProcessCode> {
    match error {
        ReadError::Blocked(why @ Blocked::Denied) => {
            code.blocked = Some(("maps", why));
            Some(code)
        }
        _ => None,
    }
}

fn files(all: &[Mapping]) -> Vec<MappedFile> {
    let run = all.iter().filter(|mapping| mapping.executable && mapping.is_file());
    let mut files: Vec<_> = run
        .map(|mapping| MappedFile {
            path: mapping.name.clone(),
            marked_deleted: mapping.marked_deleted,
            inode: mapping.inode,
        })
        .collect();
    files.sort_by(|a, b| (&a.path, a.inode).cmp(&(&b.path, b.inode)));
    files.dedup();
    files.truncate(MOST_KEPT);
    files
}

/// The kernel's own code in every process (vdso(7)); an old x86 page that can only be run.
const OF_THE_KERNEL: [&str; 4] = ["[vdso]", "[vsyscall]", "[uprobes]", pages::TRAMPOLINE];

fn anonymous(all: &[Mapping], scan: &mut pages::Scan<'_>) -> Vec<AnonymousCode> {
    let of_kernel = |name: &Text| OF_THE_KERNEL.iter().any(|known| name == known);
    let mut before: Option<&Mapping> = None;
    let mut found = Vec::new();
    for mapping in all {
        let plain = !mapping.is_file() && !of_kernel(&mapping.name);
        if plain && mapping.executable && found.len() < MOST_KEPT {
            let joined = before.filter(|before| before.end == mapping.start && !before.is_file());
            let starts_as_program = [Some(mapping), joined]
                .into_iter()
                .flatten()
                .any(|part| part.readable && scan.starts_as_program(part.start));
            found.push(AnonymousCode {
                start: mapping.start,
                length: mapping.length(),
                writable: mapping.writable,
                name: mapping.name.clone(),
                starts_as_program,
            });
        }
        before = Some(mapping);
    }
    found
}
