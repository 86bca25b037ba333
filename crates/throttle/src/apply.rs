//! Applying a plan, confirming it, reverting it.

use std::ffi::OsString;
use std::time::Duration;

use crate::change::{self, Refused};
use crate::encode;
use crate::guard::Guard;
use crate::hits;
use crate::kept::{forget, load, locked, save};
use crate::model::Plan;
use crate::netlink::Link;
use crate::object::Object;
use crate::request::Direction;
use crate::snapshot::{Snapshot, has_mark, look};
use crate::state::{Phase, State, Store, now};
use crate::trouble::Trouble;
use crate::undo::{Undone, undo};

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
        Some(root) if !order.replace => Err(Trouble::Occupied(device(), root.shown())),
        Some(_) if !before.obstacles.is_empty() => {
            Err(Trouble::CannotRebuild(device(), before.obstacles.join(", ")))
        }
        _ => Ok(()),
    }
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
