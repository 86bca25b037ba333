//! Putting back what was there before a plan was applied.

use crate::change;
use crate::device::devices;
use crate::kept::forget;
use crate::netlink::Link;
use crate::object::Object;
use crate::snapshot::Snapshot;
use crate::state::{State, Store};
use crate::trouble::Trouble;

/// What undoing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undone {
    /// What was there before is there again.
    Restored,
    /// The device is gone, and with it all that was set on it.
    DeviceGone,
}

/// Puts back what was there, and forgets the state.
///
/// # Errors
/// Somebody else has changed the device since, or the kernel refused; the state is kept then.
pub(crate) fn undo(store: &Store, link: &mut Link, state: &State) -> Result<Undone, Trouble> {
    if !devices(link)?.iter().any(|device| device.index == state.index) {
        forget(store, state)?;
        return Ok(Undone::DeviceGone);
    }
    let now = Snapshot::take(link, state.index, state.direction)?;
    let known = |root: &Object| {
        let same = |other: &Object| other.handle == root.handle && other.kind == root.kind;
        state.made.first().is_some_and(same) || state.before.chosen_root().is_some_and(same)
    };
    if let Some(root) = now.chosen_root().filter(|root| !known(root)) {
        return Err(Trouble::Foreign(state.device.clone(), root.shown()));
    }
    change::restore(link, state.index, state.direction, &state.before)
        .map_err(Trouble::NotUndone)?;
    let after = Snapshot::take(link, state.index, state.direction)?;
    forget(store, state)?;
    match difference(&state.before, &after) {
        None => Ok(Undone::Restored),
        Some(what) => Err(Trouble::Differs(state.device.clone(), what)),
    }
}

fn difference(before: &Snapshot, after: &Snapshot) -> Option<String> {
    let lost = before.objects.iter().find(|object| !after.objects.contains(object));
    let new = || after.objects.iter().find(|object| !before.objects.contains(object));
    lost.map(|object| ("lost or changed", object))
        .or_else(|| new().map(|object| ("new", object)))
        .map(|(how, object)| format!("{how}: {:?} {}", object.sort, object.shown()))
}
