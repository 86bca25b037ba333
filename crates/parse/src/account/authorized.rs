//! `authorized_keys`, sshd(8) section on that file.

use super::key::{is_key_type, public_key};
use super::{PublicKey, Table};
use crate::{BadLine, Line, Text, lines};

/// A key that may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizedKey {
    /// Line number in the file.
    pub line: u32,
    /// What the key may and must do.
    pub options: Vec<KeyOption>,
    /// The key.
    pub key: PublicKey,
    /// What follows the key.
    pub comment: Text,
}

/// One option before a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOption {
    /// In lower case: `command`, `from`, `no-pty`.
    pub name: String,
    /// Without its quotes.
    pub value: Option<Text>,
}

impl AuthorizedKey {
    /// The value of the first option of that name.
    pub fn option(&self, name: &str) -> Option<&KeyOption> {
        self.options.iter().find(|option| option.name == name)
    }
}

/// Reads an `authorized_keys` file.
pub fn authorized_keys(content: &[u8]) -> Table<AuthorizedKey> {
    let mut table = Table::default();
    for line in lines(content) {
        match line {
            Err(bad) => table.refuse(bad),
            Ok(line) => {
                let text = line.bytes.trim_ascii();
                if !text.is_empty() && !text.starts_with(b"#") {
                    table.take(record(line, text));
                }
            }
        }
    }
    table
}

fn record(line: Line<'_>, text: &[u8]) -> Result<AuthorizedKey, BadLine> {
    let (options, rest) = match word(text) {
        (first, rest) if is_key_type(first) => (Vec::new(), (first, rest)),
        _ => {
            let (options, rest) = options(text).ok_or(BadLine::new(line, "options without end"))?;
            (options, word(rest))
        }
    };
    let (kind, rest) = rest;
    if !is_key_type(kind) {
        return Err(BadLine::new(line, "no key type"));
    }
    let (blob, comment) = word(rest);
    let key = public_key(kind, blob).ok_or(BadLine::new(line, "the key is malformed"))?;
    Ok(AuthorizedKey { line: line.number, options, key, comment: comment.trim_ascii().into() })
}

/// The text up to a blank, and what follows the blanks.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    let (first, rest) = text.split_at_checked(end).unwrap_or((text, b""));
    (first, rest.trim_ascii_start())
}

/// Options end at the first blank outside of quotes.
fn options(text: &[u8]) -> Option<(Vec<KeyOption>, &[u8])> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        let (option, after) = option(rest)?;
        out.push(option);
        match after.split_first() {
            Some((b',', more)) => rest = more,
            _ => return Some((out, after.trim_ascii_start())),
        }
    }
}

/// One option, and what follows it: a comma, a blank or the end.
fn option(text: &[u8]) -> Option<(KeyOption, &[u8])> {
    let is_end = |b: &u8| b.is_ascii_whitespace() || matches!(b, b',' | b'=');
    let end = text.iter().position(is_end).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let Some(value) = rest.strip_prefix(b"=") else {
        return Some((KeyOption { name, value: None }, rest));
    };
    let (value, rest) = match value.strip_prefix(b"\"") {
        Some(quoted) => until_quote(quoted)?,
        None => bare(value),
    };
    Some((KeyOption { name, value: Some(Text::new(value)) }, rest))
}

fn bare(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let is_end = |b: &u8| b.is_ascii_whitespace() || *b == b',';
    let end = text.iter().position(is_end).unwrap_or(text.len());
    let (value, rest) = text.split_at_checked(end).unwrap_or((text, b""));
    (value.to_vec(), rest)
}

/// Reads to the closing quote; only `\"` is an escape.
fn until_quote(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        if let Some(after) = rest.strip_prefix(b"\\\"") {
            out.push(b'"');
            rest = after;
            continue;
        }
        let (&byte, after) = rest.split_first()?;
        if byte == b'"' {
            return Some((out, after));
        }
        out.push(byte);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn a_plain_key_with_comment_is_read() {
        let table = authorized_keys(format!("# x\nssh-ed25519 {KEY} alice at work\n").as_bytes());
        let key = &table.entries[0];
        assert_eq!((key.line, &key.comment), (2, &Text::from("alice at work")));
        assert!(key.key.fingerprint.starts_with("SHA256:"));
        assert!(key.options.is_empty());
    }

    #[test]
    fn quoted_options_keep_commas_blanks_and_quotes() {
        let text = format!(
            "from=\"192.0.2.0/24,!192.0.2.1\",Command=\"echo \\\"a b\\\", x\",no-pty ssh-ed25519 {KEY}\n"
        );
        let table = authorized_keys(text.as_bytes());
        let key = &table.entries[0];
        assert_eq!(key.option("command").unwrap().value, Some(Text::from("echo \"a b\", x")));
        assert_eq!(key.option("from").unwrap().value, Some(Text::from("192.0.2.0/24,!192.0.2.1")));
        assert_eq!(key.options[2], KeyOption { name: "no-pty".into(), value: None });
    }

    #[test]
    fn text_without_a_whole_key_is_a_bad_line() {
        let table = authorized_keys(b"ssh-ed25519 AAAA\nhello world\ncommand=\"x ssh-rsa A\n");
        assert_eq!(table.bad.len(), 3);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(content: Vec<u8>) {
            let _ = authorized_keys(&content);
        }

        #[test]
        fn a_key_is_seen_whatever_its_command_says(command in "[ -~]{0,60}") {
            let quoted = command.replace('\\', "/").replace('"', "\\\"");
            let text = format!("command=\"{quoted}\" ssh-ed25519 {KEY} x\n");
            prop_assert_eq!(authorized_keys(text.as_bytes()).entries.len(), 1);
        }
    }
}
