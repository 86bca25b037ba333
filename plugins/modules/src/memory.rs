//! What the kernel remembers of modules beside its lists: the loader's memory, and the log.

use std::collections::BTreeMap;

use coroner_core::{Cx, HostPath, ReadError, Text};
use coroner_host::views::kernel_log;
use coroner_parse::module::{LoadedModule, module_memory, tainting_modules};

use crate::items::LoaderMemory;

/// A busy host has some thousand pieces of 100 bytes.
const LARGEST: usize = 16 << 20;
/// Modules are made of whole pages; a list that says otherwise is not comparable.
const PAGE: u64 = 4096;

/// The memory that the module loader holds, beside the sizes of the listed modules; none where
/// the two cannot be compared.
pub(crate) fn of_loader(
    cx: &mut Cx<'_>,
    listed: &BTreeMap<Text, LoadedModule>,
) -> Option<LoaderMemory> {
    let path = HostPath::new("/proc/vmallocinfo");
    let content = match cx.host().read(&path, LARGEST) {
        Ok(content) if !content.truncated => content,
        Ok(_) | Err(ReadError::Absent) => return None,
        Err(ReadError::Blocked(reason)) => {
            cx.minor_gap(&path, reason, "how much memory modules hold");
            return None;
        }
    };
    let held = module_memory(&content.bytes)?;
    let whole = listed.values().all(|module| module.size % PAGE == 0 && module.state == "Live");
    let listed: u64 = listed.values().map(|module| module.size).sum();
    let (held, differ) = (held.bytes, held.bytes > listed);
    whole.then_some(LoaderMemory { held, listed, differ })
}

/// Modules that tainted the kernel by its own log and that `listed` says no to.
pub(crate) fn tainted_by(cx: &mut Cx<'_>, listed: impl Fn(&Text) -> bool) -> Vec<Text> {
    if !cx.host().has_kernel() {
        return Vec::new();
    }
    match kernel_log() {
        Ok(log) => tainting_modules(&log).into_iter().filter(|name| !listed(name)).collect(),
        Err(reason) => {
            cx.minor_gap(&HostPath::new("/dev/kmsg"), reason, "which modules tainted the kernel");
            Vec::new()
        }
    }
}
