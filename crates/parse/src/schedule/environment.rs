//! `NAME = value` lines of crontabs (crontab(5), `load_env` of Vixie cron).

use crate::{Line, Text};

/// An environment line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Counted from 1.
    pub line: u32,
    /// The name, quotes put aside.
    pub name: Text,
    /// The value, quotes put aside. cron does not expand it.
    pub value: Text,
}

/// Reads an environment line; nothing when the line is none.
pub(super) fn variable(line: Line<'_>) -> Option<Variable> {
    let text = line.bytes.trim_ascii();
    let (name, rest) = name(text)?;
    let value = rest.trim_ascii_start().strip_prefix(b"=")?.trim_ascii();
    let value = unquoted(value).unwrap_or(value);
    Some(Variable { line: line.number, name: Text::from(name), value: Text::from(value) })
}

fn name(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if let Some(&quote @ (b'"' | b'\'')) = text.first() {
        let inside = text.get(1..)?;
        let end = memchr::memchr(quote, inside)?;
        return Some((inside.get(..end)?, inside.get(end + 1..)?));
    }
    let end = text.iter().position(|&byte| byte == b'=' || byte.is_ascii_whitespace())?;
    (end > 0).then(|| text.split_at_checked(end)).flatten()
}

fn unquoted(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'"', inside @ .., b'"'] | [b'\'', inside @ .., b'\''] => Some(inside),
        _ => None,
    }
}
