//! Backslash escapes of `$'..'`, `printf` and `echo -e` (bash(1), "ANSI-C Quoting").

/// Decodes escapes of `$'..'`, of printf's format and of tr's sets, where octal has three digits at
/// most; an unknown one stays as it is written.
pub fn unescape(text: &[u8]) -> Vec<u8> {
    decode(text, 3)
}

/// Decodes escapes of `echo -e` and of printf's `%b`, where three digits may follow a zero.
pub fn unescape_echo(text: &[u8]) -> Vec<u8> {
    decode(text, 4)
}

/// `after_zero`: digits of an octal number that begins with a zero, this one among them.
fn decode(text: &[u8], after_zero: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        if first != b'\\' {
            out.push(first);
            rest = after;
            continue;
        }
        rest = escape(after, after_zero, &mut out);
    }
    out
}

/// Decodes what follows a backslash into `out` and gives the bytes after it.
fn escape<'a>(text: &'a [u8], after_zero: usize, out: &mut Vec<u8>) -> &'a [u8] {
    let Some((&kind, after)) = text.split_first() else {
        out.push(b'\\');
        return text;
    };
    match kind {
        b'x' => number(after, 16, 2, out, b"\\x"),
        b'u' => number(after, 16, 4, out, b"\\u"),
        b'U' => number(after, 16, 8, out, b"\\U"),
        b'0' => number(text, 8, after_zero, out, b"\\"),
        b'1'..=b'7' => number(text, 8, 3, out, b"\\"),
        _ => {
            match simple(kind) {
                Some(byte) => out.push(byte),
                None => out.extend_from_slice(&[b'\\', kind]),
            }
            after
        }
    }
}

fn simple(kind: u8) -> Option<u8> {
    Some(match kind {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'a' => 7,
        b'b' => 8,
        b'e' | b'E' => 0x1b,
        b'f' => 12,
        b'v' => 11,
        b'\\' | b'\'' | b'"' | b'?' => kind,
        _ => return None,
    })
}

/// Reads at most `width` digits; without any, the escape is kept as written.
fn number<'a>(
    text: &'a [u8],
    radix: u32,
    width: usize,
    out: &mut Vec<u8>,
    written: &[u8],
) -> &'a [u8] {
    let digits = text.iter().take(width).take_while(|byte| char::from(**byte).is_digit(radix));
    let length = digits.count();
    let (digits, after) = text.split_at_checked(length).unwrap_or((text, &[]));
    let value = std::str::from_utf8(digits).ok().and_then(|s| u32::from_str_radix(s, radix).ok());
    match value {
        None => out.extend_from_slice(written),
        Some(value) => match u8::try_from(value) {
            Ok(byte) if radix == 8 || width == 2 || byte.is_ascii() => out.push(byte),
            _ => {
                let character = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        },
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hex_octal_unicode_and_letters_are_decoded() {
        assert_eq!(unescape(b"\\x63\\165\\162\\u006c\\n"), b"curl\n");
    }

    #[test]
    fn a_zero_takes_three_more_digits_where_echo_reads_it_and_two_elsewhere() {
        assert_eq!(unescape_echo(b"\\0162\\0041"), b"r!");
        assert_eq!(unescape(b"\\0162\\041"), b"\x0e2!");
    }

    #[test]
    fn an_escape_without_digits_stays_as_written() {
        assert_eq!(unescape(b"\\xzz\\"), b"\\xzz\\");
    }

    proptest! {
        #[test]
        fn decoding_never_grows_the_text(bytes: Vec<u8>) {
            prop_assert!(unescape(&bytes).len() <= bytes.len());
            prop_assert!(unescape_echo(&bytes).len() <= bytes.len());
        }
    }
}
