//! A file while it is digested: bounded in bytes and in time.

use coroner_core::{Blocked, Deadline, Hasher, Stat};
use coroner_host::OpenFile;
use coroner_host::md5::Source;
use coroner_parse::Digest;

/// No package ships a larger file; a sparse one put in its place must not take the audit's time.
const LARGEST: u64 = 2 << 30;

/// An open file and what may still be read of it.
pub(super) struct Content {
    file: OpenFile,
    left: u64,
    deadline: Deadline,
}

impl Content {
    /// Takes a file that is not too large already.
    pub(super) fn new(file: OpenFile, deadline: Deadline) -> Result<Self, Blocked> {
        if file.stat().size > LARGEST {
            return Err(Blocked::TooLarge);
        }
        Ok(Self { file, left: LARGEST, deadline })
    }

    /// What fstat said of it before it was read.
    pub(super) fn stat(&self) -> &Stat {
        self.file.stat()
    }

    /// Digests it by itself.
    pub(super) fn digest(mut self, like: &Digest, buffer: &mut [u8]) -> Result<Digest, Blocked> {
        let mut hasher = Hasher::new(like.algorithm());
        loop {
            let count = self.read(buffer)?;
            match buffer.get(..count) {
                Some([]) | None => break,
                Some(bytes) => hasher.update(bytes),
            }
        }
        Ok(hasher.finish())
    }
}

impl Source for Content {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Blocked> {
        if self.deadline.is_over() {
            return Err(Blocked::OutOfTime);
        }
        let count = self.file.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or(Blocked::TooLarge)?;
        Ok(count)
    }
}
