//! Digests: as package databases store them, and as reports hold them (`sha256:<hex>`).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A digest's algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// dpkg's lists, pacman's backup list, rpm before version 4.6.
    Md5,
    /// apk.
    Sha1,
    /// rpm, pacman's mtree.
    Sha256,
    /// Allowed by rpm.
    Sha384,
    /// Allowed by rpm.
    Sha512,
}

impl Algorithm {
    /// Every algorithm, shortest digest first.
    pub const ALL: [Self; 5] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// How many bytes its digests have.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
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

/// A digest of a known algorithm. `Display`, and its form in reports, is `<algorithm>:<hex>`.
///
/// The long ones are boxed: a database holds tens of thousands of digests, nearly all short.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(Stored);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    /// A SHA-256 that was made here.
    pub const fn sha256(bytes: [u8; 32]) -> Self {
        Self(Stored::Sha256(bytes))
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

    /// Lower-case hexadecimal, without the algorithm.
    pub fn hex(&self) -> String {
        hex(self.as_bytes())
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

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    out.extend(digits.filter_map(|digit| char::from_digit(digit.into(), 16)));
    out
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
        write!(f, "{}:{}", self.algorithm(), self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Not `<algorithm>:<hex>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a digest: expected <algorithm>:<hex>")]
pub struct NotADigest;

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let (name, hex) = text.split_once(':').ok_or(NotADigest)?;
        let digest = Self::from_hex(hex.as_bytes()).ok_or(NotADigest)?;
        if digest.algorithm().name() == name { Ok(digest) } else { Err(NotADigest) }
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Digest {
    fn schema_name() -> Cow<'static, str> {
        "Digest".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^(md5|sha1|sha256|sha384|sha512):[0-9a-f]+$"
        })
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
    fn a_name_that_does_not_fit_the_length_is_no_digest() {
        assert_eq!("md5:abcd".parse::<Digest>(), Err(NotADigest));
        let sha1 = format!("md5:{}", "a".repeat(40));
        assert_eq!(sha1.parse::<Digest>(), Err(NotADigest));
    }

    #[test]
    fn text_that_is_not_hexadecimal_is_no_digest() {
        assert_eq!(Digest::from_hex(b"g1d8cd98f00b204e9800998ecf8427ex"), None);
        assert_eq!(Digest::from_hex(b"newconffile"), None);
    }

    proptest! {
        #[test]
        fn hexadecimal_gives_back_the_same_bytes(bytes: Vec<u8>, which in 0usize..5) {
            let algorithm = Algorithm::ALL[which];
            let sized: Vec<u8> = bytes.into_iter().chain([0; 64]).take(algorithm.bytes()).collect();
            let digest = Digest::new(algorithm, &sized).unwrap();
            prop_assert_eq!(digest.as_bytes(), sized.as_slice());
            prop_assert_eq!(Digest::from_hex(digest.hex().as_bytes()), Some(digest.clone()));
            prop_assert_eq!(digest.to_string().parse(), Ok(digest));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = Digest::from_hex(&bytes);
        }
    }
}
