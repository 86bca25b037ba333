//! Bytes of a log, packed or not, as a bounded stream of lines or of records.

use std::io::{self, BufRead, BufReader, Read};

use coroner_core::{Blocked, Cx, HostPath, ReadError};
use coroner_host::OpenFile;
use flate2::read::MultiGzDecoder;

/// An open file as a reader.
struct FileRead(OpenFile);

impl Read for FileRead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|blocked| io::Error::other(blocked.to_string()))
    }
}

/// Unpacked bytes of one file that are read at most.
pub(crate) const MOST_OF_ONE_FILE: u64 = 4 << 30;

/// Opens a file itself (no link is followed) as a stream of at most [`MOST_OF_ONE_FILE`] bytes.
pub(crate) fn open(
    cx: &mut Cx<'_>,
    path: &HostPath,
    packed: bool,
) -> Option<BufReader<Box<dyn Read>>> {
    let file = match cx.host().open_file(path) {
        Ok(file) => FileRead(file),
        Err(ReadError::Absent) => return None,
        Err(ReadError::Blocked(reason)) => {
            cx.gap(path, reason);
            return None;
        }
    };
    let bytes: Box<dyn Read> = if packed {
        Box::new(MultiGzDecoder::new(BufReader::new(file)).take(MOST_OF_ONE_FILE))
    } else {
        Box::new(file.take(MOST_OF_ONE_FILE))
    };
    Some(BufReader::with_capacity(256 * 1024, bytes))
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
    /// The stream broke: a damaged gzip file, or the kernel's error.
    Broken,
}

/// Reads the next line into `line`, without its newline, in bounded memory.
pub(crate) fn next_line(stream: &mut dyn BufRead, line: &mut Vec<u8>) -> NextLine {
    line.clear();
    let (mut any, mut too_long) = (false, false);
    loop {
        let Ok(chunk) = stream.fill_buf() else { return NextLine::Broken };
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
            Err(_) => return Err(Blocked::Malformed),
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
