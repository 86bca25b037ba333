//! Items to findings.

use std::collections::BTreeSet;

use coroner_core::{Confidence, FileFacts, Findings, HostPath, Items, PackageState, Severity};
use coroner_parse::module::is_module_file;

use crate::items::{
    Autoload, Disagreement, KernelModule, KernelState, LinkCount, LoaderMemory, ModuleTree,
    StartParameter,
};
use crate::place::Place;
use crate::rules;

/// `name=value` pairs that take a protection away.
const OFF: [(&str, &str); 7] = [
    ("module.sig_enforce", "0"),
    ("lockdown", "none"),
    ("selinux", "0"),
    ("enforcing", "0"),
    ("apparmor", "0"),
    ("audit", "0"),
    ("ima_appraise", "off"),
];

pub(crate) fn everything(items: &Items, out: &mut Findings) {
    let own = own_kernels(items, out);
    let modules = Modules { items, own };
    for module in items.all::<KernelModule>() {
        views(&module, out);
        modules.loaded(&module, out);
    }
    modules.files(out);
    for autoload in items.all::<Autoload>() {
        modules.autoload(&autoload, out);
    }
    for state in items.all::<KernelState>() {
        taint(&state, out);
    }
    for links in items.all::<LinkCount>() {
        link_count(&links, out);
    }
    for memory in items.all::<LoaderMemory>() {
        loader_memory(&memory, out);
    }
    for parameter in items.all::<StartParameter>() {
        protection(&parameter, out);
    }
}

fn views(module: &KernelModule, out: &mut Findings) {
    let (rule, dir) = match module.disagreement {
        Some(Disagreement::NotListed) => (&rules::HIDDEN_MODULE, "/sys/module"),
        Some(Disagreement::SymbolsOnly) => (&rules::HIDDEN_MODULE, "/proc/kallsyms"),
        Some(Disagreement::NotRead) => (&rules::HIDDEN_MODULE, "/proc/modules"),
        Some(Disagreement::NotInSysfs) => (&rules::NOT_IN_SYSFS, "/proc/modules"),
        None => return,
    };
    let seen = |yes: Option<bool>| match yes {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not read",
    };
    let mut path = HostPath::new(dir);
    if module.disagreement == Some(Disagreement::NotListed) {
        path = path.join(module.name.as_bytes());
    }
    let draft = out.raise(rule, module);
    draft
        .in_file(&path)
        .evidence("module", &module.name)
        .evidence("in /proc/modules", seen(Some(module.listed)))
        .evidence("in /sys/module", seen(module.in_sysfs))
        .evidence(
            "symbols",
            module.symbols.map_or("not read".to_owned(), |count| count.to_string()),
        );
    if let Some(file) = &module.file {
        draft.evidence("file of that name", file);
    }
}

/// The link count of a sysfs directory is its number of subdirectories and two: a filter of names
/// leaves it as it is. File systems that do not count have less, never more.
fn link_count(links: &LinkCount, out: &mut Findings) {
    if !links.differ || links.counted <= links.shown {
        return;
    }
    let draft = out.raise(&rules::HIDDEN_MODULE, links);
    draft
        .in_file(&links.dir)
        .graded(Severity::High, Confidence::Likely)
        .evidence("directories by link count", links.counted.to_string())
        .evidence("directories shown", links.shown.to_string());
}

/// What a module's code and data lie in stays, whatever lists it has left. The address sanitizer
/// and kernels built otherwise may hold more, never a kernel of a distribution.
fn loader_memory(memory: &LoaderMemory, out: &mut Findings) {
    if !memory.differ {
        return;
    }
    let draft = out.raise(&rules::HIDDEN_MODULE, memory);
    draft
        .in_file(&HostPath::new("/proc/vmallocinfo"))
        .graded(Severity::High, Confidence::Likely)
        .evidence("bytes that the module loader holds", memory.held.to_string())
        .evidence("bytes of all listed modules", memory.listed.to_string());
}

/// The releases whose modules no package owns: three quarters and more of them.
fn own_kernels(items: &Items, out: &mut Findings) -> BTreeSet<HostPath> {
    let mut own = BTreeSet::new();
    let unowned: Vec<FileFacts> = unowned_modules(items).collect();
    for tree in items.all::<ModuleTree>() {
        let kernel = tree.dir.join("kernel");
        let strangers = unowned.iter().filter(|facts| facts.path.is_below(&kernel)).count();
        if tree.kernel_files > 0 && strangers * 4 >= tree.kernel_files as usize * 3 {
            let draft = out.raise(&rules::OWN_KERNEL, &tree);
            draft.in_file(&tree.dir).evidence("modules", tree.kernel_files.to_string());
            own.insert(tree.dir);
        }
    }
    own
}

