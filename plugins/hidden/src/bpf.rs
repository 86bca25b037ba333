//! BPF objects: those that the kernel lists, those that open by their number, those that processes
//! hold.

use std::collections::BTreeSet;

use coroner_core::{Blocked, Cx, HostPath};
use coroner_host::views::BpfTable;
use coroner_parse::process::BpfKind;

use crate::attached::attached;
use crate::items::HiddenBpf;
use crate::steady::steady;

/// Numbers after the last listed one that are tried too: new objects get higher ones.
const BEYOND: u32 = 4096;
/// Numbers grow with every object that a host ever made; more are tried in scope `full` alone.
const MOST_TRIED: u32 = 1 << 20;

/// Tells the programs, and the objects that are in no list.
pub(crate) fn bpf(cx: &mut Cx<'_>) {
    if !cx.host().has_kernel() {
        return;
    }
    for table in BpfTable::ALL {
        let held = held(cx, table);
        let mut failed = None;
        let read = || unlisted(table, &held).map_err(|reason| failed = Some(reason)).ok();
        let found = steady(read, BTreeSet::is_empty, |told, again| {
            told.retain(|id| again.contains(id));
        });
        for id in found.into_iter().flatten() {
            cx.emit(HiddenBpf { table, id, held: held.contains(&id) });
        }
        match failed {
            None | Some(Blocked::Unsupported) => {}
            Some(reason) => cx.minor_gap(&HostPath::new("/sys/fs/bpf"), reason, "BPF objects"),
        }
    }
    attached(cx);
}

/// Objects that open, and objects that processes hold, without being listed.
fn unlisted(table: BpfTable, held: &BTreeSet<u32>) -> Result<BTreeSet<u32>, Blocked> {
    let before = table.listed()?;
    let last = before.last().copied().unwrap_or(0).saturating_add(BEYOND).min(MOST_TRIED);
    let mut open = BTreeSet::new();
    for id in (1..=last).chain(held.iter().copied().filter(|id| *id > last)) {
        if !before.contains(&id) && table.opens(id)? {
            open.insert(id);
        }
    }
    let after = table.listed()?;
    open.retain(|id| !after.contains(id));
    Ok(open)
}

/// The numbers that descriptors of processes say they have.
fn held(cx: &mut Cx<'_>, table: BpfTable) -> BTreeSet<u32> {
    let kind = match table {
        BpfTable::Programs => BpfKind::Program,
        BpfTable::Maps => BpfKind::Map,
        BpfTable::Links => BpfKind::Link,
    };
    let Some(processes) = cx.processes() else { return BTreeSet::new() };
    let objects = processes.iter().filter_map(|process| process.descriptors.as_ref());
    let objects = objects.flat_map(|held| &held.bpf).filter(|object| object.kind == kind);
    objects.map(|object| object.id).collect()
}
