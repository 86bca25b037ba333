//! Packs: what the files of a distribution's packages are, in one small file that can be trusted.
//!
//! An intruder who replaces ss also edits its line in the package's list. A pack comes from outside
//! the host: it was made from what a distribution signed ([`Source`]), it is known to the binary by
//! its hash or signed by the operator ([`trust`]), and it holds each packaged file's path, type, mode,
//! owner, size, SHA-256, MD5 and build-id.
//!
//! # Format
//! ```text
//! "CORPACK1"                        magic
//! 4 x u32, little-endian            lengths of the four sections that follow
//! header                            JSON: [`Header`]
//! index                             by name, version, architecture: counts and lengths of blocks
//! contents                          56 bytes each: SHA-256, MD5, size (u64, little-endian)
//! blocks                            raw DEFLATE (RFC 1951), one a package
//! ```
//! Numbers in the index and the blocks are unsigned LEB128. A block names its contents by their place in
//! the table, so that a file which many packages or architectures ship is held once.

mod block;
mod content;
mod model;
mod read;
pub mod trust;
mod wire;
mod write;

pub use model::{
    Content, FileKind, Header, PackFile, PackKind, PackageFiles, PackageId, SCHEMA, Source,
    SourceKind,
};
pub use read::{Pack, Package};
pub use write::write;

const MAGIC: &[u8] = b"CORPACK1";

/// Why a pack cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// Something else.
    #[error("not a pack")]
    NotAPack,
    /// Made by another version.
    #[error("pack schema '{0}' is not '{SCHEMA}': use the version of coroner that made it")]
    Schema(String),
    /// Damaged.
    #[error("a damaged pack: {0}")]
    Malformed(&'static str),
    /// Beyond the format's bounds.
    #[error("larger than a pack can be")]
    TooLarge,
}

#[cfg(test)]
mod tests;
