//! Fingerprints and key ids (RFC 9580, 5.5.4).

use std::fmt;

/// The digest that names a key for good: SHA-1 in version 4, SHA-256 in version 6.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fingerprint {
    /// Of a key of version 4.
    V4([u8; 20]),
    /// Of a key of version 6.
    V6([u8; 32]),
}

impl Fingerprint {
    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::V4(bytes) => bytes,
            Self::V6(bytes) => bytes,
        }
    }

    /// The eight bytes of it that older signatures name a key by.
    pub fn key_id(&self) -> KeyId {
        let eight = match self {
            Self::V4(bytes) => bytes.last_chunk::<8>(),
            Self::V6(bytes) => bytes.first_chunk::<8>(),
        };
        KeyId(eight.copied().unwrap_or_default())
    }

    pub(crate) fn new(version: u8, bytes: &[u8]) -> Option<Self> {
        match version {
            4 => bytes.try_into().ok().map(Self::V4),
            6 => bytes.try_into().ok().map(Self::V6),
            _ => None,
        }
    }
}

/// Eight bytes of a fingerprint. Not unique: whoever tries can make another key of the same id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 8]);

fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(self.as_bytes(), f)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
