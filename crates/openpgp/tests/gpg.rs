//! Keys and signatures that the real gpg made (`data/make`), and a real `InRelease` of Debian's.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

use std::io::Read;
use std::path::Path;

use coroner_openpgp::{BadKeyring, Keyring, ValidAt, VerifyError, fingerprints};
use proptest::prelude::*;

const DATA: &[u8] = include_bytes!("data/data");

fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

fn keyring(name: &str) -> Keyring {
    Keyring::parse(&file(name)).unwrap()
}

/// Seconds since 1970 at the start of a day.
fn day(text: &str) -> ValidAt {
    let start: jiff::Timestamp = format!("{text}T00:00:00Z").parse().unwrap();
    ValidAt::Time(start.as_second().try_into().unwrap())
}

/// The user who signed, or why it is not believed.
fn verify(keys: &str, signature: &str, at: ValidAt) -> Result<String, VerifyError> {
    let signer = keyring(keys).verify_detached(&file(signature), DATA, at)?;
    Ok(String::from_utf8(signer.user_id).unwrap())
}

#[test]
fn each_kind_of_key_verifies_what_it_signed_and_nothing_else() {
    for name in ["rsa", "ed25519", "p256", "p384"] {
        let (keys, signature) = (format!("{name}.gpg"), format!("{name}.sig"));
        let user = verify(&keys, &signature, day("2024-02-02"));
        assert_eq!(user, Ok(format!("{name} <{name}@example.org>")));
        let changed = [DATA, b"x"].concat();
        let got = keyring(&keys).verify_detached(&file(&signature), &changed, ValidAt::Signing);
        assert!(matches!(got, Err(VerifyError::BadSignature(_))), "{name}: {got:?}");
    }
}

#[test]
fn any_changed_bit_of_a_signature_is_noticed() {
    let (keys, whole) = (keyring("ed25519.gpg"), file("ed25519.sig"));
    let flips = (0..whole.len() * 8).filter(|bit| {
        let mut signature = whole.clone();
        signature[bit / 8] ^= 1 << (bit % 8);
        keys.verify_detached(&signature, DATA, ValidAt::Signing).is_ok()
    });
    let flips: Vec<_> = flips.collect();
    // The issuer's id stands a second time where no signature covers it, and a number's count of
    // bits may be wrong by some as long as its bytes are as many.
    let harmless = |byte: usize| (61..70).contains(&byte) || matches!(byte, 73 | 107);
    assert!(flips.iter().all(|bit| harmless(bit / 8)), "{flips:?}");
}

#[test]
fn other_digests_text_signatures_and_armor_are_read() {
    for signature in ["sha512.sig", "text.sig", "armored.asc"] {
        assert!(verify("rsa.gpg", signature, day("2024-02-02")).is_ok(), "{signature}");
    }
}

#[test]
fn a_text_signature_holds_whatever_the_ends_of_lines_are() {
    let unix: Vec<u8> = DATA.iter().copied().filter(|byte| *byte != b'\r').collect();
    let keys = keyring("rsa.gpg");
    assert!(keys.verify_detached(&file("text.sig"), &unix, ValidAt::Signing).is_ok());
    assert!(keys.verify_detached(&file("rsa.sig"), &unix, ValidAt::Signing).is_err());
}

#[test]
fn an_unknown_key_is_named_by_its_id() {
    let got = verify("ed25519.gpg", "rsa.sig", ValidAt::Signing);
    let (rsa, _) = keyring("rsa.gpg").certificates().next().map(|(f, u)| (f, u.to_vec())).unwrap();
    assert_eq!(got, Err(VerifyError::UnknownKey(rsa.key_id())));
}

#[test]
fn weak_digests_and_short_keys_are_refused_by_name() {
    let weak = |what: &str| Err(VerifyError::Weak(what.to_owned()));
    assert_eq!(verify("rsa.gpg", "sha1.sig", ValidAt::Signing), weak("SHA-1"));
    // A short key cannot even bind itself.
    let reason = VerifyError::Weak("RSA with 1024 bits".to_owned());
    let alone = Keyring::parse(&file("weak.gpg"));
    assert_eq!(alone.unwrap_err(), BadKeyring::Unusable(reason.clone()));
    let among = Keyring::parse(&[file("weak.gpg"), file("rsa.gpg")].concat()).unwrap();
    assert_eq!((among.len(), &among.left_out()[0].reason), (1, &reason));
}

#[test]
fn an_expired_key_is_refused_now_and_believed_for_what_it_signed_in_time() {
    let got = verify("expired.gpg", "expired.sig", day("2024-06-01")).unwrap_err();
    assert!(matches!(got, VerifyError::ExpiredKey { .. }), "{got:?}");
    assert!(got.to_string().ends_with("expired on 2024-01-31"), "{got}");
    assert!(verify("expired.gpg", "expired.sig", day("2024-01-15")).is_ok());
    assert!(verify("expired.gpg", "expired.sig", ValidAt::Signing).is_ok());
    assert!(verify("prolonged.gpg", "expired.sig", day("2024-06-01")).is_ok());
}

#[test]
fn a_signature_may_expire_by_itself_and_may_not_come_from_the_future() {
    let expired = verify("rsa.gpg", "short.sig", day("2024-03-01"));
    assert!(matches!(expired, Err(VerifyError::Expired { .. })), "{expired:?}");
    assert!(verify("rsa.gpg", "short.sig", day("2024-02-03")).is_ok());
    let early = verify("rsa.gpg", "rsa.sig", day("2024-01-20"));
    assert!(matches!(early, Err(VerifyError::FromTheFuture { .. })), "{early:?}");
}

