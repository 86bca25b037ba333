//! Signature packets of versions 3, 4 and 6 (RFC 9580, 5.2).

use crate::error::VerifyError;
use crate::hash::Algorithm;
use crate::id::KeyId;
use crate::public::Public;
use crate::reader::Reader;
use crate::subpacket::{Issuer, Said};

/// What a signature is over (RFC 9580, 5.2.1).
pub(crate) mod kind {
    pub(crate) const BINARY: u8 = 0x00;
    pub(crate) const TEXT: u8 = 0x01;
    pub(crate) const CERTIFICATIONS: std::ops::RangeInclusive<u8> = 0x10..=0x13;
    pub(crate) const SUBKEY_BINDING: u8 = 0x18;
    pub(crate) const PRIMARY_BINDING: u8 = 0x19;
    pub(crate) const DIRECT: u8 = 0x1f;
    pub(crate) const KEY_REVOCATION: u8 = 0x20;
    pub(crate) const SUBKEY_REVOCATION: u8 = 0x28;
    pub(crate) const CERTIFICATION_REVOCATION: u8 = 0x30;
}

#[derive(Debug, Clone)]
pub(crate) struct Signature<'a> {
    pub(crate) kind: u8,
    pub(crate) said: Said<'a>,
    public_algorithm: u8,
    hash: u8,
    /// Goes into the digest before the data, in version 6.
    salt: &'a [u8],
    /// Goes into the digest after the data: what the signature says of itself.
    trailer: Vec<u8>,
    /// The digest's first two bytes.
    start: [u8; 2],
    values: &'a [u8],
}

impl<'a> Signature<'a> {
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, VerifyError> {
        let parsed = match body.first() {
            Some(3) => version3(body),
            Some(4) => version4(body),
            Some(6) => version6(body),
            Some(other) => {
                return Err(VerifyError::Unsupported(format!("signature version {other}")));
            }
            None => None,
        };
        let parsed = parsed.ok_or(VerifyError::Malformed("a signature packet"))?;
        if parsed.said.is_beyond_us {
            let what = "a signature with a critical part that is not known";
            return Err(VerifyError::Unsupported(what.to_owned()));
        }
        Ok(parsed)
    }

    /// When it was made, seconds since 1970; signatures without a time are refused by the format.
    pub(crate) fn created(&self) -> u64 {
        self.said.created.unwrap_or_default()
    }

    /// Until when it holds, if it says so.
    pub(crate) fn expires(&self) -> Option<u64> {
        let after = self.said.expires_after.filter(|after| *after > 0)?;
        Some(self.created().saturating_add(after))
    }

    /// Refuses digests that are too weak for data.
    pub(crate) fn check_strength(&self) -> Result<(), VerifyError> {
        Algorithm::for_data(self.hash).map(|_| ())
    }

    /// Whether `key` made it over `pieces`.
    pub(crate) fn fits(&self, key: &Public, pieces: &[&[u8]]) -> Result<bool, VerifyError> {
        let algorithm = Algorithm::new(self.hash)?;
        let all: Vec<&[u8]> = std::iter::once(self.salt)
            .chain(pieces.iter().copied())
            .chain([self.trailer.as_slice()])
            .collect();
        let digest = algorithm.digest(&all);
        if !digest.starts_with(&self.start) {
            // Weak and unknown keys are told before a digest that does not fit.
            return if let Public::Not(why) = key { Err(why.clone()) } else { Ok(false) };
        }
        key.verify(self.public_algorithm, algorithm, &digest, self.values)
    }
}

/// rpm before 4.14 made these, by asking gpg for them.
fn version3(body: &[u8]) -> Option<Signature<'_>> {
    let mut reader = Reader(body);
    let [_, 5] = reader.chunk()? else { return None };
    let signed: [u8; 5] = reader.chunk()?;
    let [kind, time @ ..] = signed;
    let id = KeyId(reader.chunk()?);
    let [public_algorithm, hash] = reader.chunk()?;
    let said = Said {
        created: Some(u64::from(u32::from_be_bytes(time))),
        issuers: vec![Issuer::Id(id)],
        ..Said::default()
    };
    let start = reader.chunk()?;
    let trailer = signed.to_vec();
    Some(Signature {
        kind,
        said,
        public_algorithm,
        hash,
        salt: &[],
        trailer,
        start,
        values: reader.0,
    })
}

fn version4(body: &[u8]) -> Option<Signature<'_>> {
    let mut reader = Reader(body);
    let [_, kind, public_algorithm, hash] = reader.chunk()?;
    let count = reader.be16()?;
    let covered = reader.take(count)?;
    let trailer = trailer(4, body, &reader)?;
    let count = reader.be16()?;
    let free = reader.take(count)?;
    let said = Said::read(covered, free).filter(|said| said.created.is_some())?;
    let start = reader.chunk()?;
    Some(Signature {
        kind,
        said,
        public_algorithm,
        hash,
        salt: &[],
        trailer,
        start,
        values: reader.0,
    })
}

fn version6(body: &[u8]) -> Option<Signature<'_>> {
    let mut reader = Reader(body);
    let [_, kind, public_algorithm, hash] = reader.chunk()?;
    let count = usize::try_from(reader.be32()?).ok()?;
    let covered = reader.take(count)?;
    let trailer = trailer(6, body, &reader)?;
    let count = usize::try_from(reader.be32()?).ok()?;
    let free = reader.take(count)?;
    let said = Said::read(covered, free).filter(|said| said.created.is_some())?;
    let start = reader.chunk()?;
    let count = usize::from(reader.byte()?);
    let salt = reader.take(count).filter(|salt| salt.len() == salt_size(hash))?;
    Some(Signature { kind, said, public_algorithm, hash, salt, trailer, start, values: reader.0 })
}

/// Bytes of salt that go with a digest (RFC 9580, 9.5, table 23).
fn salt_size(hash: u8) -> usize {
    match hash {
        9 => 24,
        10 | 14 => 32,
        _ => 16,
    }
}

/// What was read so far, and how much it was (RFC 9580, 5.2.4).
fn trailer(version: u8, body: &[u8], after: &Reader<'_>) -> Option<Vec<u8>> {
    let said = body.get(..body.len() - after.0.len())?;
    let length = u32::try_from(said.len()).ok()?;
    Some([said, &[version, 0xff], &length.to_be_bytes()].concat())
}
