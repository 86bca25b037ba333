//! Formats handed to an interpreter by the kernel: `binfmt.d` and `/proc/sys/fs/binfmt_misc`.
//!
//! Documentation/admin-guide/binfmt-misc.rst; binfmt.d(5).

use crate::{BadLine, Text, lines};

use super::{Found, trim};

/// A registered format.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BinaryFormat {
    /// Its name.
    pub name: Text,
    /// The program run instead of the file.
    pub interpreter: Text,
    /// `P`, `O`, `C`, `F`.
    pub flags: Text,
    /// The bytes matched, as written (hex or escapes), or the extension.
    pub magic: Text,
    /// Where the bytes stand in the file.
    pub offset: u32,
}

impl BinaryFormat {
    /// The interpreter runs with the rights of the file (a set-uid file's, too).
    pub fn takes_credentials(&self) -> bool {
        self.flags.as_bytes().contains(&b'C')
    }
}

/// The formats of a `binfmt.d` file: `:name:type:offset:magic:mask:interpreter:flags`.
pub fn registrations(content: &[u8]) -> Vec<Result<Found<BinaryFormat>, BadLine>> {
    let mut found = Vec::new();
    for line in lines(content) {
        let line = match line {
            Ok(line) => line,
            Err(bad) => {
                found.push(Err(bad));
                continue;
            }
        };
        let text = trim(line.bytes);
        if !text.is_empty() && !matches!(text.first(), Some(b'#' | b';')) {
            let value = registration(text).map(|value| Found { line: line.number, value });
            found.push(value.ok_or_else(|| BadLine::new(line, "not a binary format")));
        }
    }
    found
}

fn registration(text: &[u8]) -> Option<BinaryFormat> {
    let (&separator, rest) = text.split_first()?;
    let mut fields = rest.split(|&byte| byte == separator);
    let (name, _kind, offset) = (fields.next()?, fields.next()?, fields.next()?);
    let (magic, _mask, interpreter) = (fields.next()?, fields.next()?, fields.next()?);
    Some(BinaryFormat {
        name: name.into(),
        interpreter: interpreter.into(),
        flags: fields.next().unwrap_or_default().into(),
        magic: magic.into(),
        offset: number(offset),
    })
}

fn number(text: &[u8]) -> u32 {
    std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// One entry of the live kernel; `None` when it is disabled or not an entry.
pub fn live_entry(name: &Text, content: &[u8]) -> Option<BinaryFormat> {
    let mut format = BinaryFormat { name: name.clone(), ..BinaryFormat::default() };
    let mut enabled = false;
    for line in lines(content).flatten() {
        let text = trim(line.bytes);
        let after = |word: &[u8]| text.strip_prefix(word).map(trim);
        if text == b"enabled" {
            enabled = true;
        } else if let Some(path) = after(b"interpreter ") {
            format.interpreter = path.into();
        } else if let Some(flags) = after(b"flags:") {
            format.flags = flags.into();
        } else if let Some(magic) = after(b"magic ").or_else(|| after(b"extension ")) {
            format.magic = magic.into();
        } else if let Some(offset) = after(b"offset ") {
            format.offset = number(offset);
        }
    }
    (enabled && !format.interpreter.is_empty()).then_some(format)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_registration_names_interpreter_and_flags() {
        let got = registrations(b"# x\n:x:M::\\x7fELF::/tmp/i:OC\n");
        let format = &got[0].as_ref().unwrap().value;
        assert_eq!(
            (format.interpreter.clone(), format.takes_credentials()),
            ("/tmp/i".into(), true)
        );
    }

    #[test]
    fn a_live_entry_is_read_when_it_is_enabled() {
        let text = b"enabled\ninterpreter /usr/bin/q\nflags: OCF\noffset 0\nmagic 7f454c46\n";
        let got = live_entry(&"q".into(), text).unwrap();
        assert_eq!((got.flags, got.magic), ("OCF".into(), "7f454c46".into()));
        assert_eq!(live_entry(&"q".into(), b"disabled\ninterpreter /x\n"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            registrations(&bytes);
            live_entry(&Text::default(), &bytes);
        }
    }
}