#[test]
fn a_stolen_key_is_never_believed_and_a_replaced_one_for_what_it_signed_before() {
    for at in [ValidAt::Signing, day("2024-02-10"), day("2024-06-01")] {
        let got = verify("stolen.gpg", "stolen.sig", at);
        assert!(matches!(got, Err(VerifyError::RevokedKey(_))), "{at:?}: {got:?}");
    }
    assert!(verify("replaced.gpg", "replaced.sig", ValidAt::Signing).is_ok());
    let now = verify("replaced.gpg", "replaced.sig", day("2024-06-01"));
    assert!(matches!(now, Err(VerifyError::RevokedKey(_))), "{now:?}");
}

#[test]
fn a_subkey_signs_for_its_certificate() {
    let keys = keyring("subkey.gpg");
    let signer = keys.verify_detached(&file("subkey.sig"), DATA, ValidAt::Signing).unwrap();
    assert_ne!(signer.fingerprint, signer.key);
    assert_eq!(keys.certificates().next().unwrap().0, signer.fingerprint);
    assert_eq!(fingerprints(&file("subkey.gpg")).unwrap(), [signer.fingerprint]);
}

#[test]
fn a_subkey_that_another_certificate_claims_signs_for_nobody() {
    // The packets of ed25519.gpg, and behind them the subkey of subkey.gpg with its bindings.
    let theirs = file("subkey.gpg");
    let at = theirs.windows(3).position(|start| start == [0xb8, 51, 4]).unwrap();
    let stolen = [file("ed25519.gpg"), theirs[at..].to_vec()].concat();
    let got = Keyring::parse(&stolen).unwrap();
    let got = got.verify_detached(&file("subkey.sig"), DATA, ValidAt::Signing);
    assert!(matches!(got, Err(VerifyError::UnknownKey(_))), "{got:?}");
}

#[test]
fn armored_files_hold_any_number_of_keys() {
    let keys = keyring("two.asc");
    let users: Vec<_> = keys.certificates().map(|(_, user)| user.to_vec()).collect();
    assert_eq!(users, [&b"rsa <rsa@example.org>"[..], b"ed25519 <ed25519@example.org>"]);
}

#[test]
fn what_is_no_file_of_public_keys_is_refused() {
    let parse = |bytes: &[u8]| Keyring::parse(bytes).unwrap_err();
    assert_eq!(parse(b""), BadKeyring::NoKeys);
    assert_eq!(parse(b"untrusted comment: minisign public key\n"), BadKeyring::NoKeys);
    assert_eq!(parse(&[0xc5, 3, 4, 0, 0]), BadKeyring::Secret);
    let cut = &file("rsa.gpg")[..200];
    assert!(matches!(parse(cut), BadKeyring::Malformed(_)));
}

#[test]
fn clear_text_is_given_back_as_it_was_signed() {
    let clear = file("clear.asc");
    for keys in ["rsa.gpg", "ed25519.gpg"] {
        let (text, _) = keyring(keys).verify_cleartext(&clear, day("2024-02-02")).unwrap();
        assert_eq!(text, b"Origin: test\nfirst line\n- a dash\nlast line\n");
    }
    let changed = String::from_utf8(clear).unwrap().replace("last line", "lost line");
    let got = keyring("rsa.gpg").verify_cleartext(changed.as_bytes(), ValidAt::Signing);
    assert!(matches!(got, Err(VerifyError::BadSignature(_))), "{got:?}");
}

fn in_release() -> Vec<u8> {
    let mut out = Vec::new();
    let packed = file("InRelease.gz");
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut out).unwrap();
    out
}

#[test]
fn debians_own_release_file_is_believed_and_every_changed_line_is_not() {
    let (keys, whole) = (keyring("debian.gpg"), in_release());
    let (text, signer) = keys.verify_cleartext(&whole, day("2026-11-25")).unwrap();
    assert!(text.starts_with(b"Origin: Debian\n") && text.ends_with(b"\n"), "{signer:?}");
    assert!(signer.user_id.starts_with(b"Debian Security Archive Automatic Signing Key (12"));
    for at in (60..text.len()).step_by(997) {
        let mut changed = whole.clone();
        changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
        assert!(keys.verify_cleartext(&changed, ValidAt::Signing).is_err(), "{at}");
    }
}

#[test]
fn no_signature_is_an_answer() {
    let got = keyring("rsa.gpg").verify_detached(b"", DATA, ValidAt::Signing);
    assert_eq!(got, Err(VerifyError::NoSignature));
}

proptest! {
    #[test]
    fn no_damage_makes_it_panic_or_believe(at in 0usize..700, byte: u8, cut in 0usize..700) {
        let mut keys = file("rsa.gpg");
        let inside = at % keys.len();
        keys[inside] = byte;
        keys.truncate(cut);
        if let Ok(keys) = Keyring::parse(&keys) {
            let _ = keys.verify_detached(&file("rsa.sig"), DATA, ValidAt::Signing);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), tag in 0u8..20) {
        let length = u8::try_from(bytes.len().min(191)).unwrap();
        let packet = [&[0xc0 | tag, length], &bytes[..usize::from(length)], &bytes].concat();
        let _ = Keyring::parse(&packet);
        let _ = keyring("two.asc").verify_detached(&packet, DATA, ValidAt::Signing);
        let _ = keyring("two.asc").verify_cleartext(&bytes, ValidAt::Signing);
    }
}
