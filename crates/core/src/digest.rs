//! Digests: an algorithm and its value, as `sha256:<hex>`.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Digest as _;

/// The algorithms that package databases use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// dpkg, old rpm.
    Md5,
    /// apk.
    Sha1,
    /// rpm, pacman, packs.
    Sha256,
    /// rpm.
    Sha384,
    /// rpm.
    Sha512,
}

impl Algorithm {
    const ALL: [(Self, &'static str, usize); 5] = [
        (Self::Md5, "md5", 16),
        (Self::Sha1, "sha1", 20),
        (Self::Sha256, "sha256", 32),
        (Self::Sha384, "sha384", 48),
        (Self::Sha512, "sha512", 64),
    ];

    fn row(self) -> (&'static str, usize) {
        Self::ALL
            .into_iter()
            .find(|(algorithm, ..)| *algorithm == self)
            .map_or(("", 0), |(_, name, length)| (name, length))
    }

    /// The name in reports.
    pub fn name(self) -> &'static str {
        self.row().0
    }
}

/// A digest and the algorithm that made it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    bytes: Vec<u8>,
}

impl Digest {
    /// Takes raw digest bytes; `None` when the length is not the algorithm's.
    pub fn new(algorithm: Algorithm, bytes: impl Into<Vec<u8>>) -> Option<Self> {
        let bytes = bytes.into();
        (bytes.len() == algorithm.row().1).then_some(Self { algorithm, bytes })
    }

    /// Reads hexadecimal digits of either case.
    pub fn from_hex(algorithm: Algorithm, hex: &[u8]) -> Option<Self> {
        let digits = hex.iter().map(|&digit| char::from(digit).to_digit(16));
        let digits: Option<Vec<u8>> = digits.map(|digit| u8::try_from(digit?).ok()).collect();
        let pairs = digits?;
        let (pairs, rest) = pairs.as_chunks::<2>();
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        if rest.is_empty() { Self::new(algorithm, bytes) } else { None }
    }

    /// How it was made.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Lower-case hexadecimal, without the algorithm.
    pub fn hex(&self) -> String {
        hex(&self.bytes)
    }
}

/// A digest while it is made.
pub struct Hasher {
    algorithm: Algorithm,
    state: Box<dyn sha2::digest::DynDigest + Send>,
}

impl Hasher {
    /// Starts one.
    pub fn new(algorithm: Algorithm) -> Self {
        let state: Box<dyn sha2::digest::DynDigest + Send> = match algorithm {
            Algorithm::Md5 => Box::new(md5::Md5::default()),
            Algorithm::Sha1 => Box::new(sha1::Sha1::default()),
            Algorithm::Sha256 => Box::new(sha2::Sha256::default()),
            Algorithm::Sha384 => Box::new(sha2::Sha384::default()),
            Algorithm::Sha512 => Box::new(sha2::Sha512::default()),
        };
        Self { algorithm, state }
    }

    /// Adds content.
    pub fn update(&mut self, content: &[u8]) {
        self.state.update(content);
    }

    /// Ends it.
    pub fn finish(self) -> Digest {
        Digest { algorithm: self.algorithm, bytes: self.state.finalize().into_vec() }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.algorithm.name())
    }
}

/// SHA-256 of bytes in memory.
pub fn sha256_of(bytes: &[u8]) -> Digest {
    Digest { algorithm: Algorithm::Sha256, bytes: sha2::Sha256::digest(bytes).to_vec() }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex())
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
        let (name, digits) = text.split_once(':').ok_or(NotADigest)?;
        let named = Algorithm::ALL.into_iter().find(|(_, known, _)| *known == name);
        let (algorithm, ..) = named.ok_or(NotADigest)?;
        Self::from_hex(algorithm, digits.as_bytes()).ok_or(NotADigest)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Digest {
    fn schema_name() -> std::borrow::Cow<'static, str> {
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

    #[test]
    fn a_digest_comes_back_from_its_text() {
        let digest = sha256_of(b"");
        assert!(digest.to_string().starts_with("sha256:e3b0c442"));
        assert_eq!(digest.to_string().parse(), Ok(digest));
    }

    #[test]
    fn a_digest_of_the_wrong_length_is_refused() {
        assert_eq!("md5:abcd".parse::<Digest>(), Err(NotADigest));
        assert_eq!(Digest::from_hex(Algorithm::Md5, b"d41d8cd98f00b204e9800998ecf8427"), None);
    }
}
