//! The views of loaded modules: `/proc/modules`, `/sys/module`, the symbol table, link counts.
//!
//! Modules come and go while they are read, so views that contradict each other are read twice
//! more, and only what holds in all three readings is told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use coroner_core::{Blocked, Cx, FileType, HostPath, ReadError, Text};
use coroner_parse::module::{LoadedModule, SymbolTags, loaded_modules, module_object};

use crate::items::{Disagreement, KernelModule, KernelState, LinkCount, LoaderMemory};
use crate::memory;
use crate::trees::ModuleFiles;

/// 20,000 modules of 100 bytes.
const LARGEST_LIST: usize = 4 << 20;
/// A symbol table has some 10 MB; one of this size is made up.
const LARGEST_SYMBOLS: u64 = 256 << 20;
const PIECE: usize = 256 << 10;
/// Between two readings of views that contradict each other.
const PAUSE: Duration = Duration::from_millis(100);
/// Larger module files are not opened for their description.
const LARGEST_OBJECT: usize = 16 << 20;
/// Modules without a file below the release's directory, and the vendor's directory that they are
/// loaded from.
const VENDORS: [(&str, &str); 6] = [
    ("falcon_", "/opt/CrowdStrike"),
    ("talpa_", "/opt/sophos-av"),
    ("tmhook", "/opt/ds_agent"),
    ("bmhook", "/opt/ds_agent"),
    ("dsa_filter", "/opt/ds_agent"),
    ("gsch", "/opt/ds_agent"),
];

/// One reading of every view.
#[derive(Debug, Default)]
struct Reading {
    /// `None` when it could not be read; empty when the kernel has no such list.
    listed: Option<BTreeMap<Text, LoadedModule>>,
    /// Names in the same list by another call: a filter of read(2) does not meet it.
    otherwise: BTreeSet<Text>,
    /// Loaded modules by `/sys/module`.
    in_sysfs: Option<BTreeSet<Text>>,
    symbols: Option<SymbolTags>,
    links: Option<LinkCount>,
    memory: Option<LoaderMemory>,
}

/// Tells the modules, the kernel's state and the link counts.
pub(crate) fn modules(cx: &mut Cx<'_>, files: &ModuleFiles, mut state: KernelState) {
    let reading = Reading::read(cx);
    let mut contradictions = reading.contradictions();
    let mut links_differ = reading.links.as_ref().is_some_and(|links| links.differ);
    let mut memory_differs = reading.memory.as_ref().is_some_and(|memory| memory.differ);
    for _ in 0..2 {
        if contradictions.is_empty() && !links_differ && !memory_differs {
            break;
        }
        std::thread::sleep(PAUSE);
        let again = Reading::read(cx);
        let still = again.contradictions();
        contradictions.retain(|name, kind| still.get(name) == Some(kind));
        links_differ &= again.links.as_ref().is_some_and(|links| links.differ);
        memory_differs &= again.memory.as_ref().is_some_and(|memory| memory.differ);
    }
    if let Some(memory) = &reading.memory {
        cx.emit(LoaderMemory { differ: memory_differs, ..memory.clone() });
    }
    if let Some(links) = &reading.links {
        cx.emit(LinkCount { differ: links_differ, ..links.clone() });
    }
    reading.explain(&mut state);
    state.tainted_by = memory::tainted_by(cx, |name| reading.lists(name));
    cx.emit(state);
    for module in reading.items(&contradictions) {
        let module = with_file(cx, files, module);
        cx.emit(module);
    }
}

impl Reading {
    fn read(cx: &mut Cx<'_>) -> Self {
        let before = listed(cx);
        let (in_sysfs, links) = in_sysfs(cx);
        let symbols = symbols(cx);
        let otherwise = otherwise(cx);
        let memory = before.as_ref().and_then(|before| memory::of_loader(cx, before));
        // Once more after the others: a module that came in between is in one of the two.
        let listed = before.and_then(|mut before| {
            before.extend(listed(cx)?);
            Some(before)
        });
        Self { listed, otherwise, in_sysfs, symbols, links, memory }
    }

    /// Whether a module is in the list, or the list could not be read.
    fn lists(&self, name: &Text) -> bool {
        self.listed.as_ref().is_none_or(|listed| listed.contains_key(name))
    }

