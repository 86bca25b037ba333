//! Lines of a file, numbered, with hostile lengths cut.

use crate::Text;

/// Lines longer than this many bytes are not parsed: no real configuration has them.
pub(crate) const LONGEST_LINE: usize = 64 * 1024;

/// One line of a file, without its newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Counted from 1, as editors do.
    pub number: u32,
    /// The bytes, without `\n`.
    pub bytes: &'a [u8],
}

/// A line that could not be parsed; the lines around it still were.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {number}: {reason}")]
pub struct BadLine {
    /// Counted from 1.
    pub number: u32,
    /// What is wrong with it, in a few words.
    pub reason: &'static str,
    /// The first bytes of the line, for the reader.
    pub start: Text,
}

impl BadLine {
    /// Names the line and keeps its first 80 bytes.
    pub fn new(line: Line<'_>, reason: &'static str) -> Self {
        let start = line.bytes.get(..80).unwrap_or(line.bytes);
        Self { number: line.number, reason, start: Text::from(start) }
    }
}

/// The lines of `content`; a line of more than 64 KiB comes as a [`BadLine`].
pub fn lines(content: &[u8]) -> impl Iterator<Item = Result<Line<'_>, BadLine>> {
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    let whole = content.split(|&byte| byte == b'\n');
    whole.zip(1..=u32::MAX).map(|(bytes, number)| {
        let line = Line { number, bytes };
        if bytes.len() > LONGEST_LINE { Err(BadLine::new(line, "too long")) } else { Ok(line) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_from_one_and_the_last_newline_makes_no_line() {
        let got: Vec<_> = lines(b"a\n\nb\n").map(|line| line.unwrap()).collect();
        assert_eq!(got.len(), 3);
        assert_eq!(got[2], Line { number: 3, bytes: b"b" });
    }

    #[test]
    fn a_line_of_ten_megabytes_costs_that_line_alone() {
        let mut content = vec![b'x'; 10 << 20];
        content.extend_from_slice(b"\nnext\n");
        let got: Vec<_> = lines(&content).collect();
        assert_eq!(got[0].as_ref().unwrap_err().reason, "too long");
        assert_eq!(got[1].as_ref().unwrap().bytes, b"next");
    }
}
