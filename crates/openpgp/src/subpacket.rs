//! What a signature says beside its numbers (RFC 9580, 5.2.3).

use crate::id::{Fingerprint, KeyId};
use crate::packet::short_length;
use crate::reader::Reader;

/// Subpackets of one signature; a signature has a dozen.
const MOST: usize = 256;

/// Who made a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Issuer {
    Fingerprint(Fingerprint),
    Id(KeyId),
}

/// What is believed because the signature covers it, and who it says made it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said<'a> {
    /// Seconds since 1970.
    pub(crate) created: Option<u64>,
    /// Seconds after its creation; 0 is never.
    pub(crate) expires_after: Option<u64>,
    /// Seconds after the key's creation; 0 is never.
    pub(crate) key_expires_after: Option<u64>,
    pub(crate) key_flags: Option<u8>,
    pub(crate) is_primary_user: bool,
    /// Why a key was revoked.
    pub(crate) reason: Option<u8>,
    pub(crate) issuers: Vec<Issuer>,
    /// A signature in the signature: a subkey's own, that it belongs to the primary key.
    pub(crate) embedded: Option<&'a [u8]>,
    /// Something that must be understood and is not.
    pub(crate) is_beyond_us: bool,
}

impl<'a> Said<'a> {
    /// Reads both areas; from the one that the signature does not cover, only what proves itself.
    pub(crate) fn read(covered: &'a [u8], free: &'a [u8]) -> Option<Self> {
        let mut said = Self::default();
        each(covered, |kind, body| said.take_covered(kind, body))?;
        each(free, |kind, body| said.take_free(kind & !CRITICAL, body))?;
        Some(said)
    }

    fn take_covered(&mut self, kind: u8, body: &'a [u8]) -> Option<()> {
        let number = || Reader(body).be32().map(u64::from);
        match kind & !CRITICAL {
            2 => self.created = Some(number()?),
            3 => self.expires_after = Some(number()?),
            9 => self.key_expires_after = Some(number()?),
            25 => self.is_primary_user = body.first().is_some_and(|byte| *byte != 0),
            27 => self.key_flags = Some(body.first().copied().unwrap_or_default()),
            29 => self.reason = body.first().copied(),
            16 | 32 | 33 => self.take_free(kind & !CRITICAL, body)?,
            // What neither changes whether it holds nor for whom: exportable, trust, preferences,
            // servers, policy, features, targets, recipients.
            4..=7 | 11 | 21..=24 | 26 | 28 | 30 | 31 | 34 | 35 | 39 => {}
            _ => self.is_beyond_us |= kind & CRITICAL != 0,
        }
        Some(())
    }

    fn take_free(&mut self, kind: u8, body: &'a [u8]) -> Option<()> {
        match kind {
            16 => self.issuers.push(Issuer::Id(KeyId(body.try_into().ok()?))),
            33 => {
                let (version, fingerprint) = body.split_first()?;
                let known = Fingerprint::new(*version, fingerprint);
                self.issuers.extend(known.map(Issuer::Fingerprint));
            }
            32 => self.embedded = Some(body),
            _ => {}
        }
        Some(())
    }
}

/// The bit that says: refuse what you do not understand.
const CRITICAL: u8 = 0x80;

fn each<'a>(area: &'a [u8], mut take: impl FnMut(u8, &'a [u8]) -> Option<()>) -> Option<()> {
    let mut reader = Reader(area);
    for _ in 0..MOST {
        if reader.0.is_empty() {
            return Some(());
        }
        let length = short_length(&mut reader)?;
        let (kind, body) = reader.take(length)?.split_first()?;
        take(*kind, body)?;
    }
    None
}
