//! The code in the memory of processes, as far as it is odd.

use std::collections::BTreeMap;
use std::time::Duration;

use coroner_core::{
    AnonymousCode, Cx, ForeignCode, HostPath, MappedFile, Process, ProcessCode, Processes, Text,
};
use coroner_parse::command::analysis::{Place, place};
use coroner_parse::hex;

use crate::items::{Anonymous, ChangedCode, Code, Library};

/// Three hundred processes take a fifth of a second.
const BUDGET: Duration = Duration::from_secs(20);
/// Odd libraries of one process that are kept.
const MOST_LIBRARIES: usize = 200;

/// Of one process.
pub(super) struct OddCode {
    pub(super) code: Option<Code>,
    pub(super) libraries: Vec<Library>,
}

/// Looks at every process with a program; what is kept back is a gap.
pub(super) fn read(cx: &mut Cx<'_>, processes: &Processes) -> BTreeMap<i32, OddCode> {
    let with_program = processes.iter().filter(|process| process.executable.is_some());
    let named = with_program.map(|process| (process.pid(), process.stat.started)).collect();
    let budget = cx.deadline().left().min(BUDGET);
    let mut found = BTreeMap::new();
    for code in cx.host().read_code(named, budget) {
        let Some(process) = processes.get(code.pid) else { continue };
        if let Some((name, why)) = code.blocked {
            cx.gap(&process.file(name), why);
        }
        found.insert(code.pid, odd(process, &code));
    }
    found
}

fn odd(process: &Process, code: &ProcessCode) -> OddCode {
    let own = Code {
        changed: code.foreign.iter().filter_map(changed).collect(),
        anonymous: anonymous(&code.anonymous),
        not_its_program: !code.files.is_empty() && !runs_its_program(process, code),
    };
    let code_item = (own != Code::default()).then_some(own);
    let executable = process.executable.as_ref().map(|executable| &executable.path);
    let odd = code.files.iter().filter(|file| is_odd(file));
    let mut libraries: Vec<_> = odd.map(library).filter(|l| Some(&l.path) != executable).collect();
    libraries.truncate(MOST_LIBRARIES);
    OddCode { code: code_item, libraries }
}

/// By name or by inode: a name may have changed since, and some file systems number twice.
fn runs_its_program(process: &Process, code: &ProcessCode) -> bool {
    let Some(executable) = &process.executable else { return true };
    let inode = executable.stat.map(|stat| stat.inode);
    code.files.iter().any(|file| {
        HostPath::new(file.path.as_bytes()) == executable.path || Some(file.inode) == inode
    })
}

fn is_odd(file: &MappedFile) -> bool {
    file.marked_deleted || place(file.path.as_bytes()) != Place::Ordinary
}

fn library(file: &MappedFile) -> Library {
    Library { path: HostPath::new(file.path.as_bytes()), deleted: file.marked_deleted }
}

fn changed(code: &ForeignCode) -> Option<ChangedCode> {
    let first = code.pages.first()?;
    Some(ChangedCode {
        path: HostPath::new(code.path.as_bytes()),
        address: address(first.address),
        offset: address(first.offset),
        symbol: code.symbol.as_ref().map(|symbol| Text::from(symbol.to_string())),
        in_memory: digits(&first.in_memory),
        in_file: digits(&first.in_file),
        pages: u32::try_from(code.pages.len()).unwrap_or(u32::MAX),
        only_breakpoints: code.pages.iter().all(|page| page.only_breakpoints),
        expected: code.relocated || code.of_windows,
    })
}

fn anonymous(stretches: &[AnonymousCode]) -> Option<Anonymous> {
    let first = stretches.first()?;
    let sum = |all: &mut dyn Iterator<Item = &AnonymousCode>| {
        all.fold(0_u64, |sum, stretch| sum.saturating_add(stretch.length))
    };
    let program = stretches.iter().find(|stretch| stretch.starts_as_program);
    Some(Anonymous {
        stretches: u32::try_from(stretches.len()).unwrap_or(u32::MAX),
        bytes: sum(&mut stretches.iter()),
        writable: sum(&mut stretches.iter().filter(|stretch| stretch.writable)),
        address: address(first.start),
        program_at: program.map(|stretch| address(stretch.start)),
    })
}

fn address(number: u64) -> Text {
    Text::from(format!("{number:#x}"))
}

fn digits(bytes: &[u8]) -> Text {
    Text::from(hex(bytes))
}
