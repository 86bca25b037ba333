//! SSH public keys on the wire: RFC 4253 section 6.6, RFC 5656, OpenSSH PROTOCOL.certkeys and
//! PROTOCOL.u2f.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::Text;

/// The key types that sshd takes, certificates included.
const TYPES: &[&str] = &[
    "ssh-ed25519",
    "ssh-rsa",
    "ssh-dss",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-ed25519-cert-v01@openssh.com",
    "ssh-rsa-cert-v01@openssh.com",
    "ssh-dss-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "sk-ssh-ed25519-cert-v01@openssh.com",
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ssh-xmss@openssh.com",
    "ssh-mldsa44-ed25519@openssh.com",
];

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// As it stands in the file, `ssh-ed25519`.
    pub kind: Text,
    /// `SHA256:...`, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// Size of the modulus or the curve, where it is cheap to tell.
    pub bits: Option<u32>,
}

/// Whether `word` is the name of a key type.
pub(super) fn is_key_type(word: &[u8]) -> bool {
    TYPES.iter().any(|kind| kind.as_bytes() == word)
}

/// The fingerprint of a key blob, `SHA256:` and unpadded base 64.
pub fn fingerprint(blob: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(blob)))
}

/// Reads a public key from the text of its type and its base 64 blob. The type inside of the blob
/// must agree, as sshd wants it.
pub fn public_key(kind: &[u8], encoded: &[u8]) -> Option<PublicKey> {
    let unpadded = encoded.trim_ascii().strip_suffix(b"=").unwrap_or(encoded.trim_ascii());
    let unpadded = unpadded.strip_suffix(b"=").unwrap_or(unpadded);
    let blob = STANDARD_NO_PAD.decode(unpadded).or_else(|_| STANDARD.decode(encoded)).ok()?;
    let key = from_blob(&blob)?;
    (key.kind.as_bytes() == kind).then_some(key)
}

/// Reads a key blob.
pub(super) fn from_blob(blob: &[u8]) -> Option<PublicKey> {
    let mut wire = Wire(blob);
    let kind = wire.string()?;
    if !is_key_type(kind) {
        return None;
    }
    Some(PublicKey { kind: kind.into(), fingerprint: fingerprint(blob), bits: bits(kind, wire) })
}

fn bits(kind: &[u8], mut wire: Wire<'_>) -> Option<u32> {
    match kind {
        b"ssh-rsa" => {
            wire.string()?;
            integer_bits(wire.string()?)
        }
        b"ssh-dss" => integer_bits(wire.string()?),
        b"ssh-rsa-cert-v01@openssh.com" => {
            wire.string()?;
            wire.string()?;
            integer_bits(wire.string()?)
        }
        _ if contains(kind, b"nistp521") => Some(521),
        _ if contains(kind, b"nistp384") => Some(384),
        _ if contains(kind, b"nistp256") || contains(kind, b"ed25519") => Some(256),
        _ => None,
    }
}

fn contains(kind: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(kind, part).is_some()
}

fn integer_bits(integer: &[u8]) -> Option<u32> {
    let zeros = integer.iter().take_while(|&&b| b == 0).count();
    let significant = integer.get(zeros..)?;
    let first = significant.first()?;
    let whole = u32::try_from(significant.len()).ok()?.checked_mul(8)?;
    Some(whole - first.leading_zeros())
}

/// Strings with a length before them, RFC 4251 section 5.
pub(super) struct Wire<'a>(pub(super) &'a [u8]);

impl<'a> Wire<'a> {
    pub(super) fn number(&mut self) -> Option<u32> {
        let (head, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*head))
    }

    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_that_its_blob_contradicts_is_no_key() {
        let blob = "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(public_key(b"ssh-rsa", blob.as_bytes()).is_none());
        assert_eq!(public_key(b"ssh-ed25519", blob.as_bytes()).unwrap().bits, Some(256));
    }
}
