//! The outer container of a .deb: ar as deb(5) narrows it. Members have short plain names, so neither
//! of ar's two ways to write long ones is read; the crates for ar allocate whatever their sizes say.

use std::io::{self, Read, Take};

use crate::Refused;
use crate::bounds::drain;

const MAGIC: &[u8; 8] = b"!<arch>\n";
const HEADER: usize = 60;

/// Members, one after another.
pub(crate) struct Members<R>(R);

/// A member that is being read.
pub(crate) struct Member<'a, R> {
    /// Without the slash or blanks behind it.
    pub(crate) name: Vec<u8>,
    /// Bytes.
    pub(crate) size: u64,
    body: Take<&'a mut R>,
}

impl<R: Read> Members<R> {
    pub(crate) fn open(mut reader: R) -> Result<Self, Refused> {
        let mut magic = [0; MAGIC.len()];
        reader.read_exact(&mut magic)?;
        if magic == *MAGIC { Ok(Self(reader)) } else { Err(Refused::Malformed("not a .deb")) }
    }

    /// The next member, if there is one; those whose names begin with an underscore are skipped, as
    /// deb(5) says.
    pub(crate) fn next(&mut self) -> Result<Option<Member<'_, R>>, Refused> {
        loop {
            let Some((name, size)) = self.header()? else { return Ok(None) };
            let body = (&mut self.0).take(size);
            if !name.starts_with(b"_") {
                return Ok(Some(Member { name, size, body: (&mut self.0).take(size) }));
            }
            Member { name, size, body }.finish()?;
        }
    }

    fn header(&mut self) -> Result<Option<(Vec<u8>, u64)>, Refused> {
        let mut header = [0; HEADER];
        match read_up_to(&mut self.0, &mut header)? {
            0 => return Ok(None),
            HEADER => {}
            _ => return Err(Refused::CutOff),
        }
        parse(&header).ok_or(Refused::Malformed("a broken ar header")).map(Some)
    }
}

impl<R: Read> Member<'_, R> {
    /// Reads to the member's end and over the filler behind it.
    pub(crate) fn finish(mut self) -> Result<(), Refused> {
        drain(&mut self.body)?;
        if self.body.limit() > 0 {
            return Err(Refused::CutOff);
        }
        if self.size % 2 == 1 {
            // Some writers leave the filler out at the very end.
            read_up_to(self.body.into_inner(), &mut [0])?;
        }
        Ok(())
    }
}

impl<R: Read> Read for Member<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.body.read(buffer)?;
        if count == 0 && !buffer.is_empty() && self.body.limit() > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(count)
    }
}

fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize, Refused> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest)? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// Name (16 bytes), date (12), user (6), group (6), mode (8), size (10), a back quote and a newline.
fn parse(header: &[u8; HEADER]) -> Option<(Vec<u8>, u64)> {
    let name = header.get(..16)?.trim_ascii_end();
    let name = name.strip_suffix(b"/").unwrap_or(name);
    let size = std::str::from_utf8(header.get(48..58)?.trim_ascii_end()).ok()?;
    let digits = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
    let whole = header.ends_with(b"`\n") && digits && !name.is_empty() && !name.contains(&0);
    Some((name.to_vec(), size.parse().ok()?)).filter(|_| whole)
}
