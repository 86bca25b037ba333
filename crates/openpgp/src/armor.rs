//! Packets as text (RFC 9580, 6.2).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;

const BEGIN: &[u8] = b"-----BEGIN PGP ";
const END: &[u8] = b"-----END PGP ";
const PUBLIC_KEYS: &[u8] = b"PUBLIC KEY BLOCK-----";
/// What armored signatures are called.
pub(crate) const SIGNATURE: &[u8] = b"SIGNATURE-----";

/// Whether a file is of OpenPGP public keys, armored or not: what tells them from keys of other
/// tools that a person may give by the same option.
pub fn holds_public_keys(bytes: &[u8]) -> bool {
    is_binary(bytes) || memmem::find(bytes, &[BEGIN, PUBLIC_KEYS].concat()).is_some()
}

/// Packets begin with a byte that no text begins with.
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|byte| byte & 0x80 != 0)
}

/// The packets of every block of public keys; what stands between blocks is left out, as vendors
/// put words there.
pub(crate) fn public_keys(text: &[u8]) -> Result<Vec<u8>, &'static str> {
    all(text, PUBLIC_KEYS)
}

/// The packets of every block of this kind.
pub(crate) fn all(text: &[u8], kind: &[u8]) -> Result<Vec<u8>, &'static str> {
    let begin = [BEGIN, kind].concat();
    let (mut rest, mut out) = (text, Vec::new());
    while let Some(at) = memmem::find(rest, &begin) {
        let after = rest.get(at + begin.len()..).unwrap_or_default();
        let end = memmem::find(after, END).ok_or("an armored block without an end")?;
        let (block, behind) = after.split_at_checked(end).unwrap_or_default();
        out.extend(decode(block)?);
        rest = behind;
    }
    Ok(out)
}

/// The content of a block: headers, an empty line, base 64, and perhaps a checksum, which proves
/// nothing that the signatures do not.
fn decode(block: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut lines = block.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    // The rest of the line of the beginning.
    lines
        .next()
        .filter(|line| line.is_empty())
        .ok_or("an armored block with a strange beginning")?;
    let is_header = |line: &&[u8]| memchr::memchr(b':', line).is_some();
    let content = lines.skip_while(|line| is_header(line)).filter(|line| !line.starts_with(b"="));
    let joined: Vec<u8> = content.flatten().copied().collect();
    STANDARD.decode(joined).map_err(|_| "an armored block that is not base 64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_around_blocks_headers_and_checksums_are_left_out() {
        let block = "-----BEGIN PGP PUBLIC KEY BLOCK-----\r\nVersion: 1\r\n\r\nYWJj\r\nZGU=\r\n=1234\r\n-----END PGP PUBLIC KEY BLOCK-----\r\n";
        let text = format!("Our key:\n{block}and the old one:\n{block}");
        assert_eq!(public_keys(text.as_bytes()).unwrap(), b"abcdeabcde");
        assert!(holds_public_keys(text.as_bytes()) && holds_public_keys(&[0x99, 0, 0]));
    }

    #[test]
    fn blocks_of_another_kind_are_not_taken() {
        let text = b"-----BEGIN PGP SIGNATURE-----\n\nYWJj\n-----END PGP SIGNATURE-----\n";
        assert_eq!(public_keys(text).unwrap(), b"");
        assert_eq!(all(text, SIGNATURE).unwrap(), b"abc");
        assert!(!holds_public_keys(text) && !holds_public_keys(b"untrusted comment: x"));
    }

    #[test]
    fn a_block_that_is_cut_off_or_no_base_64_is_an_error() {
        assert!(public_keys(b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nYWJj\n").is_err());
        let text =
            b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!\n-----END PGP PUBLIC KEY BLOCK-----";
        assert!(public_keys(text).is_err());
    }
}
