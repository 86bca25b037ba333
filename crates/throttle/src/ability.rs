//! What the running kernel can do without loading a module.
//!
//! Asking for a qdisc that is not there makes the kernel run the host's modprobe. So presence is
//! read from the kernel's own symbols first, then from its lists of modules.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::Serialize;

/// A part of traffic control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Classes with rates: `sch_htb`.
    Htb,
    /// One rate for a whole device: `sch_tbf`.
    Tbf,
    /// Fair queueing: `sch_sfq`.
    Sfq,
    /// Fair queueing with short queues: `sch_fq_codel`.
    FqCodel,
    /// Filters on any bits: `cls_u32`.
    U32,
    /// The place where filters see what comes in: `sch_ingress`.
    Ingress,
    /// Dropping above a rate: `act_police`.
    Police,
}

/// Every part, its module and a function that each version of it has.
const PARTS: [(Part, &str, &str); 7] = [
    (Part::Htb, "sch_htb", "htb_init"),
    (Part::Tbf, "sch_tbf", "tbf_init"),
    (Part::Sfq, "sch_sfq", "sfq_init"),
    (Part::FqCodel, "sch_fq_codel", "fq_codel_init"),
    (Part::U32, "cls_u32", "u32_init"),
    (Part::Ingress, "sch_ingress", "ingress_init"),
    (Part::Police, "act_police", "tcf_police_init"),
];

impl Part {
    /// The module that brings it.
    pub fn module(self) -> &'static str {
        PARTS.iter().find(|(part, ..)| *part == self).map_or("", |&(_, module, _)| module)
    }
}

/// What the kernel has.
#[derive(Debug, Clone, Default)]
pub struct Abilities {
    present: Vec<Part>,
    /// Whether a part that is not present could come as a module, and the person allows that.
    may_load: bool,
}

/// A list longer than this is not the kernel's: /proc/kallsyms has some 15 MB.
const LONGEST: u64 = 64 << 20;

impl Abilities {
    /// Looks at the kernel whose /proc, /sys and modules lie below `root`.
    pub fn of(root: &Path, allow_module_load: bool) -> Self {
        let has_modules = root.join("proc/modules").exists();
        let mut present = Vec::new();
        let symbols = symbols(&root.join("proc/kallsyms"));
        let listed = modules(root);
        for (part, module, symbol) in PARTS {
            let loaded = || root.join("sys/module").join(module).is_dir();
            let known = symbols.iter().any(|name| name == symbol);
            if known || listed.iter().any(|name| name == module) || loaded() {
                present.push(part);
            }
        }
        Self { present, may_load: allow_module_load && has_modules }
    }

    /// A kernel that has these parts and no others.
    pub fn only(parts: &[Part]) -> Self {
        Self { present: parts.to_vec(), may_load: false }
    }

    /// Whether a part can be used.
    pub fn has(&self, part: Part) -> bool {
        self.may_load || self.present.contains(&part)
    }

    /// Whether using a part would make the kernel load its module.
    pub fn would_load(&self, part: Part) -> bool {
        self.may_load && !self.present.contains(&part)
    }
}

/// Those of our functions that the kernel has, its loaded modules included.
fn symbols(path: &Path) -> Vec<String> {
    let wanted = |name: &[u8]| PARTS.iter().find(|(.., symbol)| symbol.as_bytes() == name);
    let name = |line: &[u8]| {
        let mut words = line.split(u8::is_ascii_whitespace);
        words.nth(2).and_then(wanted).map(|(.., symbol)| (*symbol).to_owned())
    };
    lines(path).filter_map(|line| name(line.as_slice())).collect()
}

/// Modules that are loaded or built in. The list of built-in ones is the host's file: what it says
/// falsely costs one failed request, as the kernel has the last word.
fn modules(root: &Path) -> Vec<String> {
    let loaded = lines(&root.join("proc/modules"));
    let release = std::fs::read_to_string(root.join("proc/sys/kernel/osrelease"));
    let release = release.unwrap_or_default();
    let folder = root.join("lib/modules").join(release.trim().trim_start_matches('/'));
    let built_in = lines(&folder.join("modules.builtin"));
    let first = |line: &[u8]| {
        let word = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        String::from_utf8_lossy(word).into_owned()
    };
    let base = |path: String| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.split('.').next().unwrap_or_default().replace('-', "_")
    };
    loaded.map(|line| first(&line)).chain(built_in.map(|line| base(first(&line)))).collect()
}

/// Lines of a file, as far as it can be read.
fn lines(path: &Path) -> impl Iterator<Item = Vec<u8>> + use<> {
    let regular = path.metadata().is_ok_and(|meta| meta.is_file());
    let file = if regular { File::open(path).ok() } else { None };
    let reader = file.map(|file| BufReader::with_capacity(1 << 16, file.take(LONGEST)));
    reader.into_iter().flat_map(|reader| reader.split(b'\n').map_while(Result::ok))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernel(files: &[(&str, &str)], allow: bool) -> Abilities {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let at = root.path().join(path);
            std::fs::create_dir_all(at.parent().unwrap()).unwrap();
            std::fs::write(at, content).unwrap();
        }
        Abilities::of(root.path(), allow)
    }

    #[test]
    fn a_part_is_known_by_its_function_in_the_kernel_or_a_loaded_module() {
        let symbols = "0 t htb_init\n0 t sfq_init\t[sch_sfq]\n0 t my_tbf_init\n";
        let found = kernel(&[("proc/kallsyms", symbols)], false);
        assert!(found.has(Part::Htb) && found.has(Part::Sfq));
        assert!(!found.has(Part::Tbf));
    }

    #[test]
    fn without_symbols_the_lists_of_modules_tell() {
        let files = [
            ("proc/modules", "sch_htb 40960 0 - Live 0x0\n"),
            ("proc/sys/kernel/osrelease", "6.1.0-1-amd64\n"),
            ("lib/modules/6.1.0-1-amd64/modules.builtin", "kernel/net/sched/cls_u32.ko\n"),
            ("sys/module/sch_tbf/refcnt", "0"),
        ];
        let found = kernel(&files, false);
        assert!(found.has(Part::Htb) && found.has(Part::U32) && found.has(Part::Tbf));
        assert!(!found.has(Part::Sfq));
    }

    #[test]
    fn a_module_is_loaded_only_when_that_is_allowed_and_the_kernel_has_modules() {
        assert!(!kernel(&[("proc/modules", "")], false).has(Part::Htb));
        let allowed = kernel(&[("proc/modules", "")], true);
        assert!(allowed.has(Part::Htb) && allowed.would_load(Part::Htb));
        assert!(!kernel(&[], true).has(Part::Htb));
    }
}
