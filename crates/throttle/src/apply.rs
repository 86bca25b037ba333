//! Applying a plan, confirming it, undoing it.

use std::ffi::OsString;
use std::io;
use std::time::Duration;

use crate::Abilities;
use crate::change::{self, Refused};
use crate::device::{Device, devices};
use crate::encode;
use crate::guard::Guard;
use crate::hits;
use crate::model::Plan;
use crate::netlink::Link;
use crate::object::Object;
use crate::request::Direction;
use crate::snapshot::{Snapshot, has_mark, look};
use crate::state::{Lock, Phase, State, Store, now};
use crate::tree::Facts;
use crate::trouble::Trouble;

/// What is to be applied.
#[derive(Debug)]
pub struct Order<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The device's number.
    pub index: i32,
    /// Whether a qdisc that somebody chose may be replaced.
    pub replace: bool,
    /// Undone after this time.
    pub hold_for: Option<Duration>,
    /// Undone after this time unless confirmed.
    pub confirm_within: Option<Duration>,
    /// Arguments with which our own binary watches over a state; its file's name comes last.
    pub guard: Vec<OsString>,
}

/// What is known of a device before a plan is made.
///
/// # Errors
/// There is no such device.
pub fn facts(name: &str, abilities: Abilities) -> Result<(Device, Facts), Trouble> {
    let all = devices(&mut Link::open()?)?;
    let Some(device) = all.iter().find(|device| device.name == name) else {
        let names: Vec<String> = all.iter().map(|d| d.name.escape_debug().to_string()).collect();
        return Err(Trouble::NoDevice(name.escape_debug().to_string(), names.join(", ")));
    };
    let facts = Facts {
        index: device.index,
        mtu: device.mtu,
        speed: device.speed(),
        has_vlans: device.has_vlans(&all),
        abilities,
    };
    Ok((device.clone(), facts))
}

/// Whether this process may change network devices: bit 12, `CAP_NET_ADMIN`, of its capabilities.
///
/// # Errors
/// It may not.
pub fn check_privilege() -> Result<(), Trouble> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    match effective.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()) {
        Some(bits) if bits >> 12 & 1 == 0 => Err(Trouble::NoPrivilege),
        _ => Ok(()),
    }
}

/// Applies a plan, or leaves everything as it was.
///
/// # Errors
/// Why not.
pub fn apply(store: &Store, order: &Order<'_>) -> Result<State, Trouble> {
    let lock = locked(store)?;
    let done = apply_locked(store, order);
    if done.is_err() {
        store.tidy(lock);
    }
    done
}

fn apply_locked(store: &Store, order: &Order<'_>) -> Result<State, Trouble> {
    let mut link = Link::open()?;
    let (plan, index) = (order.plan, order.index);
    clear_earlier(store, &mut link, order)?;
    let before = Snapshot::take(&mut link, index, plan.direction)?;
    check_before(&before, order)?;
    let mut state = State::new(&plan.device, index, plan.direction, before);
    state.made = encode::objects(plan);
    state.names = plan.classes.iter().map(|c| (c.handle.bits(), c.name.to_owned())).collect();
    state.confirm_by = order.confirm_within.map(|span| now() + span.as_secs());
    state.until = order.hold_for.map(|span| now() + span.as_secs());
    save(store, &state)?;
    // It must be there before the first change: it undoes a change that is cut short.
    let guard = match Guard::start(&order.guard, &state.file()) {
        Err(error) if state.deadline().is_some() => {
            forget(store, &state)?;
            return Err(Trouble::NoGuard(error));
        }
        guard => guard.ok(),
    };
    state.guard = guard.as_ref().map(Guard::pid);
    let made = save(store, &state).and_then(|()| make(store, &mut link, &state));
    made?;
    // Only status needs the names: without them it still counts.
    let seen = look(&mut link, index, plan.direction).unwrap_or_default();
    state.filter_names = hits::names(plan, &seen);
    state.phase = Phase::Applied;
    save(store, &state)?;
    Ok(state)
}

/// An earlier application is undone first, so that what is saved is what was there before it.
fn clear_earlier(store: &Store, link: &mut Link, order: &Order<'_>) -> Result<(), Trouble> {
    match load(store, order.index, order.plan.direction)? {
        Some(_) if !order.replace => Err(Trouble::Already(order.plan.device.clone())),
        Some(earlier) => undo(store, link, &earlier).map(drop),
        None => Ok(()),
    }
}

