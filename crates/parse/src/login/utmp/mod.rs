//! utmp, wtmp and btmp: one fixed-size record per event (utmp(5), glibc `bits/utmp.h`).

mod oddity;
mod record;
mod session;
#[cfg(test)]
mod tests;

pub use oddity::{Oddity, Watch};
pub use record::{Kind, Layout, Record, records};
pub use session::{Pairing, Session};
