//! Digests that signatures are made over (RFC 9580, 9.5).

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::error::VerifyError;

/// An algorithm that is computed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// Believed in the self-signatures of keys that were given as trusted, where forging one would
    /// need a second preimage; never over data.
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    pub(crate) fn new(number: u8) -> Result<Self, VerifyError> {
        match number {
            1 => Err(VerifyError::Weak("MD5".to_owned())),
            2 => Ok(Self::Sha1),
            3 => Err(VerifyError::Weak("RIPEMD-160".to_owned())),
            8 => Ok(Self::Sha256),
            9 => Ok(Self::Sha384),
            10 => Ok(Self::Sha512),
            other => Err(VerifyError::Unsupported(format!("hash algorithm {other}"))),
        }
    }

    /// The same, for signatures over data.
    pub(crate) fn for_data(number: u8) -> Result<Self, VerifyError> {
        match Self::new(number)? {
            Self::Sha1 => Err(VerifyError::Weak("SHA-1".to_owned())),
            strong => Ok(strong),
        }
    }

    /// The digest of pieces one after another.
    pub(crate) fn digest(self, pieces: &[&[u8]]) -> Vec<u8> {
        match self {
            Self::Sha1 => of::<Sha1>(pieces),
            Self::Sha256 => of::<Sha256>(pieces),
            Self::Sha384 => of::<Sha384>(pieces),
            Self::Sha512 => of::<Sha512>(pieces),
        }
    }
}

fn of<D: Digest>(pieces: &[&[u8]]) -> Vec<u8> {
    let mut hasher = D::new();
    for piece in pieces {
        hasher.update(piece);
    }
    hasher.finalize().to_vec()
}
