//! Keyword and arguments of one line, split as OpenSSH's `strdelim` and `argv_split` do.

use crate::Text;

/// The keyword in lower case and the rest of the line; `None` for blank lines and comments.
pub(super) fn keyword(line: &[u8]) -> Option<(String, &[u8])> {
    let text = line.trim_ascii();
    if text.is_empty() || text.starts_with(b"#") {
        return None;
    }
    let is_end = |b: &u8| b.is_ascii_whitespace() || *b == b'=';
    let end = text.iter().position(is_end).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let rest = rest.trim_ascii_start();
    let rest = rest.strip_prefix(b"=").unwrap_or(rest);
    let name = name.strip_prefix(b"\"").and_then(|n| n.strip_suffix(b"\"")).unwrap_or(name);
    Some((String::from_utf8_lossy(name).to_ascii_lowercase(), rest))
}

/// The arguments; `None` when a quote has no end. A `#` at a word's start ends the line.
pub(super) fn split(text: &[u8]) -> Option<Vec<Text>> {
    let mut out = Vec::new();
    let mut rest = text.trim_ascii();
    while !rest.is_empty() && !rest.starts_with(b"#") {
        let (word, after) = word(rest)?;
        out.push(Text::new(word));
        rest = after.trim_ascii_start();
    }
    Some(out)
}

fn word(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut out = Vec::new();
    let mut quote = None;
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        match (byte, quote) {
            (b'\\', _) if escapes(after, quote.is_some()) => {
                out.extend(after.first());
                rest = after.get(1..)?;
                continue;
            }
            (_, Some(open)) if byte == open => quote = None,
            (b'"' | b'\'', None) => quote = Some(byte),
            (_, None) if byte.is_ascii_whitespace() => break,
            _ => out.push(byte),
        }
        rest = after;
    }
    quote.is_none().then_some((out, rest))
}

fn escapes(after: &[u8], quoted: bool) -> bool {
    match after.first() {
        Some(b'\'' | b'"' | b'\\') => true,
        Some(b' ') => !quoted,
        _ => false,
    }
}
