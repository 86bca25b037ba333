//! Whether a candidate fits a hash, with bounded memory and time.

use std::str::FromStr;

use super::{PasswordKind, classify, is_crypt64};

/// No single check may take more than about this many microseconds of one core.
const LONGEST: u64 = 1_000_000;
/// No single check may use more memory than this.
const MOST_MEMORY: u64 = 64 << 20;
/// Candidates are cut here; bcrypt itself reads 72 bytes, and no word list has longer words.
const LONGEST_CANDIDATE: usize = 128;

/// Why a hash could not be compared with a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotCheck {
    /// The method is known, and nothing here computes it.
    #[error("this hash method cannot be computed")]
    Unsupported,
    /// The hash asks for more time or memory than one check may take.
    #[error("the hash asks for more time or memory than one check may take")]
    TooCostly,
    /// The text is no hash that a C library would take.
    #[error("the hash is malformed")]
    Malformed,
}

/// Whether `candidate` is the password behind `hash`.
///
/// # Errors
/// [`CannotCheck`] when nothing was compared; a locked or absent hash is [`CannotCheck::Malformed`].
pub fn verify(hash: &[u8], candidate: &[u8]) -> Result<bool, CannotCheck> {
    let plan = Plan::of(hash)?;
    let candidate = candidate.get(..LONGEST_CANDIDATE).unwrap_or(candidate);
    plan.run(candidate)
}

/// What one [`verify`] of this hash costs, in microseconds of an ordinary core, roughly: for
/// budgets that must not depend on a clock.
///
/// # Errors
/// As [`verify`].
pub fn cost(hash: &[u8]) -> Result<u64, CannotCheck> {
    Plan::of(hash).map(|plan| plan.microseconds)
}

/// A hash whose costs are known to be bearable.
struct Plan<'a> {
    method: Method<'a>,
    hash: &'a str,
    microseconds: u64,
}

enum Method<'a> {
    Yescrypt,
    Scrypt { params: yescrypt::Params, salt: &'a str, expected: &'a str },
    ShaCrypt,
    Bcrypt,
    Md5 { salt: &'a str },
    Des,
}

impl<'a> Plan<'a> {
    fn of(hash: &'a [u8]) -> Result<Self, CannotCheck> {
        let text = std::str::from_utf8(hash).map_err(|_| CannotCheck::Malformed)?;
        let state = classify(hash);
        if state.locked || text.len() > 512 {
            return Err(CannotCheck::Malformed);
        }
        let (method, microseconds) = match state.kind {
            PasswordKind::Yescrypt => (Method::Yescrypt, yescrypt_cost(text)?),
            PasswordKind::Scrypt => scrypt(text)?,
            PasswordKind::Sha512 => (Method::ShaCrypt, sha_rounds(text)?.saturating_mul(3) / 4),
            PasswordKind::Sha256 => (Method::ShaCrypt, sha_rounds(text)? / 4),
            PasswordKind::Bcrypt => (Method::Bcrypt, bcrypt_cost(text)?),
            PasswordKind::Md5 => (Method::Md5 { salt: md5_salt(text)? }, 500),
            PasswordKind::Des => (Method::Des, 200),
            PasswordKind::Empty | PasswordKind::None => return Err(CannotCheck::Malformed),
            _ => return Err(CannotCheck::Unsupported),
        };
        if microseconds > LONGEST {
            return Err(CannotCheck::TooCostly);
        }
        Ok(Self { method, hash: text, microseconds })
    }

    fn run(&self, candidate: &[u8]) -> Result<bool, CannotCheck> {
        match self.method {
            Method::Yescrypt => run_yescrypt(self.hash, candidate),
            Method::Scrypt { params, salt, expected } => {
                run_scrypt(&params, salt, expected, candidate)
            }
            Method::ShaCrypt => run_sha_crypt(self.hash, candidate),
            Method::Bcrypt => {
                bcrypt::verify(candidate, self.hash).map_err(|_| CannotCheck::Malformed)
            }
            Method::Md5 { salt } => run_md5(self.hash, salt, candidate),
            Method::Des => Ok(pwhash::unix_crypt::verify(candidate, self.hash)),
        }
    }
}

