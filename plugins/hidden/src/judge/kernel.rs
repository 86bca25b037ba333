//! Findings about code that hangs on the kernel: diverted functions, probes, BPF.

use std::collections::BTreeMap;

use coroner_core::Confidence::{Certain, Likely, Possible};
use coroner_core::Severity::{Critical, High, Low, Medium};
use coroner_core::{Draft, Findings, HostPath, Items, PackageState, Text};
use coroner_host::views::BpfTable;

use crate::items::{
    BpfItem, BpfLinkItem, BpfOwner, DivertedFunction, HiddenBpf, HookOwner, ProbedFunction,
    TouchedFunction,
};
use crate::rules;
use crate::sensitive::hides;

/// Functions that a finding names.
const MOST_SHOWN: usize = 20;
const ENABLED: &str = "/sys/kernel/tracing/enabled_functions";

pub(super) fn everything(items: &Items, out: &mut Findings) {
    for object in items.all::<HiddenBpf>() {
        hidden(&object, out);
    }
    replaced(items, out);
    hooked(items, out);
    for function in items.all::<TouchedFunction>() {
        touched(&function, out);
    }
    for probe in items.all::<ProbedFunction>() {
        probed(items, &probe, out);
    }
    for link in items.all::<BpfLinkItem>() {
        foreign(items, &link, out);
        unkept(&link, out);
    }
    for program in items.all::<BpfItem>().filter(|program| program.ownerless) {
        left_attached(&program, out);
    }
}

fn hidden(object: &HiddenBpf, out: &mut Findings) {
    let what = match object.table {
        BpfTable::Programs => "program",
        BpfTable::Maps => "map",
        BpfTable::Links => "link",
    };
    let draft = out.raise(&rules::BPF_OBJECT, object);
    draft
        .evidence(what, object.id.to_string())
        .evidence("held by a process", if object.held { "yes" } else { "no" });
}

/// One finding for all: they come together.
fn replaced(items: &Items, out: &mut Findings) {
    let all = items.all::<DivertedFunction>();
    let replaced: Vec<_> = all.filter(|f| f.replaced && !f.live_patch).collect();
    let Some(first) = replaced.first() else { return };
    let draft = out.raise(&rules::REPLACED_FUNCTION, first);
    draft.in_file(&HostPath::new(ENABLED));
    draft.evidence("functions", replaced.len().to_string());
    functions(draft, &replaced);
}

fn functions(draft: &mut Draft, functions: &[DivertedFunction]) {
    for function in functions.iter().take(MOST_SHOWN) {
        let (name, callee) = (function.function.as_bytes(), function.callee.as_bytes());
        draft.evidence("function", [name, b" ", callee].concat());
    }
}

/// One finding for each owner. Whatever an unknown one hangs on is a hook; a module that is listed
/// and foreign has every right to watch what does not list things.
fn hooked(items: &Items, out: &mut Findings) {
    let mut by_owner: BTreeMap<Option<Text>, Vec<DivertedFunction>> = BTreeMap::new();
    for function in items.all::<DivertedFunction>().filter(DivertedFunction::is_odd) {
        if function.owner != HookOwner::Foreign || hides(&function.function) {
            by_owner.entry(function.module.clone()).or_default().push(function);
        }
    }
    for (module, hooks) in by_owner {
        let Some(first) = hooks.first() else { continue };
        let draft = out.raise(&rules::HOOKED_FUNCTION, first);
        draft.in_file(&HostPath::new(ENABLED));
        match first.owner {
            HookOwner::Unlisted => drop(draft.graded(Critical, Certain)),
            HookOwner::Nameless => drop(draft.graded(Critical, Likely)),
            _ => {}
        }
        if let Some(module) = module {
            draft.evidence("module", module);
        }
        functions(draft, &hooks);
    }
}

fn touched(function: &TouchedFunction, out: &mut Findings) {
    let draft = out.raise(&rules::HOOKED_FUNCTION, function);
    draft
        .in_file(&HostPath::new("/sys/kernel/tracing/touched_functions"))
        .graded(Low, Possible)
        .evidence("diverted since the boot, and not now", &function.function);
}

/// The kernel does not say whose a probe is. It counts where events and BPF set none and a foreign
/// module could have.
fn probed(items: &Items, probe: &ProbedFunction, out: &mut Findings) {
    // BPF_PROG_TYPE_KPROBE
    let by_bpf = || items.all::<BpfItem>().any(|program| program.kind == 2);
    if probe.by_event || !hides(&probe.function) || probe.foreign_modules.is_empty() || by_bpf() {
        return;
    }
    let draft = out.raise(&rules::HOOKED_FUNCTION, probe);
    draft
        .in_file(&HostPath::new("/sys/kernel/debug/kprobes/list"))
        .graded(Medium, Possible)
        .evidence("probe in", &probe.function);
    for module in probe.foreign_modules.iter().take(MOST_SHOWN) {
        draft.evidence("foreign module", module);
    }
}

/// Nobody but programs without a package keeps it.
fn foreign(items: &Items, link: &BpfLinkItem, out: &mut Findings) {
    let unowned = |owner: &BpfOwner| {
        let facts = owner.file().and_then(|file| items.file(file));
        owner.in_memory || facts.is_some_and(|facts| facts.state == PackageState::Unowned)
    };
    if !link.is_of_kernel() || link.owners.is_empty() || !link.owners.iter().all(unowned) {
        return;
    }
    let draft = out.raise(&rules::BPF_HOOK, link);
    describe(draft, link);
    if hides(&link.hook) {
        draft.graded(High, Likely);
    }
    for owner in link.owners.iter().take(MOST_SHOWN) {
        draft.evidence("process", format!("{} {}", owner.pid, owner.name.lossy()));
        if let Some(program) = &owner.program {
            draft.evidence("program", program);
        }
    }
}

fn unkept(link: &BpfLinkItem, out: &mut Findings) {
    if link.ownerless {
        describe(out.raise(&rules::BPF_OWNERLESS, link), link);
    }
}

fn describe(draft: &mut Draft, link: &BpfLinkItem) {
    draft.evidence("link", link.id.to_string()).evidence("program", link.program.to_string());
    draft.evidence("link type", link.kind.to_string());
    if link.hook != Text::default() {
        draft.evidence("hangs on", &link.hook);
    }
}

fn left_attached(program: &BpfItem, out: &mut Findings) {
    let draft = out.raise(&rules::BPF_OWNERLESS, program);
    draft
        .graded(Low, Possible)
        .evidence("program", program.id.to_string())
        .evidence("name", &program.name)
        .evidence("program type", program.kind.to_string());
}
