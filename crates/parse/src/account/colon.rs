//! Lines of fields between colons, read the way the C library reads them.
//!
//! The C library is more forgiving than the tools that write these files: blanks before a name, a
//! sign or blanks before a number and missing last fields are all accepted, and a NUL ends the
//! line. An intruder's line may use that, so it is read the same way and its oddness is kept.
//! Source: glibc `nss/nss_files/files-parse.c`, passwd(5), shadow(5), group(5).

use super::Table;
use crate::{BadLine, Line, lines};

/// The meaningful lines of `content`, each made into a record by `record`.
pub(super) fn table<T>(
    content: &[u8],
    record: fn(&Fields<'_>, Line<'_>) -> Result<T, BadLine>,
) -> Table<T> {
    let mut table = Table::default();
    for line in lines(content) {
        match line {
            Err(bad) => table.refuse(bad),
            Ok(line) => {
                let seen = Fields::of(line.bytes);
                if !seen.is_comment() {
                    table.take(record(&seen, line));
                }
            }
        }
    }
    table
}

/// One line split at its colons.
pub(super) struct Fields<'a> {
    fields: Vec<&'a [u8]>,
    odd: Option<&'static str>,
}

impl<'a> Fields<'a> {
    fn of(line: &'a [u8]) -> Self {
        let text = line.split(|&b| b == 0).next().unwrap_or_default();
        let trimmed = text.trim_ascii_start();
        let odd = if text.len() < line.len() {
            Some("a NUL byte hides the rest of the line")
        } else if line.iter().any(|&b| b < b' ' || b == 0x7f) {
            Some("control characters")
        } else if trimmed.len() < text.len() {
            Some("blanks before the name")
        } else {
            None
        };
        Self { fields: trimmed.split(|&b| b == b':').collect(), odd }
    }

    fn is_comment(&self) -> bool {
        let first = self.get(0);
        first.starts_with(b"#") || (first.is_empty() && self.fields.len() == 1)
    }

    /// The field at `index`, empty when the line is too short.
    pub(super) fn get(&self, index: usize) -> &'a [u8] {
        self.fields.get(index).copied().unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    /// Everything from the field at `index` on, colons included, as the last field is read.
    pub(super) fn rest(&self, index: usize) -> Vec<u8> {
        self.fields.get(index..).map(|tail| tail.join(&b':')).unwrap_or_default()
    }

    /// Why a person would not expect this line, when the C library still takes it.
    pub(super) fn oddness(&self, wanted: usize) -> Option<&'static str> {
        match self.odd {
            None if self.len() < wanted => Some("fields are missing"),
            None if self.len() > wanted => Some("too many fields"),
            other => other,
        }
    }
}

/// A number as `strtoul` reads it, clamped to 32 bits; the flag tells a sign or blanks before it.
pub(super) fn number(field: &[u8]) -> Option<(u32, bool)> {
    let trimmed = field.trim_ascii_start();
    let (negative, digits) = match trimmed.split_first() {
        Some((b'+', rest)) => (false, rest),
        Some((b'-', rest)) => (true, rest),
        _ => (false, trimmed),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let clamped = digits
        .iter()
        .fold(0u64, |sum, &digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    let value = if negative { clamped.wrapping_neg() } else { clamped };
    Some((u32::try_from(value).unwrap_or(u32::MAX), digits.len() < field.len()))
}

/// A day number or another field that may be empty.
pub(super) fn optional(field: &[u8]) -> Option<i64> {
    std::str::from_utf8(field).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_the_c_library_reads_them() {
        assert_eq!(number(b"0"), Some((0, false)));
        assert_eq!(number(b" +0"), Some((0, true)));
        assert_eq!(number(b"-0"), Some((0, true)));
        assert_eq!(number(b"-1"), Some((u32::MAX, true)));
        assert_eq!(number(b"4294967296"), Some((u32::MAX, false)));
        assert_eq!(number(b"99999999999999999999999999"), Some((u32::MAX, false)));
        assert_eq!(number(b""), None);
        assert_eq!(number(b"0x0"), None);
    }
}
