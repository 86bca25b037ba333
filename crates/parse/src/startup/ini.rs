//! Files of `[section]` and `key=value` that are simpler than units.

use crate::{BadLine, Text, lines};

use super::{key_value, trim};

/// Section names are short; a longer one would be copied into every entry below it.
const LONGEST_SECTION: usize = 256;

/// A value under its section and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) section: Text,
    pub(super) key: Text,
    pub(super) value: Text,
    pub(super) line: u32,
}

/// Reads all entries; lines that are none are given back as bad.
pub(super) fn read(content: &[u8]) -> (Vec<Entry>, Vec<BadLine>) {
    let (mut entries, mut bad) = (Vec::new(), Vec::new());
    let mut section = Text::default();
    for line in lines(content) {
        let line = match line {
            Ok(line) => line,
            Err(long) => {
                bad.push(long);
                continue;
            }
        };
        let text = trim(line.bytes);
        if text.is_empty() || matches!(text.first(), Some(b'#' | b';')) {
            continue;
        }
        let name = text.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
        if let Some(name) = name.filter(|name| name.len() <= LONGEST_SECTION) {
            section = Text::from(name);
        } else if let Some((key, value)) = key_value(text) {
            let (section, key, value) = (section.clone(), Text::from(key), Text::from(value));
            entries.push(Entry { section, key, value, line: line.number });
        } else {
            bad.push(BadLine::new(line, "neither section nor setting"));
        }
    }
    (entries, bad)
}
