//! The module files on disk, and those that DKMS built.

use std::collections::{BTreeMap, BTreeSet};

use coroner_core::{Cx, DirEntry, FileType, HostPath, Text};
use coroner_parse::module::{indexed_modules, is_module_file, module_name};

use crate::items::ModuleTree;
use crate::place::Place;

/// `kernel/drivers/net/ethernet/...` has at most nine levels.
const DEPTH: usize = 14;
/// `NAME/VERSION/RELEASE/ARCH/module/NAME.ko`
const DKMS_DEPTH: usize = 6;

/// Every module file, by release and name.
#[derive(Debug, Default)]
pub(crate) struct ModuleFiles {
    by_name: BTreeMap<Text, Vec<Found>>,
    /// The directory of the running release is there.
    pub(crate) running_seen: bool,
    /// Modules that are part of the running kernel's image are not files.
    pub(crate) dkms: BTreeSet<Text>,
}

#[derive(Debug, Clone)]
struct Found {
    file: HostPath,
    place: Place,
    running: bool,
}

impl ModuleFiles {
    /// The files of a module, in every release.
    pub(crate) fn of(&self, name: &Text) -> Vec<(HostPath, Place)> {
        let found = self.by_name.get(name).into_iter().flatten();
        found.map(|found| (found.file.clone(), found.place)).collect()
    }

    /// Its file in the running release.
    pub(crate) fn running(&self, name: &Text) -> Option<(HostPath, Place)> {
        let found = self.by_name.get(name)?.iter().find(|found| found.running)?;
        Some((found.file.clone(), found.place))
    }

    fn add(&mut self, file: HostPath, place: Place, running: bool) {
        let name = module_name(file.name());
        self.by_name.entry(name).or_default().push(Found { file, place, running });
    }
}

/// Looks at every release's directory once, whatever its name (`/lib` may lead to `/usr/lib`).
pub(crate) fn trees(cx: &mut Cx<'_>, running: Option<&Text>) -> ModuleFiles {
    let mut files = ModuleFiles { dkms: dkms_modules(cx), ..ModuleFiles::default() };
    let mut seen = BTreeSet::new();
    for top in ["/lib/modules", "/usr/lib/modules"] {
        let top = HostPath::new(top);
        if cx.stat_followed(&top).is_none() || !seen.insert(cx.resolve(&top)) {
            continue;
        }
        for entry in cx.list(&top) {
            if matches!(entry.kind, FileType::Directory | FileType::Unknown) {
                tree(cx, &mut files, &entry, running == Some(&entry.name));
            }
        }
    }
    files
}

fn tree(cx: &mut Cx<'_>, files: &mut ModuleFiles, release: &DirEntry, running: bool) {
    files.running_seen |= running;
    let dir = &release.path;
    let entries = cx.walk(dir, DEPTH);
    let linked_here: BTreeSet<HostPath> = linked_on_the_host(&entries);
    let mut tree = ModuleTree {
        dir: dir.clone(),
        release: release.name.clone(),
        running,
        kernel_files: 0,
        others: Vec::new(),
    };
    for entry in entries {
        let is_file = matches!(entry.kind, FileType::Regular | FileType::Link | FileType::Unknown);
        if !is_file || !is_module_file(entry.name.as_bytes()) {
            continue;
        }
        let dkms = files.dkms.contains(&module_name(entry.name.as_bytes()));
        let mut place = Place::of(&entry.path, dir, dkms);
        if entry.path.parent().is_some_and(|dir| linked_here.contains(&dir)) {
            place = Place::Added;
        }
        tell(cx, files, &mut tree, entry.path, place);
    }
    outside_of_tree(cx, files, &mut tree);
    cx.emit(tree);
}

fn tell(
    cx: &mut Cx<'_>,
    files: &mut ModuleFiles,
    tree: &mut ModuleTree,
    file: HostPath,
    place: Place,
) {
    cx.want_if_unowned(&file);
    if place == Place::Kernel {
        tree.kernel_files += 1;
    } else {
        tree.others.push((file.clone(), place));
    }
    files.add(file, place, tree.running);
}

/// Ubuntu's packaged drivers come as objects in `bits/` and are linked on the host beside it.
fn linked_on_the_host(entries: &[DirEntry]) -> BTreeSet<HostPath> {
    let bits =
        entries.iter().filter(|entry| entry.kind == FileType::Directory && entry.name == "bits");
    bits.filter_map(|entry| entry.path.parent()).collect()
}

/// depmod can be told to index files from anywhere; modprobe loads them from there.
fn outside_of_tree(cx: &mut Cx<'_>, files: &mut ModuleFiles, tree: &mut ModuleTree) {
    let index = tree.dir.join("modules.dep");
    let Some(content) = cx.read_up_to(&index, 16 << 20) else { return };
    for module in indexed_modules(&content.bytes) {
        match module {
            Ok(module) => {
                let file = tree.dir.join(module.file.as_bytes());
                if Place::of(&file, &tree.dir, false) == Place::Outside {
                    tell(cx, files, tree, file, Place::Outside);
                }
            }
            Err(bad) => cx.bad_line(&index, &bad),
        }
    }
}

fn dkms_modules(cx: &mut Cx<'_>) -> BTreeSet<Text> {
    let built = cx.walk(&HostPath::new("/var/lib/dkms"), DKMS_DEPTH);
    let modules = built.iter().filter(|entry| {
        let in_module = entry.path.parent().is_some_and(|dir| dir.name() == b"module");
        in_module && is_module_file(entry.name.as_bytes())
    });
    modules.map(|entry| module_name(entry.name.as_bytes())).collect()
}
