//! An open regular file and bounded reads of it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;

use crate::{Blocked, HostPath, ReadError, Stat};

/// What was read of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The path that was asked for.
    pub path: HostPath,
    /// Where it really lies inside the root, links followed.
    pub real: HostPath,
    /// The bytes, up to the limit that was given.
    pub bytes: Vec<u8>,
    /// The file had more bytes than the limit.
    pub truncated: bool,
    /// What the opened file is.
    pub stat: Stat,
}

/// A regular file, opened read-only inside its root.
#[derive(Debug)]
pub struct OpenFile {
    pub(crate) fd: OwnedFd,
    pub(crate) stat: Stat,
}

/// First guess for files whose size the kernel does not say (/proc, /sys).
const UNSIZED_GUESS: u64 = 4096;

impl OpenFile {
    /// What fstat says of it.
    pub fn stat(&self) -> &Stat {
        &self.stat
    }

    /// Reads at most `limit` bytes from the start; the flag says that there was more.
    ///
    /// # Errors
    /// The kernel's error, as [`Blocked`].
    pub fn read_up_to(&self, limit: usize) -> Result<(Vec<u8>, bool), Blocked> {
        let hint = self.stat.size.max(UNSIZED_GUESS).min(limit as u64) + 1;
        let mut bytes = Vec::with_capacity(usize::try_from(hint).unwrap_or(limit));
        let mut buffer = vec![0; usize::try_from(hint).unwrap_or(limit).min(256 * 1024)];
        loop {
            let count = self.read(&mut buffer)?;
            let chunk = buffer.get(..count).unwrap_or_default();
            if chunk.is_empty() {
                return Ok((bytes, false));
            }
            let room = limit - bytes.len();
            bytes.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
            if chunk.len() > room {
                return Ok((bytes, true));
            }
        }
    }

    /// Reads the next bytes into `buffer`; 0 at the end.
    ///
    /// # Errors
    /// The kernel's error, as [`Blocked`].
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize, Blocked> {
        retry(|| rustix::io::read(&self.fd, &mut *buffer))
    }

    /// Reads at `offset`, wherever earlier reads stopped; 0 at or past the end.
    ///
    /// # Errors
    /// The kernel's error, as [`Blocked`].
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, Blocked> {
        retry(|| rustix::io::pread(&self.fd, &mut *buffer, offset))
    }

    /// The next offset at or after `offset` that holds data; `None` when only a hole is left.
    ///
    /// # Errors
    /// The kernel's error, as [`Blocked`].
    pub fn next_data(&self, offset: u64) -> Result<Option<u64>, Blocked> {
        match rustix::fs::seek(&self.fd, rustix::fs::SeekFrom::Data(offset)) {
            Ok(found) => Ok(Some(found)),
            Err(Errno::NXIO) => Ok(None),
            Err(Errno::INVAL) => Ok(Some(offset)),
            Err(errno) => Err(Blocked::from_errno(errno)),
        }
    }

    /// The extended attribute `name`, if the file has it and it is at most 64 KiB.
    pub fn xattr(&self, name: &str) -> Option<Vec<u8>> {
        let mut value = vec![0; 64 * 1024];
        let length = rustix::fs::fgetxattr(&self.fd, name, &mut *value).ok()?;
        value.truncate(length);
        Some(value)
    }
}

impl AsFd for OpenFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn retry(mut call: impl FnMut() -> Result<usize, Errno>) -> Result<usize, Blocked> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            Err(errno) => return Err(Blocked::from_errno(errno)),
            Ok(count) => return Ok(count),
        }
    }
}

impl From<Errno> for Blocked {
    fn from(errno: Errno) -> Self {
        Self::from_errno(errno)
    }
}

impl ReadError {
    /// The blocked reason, or `None` when the thing is simply not there.
    pub fn blocked(self) -> Option<Blocked> {
        match self {
            Self::Absent => None,
            Self::Blocked(reason) => Some(reason),
        }
    }
}
