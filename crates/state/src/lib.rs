//! The folder that scheduled audits keep: the last reports, and a cache of what is known of files
//! that have not changed, and of work that need not be done again because of it.
//!
//! On the audited host this folder is an intruder's to edit: a forged cache makes a changed file pass
//! for the vendor's, and a removed report makes old findings new. Keep it where the host cannot
//! write, or audit without the cache now and then.

mod cache;
mod entries;
mod folder;
mod kept;
mod memo;
mod own;
mod read;
mod write;

pub use cache::Cache;
pub use folder::{Folder, StateError};
pub use memo::Memo;
