//! Keys that are trusted because somebody gave them.

use std::borrow::Cow;

use crate::armor;
use crate::certificate::{Certificate, Packets};
use crate::error::{BadKeyring, VerifyError};
use crate::id::Fingerprint;
use crate::key::Key;
use crate::packet::{packets, tag};

/// Bytes of a file of keys; Debian's whole archive keyring has 56 KB.
const LARGEST: usize = 16 << 20;
/// Certificates of one file.
const MOST_CERTIFICATES: usize = 10_000;

/// Trusted keys.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    pub(crate) certificates: Vec<Certificate>,
    left_out: Vec<LeftOut>,
}

/// A key of a file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The key, as far as it could be read.
    pub key: Option<Fingerprint>,
    /// Why.
    pub reason: VerifyError,
}

impl Keyring {
    /// Reads public keys, armored or binary, any number. Keys that cannot be used are left out and
    /// told by [`Self::left_out`].
    ///
    /// # Errors
    /// When there is no usable key, a secret one, or the bytes are no keys.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadKeyring> {
        let mut keyring = Self::default();
        for_each_certificate(bytes, |certificate| keyring.take(certificate))?;
        match keyring.left_out.first() {
            Some(first) if keyring.is_empty() => Err(BadKeyring::Unusable(first.reason.clone())),
            _ => Ok(keyring),
        }
    }

    fn take(&mut self, packets: Result<Packets<'_>, VerifyError>) {
        let key = packets.as_ref().ok().map(|packets| packets.primary.fingerprint);
        match packets.and_then(Certificate::new) {
            Ok(certificate) => self.certificates.push(certificate),
            Err(reason) => self.left_out.push(LeftOut { key, reason }),
        }
    }

    /// Adds another keyring's keys.
    pub fn merge(&mut self, other: Self) {
        self.certificates.extend(other.certificates);
        self.left_out.extend(other.left_out);
    }

    /// Certificates that can be used.
    pub fn len(&self) -> usize {
        self.certificates.len()
    }

    /// Whether there is no usable key.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// The certificates, with their main users.
    pub fn certificates(&self) -> impl Iterator<Item = (Fingerprint, &[u8])> {
        self.certificates.iter().map(|certificate| (certificate.fingerprint, &*certificate.user_id))
    }

    /// Keys that cannot be used, and why.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }
}

/// Reads the certificates of a file one after another.
fn for_each_certificate(
    bytes: &[u8],
    mut take: impl FnMut(Result<Packets<'_>, VerifyError>),
) -> Result<(), BadKeyring> {
    let binary = binary(bytes)?;
    let (mut current, mut count) = (None::<Packets<'_>>, 0);
    for packet in packets(&binary) {
        let packet = packet.map_err(BadKeyring::Malformed)?;
        match (packet.tag, &mut current) {
            (tag::SECRET_KEY | tag::SECRET_SUBKEY, _) => return Err(BadKeyring::Secret),
            (tag::PUBLIC_KEY, _) if count == MOST_CERTIFICATES => {
                return Err(BadKeyring::TooLarge { of: "keys", most: MOST_CERTIFICATES });
            }
            (tag::PUBLIC_KEY, _) => {
                count += 1;
                let next = Key::parse(packet.body).map(Packets::new);
                if next.is_none() {
                    take(Err(VerifyError::Unsupported("a key of this version".to_owned())));
                }
                if let Some(done) = std::mem::replace(&mut current, next) {
                    take(Ok(done));
                }
            }
            (_, Some(current)) => current.take(packet),
            (_, None) => {}
        }
    }
    if let Some(last) = current {
        take(Ok(last));
    }
    if count == 0 { Err(BadKeyring::NoKeys) } else { Ok(()) }
}

fn binary(bytes: &[u8]) -> Result<Cow<'_, [u8]>, BadKeyring> {
    if bytes.len() > LARGEST {
        Err(BadKeyring::TooLarge { of: "MiB", most: LARGEST >> 20 })
    } else if armor::is_binary(bytes) {
        Ok(Cow::Borrowed(bytes))
    } else {
        armor::public_keys(bytes).map(Cow::Owned).map_err(BadKeyring::Malformed)
    }
}

/// The fingerprints of the keys in a file, without believing anything else of them: to tell whether
/// a key that lies about is a known one.
///
/// # Errors
/// When there is no key at all, a secret one, or the bytes are no keys.
pub fn fingerprints(bytes: &[u8]) -> Result<Vec<Fingerprint>, BadKeyring> {
    let mut found = Vec::new();
    for_each_certificate(bytes, |packets| {
        found.extend(packets.ok().map(|packets| packets.primary.fingerprint));
    })?;
    Ok(found)
}
