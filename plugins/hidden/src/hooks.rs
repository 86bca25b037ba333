//! Functions of the kernel that ftrace or a probe diverts.

use std::collections::{BTreeMap, BTreeSet};

use coroner_core::{Blocked, Cx, HostPath, ReadError, Text};
use coroner_parse::module::{
    TracedFunction, kernel_probes, loaded_modules, probe_events, traced_functions,
};

use crate::items::{DivertedFunction, HookOwner, ProbedFunction, TouchedFunction};
use crate::sensitive::hides;
use crate::steady::steady;

/// Where systemd mounts tracefs, and where it was before Linux 4.1.
const TRACEFS: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];
const PROBES: &str = "/sys/kernel/debug/kprobes/list";
const LARGEST: usize = 16 << 20;
/// More than this are a tracer's, which follows every function.
const MOST: usize = 1000;

/// Tells them, where tracefs and debugfs are mounted; they are not mounted for that.
pub(crate) fn hooks(cx: &mut Cx<'_>) {
    let Some(tracefs) = tracefs(cx) else { return };
    diverted(cx, &tracefs);
    touched(cx, &tracefs);
    probed(cx, &tracefs);
}

/// The mounted one; a minor gap where there is none.
fn tracefs(cx: &mut Cx<'_>) -> Option<HostPath> {
    for dir in TRACEFS.map(HostPath::new) {
        let path = dir.join("enabled_functions");
        match cx.host().stat(&path) {
            Ok(_) => return Some(dir),
            Err(ReadError::Absent) => {}
            Err(ReadError::Blocked(reason)) => {
                cx.minor_gap(&path, reason, "which functions of the kernel are diverted");
                return None;
            }
        }
    }
    let path = HostPath::new(TRACEFS[0]);
    cx.minor_gap(&path, Blocked::Unavailable, "which functions of the kernel are diverted");
    None
}

/// Modules come and go: what holds in three readings is told.
fn diverted(cx: &mut Cx<'_>, tracefs: &HostPath) {
    let livepatch = HostPath::new("/sys/kernel/livepatch");
    let patched = cx.host().list(&livepatch, 100).is_ok_and(|listing| !listing.entries.is_empty());
    let path = tracefs.join("enabled_functions");
    let mut failed = None;
    let read = || {
        let content = text(cx, &path).map_err(|error| failed = error.blocked()).ok()?;
        let modules = modules(cx)?;
        let functions = traced_functions(&content).into_iter().take(MOST);
        Some(functions.map(|function| item(function, &modules, patched)).collect())
    };
    let ordinary = |all: &Vec<DivertedFunction>| all.iter().all(|function| !function.is_odd());
    let found = steady(read, ordinary, |told, again| told.retain(|one| again.contains(one)));
    for function in found.into_iter().flatten() {
        cx.emit(function);
    }
    if let Some(reason) = failed {
        cx.minor_gap(&path, reason, "which functions of the kernel are diverted");
    }
}

fn item(
    function: TracedFunction,
    modules: &BTreeMap<Text, Text>,
    live_patch: bool,
) -> DivertedFunction {
    let module = function.module();
    let owner = match module.as_ref().map(|module| modules.get(module)) {
        None if function.is_nameless() => HookOwner::Nameless,
        None => HookOwner::Kernel,
        Some(None) => HookOwner::Unlisted,
        Some(Some(taint)) if is_foreign(taint) => HookOwner::Foreign,
        Some(Some(_)) => HookOwner::Module,
    };
    DivertedFunction {
        function: function.name,
        replaced: function.replaced,
        direct: function.direct,
        callee: function.callee,
        live_patch,
        owner,
        module,
    }
}

/// Built outside the kernel's tree, or unsigned.
fn is_foreign(taint: &Text) -> bool {
    taint.as_bytes().iter().any(|letter| b"OE".contains(letter))
}

/// The listed modules and their taint; a kernel without any has no such list.
fn modules(cx: &Cx<'_>) -> Option<BTreeMap<Text, Text>> {
    let listed = match text(cx, &HostPath::new("/proc/modules")) {
        Ok(content) => loaded_modules(&content),
        Err(ReadError::Absent) => Vec::new(),
        Err(ReadError::Blocked(_)) => return None,
    };
    Some(listed.into_iter().flatten().map(|module| (module.name, module.taint)).collect())
}

/// Functions that were diverted since the boot and are not now (Linux 6.4).
fn touched(cx: &mut Cx<'_>, tracefs: &HostPath) {
    let read = |name| text(cx, &tracefs.join(name)).ok().map(|text| traced_functions(&text));
    // The one before is read first: what is diverted in between is in both.
    let (Some(before), Some(now)) = (read("touched_functions"), read("enabled_functions")) else {
        return;
    };
    let now: BTreeSet<Text> = now.into_iter().map(|function| function.name).collect();
    let gone = before.into_iter().filter(|function| function.modified && hides(&function.name));
    for function in gone.filter(|function| !now.contains(&function.name)) {
        cx.emit(TouchedFunction { function: function.name });
    }
}

fn probed(cx: &mut Cx<'_>, tracefs: &HostPath) {
    let Ok(list) = text(cx, &HostPath::new(PROBES)) else { return };
    let events = text(cx, &tracefs.join("kprobe_events")).unwrap_or_default();
    let events = probe_events(&events);
    let foreign = modules(cx).unwrap_or_default();
    let foreign: Vec<Text> =
        foreign.into_iter().filter(|(_, taint)| is_foreign(taint)).map(|(name, _)| name).collect();
    for probe in kernel_probes(&list).into_iter().take(MOST) {
        cx.emit(ProbedFunction {
            by_event: events.contains(&probe.function),
            function: probe.function,
            offset: probe.offset,
            on_return: probe.on_return,
            disabled: probe.disabled,
            foreign_modules: foreign.clone(),
        });
    }
}

fn text(cx: &Cx<'_>, path: &HostPath) -> Result<Vec<u8>, ReadError> {
    Ok(cx.host().read(path, LARGEST)?.bytes)
}