/// `$y$PARAMS$SALT$HASH`. The hash must be whole: a library that compares only as many bytes as
/// the text holds would take any candidate for an empty one.
fn yescrypt_cost(hash: &str) -> Result<u64, CannotCheck> {
    let fields: Vec<&str> = hash.split('$').collect();
    let [_, _, params, salt, digest] = fields.as_slice() else {
        return Err(CannotCheck::Malformed);
    };
    if digest.len() != 43 || salt.len() > 86 {
        return Err(CannotCheck::Malformed);
    }
    let params = yescrypt::Params::from_str(params).map_err(|_| CannotCheck::Unsupported)?;
    // The crate does not tell `t`, which only makes the work longer: nothing but 0 is accepted.
    let modes = [yescrypt::Mode::Rw, yescrypt::Mode::Worm, yescrypt::Mode::Classic];
    let plain = |mode| yescrypt::Params::new(mode, params.n(), params.r(), params.p());
    if !modes.into_iter().any(|mode| plain(mode).is_ok_and(|plain| plain == params)) {
        return Err(CannotCheck::TooCostly);
    }
    memory_hard_cost(&params)
}

/// Both scrypt and yescrypt walk over 128·r·N bytes, p times.
fn memory_hard_cost(params: &yescrypt::Params) -> Result<u64, CannotCheck> {
    let block = u64::from(params.r()).saturating_mul(128);
    let memory = block.saturating_mul(params.n().saturating_add(u64::from(params.p())));
    if memory > MOST_MEMORY {
        return Err(CannotCheck::TooCostly);
    }
    Ok((memory / 1024).saturating_mul(u64::from(params.p())).saturating_mul(4).max(50))
}

/// `$7$` N (1 character), r and p (5 characters each, least significant first), salt, `$`, hash.
fn scrypt(hash: &str) -> Result<(Method<'_>, u64), CannotCheck> {
    let body = hash.strip_prefix("$7$").ok_or(CannotCheck::Malformed)?;
    let (salted, expected) = body.rsplit_once('$').ok_or(CannotCheck::Malformed)?;
    let (head, salt) = salted.split_at_checked(11).ok_or(CannotCheck::Malformed)?;
    let (log_n, r_and_p) = head.split_at_checked(1).ok_or(CannotCheck::Malformed)?;
    let (r, p) = r_and_p.split_at_checked(5).ok_or(CannotCheck::Malformed)?;
    let log_n = crypt64_number(log_n).filter(|&log| (1..=24).contains(&log));
    let n = 1u64 << log_n.ok_or(CannotCheck::TooCostly)?;
    let (r, p) = crypt64_number(r).zip(crypt64_number(p)).ok_or(CannotCheck::Malformed)?;
    if r == 0 || p == 0 || expected.len() != 43 {
        return Err(CannotCheck::Malformed);
    }
    let params = yescrypt::Params::new(yescrypt::Mode::Classic, n, r, p)
        .map_err(|_| CannotCheck::Malformed)?;
    let microseconds = memory_hard_cost(&params)?;
    Ok((Method::Scrypt { params, salt, expected }, microseconds))
}

const CRYPT64: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn crypt64_number(text: &str) -> Option<u32> {
    text.bytes().rev().try_fold(0u32, |sum, byte| {
        let digit = CRYPT64.iter().position(|&c| c == byte)?;
        Some(sum.checked_shl(6)? | u32::try_from(digit).ok()?)
    })
}

/// Three bytes become four characters, least significant bits first.
fn crypt64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let mut bits = chunk.iter().rev().fold(0u32, |sum, &b| (sum << 8) | u32::from(b));
        for _ in 0..=chunk.len() {
            let digit = CRYPT64.get((bits & 63) as usize).copied().unwrap_or(b'.');
            out.push(char::from(digit));
            bits >>= 6;
        }
    }
    out
}

