//! Password hashes: which method, whether they lock the account, and whether a candidate fits.
//!
//! Formats: crypt(5). Every cost a hash asks for (rounds, N, r, p, cost) is the intruder's choice,
//! so it is read and bounded before any work starts.

mod check;

pub use check::{CannotCheck, cost, verify};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The method of a password hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordKind {
    /// The field is empty: no password is asked for.
    Empty,
    /// Nothing that a password could match (`*`, `!`, `!!`, `x`, any other text).
    None,
    /// `$y$`
    Yescrypt,
    /// `$gy$`
    GostYescrypt,
    /// `$7$`
    Scrypt,
    /// `$6$`
    Sha512,
    /// `$5$`
    Sha256,
    /// `$2a$`, `$2b$`, `$2x$`, `$2y$`
    Bcrypt,
    /// `$sha1$`
    Sha1,
    /// `$md5` (Solaris)
    SunMd5,
    /// `$1$`
    Md5,
    /// `$3$`
    NtHash,
    /// `_` and 19 characters
    BsdiDes,
    /// 13 characters
    Des,
    /// `$` and a method that no known C library has
    Unknown,
}

/// A password field, classified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PasswordState {
    /// The method.
    pub kind: PasswordKind,
    /// A `!` or `*` stands before it, so that no password fits until it is taken away.
    pub locked: bool,
}

impl PasswordState {
    /// Whether some password, or none at all, opens the account.
    pub fn is_usable(self) -> bool {
        !self.locked && self.kind != PasswordKind::None
    }

    /// Whether there is a hash, locked or not.
    pub fn is_hash(self) -> bool {
        !matches!(self.kind, PasswordKind::None | PasswordKind::Empty)
    }
}

const PREFIXES: &[(&[u8], PasswordKind)] = &[
    (b"$y$", PasswordKind::Yescrypt),
    (b"$gy$", PasswordKind::GostYescrypt),
    (b"$7$", PasswordKind::Scrypt),
    (b"$6$", PasswordKind::Sha512),
    (b"$5$", PasswordKind::Sha256),
    (b"$2a$", PasswordKind::Bcrypt),
    (b"$2b$", PasswordKind::Bcrypt),
    (b"$2x$", PasswordKind::Bcrypt),
    (b"$2y$", PasswordKind::Bcrypt),
    (b"$sha1$", PasswordKind::Sha1),
    (b"$md5", PasswordKind::SunMd5),
    (b"$1$", PasswordKind::Md5),
    (b"$3$", PasswordKind::NtHash),
];

/// Classifies the password field of shadow, passwd or gshadow.
pub fn classify(field: &[u8]) -> PasswordState {
    let locks = field.iter().take_while(|&&b| matches!(b, b'!' | b'*')).count();
    let hash = field.get(locks..).unwrap_or_default();
    match kind(hash) {
        PasswordKind::Empty if locks > 0 => {
            PasswordState { kind: PasswordKind::None, locked: true }
        }
        kind => PasswordState { kind, locked: locks > 0 },
    }
}

fn kind(hash: &[u8]) -> PasswordKind {
    if let Some(&(_, kind)) = PREFIXES.iter().find(|(prefix, _)| hash.starts_with(prefix)) {
        return kind;
    }
    match hash.split_first() {
        None => PasswordKind::Empty,
        Some((b'$', _)) => PasswordKind::Unknown,
        Some((b'_', rest)) if rest.len() == 19 && is_crypt64(rest) => PasswordKind::BsdiDes,
        _ if hash.len() == 13 && is_crypt64(hash) => PasswordKind::Des,
        _ => PasswordKind::None,
    }
}

/// Whether all bytes are of crypt's own base 64 alphabet.
fn is_crypt64(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_told_by_their_prefix() {
        let kinds = [
            (&b"$y$j9T$x$y"[..], PasswordKind::Yescrypt),
            (b"$gy$j9T$x$y", PasswordKind::GostYescrypt),
            (b"$7$x", PasswordKind::Scrypt),
            (b"$2y$10$x", PasswordKind::Bcrypt),
            (b"$1$a$b", PasswordKind::Md5),
            (b"abhKo2urtNdfg", PasswordKind::Des),
            (b"_J9..rasmKUMF9oNFWY6", PasswordKind::BsdiDes),
            (b"$argon2id$v=19$x", PasswordKind::Unknown),
            (b"", PasswordKind::Empty),
        ];
        for (hash, kind) in kinds {
            assert_eq!(classify(hash), PasswordState { kind, locked: false });
        }
    }

    #[test]
    fn a_lock_before_a_hash_keeps_the_hash_and_a_lock_alone_is_no_password() {
        let locked = classify(b"!$6$a$b");
        assert_eq!((locked.kind, locked.locked), (PasswordKind::Sha512, true));
        assert!(locked.is_hash() && !locked.is_usable());
        for field in [&b"!"[..], b"*", b"!!", b"!*", b"x", b"*LK*", b"*NP*", b"NP"] {
            assert!(!classify(field).is_usable(), "{field:?}");
            assert!(!classify(field).is_hash(), "{field:?}");
        }
    }

    #[test]
    fn an_empty_field_is_usable_without_a_password() {
        assert!(classify(b"").is_usable());
    }
}
