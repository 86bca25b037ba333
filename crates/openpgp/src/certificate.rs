//! A primary key with what it says of itself: users, subkeys, how long, what for, and whether it
//! was taken back (RFC 9580, 10.1). What others say of it is left out.

use crate::error::VerifyError;
use crate::id::Fingerprint;
use crate::key::Key;
use crate::packet::{Packet, tag};
use crate::public::Public;
use crate::signature::{Signature, kind};
use crate::subpacket::Issuer;

/// Own signatures of one part of a certificate that are verified: keys that were prolonged for
/// years have a dozen.
const MOST_SIGNATURES: usize = 100;
/// Users and subkeys of one certificate.
const MOST_PARTS: usize = 1000;

/// The flag of keys that may sign data (RFC 9580, 5.2.3.29).
const MAY_SIGN: u8 = 0x02;

/// The packets of one certificate.
pub(crate) struct Packets<'a> {
    pub(crate) primary: Key,
    direct: Vec<Signature<'a>>,
    users: Vec<(&'a [u8], Vec<Signature<'a>>)>,
    subkeys: Vec<(Key, Vec<Signature<'a>>)>,
    last: Part,
}

/// What the next signature is over.
enum Part {
    Primary,
    User,
    Subkey,
    Other,
}

impl<'a> Packets<'a> {
    pub(crate) fn new(primary: Key) -> Self {
        let (direct, users, subkeys) = (Vec::new(), Vec::new(), Vec::new());
        Self { primary, direct, users, subkeys, last: Part::Primary }
    }

    pub(crate) fn take(&mut self, packet: Packet<'a>) {
        match packet.tag {
            tag::USER_ID if self.users.len() < MOST_PARTS => {
                self.users.push((packet.body, Vec::new()));
                self.last = Part::User;
            }
            tag::PUBLIC_SUBKEY if self.subkeys.len() < MOST_PARTS => {
                let subkey = Key::parse(packet.body);
                self.last = if subkey.is_some() { Part::Subkey } else { Part::Other };
                self.subkeys.extend(subkey.map(|key| (key, Vec::new())));
            }
            tag::USER_ID | tag::PUBLIC_SUBKEY | tag::USER_ATTRIBUTE => self.last = Part::Other,
            tag::SIGNATURE => self.take_signature(packet.body),
            _ => {}
        }
    }

    fn take_signature(&mut self, body: &'a [u8]) {
        let own = Signature::parse(body).ok().filter(|sig| is_issuer(&self.primary, sig));
        let list = match self.last {
            Part::Primary => Some(&mut self.direct),
            Part::User => self.users.last_mut().map(|(_, list)| list),
            Part::Subkey => self.subkeys.last_mut().map(|(_, list)| list),
            Part::Other => None,
        };
        if let Some(list) = list.filter(|list| list.len() < MOST_SIGNATURES) {
            list.extend(own);
        }
    }
}

/// Whether a signature names this key as its maker.
pub(crate) fn is_issuer(key: &Key, signature: &Signature<'_>) -> bool {
    signature.said.issuers.iter().any(|issuer| match issuer {
        Issuer::Fingerprint(fingerprint) => *fingerprint == key.fingerprint,
        Issuer::Id(id) => *id == key.fingerprint.key_id(),
    })
}

/// A certificate whose own signatures were verified.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    pub(crate) fingerprint: Fingerprint,
    /// Its main user, as bytes.
    pub(crate) user_id: Vec<u8>,
    /// The primary key and every subkey that it is bound to.
    pub(crate) keys: Vec<SigningKey>,
}

#[derive(Debug, Clone)]
pub(crate) struct SigningKey {
    pub(crate) key: Key,
    pub(crate) limits: Limits,
}

/// What a key may be used for, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) may_sign: bool,
    /// Seconds since 1970.
    pub(crate) expires: Option<u64>,
    /// Since when it counts as taken back: 0 when it may have been in other hands before.
    pub(crate) revoked: Option<u64>,
}

impl Certificate {
    /// Verifies what binds the parts together.
    pub(crate) fn new(packets: Packets<'_>) -> Result<Self, VerifyError> {
        let Packets { primary, direct, users, subkeys, .. } = packets;
        if let Public::Not(why) = &primary.public {
            return Err(why.clone());
        }
        let of_key: &[&[u8]] = &[&primary.hashed];
        let mut bindings = verified(&primary, &direct, of_key, |sort| sort == kind::DIRECT);
        let user_id = take_users(&primary, &users, &mut bindings);
        bindings.sort_by_key(|signature| signature.created());
        let newest = bindings.last();
        let newest =
            newest.ok_or(VerifyError::Malformed("no signature of its own binds the key"))?;
        let flags = bindings.iter().rev().find_map(|signature| signature.said.key_flags);
        let limits = Limits {
            may_sign: flags.is_none_or(|flags| flags & MAY_SIGN != 0),
            expires: expiry(&primary, newest),
            revoked: revocation(&primary, &direct, of_key, kind::KEY_REVOCATION),
        };
        let subkeys = subkeys.into_iter().filter_map(|part| subkey(&primary, limits, part));
        let subkeys: Vec<_> = subkeys.collect();
        let fingerprint = primary.fingerprint;
        let keys = std::iter::once(SigningKey { key: primary, limits }).chain(subkeys).collect();
        Ok(Self { fingerprint, user_id, keys })
    }
}

