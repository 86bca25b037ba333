//! What a package's files should be, from the databases on a root.
//!
//! [`PackageDb::load`] reads whichever database the root has (dpkg, rpm, apk, pacman) and answers
//! who owns a path and what it should hold, whatever name the file is reached by: databases of a
//! merged /usr say /bin/ps where the file is /usr/bin/ps. Links are followed by the audited root's
//! own tree, never the auditor's.
//!
//! The host's own databases are an intruder's to edit, so agreement with them is called `local`.
//! [`PackageDb::load_with`] lays the word of [`Packs`] from outside over it: what agrees with a pack
//! is `vendor`, and what agrees with the host's list while the list disagrees with the pack is `forged`.
//! Where an entry bears its vendor's signature, as rpm's do, and a key from outside the host verifies
//! it ([`VendorKeys`]), agreement is `vendor` too.

mod alternatives;
mod diversions;
mod exclude;
mod index;
mod keys;
mod knowledge;
mod links;
mod load;
mod package;
mod packs;
mod proof;
mod verify;

pub use coroner_openpgp::{BadKeyring, holds_public_keys};
pub use index::PackageDb;
pub use keys::VendorKeys;
pub use package::{Access, Entry, Manager, Package, Trouble, TroubleKind};
pub use packs::{Packs, TrustedPack};
