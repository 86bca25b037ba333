//! Reading what a device holds rather than what the page cache remembers of it.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;

use coroner_parse::Digest;
use rustix::fs::{Advice, Mode, OFlags, fadvise, fstatfs, openat};
use rustix::path::Arg;
use sha2::{Digest as _, Sha256};

/// Any logical block size divides it.
const ALIGNMENT: usize = 4096;
const CHUNK: usize = 1 << 20;
/// `TMPFS_MAGIC` and `RAMFS_MAGIC` (`linux/magic.h`, `fs/ramfs`).
const IN_MEMORY: [i64; 2] = [0x0102_1994, 0x8584_58f6];

/// How a file was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the device, with `O_DIRECT`.
    Device,
    /// After the kernel was asked to forget its pages: it may not have.
    Forgotten,
    /// There is no device behind it.
    Memory,
}

impl Way {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Device => "read back from the device",
            Self::Forgotten => "read back after the page cache was asked to forget it",
            Self::Memory => "read back from memory, where it ends with the power",
        }
    }
}

/// The size and SHA-256 of a regular file of this directory, past the page cache.
///
/// # Errors
/// It cannot be read.
pub fn digest(dir: impl AsFd, name: impl Arg + Copy) -> io::Result<(u64, Digest, Way)> {
    let open = |flags| {
        openat(
            &dir,
            name,
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | flags,
            Mode::empty(),
        )
    };
    let plain = File::from(open(OFlags::empty())?);
    if !plain.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let kind = fstatfs(&plain)?.f_type;
    if IN_MEMORY.contains(&kind) {
        let (size, digest) = read(plain)?;
        return Ok((size, digest, Way::Memory));
    }
    // Some file systems refuse the flag, others the first read.
    if let Ok((size, digest)) =
        open(OFlags::DIRECT).map_err(io::Error::from).and_then(|fd| read(File::from(fd)))
    {
        return Ok((size, digest, Way::Device));
    }
    fadvise(&plain, 0, None, Advice::DontNeed)?;
    let (size, digest) = read(plain)?;
    Ok((size, digest, Way::Forgotten))
}

fn read(mut file: File) -> io::Result<(u64, Digest)> {
    let mut room = vec![0; CHUNK + ALIGNMENT];
    let start = room.as_ptr().align_offset(ALIGNMENT);
    let buffer = room.get_mut(start..start + CHUNK).ok_or(io::ErrorKind::OutOfMemory)?;
    let (mut size, mut hasher) = (0, Sha256::new());
    loop {
        let count = match file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        hasher.update(buffer.get(..count).unwrap_or_default());
        size += count as u64;
        if count == 0 {
            return Ok((size, Digest::sha256(hasher.finalize().into())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_around_blocks_and_chunks_have_the_digest_of_their_bytes() {
        let dir = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        let folder = File::open(dir.path()).unwrap();
        for size in [0, 1, 511, 512, 4095, 4096, 4097, CHUNK, CHUNK + 1, 3 * CHUNK + 77] {
            let bytes: Vec<u8> = (0..size).map(|at| (at * 7 % 251) as u8).collect();
            std::fs::write(dir.path().join("file"), &bytes).unwrap();
            let (length, read, _) = digest(&folder, "file").unwrap();
            assert_eq!(length, size as u64);
            assert_eq!(read.as_bytes(), Sha256::digest(&bytes).as_slice(), "{size}");
        }
    }

    #[test]
    fn links_and_folders_are_not_read() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("folder")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", dir.path().join("link")).unwrap();
        let folder = File::open(dir.path()).unwrap();
        assert!(digest(&folder, "folder").is_err() && digest(&folder, "link").is_err());
    }
}
