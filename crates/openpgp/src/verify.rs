//! Signatures over data, by the keys of a keyring.

use std::borrow::Cow;

use crate::armor;
use crate::certificate::{Certificate, Limits, SigningKey, is_issuer};
use crate::cleartext::{Cleartext, with_line_ends};
use crate::error::VerifyError;
use crate::id::{Fingerprint, KeyId};
use crate::keyring::Keyring;
use crate::packet::{packets, tag};
use crate::signature::{Signature, kind};
use crate::subpacket::Issuer;

/// Signatures over one thing that are tried; archives have up to four.
const MOST_SIGNATURES: usize = 8;
/// Keys of one id that are tried; more than one is somebody's making.
const MOST_CANDIDATES: usize = 8;
/// How far a signer's clock may be ahead, in seconds.
const LEEWAY: u64 = 24 * 60 * 60;

/// At what time a key must have been valid. Seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValidAt {
    /// At this time, now as a rule: for what is made anew all the time, such as an archive's index.
    Time(u64),
    /// When it signed: for packages, which are installed for longer than keys live.
    Signing,
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The certificate: what vendors publish.
    pub fingerprint: Fingerprint,
    /// The key that signed: the certificate's own, or a subkey's.
    pub key: Fingerprint,
    /// The certificate's main user, as it was written.
    pub user_id: Vec<u8>,
    /// When it was signed, seconds since 1970, by the signer's clock.
    pub created: u64,
}

/// Gives the bytes that a signature of a kind is over, if it may be of that kind.
type Over<'a> = &'a dyn Fn(u8) -> Option<Cow<'a, [u8]>>;

impl Keyring {
    /// Verifies signatures that stand apart from their data: packets, armored or binary. One by a
    /// known and valid key is enough.
    ///
    /// # Errors
    /// Why none of them is believed: the most telling reason.
    pub fn verify_detached(
        &self,
        signatures: &[u8],
        data: &[u8],
        at: ValidAt,
    ) -> Result<Signer, VerifyError> {
        let packets = if armor::is_binary(signatures) {
            Cow::Borrowed(signatures)
        } else {
            let decoded = armor::all(signatures, armor::SIGNATURE);
            Cow::Owned(decoded.map_err(VerifyError::Malformed)?)
        };
        let over = |sort| match sort {
            kind::BINARY => Some(Cow::Borrowed(data)),
            kind::TEXT => Some(Cow::Owned(with_line_ends(data))),
            _ => None,
        };
        self.verify_any(&packets, &over, at)
    }

    /// Verifies a text that is signed in the clear (RFC 9580, 7), such as Debian's `InRelease`,
    /// and gives the text that was signed: nothing around it, dashes unescaped, blanks at the ends
    /// of lines (which no signature covers) taken off, each line ended by one line feed.
    ///
    /// # Errors
    /// Why it is not believed. Text before or behind the signed one is refused too.
    pub fn verify_cleartext(
        &self,
        bytes: &[u8],
        at: ValidAt,
    ) -> Result<(Vec<u8>, Signer), VerifyError> {
        let cleartext = Cleartext::parse(bytes).map_err(VerifyError::Malformed)?;
        let covered = cleartext.signed();
        let over = |sort| {
            matches!(sort, kind::BINARY | kind::TEXT).then_some(Cow::Borrowed(covered.as_slice()))
        };
        let signer = self.verify_any(&cleartext.signatures, &over, at)?;
        Ok((cleartext.text, signer))
    }

    fn verify_any(
        &self,
        signatures: &[u8],
        over: Over<'_>,
        at: ValidAt,
    ) -> Result<Signer, VerifyError> {
        let mut worst = VerifyError::NoSignature;
        for packet in packets(signatures).take(MOST_SIGNATURES) {
            let verified = match packet {
                Ok(packet) if packet.tag == tag::SIGNATURE => {
                    self.verify_one(packet.body, over, at)
                }
                // Markers and padding.
                Ok(_) => continue,
                Err(reason) => Err(VerifyError::Malformed(reason)),
            };
            match verified {
                Ok(signer) => return Ok(signer),
                Err(error) => worst = worst.max(error),
            }
        }
        Err(worst)
    }

    fn verify_one(&self, body: &[u8], over: Over<'_>, at: ValidAt) -> Result<Signer, VerifyError> {
        let signature = Signature::parse(body)?;
        let data = over(signature.kind);
        let data = data.ok_or(VerifyError::Malformed("a signature that is not over data"))?;
        let mut worst = VerifyError::UnknownKey(issuer(&signature)?);
        for (certificate, key) in self.candidates(&signature).take(MOST_CANDIDATES) {
            match check(key, &signature, &data, at) {
                Ok(()) => return Ok(signer(certificate, key, &signature)),
                Err(error) => worst = worst.max(error),
            }
        }
        Err(worst)
    }

    fn candidates<'k>(
        &'k self,
        signature: &Signature<'_>,
    ) -> impl Iterator<Item = (&'k Certificate, &'k SigningKey)> {
        let keys = self
            .certificates
            .iter()
            .flat_map(|certificate| certificate.keys.iter().map(move |key| (certificate, key)));
        keys.filter(|(_, key)| is_issuer(&key.key, signature))
    }
}

/// The key that a signature says it is by; a fingerprint tells more than an id.
fn issuer(signature: &Signature<'_>) -> Result<KeyId, VerifyError> {
    let id = |issuer: &Issuer| match issuer {
        Issuer::Fingerprint(fingerprint) => fingerprint.key_id(),
        Issuer::Id(id) => *id,
    };
    let first = signature.said.issuers.first().map(id);
    first.ok_or(VerifyError::Malformed("a signature that names no key"))
}

fn signer(certificate: &Certificate, key: &SigningKey, signature: &Signature<'_>) -> Signer {
    Signer {
        fingerprint: certificate.fingerprint,
        key: key.key.fingerprint,
        user_id: certificate.user_id.clone(),
        created: signature.created(),
    }
}

fn check(
    key: &SigningKey,
    signature: &Signature<'_>,
    data: &[u8],
    at: ValidAt,
) -> Result<(), VerifyError> {
    let fingerprint = key.key.fingerprint;
    signature.check_strength()?;
    if !signature.fits(&key.key.public, &[data])? {
        return Err(VerifyError::BadSignature(fingerprint));
    }
    let created = signature.created();
    if created < key.key.created {
        return Err(VerifyError::Malformed("a signature that is older than its key"));
    }
    if let ValidAt::Time(now) = at {
        check_time(signature, now)?;
    }
    check_limits(fingerprint, key.limits, created, at)
}

fn check_time(signature: &Signature<'_>, now: u64) -> Result<(), VerifyError> {
    let created = signature.created();
    if created > now.saturating_add(LEEWAY) {
        return Err(VerifyError::FromTheFuture { created });
    }
    match signature.expires() {
        Some(when) if when <= now => Err(VerifyError::Expired { when }),
        _ => Ok(()),
    }
}

fn check_limits(
    key: Fingerprint,
    limits: Limits,
    created: u64,
    at: ValidAt,
) -> Result<(), VerifyError> {
    let moment = match at {
        ValidAt::Time(now) => now.max(created),
        ValidAt::Signing => created,
    };
    if !limits.may_sign {
        return Err(VerifyError::NotForSigning(key));
    }
    if limits.revoked.is_some_and(|since| since <= moment) {
        return Err(VerifyError::RevokedKey(key));
    }
    match limits.expires {
        Some(when) if when <= moment => Err(VerifyError::ExpiredKey { key, when }),
        _ => Ok(()),
    }
}
