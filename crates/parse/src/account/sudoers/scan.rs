//! Bytes of one sudoers statement: joined lines, blanks, words, quotes and escapes.

use std::borrow::Cow;

use crate::Text;

/// Longest statement that is read; sudo's own test files have hundreds of bytes.
const LONGEST: usize = 256 * 1024;

/// A statement with its continued lines joined and its comment taken off.
pub(super) struct Logical {
    pub(super) number: u32,
    pub(super) bytes: Vec<u8>,
    quoted: bool,
}

impl Logical {
    pub(super) fn start(&self) -> Text {
        self.bytes.get(..80).unwrap_or(&self.bytes).into()
    }

    pub(super) fn is_too_long(&self) -> bool {
        self.bytes.len() > LONGEST
    }

    /// Takes in one more physical line; tells whether the next one continues it.
    fn add(&mut self, line: &[u8]) -> bool {
        let first = self.bytes.trim_ascii().is_empty();
        let (text, continued) = uncommented(line, first, &mut self.quoted);
        let room = (LONGEST + 1).saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(text.get(..room).unwrap_or(text));
        if continued && !self.is_too_long() && !first {
            self.bytes.push(b' ');
        }
        continued
    }
}

/// Joins lines that end in a backslash. A comment takes the rest of its own line only.
pub(super) fn logical_lines(content: &[u8]) -> Vec<Logical> {
    let mut out = Vec::new();
    let mut open: Option<Logical> = None;
    for (bytes, number) in content.split(|&b| b == b'\n').zip(1..=u32::MAX) {
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let new = || Logical { number, bytes: Vec::new(), quoted: false };
        let mut current = open.take().unwrap_or_else(new);
        if current.add(bytes) {
            open = Some(current);
        } else if !current.bytes.is_empty() {
            out.push(current);
        }
    }
    out.extend(open);
    out
}

/// The part of `line` before its comment, and whether the next line continues it.
fn uncommented<'a>(line: &'a [u8], first: bool, quoted: &mut bool) -> (&'a [u8], bool) {
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        match byte {
            b'\\' if at + 1 == line.len() => return (line.get(..at).unwrap_or_default(), true),
            b'\\' => at += 1,
            b'"' => *quoted = !*quoted,
            b'#' if !*quoted && is_comment(line, at, first) => {
                return (line.get(..at).unwrap_or_default(), false);
            }
            _ => {}
        }
        at += 1;
    }
    (line, false)
}

/// `#` before digits is a uid or gid, `#include` at the start is a directive; else a comment.
fn is_comment(line: &[u8], at: usize, first: bool) -> bool {
    let rest = line.get(at + 1..).unwrap_or_default();
    let number = rest.strip_prefix(b"-").unwrap_or(rest);
    if number.first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let first = first && line.get(..at).is_some_and(|before| before.trim_ascii().is_empty());
    !(first && (directive(rest, b"include") || directive(rest, b"includedir")))
}

fn directive(rest: &[u8], word: &[u8]) -> bool {
    rest.strip_prefix(word).and_then(<[u8]>::first).is_some_and(u8::is_ascii_whitespace)
}

/// A cursor over one statement.
#[derive(Clone)]
pub(super) struct Scanner<'a> {
    rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let mut scanner = Self { rest: bytes };
        scanner.skip_blanks();
        scanner
    }

    pub(super) fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    pub(super) fn at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Steps over `mark` and the blanks behind it, if it is next.
    pub(super) fn eat(&mut self, mark: &[u8]) -> bool {
        let Some(rest) = self.rest.strip_prefix(mark) else { return false };
        self.rest = rest;
        self.skip_blanks();
        true
    }

    /// Steps over `word` if it is next and a blank follows it.
    pub(super) fn keyword(&mut self, word: &[u8]) -> bool {
        let behind = self.rest.strip_prefix(word).and_then(<[u8]>::first);
        behind.is_some_and(u8::is_ascii_whitespace) && self.eat(word)
    }

    /// Steps over `Defaults`, which a scope mark may follow at once.
    pub(super) fn eat_defaults(&mut self) -> bool {
        let Some(rest) = self.rest.strip_prefix(b"Defaults") else { return false };
        match rest.first() {
            Some(b'@' | b':' | b'>' | b'!') => self.rest = rest,
            Some(byte) if byte.is_ascii_whitespace() => self.rest = rest,
            _ => return false,
        }
        true
    }

    /// What is left, without escapes and outer quotes: the path of an include.
    pub(super) fn path(&mut self) -> Text {
        let rest = self.rest.trim_ascii_end();
        self.rest = &[];
        let inner = rest.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
        inner.map_or_else(|| Text::new(unescape(rest)), Text::from)
    }

    /// A word up to a blank or one of `stops`; a quoted word keeps what is between its quotes.
    /// A quote may also stand behind `%`, `+` or inside a word, as in `%"domain users"`.
    pub(super) fn word(&mut self, stops: &[u8]) -> Option<Text> {
        let mut out = Vec::new();
        let mut seen = false;
        while let Some((&byte, rest)) = self.rest.split_first() {
            match byte {
                b'"' => {
                    let (text, after) = quoted(rest)?;
                    out.extend_from_slice(&text);
                    self.rest = after;
                }
                b'\\' => {
                    let (&next, after) = rest.split_first()?;
                    out.push(next);
                    self.rest = after;
                }
                _ if byte.is_ascii_whitespace() || stops.contains(&byte) => break,
                _ => {
                    out.push(byte);
                    self.rest = rest;
                }
            }
            seen = true;
        }
        self.skip_blanks();
        seen.then(|| Text::new(out))
    }

    /// An identifier of capital letters, digits and underscores: alias, tag or option name.
    pub(super) fn capitals(&self) -> &'a [u8] {
        let is_part = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_';
        let length = self.rest.iter().take_while(|b| is_part(b)).count();
        self.rest.get(..length).unwrap_or_default()
    }

    /// An IPv6 address or network, whose colons do not end a list.
    pub(super) fn ipv6(&mut self) -> Option<Text> {
        let is_part = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.' | b'/');
        let length = self.rest.iter().take_while(|b| is_part(b)).count();
        let (text, after) = self.rest.split_at_checked(length)?;
        let address = text.split(|&b| b == b'/').next().unwrap_or_default();
        std::str::from_utf8(address).ok()?.parse::<std::net::Ipv6Addr>().ok()?;
        self.rest = after;
        self.skip_blanks();
        Some(text.into())
    }

    /// A command's arguments: up to a comma or colon that is not escaped.
    pub(super) fn arguments(&mut self) -> Text {
        let mut out = Vec::new();
        while let Some((&byte, rest)) = self.rest.split_first() {
            match byte {
                b',' | b':' => break,
                b'\\' => match rest.split_first() {
                    Some((&next, after)) => {
                        if !matches!(next, b',' | b':' | b'=' | b'\\' | b' ' | b'\t' | b'#') {
                            out.push(b'\\');
                        }
                        out.push(next);
                        self.rest = after;
                    }
                    None => self.rest = rest,
                },
                _ => {
                    out.push(byte);
                    self.rest = rest;
                }
            }
        }
        self.skip_blanks();
        out.trim_ascii_end().into()
    }
}

/// The text up to the closing quote, and what comes behind it.
fn quoted(text: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'"' => break,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    let (inside, after) = text.split_at_checked(at)?;
    Some((Cow::Owned(unescape(inside)), after.get(1..)?))
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\\' => out.extend(bytes.next()),
            _ => out.push(byte),
        }
    }
    out
}
