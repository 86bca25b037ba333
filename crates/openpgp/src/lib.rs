//! OpenPGP, as far as vendors sign packages and archives with it: public keys and signatures are
//! read and verified (RFC 9580, and RFC 4880 for what is older). Nothing is ever signed, encrypted
//! or decrypted, so no secret is near.
//!
//! A signature by an intruder's key, by a key that has expired or was revoked, or made with a weak
//! algorithm is refused with its reason. Keys must be bound by their own signatures, subkeys by
//! both sides. All input is bounded: what is read grows with what was given, and no length field is
//! believed before the bytes are there.

mod armor;
mod certificate;
mod cleartext;
mod error;
mod hash;
mod id;
mod key;
mod keyring;
mod packet;
mod public;
mod reader;
mod signature;
mod subpacket;
mod verify;

pub use armor::holds_public_keys;
pub use error::{BadKeyring, VerifyError};
pub use id::{Fingerprint, KeyId};
pub use keyring::{Keyring, LeftOut, fingerprints};
pub use verify::{Signer, ValidAt};
