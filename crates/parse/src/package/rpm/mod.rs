//! rpm's database: header blobs, and the ndb container that SUSE keeps them in (the sqlite one is
//! opened with `SQLite`, which is I/O and not done here).

mod header;
mod log;
mod ndb;
mod package;

pub use header::{Header, Tag};
pub use log::{Log, committed};
pub use ndb::headers;
pub use package::{File, FileFlags, FileState, Files, Package};