/// The signatures of a sort that the key really made over these pieces.
fn verified<'s, 'a>(
    key: &Key,
    signatures: &'s [Signature<'a>],
    pieces: &[&[u8]],
    is_of_sort: impl Fn(u8) -> bool,
) -> Vec<&'s Signature<'a>> {
    let fits = |signature: &&Signature<'_>| {
        is_of_sort(signature.kind) && signature.fits(&key.public, pieces) == Ok(true)
    };
    signatures.iter().filter(fits).collect()
}

/// Adds the users' certifications to the bindings, and gives the main user.
fn take_users<'s, 'a>(
    primary: &Key,
    users: &'s [(&'a [u8], Vec<Signature<'a>>)],
    bindings: &mut Vec<&'s Signature<'a>>,
) -> Vec<u8> {
    let mut main: Option<((bool, u64), &[u8])> = None;
    for (user, signatures) in users {
        let length = u32::try_from(user.len()).unwrap_or(u32::MAX).to_be_bytes();
        let pieces: &[&[u8]] = &[&primary.hashed, &[0xb4], &length, user];
        let own = |sort: u8| kind::CERTIFICATIONS.contains(&sort);
        let own = verified(primary, signatures, pieces, own);
        let Some(newest) = own.iter().max_by_key(|signature| signature.created()) else { continue };
        let taken_back = |sort| sort == kind::CERTIFICATION_REVOCATION;
        let taken_back = verified(primary, signatures, pieces, taken_back);
        if taken_back.iter().any(|signature| signature.created() >= newest.created()) {
            continue;
        }
        let rank = (newest.said.is_primary_user, newest.created());
        if main.is_none_or(|(best, _)| rank > best) {
            main = Some((rank, user));
        }
        bindings.push(newest);
    }
    main.map(|(_, user)| user.to_vec()).unwrap_or_default()
}

/// A subkey that the primary key bound to itself.
fn subkey(
    primary: &Key,
    above: Limits,
    (key, signatures): (Key, Vec<Signature<'_>>),
) -> Option<SigningKey> {
    let pieces: &[&[u8]] = &[&primary.hashed, &key.hashed];
    let bindings = verified(primary, &signatures, pieces, |sort| sort == kind::SUBKEY_BINDING);
    let newest = bindings.into_iter().max_by_key(|signature| signature.created())?;
    let may_sign = newest.said.key_flags.is_some_and(|flags| flags & MAY_SIGN != 0)
        && agrees(&key, newest, pieces);
    let own = expiry(&key, newest);
    let expires = own.into_iter().chain(above.expires).min();
    let revoked = revocation(primary, &signatures, pieces, kind::SUBKEY_REVOCATION);
    let revoked = revoked.into_iter().chain(above.revoked).min();
    Some(SigningKey { key, limits: Limits { may_sign, expires, revoked } })
}

/// Whether a signing subkey agrees to belong to this primary key: without it, anybody could claim
/// another's subkey, and its signatures, as their own.
fn agrees(key: &Key, binding: &Signature<'_>, pieces: &[&[u8]]) -> bool {
    let embedded = binding.said.embedded.map(Signature::parse);
    embedded.is_some_and(|embedded| {
        embedded.is_ok_and(|back| {
            back.kind == kind::PRIMARY_BINDING && back.fits(&key.public, pieces) == Ok(true)
        })
    })
}

fn expiry(key: &Key, signature: &Signature<'_>) -> Option<u64> {
    let after = signature.said.key_expires_after.filter(|after| *after > 0)?;
    Some(key.created.saturating_add(after))
}

/// Since when a key counts as taken back. One that was only replaced or put to rest (reasons 1 and
/// 3 of RFC 9580, 5.2.3.31) leaves its earlier signatures standing; any other reason does not.
fn revocation(
    primary: &Key,
    signatures: &[Signature<'_>],
    pieces: &[&[u8]],
    sort: u8,
) -> Option<u64> {
    let all = verified(primary, signatures, pieces, |other| other == sort);
    let since = |signature: &&Signature<'_>| match signature.said.reason {
        Some(1 | 3) => signature.created(),
        _ => 0,
    };
    all.iter().map(since).min()
}
