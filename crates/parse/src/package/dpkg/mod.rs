//! dpkg's database below /var/lib/dpkg (`deb-substvars(5)`, `dpkg(1)`, `dpkg-divert(1)`,
//! `dpkg-statoverride(1)`, `update-alternatives(1)`).

mod alternatives;
mod diversions;
mod info;
mod repository;
mod statoverride;
mod status;

pub use alternatives::{Alternative, Choice, Slave, alternative};
pub use diversions::{Diversion, diversions};
pub use info::{Sum, listed, sums};
pub use repository::{Indexed, Release, indexed};
pub use statoverride::{StatOverride, stat_overrides};
pub use status::{Conffile, ConffileDigest, MultiArch, Package, State, Want, packages};
