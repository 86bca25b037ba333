//! Digests as package databases store them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A digest's algorithm.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// dpkg's lists, pacman's backup list, rpm before version 4.6.
    Md5,
    /// apk.
    Sha1,
    /// Allowed by rpm.
    Sha224,
    /// rpm, pacman's mtree.
    Sha256,
    /// Allowed by rpm.
    Sha384,
    /// Allowed by rpm.
    Sha512,
}

impl Algorithm {
    /// Every algorithm, shortest digest first.
    pub const ALL: [Self; 6] =
        [Self::Md5, Self::Sha1, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];

    /// How many bytes its digests have.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Its name in lower case, as reports write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    fn of_length(bytes: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.bytes() == bytes)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A digest of a known algorithm. `Display` is lower-case hexadecimal.
///
/// The long ones are boxed: a database holds tens of thousands of digests, nearly all short.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Digest(Stored);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Stored {
    Md5([u8; 16]),
    Sha1([u8; 20]),
    Sha256([u8; 32]),
    Other(Algorithm, Box<[u8]>),
}

impl Digest {
    /// Takes raw bytes; `None` when the algorithm's digests have another length.
    pub fn new(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        let stored = match algorithm {
            Algorithm::Md5 => Stored::Md5(bytes.try_into().ok()?),
            Algorithm::Sha1 => Stored::Sha1(bytes.try_into().ok()?),
            Algorithm::Sha256 => Stored::Sha256(bytes.try_into().ok()?),
            other if bytes.len() == other.bytes() => Stored::Other(other, bytes.into()),
            _ => return None,
        };
        Some(Self(stored))
    }

    /// Reads hexadecimal of either case; the length says which algorithm it is.
    pub fn from_hex(hex: &[u8]) -> Option<Self> {
        let algorithm = Algorithm::of_length(hex.len() / 2)?;
        let mut buffer = [0; 64];
        let bytes = buffer.get_mut(..algorithm.bytes())?;
        let (pairs, odd) = hex.as_chunks::<2>();
        if !odd.is_empty() {
            return None;
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Self::new(algorithm, bytes)
    }

    /// Which algorithm made it.
    pub const fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Stored::Md5(_) => Algorithm::Md5,
            Stored::Sha1(_) => Algorithm::Sha1,
            Stored::Sha256(_) => Algorithm::Sha256,
            Stored::Other(algorithm, _) => *algorithm,
        }
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Stored::Md5(bytes) => bytes,
            Stored::Sha1(bytes) => bytes,
            Stored::Sha256(bytes) => bytes,
            Stored::Other(_, bytes) => bytes,
        }
    }
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{self}", self.algorithm())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_length_of_the_text_says_which_algorithm_it_is() {
        let of = |digits: usize| Digest::from_hex(&vec![b'a'; digits]).map(|d| d.algorithm());
        assert_eq!(of(32), Some(Algorithm::Md5));
        assert_eq!(of(64), Some(Algorithm::Sha256));
        assert_eq!(of(128), Some(Algorithm::Sha512));
        assert_eq!(of(33), None);
        assert_eq!(of(130), None);
        assert_eq!(of(0), None);
    }

    #[test]
    fn text_that_is_not_hexadecimal_is_no_digest() {
        assert_eq!(Digest::from_hex(b"g1d8cd98f00b204e9800998ecf8427ex"), None);
        assert_eq!(Digest::from_hex(b"newconffile"), None);
    }

    proptest! {
        #[test]
        fn hexadecimal_gives_back_the_same_bytes(bytes: Vec<u8>, which in 0usize..6) {
            let algorithm = Algorithm::ALL[which];
            let sized: Vec<u8> = bytes.into_iter().chain([0; 64]).take(algorithm.bytes()).collect();
            let digest = Digest::new(algorithm, &sized).unwrap();
            prop_assert_eq!(digest.as_bytes(), sized.as_slice());
            prop_assert_eq!(Digest::from_hex(digest.to_string().as_bytes()), Some(digest));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = Digest::from_hex(&bytes);
        }
    }
}
