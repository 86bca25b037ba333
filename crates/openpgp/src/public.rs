//! The public half of a key, and whether it made a signature.

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::BoxedUint;

use rsa::traits::PublicKeyParts;

use crate::error::VerifyError;
use crate::hash::Algorithm;
use crate::reader::Reader;

/// Shorter RSA moduli can be factored by whoever has the money.
const FEWEST_RSA_BITS: usize = 2048;
/// Each verification costs some 0.3 ms at 4096 bits and four times that at twice the length.
const MOST_RSA_BITS: usize = 8192;

/// Object identifiers of curves (RFC 9580, 9.2), without their own tag and length.
const ED25519: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];

/// Key material that can verify, or why it cannot.
#[derive(Debug, Clone)]
pub(crate) enum Public {
    Rsa(Box<rsa::PublicKey>),
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
    P256(Box<p256::ecdsa::VerifyingKey>),
    P384(Box<p384::ecdsa::VerifyingKey>),
    Not(VerifyError),
}

impl Public {
    /// Reads the material of a key packet (RFC 9580, 5.5.5).
    pub(crate) fn new(algorithm: u8, material: &[u8]) -> Self {
        let mut reader = Reader(material);
        let read = match algorithm {
            1 | 3 => rsa(&mut reader),
            19 => ecdsa(&mut reader),
            22 => legacy_eddsa(&mut reader),
            27 => reader.chunk().and_then(|point| ed25519(&point)),
            17 => return Self::Not(VerifyError::Unsupported("DSA".to_owned())),
            other => {
                let what = format!("public key algorithm {other}");
                return Self::Not(VerifyError::Unsupported(what));
            }
        };
        read.unwrap_or(Self::Not(VerifyError::Malformed("a public key's numbers")))
    }

    /// Whether this key signed `digest` with `values`, by the signature's own `algorithm`.
    pub(crate) fn verify(
        &self,
        algorithm: u8,
        hash: Algorithm,
        digest: &[u8],
        values: &[u8],
    ) -> Result<bool, VerifyError> {
        let reader = &mut Reader(values);
        let fits = match (self, algorithm) {
            (Self::Not(why), _) => return Err(why.clone()),
            (Self::Rsa(key), 1 | 3) => rsa_fits(key, hash, digest, reader),
            (Self::Ed25519(key), 22) => pair::<32, 64>(reader).map(|s| eddsa_fits(key, digest, s)),
            (Self::Ed25519(key), 27) => reader.chunk().map(|s| eddsa_fits(key, digest, s)),
            (Self::P256(key), 19) => pair::<32, 64>(reader).map(|pair| {
                let signature = p256::ecdsa::Signature::from_slice(&pair);
                signature.is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok())
            }),
            (Self::P384(key), 19) => pair::<48, 96>(reader).map(|pair| {
                let signature = p384::ecdsa::Signature::from_slice(&pair);
                signature.is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok())
            }),
            _ => {
                return Err(VerifyError::Malformed(
                    "a signature of another algorithm than its key",
                ));
            }
        };
        fits.ok_or(VerifyError::Malformed("a signature's numbers"))
    }
}

fn rsa(reader: &mut Reader<'_>) -> Option<Public> {
    let (modulus, exponent) = (reader.number()?, reader.number()?);
    let bits = bits(modulus);
    if bits < FEWEST_RSA_BITS {
        return Some(Public::Not(VerifyError::Weak(format!("RSA with {bits} bits"))));
    }
    let number = BoxedUint::from_be_slice_vartime;
    let limits = FEWEST_RSA_BITS..=MOST_RSA_BITS;
    let key = rsa::PublicKey::new_with_size_limits(number(modulus), number(exponent), limits);
    Some(Public::Rsa(Box::new(key.ok()?)))
}

fn bits(number: &[u8]) -> usize {
    let number = without_zeros(number);
    let top = number.first().map_or(0, |byte| byte.leading_zeros() as usize);
    number.len() * 8 - top
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let first = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    number.get(first..).unwrap_or_default()
}

/// A number with leading zeros to a fixed width; none when it is longer.
fn padded(number: &[u8], width: usize) -> Option<Vec<u8>> {
    let number = without_zeros(number);
    let zeros = width.checked_sub(number.len())?;
    Some([vec![0; zeros].as_slice(), number].concat())
}

fn rsa_fits(
    key: &rsa::PublicKey,
    hash: Algorithm,
    digest: &[u8],
    reader: &mut Reader<'_>,
) -> Option<bool> {
    let signature = padded(reader.number()?, key.size())?;
    let fits = match hash {
        Algorithm::Sha1 => key.pkcs1v15_verify_prehash::<sha1::Sha1>(digest, &signature),
        Algorithm::Sha256 => key.pkcs1v15_verify_prehash::<sha2::Sha256>(digest, &signature),
        Algorithm::Sha384 => key.pkcs1v15_verify_prehash::<sha2::Sha384>(digest, &signature),
        Algorithm::Sha512 => key.pkcs1v15_verify_prehash::<sha2::Sha512>(digest, &signature),
    };
    Some(fits.is_ok())
}

/// A curve's identifier with its length before it (RFC 9580, 9.2).
fn curve<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let length = reader.byte()?;
    reader.take(usize::from(length))
}

fn other_curve() -> Public {
    Public::Not(VerifyError::Unsupported("a key on this curve".to_owned()))
}

fn ecdsa(reader: &mut Reader<'_>) -> Option<Public> {
    let curve = curve(reader)?;
    let point = reader.number()?;
    match curve {
        P256 => {
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
            Some(Public::P256(Box::new(key)))
        }
        P384 => {
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
            Some(Public::P384(Box::new(key)))
        }
        _ => Some(other_curve()),
    }
}

fn legacy_eddsa(reader: &mut Reader<'_>) -> Option<Public> {
    if curve(reader)? != ED25519 {
        return Some(other_curve());
    }
    // A byte before the point says that it is in its native form (RFC 9580, 5.5.5.5).
    ed25519(reader.number()?.strip_prefix(&[0x40])?.try_into().ok()?)
}

fn ed25519(point: &[u8; 32]) -> Option<Public> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(point).ok()?;
    Some(Public::Ed25519(Box::new(key)))
}

fn eddsa_fits(key: &ed25519_dalek::VerifyingKey, digest: &[u8], signature: [u8; 64]) -> bool {
    key.verify_strict(digest, &ed25519_dalek::Signature::from_bytes(&signature)).is_ok()
}

/// Two numbers of `HALF` bytes side by side, as curves' signatures are.
fn pair<const HALF: usize, const WHOLE: usize>(reader: &mut Reader<'_>) -> Option<[u8; WHOLE]> {
    let (first, second) = (reader.number()?, reader.number()?);
    [padded(first, HALF)?, padded(second, HALF)?].concat().try_into().ok()
}
