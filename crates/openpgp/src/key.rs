//! Public key packets (RFC 9580, 5.5.2).

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::id::Fingerprint;
use crate::public::Public;
use crate::reader::Reader;

#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) fingerprint: Fingerprint,
    /// Seconds since 1970.
    pub(crate) created: u64,
    pub(crate) public: Public,
    /// The packet as signatures over it take it, with its type and length before it.
    pub(crate) hashed: Vec<u8>,
}

impl Key {
    /// Reads a packet of version 4 or 6; older ones have no believable fingerprint.
    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        let mut reader = Reader(body);
        let version = reader.byte()?;
        let created = u64::from(reader.be32()?);
        let algorithm = reader.byte()?;
        let (hashed, fingerprint) = match version {
            4 => {
                let length = u16::try_from(body.len()).ok()?.to_be_bytes();
                let hashed = [&[0x99], &length[..], body].concat();
                let fingerprint = Fingerprint::V4(Sha1::digest(&hashed).into());
                (hashed, fingerprint)
            }
            6 => {
                let length = u32::try_from(body.len()).ok()?.to_be_bytes();
                let hashed = [&[0x9b], &length[..], body].concat();
                let fingerprint = Fingerprint::V6(Sha256::digest(&hashed).into());
                let material = usize::try_from(reader.be32()?).ok()?;
                if reader.0.len() != material {
                    return None;
                }
                (hashed, fingerprint)
            }
            _ => return None,
        };
        let public = Public::new(algorithm, reader.0);
        Some(Self { fingerprint, created, public, hashed })
    }
}