fn sha_rounds(hash: &str) -> Result<u64, CannotCheck> {
    let mut fields = hash.split('$').skip(2);
    let first = fields.next().ok_or(CannotCheck::Malformed)?;
    let Some(rounds) = first.strip_prefix("rounds=") else { return Ok(5000) };
    let rounds = rounds.parse().map_err(|_| CannotCheck::Malformed)?;
    if rounds < 1000 { Err(CannotCheck::Malformed) } else { Ok(rounds) }
}

fn bcrypt_cost(hash: &str) -> Result<u64, CannotCheck> {
    let parts = bcrypt::HashParts::from_str(hash).map_err(|_| CannotCheck::Malformed)?;
    match parts.get_cost() {
        cost @ 4..=20 => Ok(90u64 << cost),
        21..=31 => Err(CannotCheck::TooCostly),
        _ => Err(CannotCheck::Malformed),
    }
}

fn md5_salt(hash: &str) -> Result<&str, CannotCheck> {
    let body = hash.strip_prefix("$1$").ok_or(CannotCheck::Malformed)?;
    let (salt, digest) = body.split_once('$').ok_or(CannotCheck::Malformed)?;
    let whole = digest.len() == 22 && is_crypt64(digest.as_bytes());
    // The crate wants the six bytes that a salt of eight characters makes.
    match salt.len() {
        _ if !whole || !is_crypt64(salt.as_bytes()) => Err(CannotCheck::Malformed),
        8 => Ok(salt),
        0..8 => Err(CannotCheck::Unsupported),
        _ => Err(CannotCheck::Malformed),
    }
}

fn run_yescrypt(hash: &str, candidate: &[u8]) -> Result<bool, CannotCheck> {
    use yescrypt::password_hash::{Error, PasswordVerifier as _};
    match yescrypt::Yescrypt::default().verify_password(candidate, hash) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(_) => Err(CannotCheck::Malformed),
    }
}

fn run_scrypt(
    params: &yescrypt::Params,
    salt: &str,
    expected: &str,
    candidate: &[u8],
) -> Result<bool, CannotCheck> {
    let mut digest = [0u8; 32];
    yescrypt::yescrypt(candidate, salt.as_bytes(), params, &mut digest)
        .map_err(|_| CannotCheck::Malformed)?;
    Ok(crypt64(&digest) == expected)
}

fn run_sha_crypt(hash: &str, candidate: &[u8]) -> Result<bool, CannotCheck> {
    use sha_crypt::password_hash::{Error, PasswordVerifier as _};
    match sha_crypt::ShaCrypt::default().verify_password(candidate, hash) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(_) => Err(CannotCheck::Malformed),
    }
}

