//! Lines, indents, wrapping and colours.

use std::io::{self, Write};

use std::fmt::Display;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::TextStyle;
use crate::Lang;

/// What a word is painted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    Good,
    Doubt,
    Warn,
    Alarm,
    Heading,
    Faint,
}

impl Paint {
    /// SGR parameters, ECMA-48.
    fn sgr(self) -> &'static str {
        match self {
            Self::Good => "1;32",
            Self::Doubt => "1;36",
            Self::Warn => "1;33",
            Self::Alarm => "1;31",
            Self::Heading => "1",
            Self::Faint => "2",
        }
    }
}

/// A page that is written line by line.
pub(super) struct Page<'a> {
    style: TextStyle,
    out: &'a mut dyn Write,
}

impl<'a> Page<'a> {
    pub(super) fn new(style: TextStyle, out: &'a mut dyn Write) -> Self {
        Self { style, out }
    }

    pub(super) fn lang(&self) -> Lang {
        self.style.lang
    }

    /// A sentence in the page's language, its holes filled.
    pub(super) fn fill(&self, english: &str, parts: &[&dyn Display]) -> String {
        self.style.lang.fill(english, parts)
    }

    pub(super) fn paint(&self, paint: Paint, word: &str) -> String {
        if self.style.color {
            format!("\x1b[{}m{word}\x1b[0m", paint.sgr())
        } else {
            word.to_owned()
        }
    }

    pub(super) fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{}", line.trim_end())
    }

    pub(super) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    pub(super) fn heading(&mut self, words: &str) -> io::Result<()> {
        let words = self.paint(Paint::Heading, self.style.lang.word(words));
        self.line(&words)
    }

    /// Wrapped words, every line at `indent`.
    pub(super) fn paragraph(&mut self, indent: usize, words: &str) -> io::Result<()> {
        self.labelled(indent, "", words)
    }

    /// A label and wrapped words that hang beside it.
    pub(super) fn labelled(&mut self, indent: usize, label: &str, words: &str) -> io::Result<()> {
        let label = self.style.lang.word(label);
        let hang = indent + if label.is_empty() { 0 } else { label.width().max(6) + 2 };
        let mut first = true;
        for line in wrap(words, self.style.width.max(60).saturating_sub(hang)) {
            let margin = if first && !label.is_empty() {
                let label =
                    label.to_owned() + &" ".repeat((hang - indent).saturating_sub(label.width()));
                " ".repeat(indent) + &self.paint(Paint::Faint, &label)
            } else {
                " ".repeat(hang)
            };
            first = false;
            self.line(&(margin + &line))?;
        }
        Ok(())
    }
}

/// Breaks at spaces; a word longer than the width is broken inside, so that nothing is lost.
fn wrap(words: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in words.split(' ') {
        let length = first_piece(word);
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        } else if used > 0 {
            push(&mut lines, ' ');
            used += 1;
        }
        for character in word.chars() {
            let columns = character.width().unwrap_or(0);
            if used + columns > width && !closes(character) {
                lines.push(String::new());
                used = 0;
            }
            push(&mut lines, character);
            used += columns;
        }
    }
    lines
}

/// Columns before the first place where a word may be broken: Chinese breaks between any two characters.
fn first_piece(word: &str) -> usize {
    let wide = word.find(|character: char| character.width() == Some(2));
    match wide {
        Some(at) => word.get(..at).unwrap_or_default().width() + 2,
        None => word.width(),
    }
}

/// Punctuation that may not begin a line; it hangs over the edge instead.
fn closes(character: char) -> bool {
    "，。、；：？！）》」』”".contains(character)
}

fn push(lines: &mut [String], character: char) {
    if let Some(line) = lines.last_mut() {
        line.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_long_words_broken_without_loss() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("abcdefgh ij", 5), ["abcde", "fgh", "ij"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn chinese_takes_two_columns_breaks_anywhere_and_never_begins_a_line_with_a_stop() {
        assert_eq!(wrap("ab 一二三四", 6), ["ab 一", "二三四"]);
        assert_eq!(wrap("一二三。四", 6), ["一二三。", "四"]);
    }
}
