//! Text that came from a host: bytes, printed escaped and stored without loss.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Marks the stored form of text that is not UTF-8 (or that itself starts with this mark).
const BYTES_MARK: &str = "%bytes:";

/// Bytes from the host: a name, a path, a command, a line.
///
/// `Display` escapes what could act on a terminal or mislead a reader (control characters, bidi
/// overrides, invisible characters, invalid UTF-8). Serialised, valid UTF-8 goes out as it is and
/// anything else as `%bytes:` followed by the text with `%` and invalid bytes as `%XX`; reading it
/// back gives the same bytes.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Vec<u8>);

impl Text {
    /// Takes the bytes as they are.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes as they were read.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, given away.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The text when it is valid UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The text with every invalid sequence replaced by U+FFFD: for matching, never for storing.
    pub fn lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// No bytes at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The form that is stored in reports; see the type's documentation.
    pub fn to_stored(&self) -> Cow<'_, str> {
        match self.as_str() {
            Some(text) if !text.starts_with(BYTES_MARK) => Cow::Borrowed(text),
            _ => Cow::Owned(percent_encode(&self.0)),
        }
    }

    /// Reads the form that [`Text::to_stored`] made. A malformed escape is kept as it stands.
    pub fn from_stored(stored: &str) -> Self {
        match stored.strip_prefix(BYTES_MARK) {
            Some(encoded) => Self(percent_decode(encoded.as_bytes())),
            None => Self::from(stored),
        }
    }
}

fn percent_encode(bytes: &[u8]) -> String {
    let mut out = String::from(BYTES_MARK);
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '%' => out.push_str("%25"),
                other => out.push(other),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn percent_decode(encoded: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'%').then(|| after.split_at_checked(2)).flatten();
        let decoded = escaped.and_then(|(hex, tail)| Some((hex_byte(hex)?, tail)));
        let (byte, tail) = decoded.unwrap_or((first, after));
        out.push(byte);
        rest = tail;
    }
    out
}

fn hex_byte(pair: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            // Stretches of ordinary text go out at once.
            for stretch in chunk.valid().split_inclusive(misleads) {
                let last = stretch.chars().next_back().filter(|c| misleads(*c));
                f.write_str(last.map_or(stretch, |c| stretch.trim_end_matches(c)))?;
                match last {
                    None => {}
                    Some('\n') => f.write_str("\\n")?,
                    Some('\t') => f.write_str("\\t")?,
                    Some('\r') => f.write_str("\\r")?,
                    Some(c) => write!(f, "\\u{{{:x}}}", c as u32)?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Characters that act on a terminal, reorder a line, or cannot be seen (Unicode UAX #9 and the
/// `Default_Ignorable_Code_Point` property, as far as names on a host go).
fn misleads(c: char) -> bool {
    if matches!(c, ' '..='~') {
        return false;
    }
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&Text> for Text {
    fn from(text: &Text) -> Self {
        text.clone()
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_stored())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Self::from_stored(&stored))
    }
}

impl schemars::JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Text from the host. Not UTF-8: '%bytes:' and then percent-encoding."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn display_shows_escape_codes_bidi_and_bad_bytes_instead_of_sending_them() {
        let text = Text::new(*b"a\x1b[31m\n\n\xff\xe2\x80\xaeb\t\r");
        assert_eq!(text.to_string(), "a\\u{1b}[31m\\n\\n\\xff\\u{202e}b\\t\\r");
    }

    #[test]
    fn valid_text_is_stored_as_it_is() {
        assert_eq!(Text::from("/etc/cron.d/日志").to_stored(), "/etc/cron.d/日志");
    }

    #[test]
    fn text_that_looks_like_the_stored_form_is_still_told_apart() {
        let tricky = Text::from("%bytes:%41");
        assert_eq!(Text::from_stored(&tricky.to_stored()), tricky);
    }

    proptest! {
        #[test]
        fn any_bytes_survive_being_stored(bytes: Vec<u8>) {
            let text = Text::new(bytes);
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(serde_json::from_str::<Text>(&json).unwrap(), text);
        }

        #[test]
        fn nothing_printed_is_a_control_character(bytes: Vec<u8>) {
            prop_assert!(!Text::new(bytes).to_string().chars().any(char::is_control));
        }
    }
}
