//! rpm's database: header blobs, what of them was signed, and the containers that they are kept in:
//! SUSE's ndb and the Berkeley DB of old (the sqlite one is opened with `SQLite`, which is I/O and
//! not done here).

mod berkeley;
mod header;
mod immutable;
mod log;
mod ndb;
mod package;

pub use berkeley::berkeley_headers;
pub use header::{Header, Tag};
pub use immutable::{HeaderSignatures, Immutable};
pub use log::{Log, committed};
pub use ndb::headers;
pub use package::{File, FileFlags, FileState, Files, Package};
