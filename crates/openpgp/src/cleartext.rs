//! Text signed in the clear (RFC 9580, 7).

use crate::armor;

const BEGIN: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &[u8] = b"-----BEGIN PGP SIGNATURE-----";
const END: &[u8] = b"-----END PGP SIGNATURE-----";

/// A text and the signatures over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cleartext {
    /// Without the blanks at the ends of lines, which are not signed; each line with a line feed.
    pub(crate) text: Vec<u8>,
    /// Signature packets.
    pub(crate) signatures: Vec<u8>,
}

impl Cleartext {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
        skip_headers(&mut lines)?;
        let mut text = Vec::new();
        let mut found = None;
        for line in lines.by_ref() {
            let plain = without_blanks(line);
            if plain == SIGNATURE {
                found = Some(line);
                break;
            }
            text.extend_from_slice(unescaped(plain)?);
            text.push(b'\n');
        }
        let mut block = found.ok_or("a signed text without a signature")?.to_vec();
        let mut is_whole = false;
        for line in lines.by_ref() {
            block.extend_from_slice(line);
            if without_blanks(line) == END {
                is_whole = true;
                break;
            }
        }
        if !is_whole || lines.any(|line| !line.trim_ascii().is_empty()) {
            return Err("a signature without an end, or text behind it that nobody signed");
        }
        Ok(Self { text, signatures: armor::all(&block, armor::SIGNATURE)? })
    }

    /// What the signatures are over: lines ended by a carriage return and a line feed, but for the
    /// last one, whose end belongs to the signature's first line.
    pub(crate) fn signed(&self) -> Vec<u8> {
        with_line_ends(self.text.strip_suffix(b"\n").unwrap_or(&self.text))
    }
}

/// Only `Hash` is ever there (RFC 9580, 7.2), and which digest it is the signature says itself;
/// anything else could pass for signed text.
fn skip_headers<'a>(lines: &mut impl Iterator<Item = &'a [u8]>) -> Result<(), &'static str> {
    if lines.next().map(without_blanks) != Some(BEGIN) {
        return Err("not a text that is signed in the clear, or words before it");
    }
    for line in lines {
        match without_blanks(line) {
            [] => return Ok(()),
            header if header.starts_with(b"Hash:") => {}
            _ => return Err("a header that does not belong to signed text"),
        }
    }
    Err("a signed text without an end")
}

/// Lines that begin with a dash have another and a blank before it, so that none can pass for the
/// text's end.
fn unescaped(line: &[u8]) -> Result<&[u8], &'static str> {
    match line {
        [b'-', b' ', rest @ ..] => Ok(rest),
        [b'-', ..] => Err("a line of signed text that begins with a dash"),
        _ => Ok(line),
    }
}

/// A line without its end and the blanks before it, which no signature covers.
fn without_blanks(line: &[u8]) -> &[u8] {
    let last = line.iter().rposition(|byte| !b" \t\r\n".contains(byte));
    line.get(..last.map_or(0, |last| last + 1)).unwrap_or_default()
}

/// The same text with a carriage return before each line feed that has none (RFC 9580, 5.2.1.2).
pub(crate) fn with_line_ends(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 32);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(line) => {
                out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
                out.extend_from_slice(b"\r\n");
            }
            None => out.extend_from_slice(line),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "-----BEGIN PGP SIGNATURE-----\n\nYWJj\n-----END PGP SIGNATURE-----\n";

    fn parse(text: &str) -> Result<Cleartext, &'static str> {
        Cleartext::parse(text.as_bytes())
    }

    fn signed(text: &str) -> String {
        format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{text}{BLOCK}")
    }

    #[test]
    fn dashes_are_unescaped_and_blanks_at_ends_of_lines_are_not_signed() {
        let got = parse(&signed("Origin: x \t\r\n- - a\n\n- -----BEGIN\n")).unwrap();
        assert_eq!(got.text, b"Origin: x\n- a\n\n-----BEGIN\n");
        assert_eq!(got.signed(), b"Origin: x\r\n- a\r\n\r\n-----BEGIN");
        assert_eq!(got.signatures, b"abc");
    }

    #[test]
    fn an_empty_text_is_a_text() {
        let got = parse(&signed("\n")).unwrap();
        assert_eq!((got.text.as_slice(), got.signed().as_slice()), (&b"\n"[..], &b""[..]));
    }

    #[test]
    fn words_around_the_signed_text_are_refused() {
        assert!(parse(&format!("Origin: evil\n{}", signed("x\n"))).is_err());
        assert!(parse(&format!("{}Origin: evil\n", signed("x\n"))).is_err());
        assert!(parse(&format!("{}\n \n", signed("x\n"))).is_ok());
    }

    #[test]
    fn headers_that_could_pass_for_text_and_unescaped_dashes_are_refused() {
        let smuggled = signed("x\n").replace("Hash: SHA512", "Hash: SHA512\nOrigin: evil");
        assert!(parse(&smuggled).is_err());
        assert!(parse(&signed("-x\n")).is_err());
        assert!(parse(&signed("x\n-----BEGIN PGP SIGNED MESSAGE-----\n\ny\n")).is_err());
    }

    #[test]
    fn a_text_without_its_end_is_refused() {
        let whole = signed("x\n");
        for cut in 0..whole.len() - 1 {
            assert!(Cleartext::parse(&whole.as_bytes()[..cut]).is_err(), "{cut}");
        }
    }
}
