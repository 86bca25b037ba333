//! The only door to the host: roots, /proc, /sys, limits, and the rights this process gives up.
//!
//! Nothing else in coroner opens a file of the audited host. A [`Host`] is a root directory (the
//! live `/` or a mounted disk) and, when the host runs, its /proc and /sys. Every path is resolved
//! inside its root, whatever links an intruder left; every open is read-only, bounded and cannot
//! block; what could not be read says why ([`Blocked`]).

mod aside;
mod blocked;
pub mod capture;
mod detached;
mod dir;
mod file;
mod host;
mod mapping;
pub mod md5;
pub mod netfilter;
mod netlink;
mod path;
mod presence;
mod processes;
mod root;
pub mod sandbox;
pub mod sock_diag;
mod sources;
mod stat;
mod system;
mod trace;
pub mod tracepoint;
pub mod views;

pub use blocked::{Blocked, ReadError, Unseen};
pub use dir::{DirEntry, Listing};
pub use file::{Content, OpenFile};
pub use host::Host;
pub use path::HostPath;
pub use processes::{
    AnonymousCode, Descriptors, Executable, ForeignCode, ForeignPage, MappedFile, Namespaces,
    OnDisk, Process, ProcessCode, Processes,
};
pub use root::{Place, Root};
pub use sources::HostSources;
pub use stat::{FileType, Stat, Timestamp};
pub use system::{SystemFacts, is_privileged, process_exists};
pub use trace::{Asked, Identity, Led, Sightings, Trace};
