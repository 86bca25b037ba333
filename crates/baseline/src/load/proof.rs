//! Who vouches for an rpm header.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use coroner_core::packages::Proof;
use coroner_openpgp::{Keyring, ValidAt, VerifyError, fingerprints};
use coroner_parse::package::rpm::{Header, HeaderSignatures, Immutable, Package, Tag};
use coroner_parse::{Algorithm, Digest};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// The pseudo-packages that hold keys.
const KEY_PACKAGE: &[u8] = b"gpg-pubkey";

/// Tags that installing a package at another place changes (`rpm --relocate`).
const RELOCATED: [u32; 3] = [Tag::DirIndexes as u32, Tag::BaseNames as u32, Tag::DirNames as u32];

/// A header's package, as far as it may be believed, and who vouches for it.
///
/// # Errors
/// In a few words, when the header is none.
pub(super) fn judge<'a>(
    blob: &'a [u8],
    keys: &Keyring,
) -> Result<(Package<'a>, Proof), &'static str> {
    let header = Header::parse(blob)?;
    let package = Package::new(header)?;
    if package.name == KEY_PACKAGE && package.files().next().is_none() {
        return Ok((package, key(header, &package, keys)));
    }
    let region = match header.immutable() {
        Ok(Some(region)) => region,
        Ok(None) => return Ok((package, Proof::Unsigned)),
        Err(reason) => return Ok((package, Proof::Broken { reason: reason.to_owned() })),
    };
    let proof = proof(header, region, keys);
    // What was signed says all that a signature speaks for; what was added later says nothing.
    let package = if proof.holds() { Package::signed(region, header)? } else { package };
    Ok((package, proof))
}

/// A key that the host trusts: a known one, or one that somebody added.
fn key(header: Header<'_>, package: &Package<'_>, keys: &Keyring) -> Proof {
    let texts = header.texts(Tag::PubKeys).filter_map(decoded);
    let found: Vec<_> = texts.filter_map(|bytes| fingerprints(&bytes).ok()).flatten().collect();
    let is_known = |one| keys.certificates().any(|(known, _)| known == one);
    match found.iter().find(|one| !is_known(**one)) {
        Some(unknown) => Proof::UnknownKey { key: unknown.to_string() },
        None if found.is_empty() => {
            Proof::UnknownKey { key: String::from_utf8_lossy(package.version).into_owned() }
        }
        None => Proof::None,
    }
}

/// Base 64 in lines or in one, filled up at its end or not: rpm has written all of these.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let signs = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=');
    STANDARD_NO_PAD.decode(signs.collect::<Vec<u8>>()).ok()
}

fn proof(header: Header<'_>, region: Immutable<'_>, keys: &Keyring) -> Proof {
    let replaced: Vec<u32> = region.replaced().collect();
    if let Some(tag) = replaced.iter().find(|tag| !RELOCATED.contains(tag)) {
        let reason = format!("an unsigned value takes the place of the signed one (tag {tag})");
        return Proof::Broken { reason };
    }
    let (signed, signatures) = (region.signed_bytes(), header.signatures());
    if let Some(reason) = wrong_digest(&signatures, &signed) {
        return Proof::Broken { reason: reason.to_owned() };
    }
    let proof = verify(&signatures, &signed, keys);
    if proof.holds() && !replaced.is_empty() {
        let reason = "installed at another place than it was signed for".to_owned();
        return Proof::Unbelieved { reason };
    }
    proof
}

/// The digests are no proof, since whoever edits a header can make them anew; one that does not fit
/// tells of somebody who did not.
fn wrong_digest(signatures: &HeaderSignatures<'_>, signed: &[u8]) -> Option<&'static str> {
    let differs = |said: Option<&[u8]>, algorithm, made: &dyn Fn() -> Vec<u8>| {
        said.is_some_and(|said| {
            let said = Digest::from_hex(said);
            said.is_none() || said != Digest::new(algorithm, &made())
        })
    };
    let sha256 = || Sha256::digest(signed).to_vec();
    let sha1 = || Sha1::digest(signed).to_vec();
    if differs(signatures.sha256, Algorithm::Sha256, &sha256) {
        return Some("the header's SHA-256 does not fit");
    }
    differs(signatures.sha1, Algorithm::Sha1, &sha1).then_some("the header's SHA-1 does not fit")
}

fn verify(signatures: &HeaderSignatures<'_>, signed: &[u8], keys: &Keyring) -> Proof {
    let mut packets: Vec<u8> = Vec::new();
    let armored = signatures.armored.iter().filter_map(|text| decoded(text));
    armored.for_each(|decoded| packets.extend(decoded));
    signatures.packets.iter().for_each(|more| packets.extend_from_slice(more));
    match keys.verify_detached(&packets, signed, ValidAt::Signing) {
        Ok(by) => Proof::Signed { key: by.fingerprint.to_string() },
        Err(VerifyError::NoSignature) => Proof::Unsigned,
        Err(VerifyError::UnknownKey(id)) => Proof::UnknownKey { key: id.to_string() },
        Err(error @ VerifyError::BadSignature(_)) => Proof::Broken { reason: error.to_string() },
        Err(error) => Proof::Unbelieved { reason: error.to_string() },
    }
}