#[allow(deprecated)] // the crate warns of making such hashes; here one is compared
fn run_md5(hash: &str, salt: &str, candidate: &[u8]) -> Result<bool, CannotCheck> {
    let setup = pwhash::HashSetup { salt: Some(salt), rounds: None };
    let made = pwhash::md5_crypt::hash_with(setup, candidate);
    made.map(|made| made == hash).map_err(|_| CannotCheck::Unsupported)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Made by libxcrypt's crypt(3) from the password `toor`.
    const HASHES: &[&str] = &[
        "$y$j75$saltsalt$Y4q3rupRxnFTXrq55mSps5QtOC2wjzhtIJV9xaCk60D",
        "$y$j9T$saltsaltsaltsalt$GEYrwg2xtwM/M0Z18NiI0.uNrX3gdFi2AdxDChD8q5D",
        "$7$6/..../....saltsalt$upyLrPkBbbvc7MxyK/Nwm.RqAaBE.kHDzteUsNyeAo3",
        "$6$saltsalt$imNpoTToxg0uElWe0jkumPeYaSbMjdfpMltx4ujhl6fBM0Kbfp4goTvuYuH/9J.53A/DGQiRrlELi.Z/L.rQo/",
        "$6$rounds=1000$saltsalt$JWt52Z5U.2/l.6wEK/0zKcgwc.8wZkiLZ1BtZYvKFXL8lRvY3b3R8xLSq1vQ4De2Ho.VoJInheXtmGNxgqTTP0",
        "$5$saltsalt$KS2O/frx9VfZSuO8w8TmD12pwbGJ87yjt.0fQrwSHU5",
        "$2b$04$abcdefghijklmnopqrstuuclfgSBvJ6CNMDTLw8io.6PwqED.y4NW",
        "$2a$04$abcdefghijklmnopqrstuuclfgSBvJ6CNMDTLw8io.6PwqED.y4NW",
        "$2y$04$abcdefghijklmnopqrstuuclfgSBvJ6CNMDTLw8io.6PwqED.y4NW",
        "$1$saltsalt$fz9m3OoeOUZ50I722c9rH/",
        "abhKo2urtNdfg",
    ];

    #[test]
    fn every_supported_method_agrees_with_the_c_library() {
        for hash in HASHES {
            assert_eq!(verify(hash.as_bytes(), b"toor"), Ok(true), "{hash}");
            assert_eq!(verify(hash.as_bytes(), b"root"), Ok(false), "{hash}");
            assert_eq!(verify(hash.as_bytes(), b""), Ok(false), "{hash}");
        }
    }

    #[test]
    fn a_hash_cut_short_fits_no_candidate() {
        for hash in HASHES {
            let cut = &hash.as_bytes()[..hash.len() - 1];
            assert_ne!(verify(cut, b"toor"), Ok(true), "{hash}");
            let end = hash.rfind('$').map_or(2, |at| at + 1);
            assert_ne!(verify(&hash.as_bytes()[..end], b"toor"), Ok(true), "{hash}");
        }
    }

    #[test]
    fn costs_that_an_intruder_chose_are_refused_before_any_work() {
        let hash = "KS2O/frx9VfZSuO8w8TmD12pwbGJ87yjt.0fQrwSHU5";
        let costly = [
            format!("$5$rounds=999999999$saltsalt${hash}"),
            format!("$y$jzzzzzT$saltsalt${hash}"),
            format!("$y$jQT$saltsalt${hash}"),
            format!("$7$K6..../....saltsalt${hash}"),
            format!("$7$6/....zzzzzsaltsalt${hash}"),
            "$2b$31$abcdefghijklmnopqrstuuclfgSBvJ6CNMDTLw8io.6PwqED.y4NW".to_owned(),
        ];
        for hash in costly {
            assert!(verify(hash.as_bytes(), b"x").is_err(), "{hash}");
            assert!(cost(hash.as_bytes()).is_err(), "{hash}");
        }
    }

    #[test]
    fn methods_without_code_and_locked_hashes_are_said_to_be_unchecked() {
        let gost = b"$gy$j9T$saltsaltsaltsalt$2b12KAzhC9pYEEaItwWWc2penIOYVvmq4nsQsbuIul.";
        assert_eq!(verify(gost, b"toor"), Err(CannotCheck::Unsupported));
        assert_eq!(verify(b"!abhKo2urtNdfg", b"toor"), Err(CannotCheck::Malformed));
        assert_eq!(verify(b"", b""), Err(CannotCheck::Malformed));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_hash_makes_it_panic(
            prefix in "(\\$(y|7|6|5|1|2[abxy])\\$)?",
            body in "[./0-9A-Za-z$=]{0,90}",
            candidate: Vec<u8>,
        ) {
            let hash = format!("{prefix}{body}");
            if cost(hash.as_bytes()).is_ok_and(|microseconds| microseconds < 20_000) {
                let _ = verify(hash.as_bytes(), &candidate);
            }
        }

        #[test]
        fn small_yescrypt_parameters_never_panic(
            flavor in "[./0-9j-n]", log_n in "[./0-9]", r in "[./0-9]", more in "[./0-9]{0,3}",
        ) {
            let digest = "Y4q3rupRxnFTXrq55mSps5QtOC2wjzhtIJV9xaCk60D";
            let hash = format!("$y${flavor}{log_n}{r}{more}$saltsalt${digest}");
            if cost(hash.as_bytes()).is_ok_and(|microseconds| microseconds < 20_000) {
                let _ = verify(hash.as_bytes(), b"x");
            }
        }
    }
}
