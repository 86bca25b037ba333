//! systemd units: what each would run, why it would run, and where that is written.
//!
//! An intruder adds a service or timer, overrides a packaged one with a drop-in, or links a unit
//! from a place nobody looks at. What a generator or a running manager would decide only at boot is
//! seen where they wrote it (`/run/systemd/generator`, `/run/systemd/transient`), on a live host.

mod collect;
mod index;
mod items;
mod judge;
mod links;
mod load;
mod manager;

pub(crate) use collect::collect;
pub use items::{Unit, UnitCommand, UnitLink};
pub(crate) use judge::judge;
