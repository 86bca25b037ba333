//! Who vouches for a pack: the binary, which knows the hashes of the packs it is shipped with, or the
//! operator, by a minisign signature.

use coroner_parse::Digest;
use minisign_verify::{PublicKey, Signature};
use sha2::{Digest as _, Sha256};

/// Keys that an operator may give; more is a mistake.
const MOST_KEYS: usize = 100;
/// A signature file has four short lines.
const LARGEST_SIGNATURE: usize = 4096;

/// Who vouches for a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// The binary was built with its hash.
    Shipped,
    /// The operator signed it.
    Signed(KeyName),
    /// Nobody, and the operator takes it all the same: what agrees with it is `local` at best.
    Unsigned,
}

impl Trust {
    /// Whether agreement with the pack proves anything.
    pub const fn proves(&self) -> bool {
        !matches!(self, Self::Unsigned)
    }
}

/// A minisign key as its owner knows it: the base64 text of the public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName(pub String);

/// Public keys that packs may be signed with.
#[derive(Debug, Clone, Default)]
pub struct Keys(Vec<(KeyName, PublicKey)>);

/// Not a minisign public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a minisign public key: give the file that `minisign -G` made, or its last line")]
pub struct NotAKey;

impl Keys {
    /// Adds a key: the text of a minisign public key file, or its base64 line alone.
    ///
    /// # Errors
    /// The text is no minisign public key, or there are a hundred keys.
    pub fn add(&mut self, text: &str) -> Result<(), NotAKey> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let line = lines.rfind(|line| !line.starts_with("untrusted comment:"));
        let line = line.filter(|_| self.0.len() < MOST_KEYS).ok_or(NotAKey)?;
        let key = PublicKey::from_base64(line).map_err(|_| NotAKey)?;
        self.0.push((KeyName(line.to_owned()), key));
        Ok(())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that signed this.
    ///
    /// # Errors
    /// None of the keys did, or the signature is no signature.
    pub fn verify(&self, pack: &[u8], signature: &[u8]) -> Result<KeyName, Refused> {
        let text = signature.get(..LARGEST_SIGNATURE.min(signature.len())).unwrap_or_default();
        let text = std::str::from_utf8(text).map_err(|_| Refused::NotASignature)?;
        let signature = Signature::decode(text).map_err(|_| Refused::NotASignature)?;
        let mut known = false;
        for (name, key) in &self.0 {
            match key.verify(pack, &signature, false) {
                Ok(()) => return Ok(name.clone()),
                Err(minisign_verify::Error::UnexpectedKeyId) => {}
                Err(_) => known = true,
            }
        }
        Err(if known { Refused::Altered } else { Refused::UnknownKey })
    }
}

/// Why a pack is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// There is no signature, and the binary does not know its hash.
    #[error(
        "neither shipped with this version nor signed: sign it with minisign, or take it as it is with --allow-unsigned"
    )]
    Unsigned,
    /// The signature does not fit the pack.
    #[error("its signature does not fit: it was altered, or is damaged")]
    Altered,
    /// Signed by a key that was not given.
    #[error("signed by a key that was not given: name the operator's public key with --key")]
    UnknownKey,
    /// The signature file is none.
    #[error("its .minisig file is not a minisign signature")]
    NotASignature,
}

/// Decides who vouches for the bytes of a pack. `shipped` are the hashes of the packs that the
/// binary was built with.
///
/// # Errors
/// Nobody does.
pub fn of(
    pack: &[u8],
    signature: Option<&[u8]>,
    keys: &Keys,
    shipped: &[Digest],
) -> Result<Trust, Refused> {
    if shipped.contains(&sha256(pack)) {
        return Ok(Trust::Shipped);
    }
    let signature = signature.ok_or(Refused::Unsigned)?;
    keys.verify(pack, signature).map(Trust::Signed)
}

/// The hash by which a pack is known.
pub fn sha256(pack: &[u8]) -> Digest {
    Digest::sha256(Sha256::digest(pack).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with the stock minisign for this test; the secret half was thrown away.
    const KEY: &str = include_str!("../tests/data/operator.pub");
    const SIGNED: &[u8] = include_bytes!("../tests/data/signed.txt");
    const SIGNATURE: &[u8] = include_bytes!("../tests/data/signed.txt.minisig");
    const OTHER_KEY: &str = include_str!("../tests/data/other.pub");

    fn keys(texts: &[&str]) -> Keys {
        let mut keys = Keys::default();
        for text in texts {
            keys.add(text).unwrap();
        }
        keys
    }

    #[test]
    fn what_the_stock_minisign_signed_is_believed_and_says_by_whom() {
        let trust = of(SIGNED, Some(SIGNATURE), &keys(&[OTHER_KEY, KEY]), &[]).unwrap();
        assert!(matches!(&trust, Trust::Signed(KeyName(name)) if KEY.contains(name)));
        assert!(trust.proves());
    }

    #[test]
    fn a_key_is_its_file_or_its_line() {
        let line = KEY.lines().last().unwrap();
        assert!(of(SIGNED, Some(SIGNATURE), &keys(&[line]), &[]).is_ok());
        assert!(Keys::default().add("untrusted comment: nothing\n").is_err());
        assert!(Keys::default().add("RWQ").is_err());
    }

    #[test]
    fn one_changed_byte_an_unknown_key_and_no_signature_are_three_refusals() {
        let mut altered = SIGNED.to_vec();
        altered[3] ^= 1;
        let refusal = |pack: &[u8], signature: Option<&[u8]>, given: &[&str]| {
            of(pack, signature, &keys(given), &[]).unwrap_err()
        };
        assert_eq!(refusal(&altered, Some(SIGNATURE), &[KEY]), Refused::Altered);
        assert_eq!(refusal(SIGNED, Some(SIGNATURE), &[OTHER_KEY]), Refused::UnknownKey);
        assert_eq!(refusal(SIGNED, Some(SIGNATURE), &[]), Refused::UnknownKey);
        assert_eq!(refusal(SIGNED, Some(b"\xff"), &[KEY]), Refused::NotASignature);
        assert_eq!(refusal(SIGNED, None, &[KEY]), Refused::Unsigned);
    }

    #[test]
    fn a_shipped_pack_needs_no_key() {
        let shipped = [sha256(SIGNED)];
        assert_eq!(of(SIGNED, None, &Keys::default(), &shipped).unwrap(), Trust::Shipped);
    }
}