    fn contradictions(&self) -> BTreeMap<Text, Disagreement> {
        let mut found = BTreeMap::new();
        let Some(listed) = &self.listed else { return found };
        if let Some(in_sysfs) = &self.in_sysfs {
            let live = listed.values().filter(|module| module.state == "Live");
            let missing = live.filter(|module| !in_sysfs.contains(&module.name));
            found.extend(missing.map(|module| (module.name.clone(), Disagreement::NotInSysfs)));
            let hidden = in_sysfs.iter().filter(|name| !listed.contains_key(*name));
            found.extend(hidden.map(|name| (name.clone(), Disagreement::NotListed)));
        }
        let tagged = self.symbols.iter().flat_map(|symbols| symbols.modules.keys());
        for name in tagged.filter(|name| !listed.contains_key(*name)) {
            found.entry(name.clone()).or_insert(Disagreement::SymbolsOnly);
        }
        for name in self.otherwise.iter().filter(|name| !listed.contains_key(*name)) {
            found.entry(name.clone()).or_insert(Disagreement::NotRead);
        }
        found
    }

    /// Which letters of the taint no listed module accounts for.
    fn explain(&self, state: &mut KernelState) {
        let listed = self.listed.iter().flat_map(BTreeMap::values);
        let letters: BTreeSet<u8> =
            listed.flat_map(|module| module.taint.as_bytes().iter().copied()).collect();
        let unexplained = state.taints.iter().filter(|taint| {
            taint.from_module && u8::try_from(taint.letter).is_ok_and(|l| !letters.contains(&l))
        });
        if self.listed.is_some() {
            state.unexplained = unexplained.cloned().collect();
        }
        let symbols = self.symbols.as_ref().filter(|symbols| symbols.symbols > 0);
        state.addresses_shown = symbols.map(|symbols| symbols.with_address > 0);
    }

    fn items(&self, contradictions: &BTreeMap<Text, Disagreement>) -> Vec<KernelModule> {
        let listed = self.listed.iter().flat_map(BTreeMap::keys);
        let names: BTreeSet<&Text> = listed.chain(contradictions.keys()).collect();
        names.into_iter().map(|name| self.item(name, contradictions.get(name).copied())).collect()
    }

    fn item(&self, name: &Text, disagreement: Option<Disagreement>) -> KernelModule {
        let listed = self.listed.as_ref().and_then(|listed| listed.get(name));
        let symbols = self.symbols.as_ref();
        KernelModule {
            name: name.clone(),
            listed: listed.is_some(),
            in_sysfs: self.in_sysfs.as_ref().map(|names| names.contains(name)),
            symbols: symbols.map(|tags| tags.modules.get(name).copied().unwrap_or(0)),
            disagreement,
            size: listed.map_or(0, |module| module.size),
            used_by: listed.map(|module| module.used_by.clone()).unwrap_or_default(),
            state: listed.map(|module| module.state.clone()).unwrap_or_default(),
            taint: listed.map(|module| module.taint.clone()).unwrap_or_default(),
            file: None,
            place: None,
            tree_seen: false,
            vendor: None,
            signed: None,
            license: None,
            description: None,
        }
    }
}

/// A kernel without modules has no such file: then every other view must be empty as well.
fn listed(cx: &mut Cx<'_>) -> Option<BTreeMap<Text, LoadedModule>> {
    let path = HostPath::new("/proc/modules");
    let content = match cx.host().read(&path, LARGEST_LIST) {
        Ok(content) => content,
        Err(ReadError::Absent) => return Some(BTreeMap::new()),
        Err(ReadError::Blocked(reason)) => {
            cx.gap(&path, reason);
            return None;
        }
    };
    if content.truncated {
        cx.gap(&path, Blocked::TooLarge);
        return None;
    }
    let mut modules = BTreeMap::new();
    for module in loaded_modules(&content.bytes) {
        match module {
            Ok(module) => drop(modules.insert(module.name.clone(), module)),
            // A line that says nothing may be the module that seems to be missing.
            Err(bad) => {
                cx.gap_because(&path, Blocked::Malformed, bad.to_string());
                return None;
            }
        }
    }
    Some(modules)
}

