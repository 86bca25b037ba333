//! Words: quotes, escapes, expansions, substitutions.

use super::parser::Parser;
use super::variables::{Expansion, assignment_name, is_name};
use super::{Inner, Role, Script, Word, unescape};

/// No word grows beyond this.
const LONGEST_WORD: usize = 256 * 1024;
/// Brace expansion makes no more words than this.
const MOST_BRACES: usize = 64;

/// A word being read, and the words that expansions already split off it.
#[allow(clippy::struct_excessive_bools)] // independent facts about one word
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) text: Vec<u8>,
    /// Something was written, if only an empty quote.
    pub(super) started: bool,
    pub(super) dynamic: bool,
    pub(super) quoted: bool,
    pub(super) array: bool,
    pub(super) from: usize,
    pub(super) done: Vec<Word>,
    pub(super) inner: Vec<(Role, Script)>,
}

/// The words that came out of one written word, and the scripts inside them.
#[allow(clippy::struct_field_names)] // words are what it holds
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) words: Vec<Word>,
    pub(super) inner: Vec<Inner>,
    /// It was `NAME=(..)`.
    pub(super) array: bool,
    /// A part was quoted, so it cannot be a reserved word.
    pub(super) quoted: bool,
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r')
}

pub(super) fn is_metacharacter(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b'\n' | b';' | b'|' | b'&' | b'<' | b'>' | b'(' | b')')
}

impl Draft {
    pub(super) fn push(&mut self, byte: u8) {
        self.started = true;
        if self.text.len() < LONGEST_WORD {
            self.text.push(byte);
        }
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.started = true;
        let room = LONGEST_WORD.saturating_sub(self.text.len());
        self.text.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// Ends the current word here, when there is one.
    fn split(&mut self, to: usize) {
        if std::mem::take(&mut self.started) {
            let text = std::mem::take(&mut self.text);
            let known = !std::mem::take(&mut self.dynamic);
            self.done.push(Word { text, known, span: self.from..to });
        }
    }

    /// Puts an unquoted expansion in, split at white space.
    pub(super) fn extend_split(&mut self, value: &[u8], to: usize) {
        for (index, part) in value.split(u8::is_ascii_whitespace).enumerate() {
            if index > 0 {
                self.split(to);
            }
            if !part.is_empty() {
                self.extend(part);
            }
        }
    }

    pub(super) fn is_assignment(&self) -> bool {
        self.done.is_empty() && assignment_name(&self.text).is_some()
    }
}

impl<'a> Parser<'a, '_> {
    /// Reads one written word; nothing when none stands here.
    pub(super) fn word(&mut self) -> Words {
        let mut draft = Draft { from: self.cursor.position(), ..Draft::default() };
        while let Some(byte) = self.cursor.peek() {
            match byte {
                b'<' | b'>' if self.cursor.peek_at(1) == Some(b'(') && !draft.is_assignment() => {
                    self.process_substitution(byte, &mut draft);
                }
                b'(' if draft.text.ends_with(b"=") && draft.is_assignment() => {
                    self.array(&mut draft);
                }
                _ if is_metacharacter(byte) => break,
                _ => self.part(byte, &mut draft),
            }
        }
        let end = self.cursor.position();
        draft.split(end);
        self.finish_word(draft)
    }

    fn finish_word(&self, draft: Draft) -> Words {
        let at = |index: usize| self.spans(index);
        let mut words: Vec<Word> = draft.done;
        if !draft.quoted
            && let [only] = words.as_slice()
            && let Some(expanded) = braces(only)
        {
            words = expanded;
        }
        for word in &mut words {
            word.span = at(word.span.start).start..at(word.span.end).end;
        }
        let inner = draft.inner.into_iter().map(|(role, script)| Inner { role, script }).collect();
        Words { words, inner, array: draft.array, quoted: draft.quoted }
    }

    fn part(&mut self, byte: u8, draft: &mut Draft) {
        self.cursor.skip(1);
        match byte {
            b'\\' => match self.cursor.bump() {
                Some(b'\n') => {}
                Some(escaped) => {
                    draft.quoted = true;
                    draft.push(escaped);
                }
                None => draft.push(b'\\'),
            },
            b'\'' => {
                draft.quoted = true;
                let text = self.cursor.take_until(b'\'');
                draft.extend(text);
            }
            b'"' => self.double_quoted(draft),
            b'$' => self.dollar(draft, false),
            b'`' => self.backticks(draft, false),
            other => draft.push(other),
        }
    }

