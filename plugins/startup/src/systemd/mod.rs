//! systemd units: what each would run, why it would run, and where that is written.
//!
//! An intruder adds a service or timer, overrides a packaged one with a drop-in, or links a unit
//! from a place nobody looks at. What a generator or a running manager would decide only at boot is
//! seen where they wrote it (`/run/systemd/generator`, `/run/systemd/transient`), on a live host.

mod index;
mod items;
mod judge;
mod links;
mod load;
mod manager;

pub use items::{Unit, UnitCommand, UnitLink};
pub(crate) use judge::judge;

use coroner_core::Cx;

use crate::homes::Home;

/// Collects the units of the system, of all users and of each home.
pub(crate) fn collect(cx: &mut Cx<'_>, homes: &[Home]) {
    manager::collect(cx, homes);
}