/// The names of the same list by preadv2(2).
fn otherwise(cx: &Cx<'_>) -> BTreeSet<Text> {
    let file = cx.host().open_file(&HostPath::new("/proc/modules")).ok();
    let content = file.and_then(|file| file.read_vectored(LARGEST_LIST).ok()).unwrap_or_default();
    loaded_modules(&content).into_iter().flatten().map(|module| module.name).collect()
}

/// Built-in code has a directory too, but none of the files that the loader makes.
fn in_sysfs(cx: &mut Cx<'_>) -> (Option<BTreeSet<Text>>, Option<LinkCount>) {
    let dir = HostPath::new("/sys/module");
    let Some(stat) = cx.stat(&dir) else { return (None, None) };
    let listing = match cx.host().list(&dir, 100_000) {
        Ok(listing) => listing,
        Err(error) => {
            cx.gap(&dir, error.blocked().unwrap_or(Blocked::Vanished));
            return (None, None);
        }
    };
    let dirs: Vec<_> = listing.entries.iter().filter(|e| e.kind == FileType::Directory).collect();
    let shown = u32::try_from(dirs.len()).unwrap_or(u32::MAX);
    let counted = stat.links.saturating_sub(2);
    let loaded = dirs.iter().filter(|entry| is_loaded(cx, &entry.path));
    let names = loaded.map(|entry| entry.name.clone()).collect();
    let links = LinkCount { dir, counted, shown, differ: counted != shown };
    (Some(names), Some(links))
}

/// One that is going (or was never finished) is on its way out of every view.
fn is_loaded(cx: &Cx<'_>, module: &HostPath) -> bool {
    let host = cx.host();
    match host.read(&module.join("initstate"), 64) {
        Ok(state) => state.bytes.trim_ascii() == b"live",
        Err(_) => ["refcnt", "coresize"].iter().any(|name| host.stat(&module.join(name)).is_ok()),
    }
}

/// Names come even where `kernel.kptr_restrict` takes the addresses.
fn symbols(cx: &mut Cx<'_>) -> Option<SymbolTags> {
    let path = HostPath::new("/proc/kallsyms");
    match read_symbols(cx, &path) {
        Ok(symbols) => Some(symbols),
        Err(ReadError::Absent) => None,
        Err(ReadError::Blocked(reason)) => {
            cx.minor_gap(&path, reason, "which modules own symbols");
            None
        }
    }
}

fn read_symbols(cx: &Cx<'_>, path: &HostPath) -> Result<SymbolTags, ReadError> {
    let file = cx.host().open_file(path)?;
    let mut tags = SymbolTags::default();
    let (mut buffer, mut total) = (vec![0; PIECE], 0_u64);
    loop {
        let count = file.read(&mut buffer)?;
        let piece = buffer.get(..count).unwrap_or_default();
        if piece.is_empty() {
            return Ok(tags.finish());
        }
        total += piece.len() as u64;
        if total > LARGEST_SYMBOLS {
            return Err(Blocked::TooLarge.into());
        }
        if cx.deadline().is_over() {
            return Err(Blocked::OutOfTime.into());
        }
        tags.feed(piece);
    }
}

fn with_file(cx: &mut Cx<'_>, files: &ModuleFiles, mut module: KernelModule) -> KernelModule {
    module.tree_seen = files.running_seen;
    if let Some((file, place)) = files.running(&module.name) {
        module.file = Some(file);
        module.place = Some(place);
    }
    let foreign = module.taint.as_bytes().iter().any(|letter| b"OE".contains(letter));
    if !foreign {
        return module;
    }
    match module.file.clone() {
        Some(file) => describe(cx, &file, &mut module),
        None => module.vendor = vendor(cx, &module.name),
    }
    module
}

/// What the file of a foreign module says about itself; compressed ones are left closed.
fn describe(cx: &Cx<'_>, file: &HostPath, module: &mut KernelModule) {
    let Ok(content) = cx.host().read(file, LARGEST_OBJECT) else { return };
    if content.truncated {
        return;
    }
    if let Some(object) = module_object(&content.bytes) {
        module.signed = Some(object.signed);
        module.license = object.license;
        module.description = object.description;
    }
}

fn vendor(cx: &mut Cx<'_>, name: &Text) -> Option<HostPath> {
    let known = VENDORS.iter().find(|(prefix, _)| name.as_bytes().starts_with(prefix.as_bytes()));
    let dir = HostPath::new(known?.1);
    cx.stat(&dir).map(|_| dir)
}
