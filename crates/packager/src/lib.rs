//! Makes packs: what package archives, a mirror that a distribution signs, or a golden root hold.
//!
//! Archives are an intruder's until their hashes are known, and a builder's mistakes after that. They
//! are read as streams, in bounded memory and time; no path of theirs is ever written, no program is
//! run, and what breaks the format or the chain of signatures ends the build with its reason
//! ([`BuildError`]).

mod apk;
mod ar;
mod archive;
mod bounds;
mod content;
mod control;
mod deb;
mod error;
mod golden;
mod mirror;
mod rpm;
mod tarball;
mod tree;
mod unpack;

pub use archive::{Archive, archive};
pub use error::{BuildError, Refused};
pub use golden::golden;
pub use mirror::{Mirror, mirror};

use coroner_pack::{PackageFiles, Source};
use coroner_parse::Text;

/// What was read: the better part of a pack.
#[derive(Debug, Default)]
pub struct Built {
    /// Packages and their files, in no order.
    pub packages: Vec<PackageFiles>,
    /// What they were made from.
    pub sources: Vec<Source>,
    /// `ID` of os-release(5), where the input says it.
    pub os: Option<String>,
    /// `VERSION_ID`, where the input says it.
    pub os_version: Option<String>,
    /// Packages that were left out because their files were not there, if that was allowed.
    pub missing: Vec<Text>,
}
