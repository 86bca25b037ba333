//! Making digests; what a digest is stands in `coroner-parse`.

use std::fmt;

use coroner_parse::{Algorithm, Digest};
use sha2::Digest as _;

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
        let bytes = self.state.finalize();
        // Each state gives as many bytes as its algorithm has; an empty SHA-256 stands for a bug.
        Digest::new(self.algorithm, &bytes).unwrap_or_else(|| sha256_of(&[]))
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.algorithm.name())
    }
}

/// SHA-256 of bytes in memory.
pub fn sha256_of(bytes: &[u8]) -> Digest {
    Digest::sha256(sha2::Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_algorithm_gives_the_digest_of_nothing_that_its_standard_names() {
        for (algorithm, start) in [
            (Algorithm::Md5, "md5:d41d8cd98f00b204"),
            (Algorithm::Sha1, "sha1:da39a3ee5e6b4b0d"),
            (Algorithm::Sha256, "sha256:e3b0c44298fc1c14"),
            (Algorithm::Sha384, "sha384:38b060a751ac9638"),
            (Algorithm::Sha512, "sha512:cf83e1357eefb8bd"),
        ] {
            let digest = Hasher::new(algorithm).finish();
            assert!(digest.to_string().starts_with(start), "{digest}");
        }
        assert_eq!(Hasher::new(Algorithm::Sha256).finish(), sha256_of(b""));
    }
}
