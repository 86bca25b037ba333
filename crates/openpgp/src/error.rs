//! Why keys or a signature are refused.

use std::fmt;

use crate::id::{Fingerprint, KeyId};

/// Why a file of keys is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadKeyring {
    /// Neither packets nor an armored block of public keys.
    #[error("no OpenPGP public key in it")]
    NoKeys,
    /// It holds secret keys, which have no business here.
    #[error("it holds a secret key; give the public half alone (gpg --export)")]
    Secret,
    /// It is longer than any keyring.
    #[error("it has more than {most} {of}")]
    TooLarge {
        /// What was counted: MiB or keys.
        of: &'static str,
        /// As many are read.
        most: usize,
    },
    /// It breaks the format.
    #[error("{0}")]
    Malformed(&'static str),
    /// None of its keys can be used; why not the first.
    #[error("none of its keys can be used: {0}")]
    Unusable(VerifyError),
}

/// Why a signature is not believed. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// There is none.
    #[error("there is no signature")]
    NoSignature,
    /// The bytes break the format.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// No key of the keyring has this id.
    #[error("signed by the key {0}, which is not known")]
    UnknownKey(KeyId),
    /// An algorithm that is not spoken here.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// An algorithm that no longer proves anything.
    #[error("{0} is too weak to prove anything")]
    Weak(String),
    /// The key may certify or encrypt, and not sign.
    #[error("the key {0} is not meant for signing")]
    NotForSigning(Fingerprint),
    /// Made after the time that it is looked at.
    #[error("signed in the future, on {}", date(*.created))]
    FromTheFuture {
        /// When it says that it was made.
        created: u64,
    },
    /// The signature says itself until when it holds.
    #[error("the signature expired on {}", date(*.when))]
    Expired {
        /// Until when it held.
        when: u64,
    },
    /// The key was not valid at the time in question.
    #[error("the key {key} expired on {}", date(*.when))]
    ExpiredKey {
        /// The signing key.
        key: Fingerprint,
        /// Until when it was valid.
        when: u64,
    },
    /// The key's owner took it back.
    #[error("the key {0} was revoked")]
    RevokedKey(Fingerprint),
    /// A known key, and not its signature of these bytes.
    #[error("the signature by the key {0} does not fit")]
    BadSignature(Fingerprint),
}

/// The day of a time, in UTC.
struct Day(u64);

const fn date(seconds: u64) -> Day {
    Day(seconds)
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = i64::try_from(self.0).ok().and_then(|at| jiff::Timestamp::from_second(at).ok());
        match time {
            Some(time) => write!(f, "{}", time.strftime("%Y-%m-%d")),
            None => write!(f, "second {}", self.0),
        }
    }
}
