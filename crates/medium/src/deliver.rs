//! A new file: synced, read back past the page cache, and compared with what was written.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;

use coroner_parse::Digest;
use rustix::fs::{Mode, OFlags, openat};
use rustix::path::Arg;
use sha2::{Digest as _, Sha256};

use crate::readback::{self, Way};

/// Written to the file in one call.
const CHUNK: usize = 1 << 20;

/// A file that was written and read back.
#[derive(Debug)]
pub struct Delivered {
    /// Bytes.
    pub size: u64,
    /// SHA-256, of what was written and of what was read alike.
    pub sha256: Digest,
    /// How it was read back.
    pub way: Way,
}

/// Makes a file of this directory and fills it. On an error it may be left there in parts: give it a
/// passing name, and rename it when it is delivered.
///
/// # Errors
/// It is there already, cannot be written or read, or what was read back is not what was written.
pub fn deliver(
    dir: impl AsFd,
    name: impl Arg + Copy,
    mode: u32,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<Delivered> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = File::from(openat(&dir, name, flags, Mode::from_raw_mode(mode))?);
    let mut out = BufWriter::with_capacity(CHUNK, Sent { file, size: 0, hasher: Sha256::new() });
    content(&mut out)?;
    let sent = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    sent.file.sync_all()?;
    let (size, sha256, way) = readback::digest(&dir, name)?;
    if (size, &sha256) != (sent.size, &Digest::sha256(sent.hasher.finalize().into())) {
        return Err(io::Error::other("what was read back is not what was written"));
    }
    Ok(Delivered { size, sha256, way })
}

/// Counts and hashes what goes into a file.
struct Sent {
    file: File,
    size: u64,
    hasher: Sha256,
}

impl Write for Sent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hasher.update(bytes.get(..count).unwrap_or_default());
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_told_as_it_was_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let folder = File::open(dir.path()).unwrap();
        let delivered = deliver(&folder, "file", 0o600, |out| out.write_all(b"hello")).unwrap();
        assert_eq!(delivered.size, 5);
        assert_eq!(delivered.sha256.as_bytes(), Sha256::digest(b"hello").as_slice());
        assert_eq!(std::fs::read(dir.path().join("file")).unwrap(), b"hello");
        let again = deliver(&folder, "file", 0o600, |out| out.write_all(b"other"));
        assert_eq!(again.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_file_that_is_changed_or_cut_behind_the_writers_back_is_noticed() {
        use std::os::unix::fs::FileExt;
        let dir = tempfile::tempdir().unwrap();
        let folder = File::open(dir.path()).unwrap();
        let bytes = vec![7; 2 * CHUNK];
        for (name, meddle) in [
            ("changed", (|file: &File| file.write_all_at(b"x", 9)) as fn(&File) -> io::Result<()>),
            ("cut", |file| file.set_len(CHUNK as u64)),
        ] {
            let delivered = deliver(&folder, name, 0o600, |out| {
                out.write_all(&bytes)?;
                meddle(&File::options().write(true).open(dir.path().join(name))?)
            });
            assert!(delivered.unwrap_err().to_string().contains("not what was written"), "{name}");
        }
    }
}