    fn double_quoted(&mut self, draft: &mut Draft) {
        draft.quoted = true;
        draft.started = true;
        while let Some(byte) = self.cursor.bump() {
            match byte {
                b'"' => return,
                b'\\' => match self.cursor.peek() {
                    Some(b'\n') => self.cursor.skip(1),
                    Some(next @ (b'"' | b'\\' | b'$' | b'`')) => {
                        self.cursor.skip(1);
                        draft.push(next);
                    }
                    _ => draft.push(b'\\'),
                },
                b'$' => self.dollar(draft, true),
                b'`' => self.backticks(draft, true),
                other => draft.push(other),
            }
        }
    }

    /// What follows a `$`.
    fn dollar(&mut self, draft: &mut Draft, in_quotes: bool) {
        match self.cursor.peek() {
            Some(b'\'') if !in_quotes => {
                self.cursor.skip(1);
                draft.quoted = true;
                let text = self.ansi_quoted();
                draft.extend(&unescape(&text));
            }
            Some(b'"') if !in_quotes => {
                self.cursor.skip(1);
                self.double_quoted(draft);
            }
            Some(b'(') => self.parenthesis(draft, in_quotes),
            Some(b'{') => {
                self.cursor.skip(1);
                let inside = self.braced();
                let expansion = self.shared.variables.parameter(inside);
                self.expand(draft, &expansion, &[b"${", inside, b"}"], in_quotes);
            }
            Some(byte) if is_name(byte) && !byte.is_ascii_digit() => {
                let name = self.cursor.take_while(is_name);
                let expansion = self.shared.variables.get(name);
                self.expand(draft, &expansion, &[b"$", name], in_quotes);
            }
            Some(byte) if byte.is_ascii_digit() || b"@*#?$!-".contains(&byte) => {
                self.cursor.skip(1);
                self.expand(draft, &Expansion::Unknown, &[b"$", &[byte]], in_quotes);
            }
            _ => draft.push(b'$'),
        }
    }

    fn expand(&mut self, draft: &mut Draft, expansion: &Expansion, raw: &[&[u8]], in_quotes: bool) {
        let here = self.cursor.position();
        let splits = !in_quotes && !draft.is_assignment();
        match expansion {
            // An empty positional parameter inside a name is a quoting trick: c$@url.
            Expansion::Unknown if matches!(raw, [b"$", b"@" | b"*"]) && joins(draft, self) => {}
            Expansion::Unknown => {
                draft.dynamic = true;
                draft.extend(&raw.concat());
            }
            Expansion::Known(value) if in_quotes || !splits => {
                draft.dynamic |= value.contains(&b'$');
                draft.extend(value);
            }
            Expansion::Known(value) | Expansion::Words(value) => {
                draft.dynamic |= value.contains(&b'$');
                draft.extend_split(value, here);
            }
        }
    }

    /// `$'..'`, where a backslash keeps the quote open.
    fn ansi_quoted(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        while let Some(byte) = self.cursor.bump() {
            match byte {
                b'\'' => break,
                b'\\' => {
                    text.push(byte);
                    text.extend(self.cursor.bump());
                }
                other => text.push(other),
            }
        }
        text
    }

    /// The inside of `${..}`; braces nest.
    fn braced(&mut self) -> &'a [u8] {
        let from = self.cursor.position();
        let mut depth = 1_u32;
        while let Some(byte) = self.cursor.bump() {
            match byte {
                b'\\' => self.cursor.skip(1),
                b'{' => depth += 1,
                b'}' => depth -= 1,
                b'\n' => break,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        let to = self.cursor.position().saturating_sub(1);
        self.cursor.slice(from, to.max(from))
    }
}

/// Whether a word goes on left and right of here.
fn joins(draft: &Draft, parser: &Parser<'_, '_>) -> bool {
    let after = parser.cursor.peek();
    draft.started && !draft.text.is_empty() && after.is_some_and(|byte| byte.is_ascii_alphabetic())
}

/// `{curl,-s,url}`: words without a blank in sight (bash(1), "Brace Expansion").
fn braces(word: &Word) -> Option<Vec<Word>> {
    let inside = word.text.strip_prefix(b"{")?.strip_suffix(b"}")?;
    let plain = !inside.iter().any(|byte| matches!(byte, b'{' | b'}'));
    if !plain || !inside.contains(&b',') {
        return None;
    }
    let parts = inside.split(|&byte| byte == b',').take(MOST_BRACES);
    Some(parts.map(|part| Word { text: part.to_vec(), ..word.clone() }).collect())
}