fn unowned_modules(items: &Items) -> impl Iterator<Item = FileFacts> {
    items.all::<FileFacts>().filter(|facts| {
        facts.state == PackageState::Unowned && is_module_file(facts.path.as_bytes())
    })
}

struct Modules<'a> {
    items: &'a Items,
    /// Releases whose modules are not judged.
    own: BTreeSet<HostPath>,
}

impl Modules<'_> {
    /// The facts of a module's file when no package owns it and its place asks for a package.
    fn stranger(&self, file: &HostPath, place: Place) -> Option<FileFacts> {
        let judged =
            matches!(place, Place::Kernel | Place::DkmsUnknown | Place::Odd | Place::Outside);
        let own = self.own.iter().any(|dir| file.is_below(dir));
        if !judged || own && place == Place::Kernel {
            return None;
        }
        self.items.file(file).filter(|facts| facts.state == PackageState::Unowned)
    }

    fn files(&self, out: &mut Findings) {
        let trees: Vec<ModuleTree> = self.items.all().collect();
        for facts in unowned_modules(self.items) {
            let Some(tree) = trees.iter().find(|tree| tree.has(&facts.path)) else { continue };
            let place = tree.place(&facts.path);
            if self.stranger(&facts.path, place).is_none() {
                continue;
            }
            let draft = out.raise(&rules::UNOWNED_FILE, &facts);
            draft.in_file(&facts.path).evidence("changed", facts.changed.to_string());
            draft.evidence("sha256", facts.sha256.clone().unwrap_or_default());
            if place != Place::Kernel {
                draft.graded(Severity::Medium, Confidence::Possible);
            }
        }
    }

    fn autoload(&self, autoload: &Autoload, out: &mut Findings) {
        for (file, place) in &autoload.paths {
            if let Some(facts) = self.stranger(file, *place) {
                // Raised on the file, so that it meets what else is said of the file.
                let draft = out.raise(&rules::UNOWNED_AUTOLOADED, &facts);
                draft
                    .at(&autoload.file, autoload.line)
                    .evidence("module", &autoload.module)
                    .evidence("file", file)
                    .evidence("sha256", facts.sha256.clone().unwrap_or_default());
            }
        }
    }

    fn loaded(&self, module: &KernelModule, out: &mut Findings) {
        let letter = |letter: u8| module.taint.as_bytes().contains(&letter);
        if !letter(b'O') && !letter(b'E') {
            return;
        }
        let (Some(file), Some(place)) = (&module.file, module.place) else {
            if module.tree_seen && !letter(b'K') {
                without_file(module, out);
            }
            return;
        };
        if let Some(facts) = self.stranger(file, place) {
            let draft = out.raise(&rules::UNOWNED_LOADED, &facts);
            draft
                .in_file(file)
                .evidence("module", &module.name)
                .evidence("taint", &module.taint)
                .evidence("description", module.description.clone().unwrap_or_default());
        }
    }
}

impl ModuleTree {
    fn has(&self, file: &HostPath) -> bool {
        file.is_below(&self.dir) || self.others.iter().any(|(other, _)| other == file)
    }

    fn place(&self, file: &HostPath) -> Place {
        let other = self.others.iter().find(|(other, _)| other == file);
        other.map_or(Place::Kernel, |(_, place)| *place)
    }
}

fn without_file(module: &KernelModule, out: &mut Findings) {
    let draft = out.raise(&rules::LOADED_WITHOUT_FILE, module);
    draft
        .in_file(&HostPath::new("/proc/modules"))
        .evidence("module", &module.name)
        .evidence("taint", &module.taint)
        .evidence("size", module.size.to_string());
    if let Some(vendor) = &module.vendor {
        draft.graded(Severity::Info, Confidence::Possible).evidence("vendor", vendor);
    }
}

fn taint(state: &KernelState, out: &mut Findings) {
    for taint in &state.unexplained {
        let draft = out.raise(&rules::TAINT_UNEXPLAINED, state);
        let letter = taint.letter.to_string();
        draft.in_file(&HostPath::new("/proc/sys/kernel/tainted")).evidence("letter", letter);
        draft.evidence("meaning", taint.meaning.clone());
        for module in &state.tainted_by {
            draft.evidence("named in the kernel's log", module);
        }
    }
}

/// What starts first (`init=`) is the start-up plugin's to judge.
fn protection(parameter: &StartParameter, out: &mut Findings) {
    let value = parameter.value.clone().unwrap_or_default();
    let off = OFF.iter().any(|(name, off)| parameter.is(name) && value == *off);
    if off || parameter.is("nokaslr") {
        let draft = out.raise(&rules::PROTECTION_OFF, parameter);
        draft
            .at(&parameter.file, parameter.line)
            .evidence("parameter", &parameter.name)
            .evidence("value", value);
    }
}
