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

/// Lines joined where a backslash ends one, numbered by their first; see [`continued_where`].
pub(crate) fn continued(content: &[u8]) -> impl Iterator<Item = Result<(u32, Vec<u8>), BadLine>> {
    continued_where(content, |_| true)
}

/// The same; a line that could start a joined one and that `counts` says no to is left out whole,
/// as formats do whose comments do not continue.
///
/// A last line whose continuation never comes still counts, or ending a file with a backslash would
/// hide it. What is joined stops growing at 64 KiB.
pub(crate) fn continued_where(
    content: &[u8],
    counts: impl Fn(&[u8]) -> bool,
) -> impl Iterator<Item = Result<(u32, Vec<u8>), BadLine>> {
    let mut rest = lines(content);
    let mut refused: Option<BadLine> = None;
    std::iter::from_fn(move || {
        if let Some(bad) = refused.take() {
            return Some(Err(bad));
        }
        let mut open: Option<(u32, Vec<u8>)> = None;
        for line in rest.by_ref() {
            let line = match line {
                Ok(line) if open.is_some() || counts(line.bytes) => line,
                Ok(_) => continue,
                Err(bad) if open.is_none() => return Some(Err(bad)),
                Err(bad) => {
                    refused = Some(bad);
                    break;
                }
            };
            let (number, mut text) = open.take().unwrap_or((line.number, Vec::new()));
            match line.bytes.strip_suffix(b"\\") {
                Some(part) if text.len() < LONGEST_LINE => {
                    text.extend_from_slice(part);
                    open = Some((number, text));
                }
                _ => {
                    text.extend_from_slice(line.bytes);
                    return Some(Ok((number, text)));
                }
            }
        }
        open.map(Ok)
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
    fn lines_that_end_in_a_backslash_go_on_and_the_last_one_counts_without_its_rest() {
        let got: Vec<_> = continued(b"a\\\nb\nc\nd\\").map(|line| line.unwrap()).collect();
        let expected = [(1, b"ab".to_vec()), (3, b"c".to_vec()), (4, b"d".to_vec())];
        assert_eq!(got, expected);
    }

    #[test]
    fn what_stands_before_a_line_that_is_too_long_is_kept() {
        let content = [&b"a\\\n"[..], &vec![b'x'; LONGEST_LINE + 1], b"\nb\n"].concat();
        let got: Vec<_> = continued(&content).collect();
        assert_eq!(got[0].as_ref().unwrap().1, b"a");
        assert_eq!(got[1].as_ref().unwrap_err().number, 2);
        assert_eq!(got[2].as_ref().unwrap().1, b"b");
    }

    #[test]
    fn a_comment_that_ends_in_a_backslash_does_not_swallow_the_next_line() {
        let counts = |line: &[u8]| !line.starts_with(b"#");
        let got: Vec<_> = continued_where(b"#x\\\na\n", counts).map(|l| l.unwrap()).collect();
        assert_eq!(got, [(2, b"a".to_vec())]);
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
