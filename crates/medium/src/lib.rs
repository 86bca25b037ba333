//! The medium: a read-only stick or image that holds coroner and what it needs, with a manifest of
//! every byte of it; and the places that reports are written to from there.
//!
//! Making one runs programs of the preparer's machine ([`image`]); nothing that an audit uses does.

mod build;
pub mod image;
mod manifest;
pub mod places;
pub mod readback;
mod sign;
mod verify;

pub use build::{BuildError, Content, Made, Source, build};
pub use manifest::{BadManifest, Entry, MANIFEST, Manifest, SIGNATURE};
pub use sign::{SignError, Signer};
pub use verify::{Altered, Medium};