fn check_before(before: &Snapshot, order: &Order<'_>) -> Result<(), Trouble> {
    let device = || order.plan.device.clone();
    match before.chosen_root() {
        Some(root) if !order.replace => Err(Trouble::Occupied(device(), shown(root))),
        Some(_) if !before.obstacles.is_empty() => {
            Err(Trouble::CannotRebuild(device(), before.obstacles.join(", ")))
        }
        _ => Ok(()),
    }
}

fn shown(root: &Object) -> String {
    format!("{} {}", root.kind.escape_debug(), root.handle)
}

fn make(store: &Store, link: &mut Link, state: &State) -> Result<(), Trouble> {
    let cleared = match state.before.chosen_root() {
        Some(root) => change::remove(link, state.index, root),
        None => Ok(()),
    };
    let made = cleared.and_then(|()| change::create(link, state.index, &state.made));
    let failure = match made {
        Err(refused) => refused,
        Ok(()) if marks_are_kept(link, state)? => return Ok(()),
        Ok(()) => return roll_back(store, link, state, None),
    };
    roll_back(store, link, state, Some(failure))
}

/// Kernels without the option ignore marks in silence.
fn marks_are_kept(link: &mut Link, state: &State) -> Result<bool, Trouble> {
    let count = |objects: &[Object]| objects.iter().filter(|object| has_mark(object)).count();
    let asked = count(&state.made);
    if asked == 0 {
        return Ok(true);
    }
    let now = Snapshot::take(link, state.index, state.direction)?;
    Ok(count(&now.objects) == asked)
}

fn roll_back(
    store: &Store,
    link: &mut Link,
    state: &State,
    refused: Option<Refused>,
) -> Result<(), Trouble> {
    let restored = change::restore(link, state.index, state.direction, &state.before);
    let refused = match (restored, refused) {
        (Ok(()), None) => Trouble::NoMarks,
        (Ok(()), Some(refused)) => Trouble::Refused(refused),
        (Err(again), None) => return Err(Trouble::NotUndone(again)),
        (Err(again), Some(refused)) => return Err(Trouble::Stuck(refused, again)),
    };
    forget(store, state).and(Err(refused))
}

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
        return Err(Trouble::Foreign(state.device.clone(), shown(root)));
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
        .map(|(how, object)| format!("{how}: {:?} {}", object.sort, shown(object)))
}

/// Undoes what was applied to a device; `None` when nothing was.
///
/// # Errors
/// Why it could not be undone.
pub fn revert(store: &Store, index: i32, direction: Direction) -> Result<Option<Undone>, Trouble> {
    let lock = locked(store)?;
    let undone = match load(store, index, direction)? {
        Some(state) => undo(store, &mut Link::open()?, &state).map(Some),
        None => Ok(None),
    };
    store.tidy(lock);
    undone
}

/// Keeps what was applied though nobody was sure.
///
/// # Errors
/// Nothing was applied, or the state cannot be kept.
pub fn confirm(store: &Store, index: i32, direction: Direction) -> Result<State, Trouble> {
    let lock = locked(store)?;
    let state = load(store, index, direction)?.filter(|state| state.phase == Phase::Applied);
    let Some(mut state) = state else {
        store.tidy(lock);
        return Err(Trouble::NotThrottled(format!("device {index}")));
    };
    state.confirm_by = None;
    save(store, &state)?;
    Ok(state)
}

fn wrong(store: &Store, error: io::Error) -> Trouble {
    Trouble::State(store.folder().display().to_string(), error)
}

fn locked(store: &Store) -> Result<Lock, Trouble> {
    store.lock().map_err(|error| wrong(store, error))
}

fn load(store: &Store, index: i32, direction: Direction) -> Result<Option<State>, Trouble> {
    store.load(index, direction).map_err(|error| wrong(store, error))
}

fn save(store: &Store, state: &State) -> Result<(), Trouble> {
    store.save(state).map_err(|error| wrong(store, error))
}

fn forget(store: &Store, state: &State) -> Result<(), Trouble> {
    store.forget(state).map_err(|error| wrong(store, error))
}
