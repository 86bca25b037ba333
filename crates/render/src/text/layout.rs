//! Lines, indents, wrapping and colours.

use std::io::{self, Write};

use super::TextStyle;

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
        let words = self.paint(Paint::Heading, words);
        self.line(&words)
    }

    /// Wrapped words, every line at `indent`.
    pub(super) fn paragraph(&mut self, indent: usize, words: &str) -> io::Result<()> {
        self.labelled(indent, "", words)
    }

    /// A label and wrapped words that hang beside it.
    pub(super) fn labelled(&mut self, indent: usize, label: &str, words: &str) -> io::Result<()> {
        let hang = indent + if label.is_empty() { 0 } else { label.chars().count().max(6) + 2 };
        let mut first = true;
        for line in wrap(words, self.style.width.max(60).saturating_sub(hang)) {
            let margin = if first && !label.is_empty() {
                let label = format!("{label:<width$}", width = hang - indent);
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
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        } else if used > 0 {
            push(&mut lines, ' ');
            used += 1;
        }
        for character in word.chars() {
            if used >= width {
                lines.push(String::new());
                used = 0;
            }
            push(&mut lines, character);
            used += 1;
        }
    }
    lines
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
}
