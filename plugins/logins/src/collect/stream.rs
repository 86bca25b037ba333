//! Bytes of a log, packed or not, as a bounded stream of lines or of records.

use std::io::{self, BufRead, BufReader, Read};

use coroner_core::{Blocked, Cx, ReadError};
use coroner_host::OpenFile;
use flate2::read::MultiGzDecoder;

use super::files::Part;

/// A file's bytes from some place on.
pub(crate) struct Stream {
    pub(crate) bytes: BufReader<Box<dyn Read>>,
    /// Bytes left out at the start.
    pub(crate) skipped: u64,
}

/// An open file as a reader from an offset on.
struct Tail {
    file: OpenFile,
    offset: u64,
}

impl Read for Tail {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.offset);
        let count = read.map_err(|blocked| io::Error::other(blocked.to_string()))?;
        self.offset = self.offset.saturating_add(count as u64);
        Ok(count)
    }
}

/// Opens a log as a stream of at most `limit` bytes: the last ones, where the file can be entered
/// in the middle, at a multiple of `step`; else the first. What is left out is a gap.
pub(crate) fn open(cx: &mut Cx<'_>, part: &Part, limit: u64, step: u64) -> Option<Stream> {
    let path = &part.item.path;
    let file = match cx.host().open_file(path) {
        Ok(file) => file,
        Err(ReadError::Absent) => return None,
        Err(ReadError::Blocked(reason)) => {
            cx.gap(path, reason);
            return None;
        }
    };
    // Of a file that is mostly holes, no more is read than could be data.
    let data = file.stat().blocks.saturating_mul(512).saturating_mul(2).max(1 << 20);
    let mut skipped = 0;
    let bytes: Box<dyn Read> = if part.packed {
        let packed = BufReader::new(Tail { file, offset: 0 });
        Box::new(Capped { inner: MultiGzDecoder::new(packed), left: limit })
    } else {
        let limit = limit.min(data);
        skipped = file.stat().size.saturating_sub(limit).next_multiple_of(step);
        Box::new(Tail { file, offset: skipped }.take(limit))
    };
    if skipped > 0 {
        let words = format!("its first {skipped} bytes are beyond the budget");
        cx.minor_gap(path, Blocked::TooLarge, words);
    }
    Some(Stream { bytes: BufReader::with_capacity(256 * 1024, bytes), skipped })
}

/// Fails when there is more than the limit: a few kilobytes of gzip may hold gigabytes.
struct Capped<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let left = self.left.checked_sub(count as u64);
        self.left = left.ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        Ok(count)
    }
}

/// The longest line that is looked at.
const LONGEST_LINE: usize = 16 * 1024;

/// What [`next_line`] found.
pub(crate) enum NextLine {
    /// A line is in the buffer.
    Whole,
    /// A line was longer than any log's and was skipped.
    TooLong,
    /// The end.
    End,
    /// The stream broke: a damaged gzip file, one beyond the limit, or the kernel's error.
    Broken(Blocked),
}

/// Reads the next line into `line`, without its newline, in bounded memory.
pub(crate) fn next_line(stream: &mut dyn BufRead, line: &mut Vec<u8>) -> NextLine {
    line.clear();
    let (mut any, mut too_long) = (false, false);
    loop {
        let chunk = match stream.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) => return NextLine::Broken(reason(&error)),
        };
        if chunk.is_empty() {
            break;
        }
        any = true;
        let newline = memchr::memchr(b'\n', chunk);
        let text = chunk.get(..newline.unwrap_or(chunk.len())).unwrap_or_default();
        too_long |= line.len().saturating_add(text.len()) > LONGEST_LINE;
        if !too_long {
            line.extend_from_slice(text);
        }
        let used = newline.map_or(text.len(), |at| at.saturating_add(1));
        stream.consume(used);
        if newline.is_some() {
            break;
        }
    }
    match (any, too_long) {
        (false, _) => NextLine::End,
        (true, true) => NextLine::TooLong,
        (true, false) => NextLine::Whole,
    }
}

fn reason(error: &io::Error) -> Blocked {
    if error.kind() == io::ErrorKind::FileTooLarge { Blocked::TooLarge } else { Blocked::Malformed }
}

/// Fills `chunk` as far as the stream goes.
///
/// # Errors
/// The stream's.
pub(crate) fn fill(stream: &mut dyn Read, chunk: &mut [u8]) -> Result<usize, Blocked> {
    let mut filled = 0_usize;
    while let Some(rest) = chunk.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match stream.read(rest) {
            Ok(0) => break,
            Ok(count) => filled = filled.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(reason(&error)),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_beyond_the_limit_costs_that_line_alone() {
        let mut content = vec![b'x'; LONGEST_LINE + 1];
        content.extend_from_slice(b"\nnext\nlast");
        let mut stream = BufReader::with_capacity(64, &content[..]);
        let mut line = Vec::new();
        assert!(matches!(next_line(&mut stream, &mut line), NextLine::TooLong));
        for wanted in ["next", "last"] {
            assert!(matches!(next_line(&mut stream, &mut line), NextLine::Whole));
            assert_eq!(line, wanted.as_bytes());
        }
        assert!(matches!(next_line(&mut stream, &mut line), NextLine::End));
    }
}
