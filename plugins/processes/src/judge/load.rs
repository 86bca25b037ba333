//! What is put into a process from outside: preloaded libraries, odd libraries, BPF objects.

use coroner_core::Confidence::{Likely, Possible};
use coroner_core::Severity::{High, Low, Medium};
use coroner_core::{FileFacts, Findings, HostPath, PackageState};

use super::{Seen, describe_file, is_odd};
use crate::items::{Library, Variable};
use crate::names::is_compiler;
use crate::rules;

/// Variables that name the files that are loaded (ld.so(8), bash(1), python(1)).
const NAMES_FILES: [&str; 5] = ["LD_PRELOAD", "LD_AUDIT", "BASH_ENV", "ENV", "PYTHONSTARTUP"];
/// The same by a directory.
const NAMES_DIRECTORIES: [&str; 5] =
    ["LD_LIBRARY_PATH", "GCONV_PATH", "PERL5LIB", "PYTHONPATH", "PYTHONHOME"];

/// Libraries that one finding names.
const MOST_SHOWN: usize = 10;

/// The files that a variable has loaded, by absolute paths; a bare name is searched for by the loader in
/// its own directories.
pub(crate) fn loaded_by(variable: &Variable) -> Vec<HostPath> {
    if !NAMES_FILES.iter().any(|name| variable.name == *name) {
        return Vec::new();
    }
    let parts = variable.value.as_bytes().split(|&byte| matches!(byte, b':' | b' '));
    parts.filter(|part| part.starts_with(b"/")).take(50).map(HostPath::new).collect()
}

pub(super) fn judge(seen: &Seen<'_>, out: &mut Findings) {
    if !seen.item.is_of_host() {
        return;
    }
    for variable in &seen.item.environment {
        preloaded(seen, variable, out);
    }
    libraries(seen, out);
    bpf(seen, out);
}

fn preloaded(seen: &Seen<'_>, variable: &Variable, out: &mut Findings) {
    let of_loader = variable.name == "LD_PRELOAD" || variable.name == "LD_AUDIT";
    for path in loaded_by(variable) {
        let facts = seen.items.file(&path);
        let unowned = facts.as_ref().is_some_and(|facts| facts.state == PackageState::Unowned);
        let strong = is_odd(&path) || takes_over(facts.as_ref());
        if strong && facts.as_ref().is_none_or(|facts| !facts.state.is_vouched())
            || unowned && of_loader
        {
            let draft = out.raise(&rules::PRELOADED, seen.item);
            seen.describe(draft);
            draft.evidence("variable", &variable.name).evidence("file", path.text());
            describe_file(draft, facts.as_ref());
            if strong && of_loader && unowned {
                draft.graded(High, Likely);
            }
        }
    }
    directories(seen, variable, out);
}

fn takes_over(facts: Option<&FileFacts>) -> bool {
    let elf = facts.and_then(|facts| facts.elf.as_ref());
    let hides = |name: &String| name.starts_with("readdir") || name.starts_with("pam_");
    elf.is_some_and(|elf| elf.takes_over.iter().any(hides))
}

/// A service that looks for code where everybody writes.
fn directories(seen: &Seen<'_>, variable: &Variable, out: &mut Findings) {
    let packaged = seen.facts.as_ref().is_some_and(|facts| facts.package.is_some());
    let names_one = NAMES_DIRECTORIES.iter().any(|name| variable.name == *name);
    if !names_one || !packaged || seen.item.terminal {
        return;
    }
    let mut parts = variable.value.as_bytes().split(|&byte| byte == b':');
    let odd = parts
        .find(|part| part.starts_with(b"/") && is_odd(&HostPath::new([part, &b"/x"[..]].concat())));
    if let Some(odd) = odd {
        let draft = out.raise(&rules::PRELOADED, seen.item);
        seen.describe(draft);
        draft.evidence("variable", &variable.name).evidence("directory", odd).graded(Low, Possible);
    }
}

/// One finding a process, with its libraries: a package's that is there again is an upgrade, and Java and its
/// like unpack libraries into temporary directories and delete them there.
fn libraries(seen: &Seen<'_>, out: &mut Findings) {
    let mut odd = seen.item.libraries.iter().filter(|library| is_foreign(seen, library)).peekable();
    if odd.peek().is_none() {
        return;
    }
    let draft = out.raise(&rules::ODD_LIBRARY, seen.item);
    seen.describe(draft);
    // What an administrator's own program loads is its own business, as long as it is there to be seen.
    let packaged = seen.facts.as_ref().is_some_and(|facts| facts.package.is_some());
    let mut grade = if packaged { (Medium, Possible) } else { (Low, Possible) };
    for library in odd.take(MOST_SHOWN) {
        let name = if library.deleted { "deleted library" } else { "library" };
        draft.evidence(name, library.path.text());
        describe_file(draft, seen.items.file(&library.path).as_ref());
        if library.deleted && is_odd(&library.path) {
            grade = (High, Likely);
        }
    }
    draft.graded(grade.0, grade.1);
}

fn is_foreign(seen: &Seen<'_>, library: &Library) -> bool {
    let facts = seen.items.file(&library.path);
    let unpacks = is_compiler(seen.program_name()) && !library.path.is_hidden();
    let unowned = match &facts {
        Some(facts) => facts.package.is_none() && facts.state == PackageState::Unowned,
        None => library.deleted,
    };
    // The program itself stands there too: one finding says it.
    let beside =
        seen.path().and_then(HostPath::parent).is_some_and(|dir| library.path.is_below(&dir));
    let explained = unpacks || is_memory(&library.path) || beside && seen.is_in_odd_place();
    unowned && !explained
}

/// Shared memory of compilers that write code by one mapping and run it by another.
fn is_memory(path: &HostPath) -> bool {
    let shared =
        ["/memfd:doublemapper", "/dev/zero", "/memfd:JIT", "/SYSV", "/[aio]", "/i915", "/dev/dri"];
    shared.iter().any(|start| path.as_bytes().starts_with(start.as_bytes()))
}

fn bpf(seen: &Seen<'_>, out: &mut Findings) {
    if seen.item.bpf.is_empty() || !seen.is_unowned() {
        return;
    }
    let draft = out.raise(&rules::UNOWNED_BPF_HOLDER, seen.item);
    seen.describe(draft);
    for object in seen.item.bpf.iter().take(20) {
        draft.evidence("bpf", format!("{:?} {} type {}", object.kind, object.id, object.type_name));
    }
    if seen.is_in_odd_place() {
        draft.graded(High, Likely);
    }
}
