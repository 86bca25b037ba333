//! Files of an ext4 file system by the blocks of its device, past everything between a file and
//! its reader.
//!
//! The device is opened read-only and read with `O_DIRECT`: what its own page cache holds may be
//! older than what the file system wrote. What is young may not have been written yet, so callers
//! compare only what has not changed for minutes.

use std::collections::BTreeSet;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use coroner_parse::Text;
use ext4_view::{Ext4, Ext4Error, Ext4Read};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, StatxFlags};

use crate::{Blocked, HostPath};

/// What `O_DIRECT` wants offsets, lengths and addresses to be a multiple of, on any device.
const ALIGNMENT: usize = 4096;
/// Bytes that are read of one device in all: tables, a journal's head and some hundred files.
const MOST_BYTES: u64 = 512 << 20;
/// The journal of a large disk is 1 GiB, read in whole; the reads are larger than this one by one.
const LARGEST_PIECE: usize = 64 << 20;

/// A block device of the running kernel.
#[derive(Debug)]
pub struct BlockDevice {
    fd: OwnedFd,
}

impl BlockDevice {
    /// Opens the device of these numbers, called `name` by the kernel, where devices are expected.
    /// Nothing else that lies under the name is opened.
    ///
    /// # Errors
    /// [`Blocked::Unavailable`] when no such node is there, else the kernel's error.
    pub fn open(root: &Path, name: &str, numbers: (u32, u32)) -> Result<Self, Blocked> {
        if name.split('/').any(|part| part.is_empty() || part == "..") {
            return Err(Blocked::Malformed);
        }
        let places = [PathBuf::from("/dev").join(name), root.join("dev").join(name)];
        let nodes = places.iter().filter_map(|place| node(place, numbers));
        let node = nodes.into_iter().next().ok_or(Blocked::Unavailable)?;
        let flags = OFlags::RDONLY | OFlags::DIRECT | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let path = format!("/proc/self/fd/{}", node.as_raw_fd());
        Ok(Self { fd: rustix::fs::openat(CWD, path, flags, Mode::empty())? })
    }
}

/// A handle on a block device of these numbers, and on nothing else.
fn node(place: &Path, numbers: (u32, u32)) -> Option<OwnedFd> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = rustix::fs::openat(CWD, place, flags, Mode::empty()).ok()?;
    let stat = rustix::fs::statx(&handle, c"", AtFlags::EMPTY_PATH, StatxFlags::TYPE).ok()?;
    let kind = rustix::fs::FileType::from_raw_mode(stat.stx_mode.into());
    let is_it = kind == rustix::fs::FileType::BlockDevice
        && (stat.stx_rdev_major, stat.stx_rdev_minor) == numbers;
    is_it.then_some(handle)
}

/// The files of a device, as its blocks held them when it was opened.
pub struct DiskFiles {
    files: Ext4,
}

impl DiskFiles {
    /// Reads the tables of the file system and its journal.
    ///
    /// # Errors
    /// [`Blocked::Malformed`] when it is no ext4 that is understood.
    pub fn load(device: BlockDevice) -> Result<Self, Blocked> {
        let reader = DirectReader { device, left: MOST_BYTES };
        Ext4::load(Box::new(reader)).map(|files| Self { files }).map_err(|error| blocked(&error))
    }

    /// The content of a regular file of at most `limit` bytes, by its path inside the file system.
    /// `None` when there is no such file, or a longer one.
    ///
    /// # Errors
    /// What could not be read or understood.
    pub fn read(&self, path: &HostPath, limit: u64) -> Result<Option<Vec<u8>>, Blocked> {
        let known = match self.files.symlink_metadata(path.as_bytes()) {
            Ok(known) => known,
            Err(Ext4Error::NotFound | Ext4Error::NotADirectory) => return Ok(None),
            Err(error) => return Err(blocked(&error)),
        };
        if known.file_type() != ext4_view::FileType::Regular || known.len() > limit {
            return Ok(None);
        }
        self.files.read(path.as_bytes()).map(Some).map_err(|error| blocked(&error))
    }

    /// The names in a directory, without `.` and `..`; at most `limit`.
    ///
    /// # Errors
    /// What could not be read or understood.
    pub fn names(&self, path: &HostPath, limit: usize) -> Result<BTreeSet<Text>, Blocked> {
        let mut names = BTreeSet::new();
        let entries = self.files.read_dir(path.as_bytes()).map_err(|error| blocked(&error))?;
        for entry in entries {
            let entry = entry.map_err(|error| blocked(&error))?;
            let name = entry.file_name();
            if !matches!(name.as_ref(), b"." | b"..") {
                names.insert(Text::from(name.as_ref()));
            }
            if names.len() > limit {
                return Err(Blocked::TooLarge);
            }
        }
        Ok(names)
    }
}

fn blocked(error: &Ext4Error) -> Blocked {
    match error {
        Ext4Error::Io(_) => Blocked::Io(libc::EIO),
        Ext4Error::NotFound => Blocked::Vanished,
        Ext4Error::Encrypted | Ext4Error::Incompatible(_) => Blocked::Unsupported,
        _ => Blocked::Malformed,
    }
}

/// Reads whole, aligned pieces and gives the part that was asked for.
struct DirectReader {
    device: BlockDevice,
    left: u64,
}

type ReaderError = Box<dyn std::error::Error + Send + Sync>;

impl Ext4Read for DirectReader {
    fn read(&mut self, start: u64, room: &mut [u8]) -> Result<(), ReaderError> {
        let first = start - start % ALIGNMENT as u64;
        let skipped = usize::try_from(start - first)?;
        let length = (skipped + room.len()).next_multiple_of(ALIGNMENT);
        self.left = self.left.checked_sub(length as u64).ok_or("more than is read of a device")?;
        if length > LARGEST_PIECE {
            return Err("a piece larger than is read".into());
        }
        let mut buffer = vec![0_u8; length + ALIGNMENT];
        let shift = buffer.as_ptr().align_offset(ALIGNMENT);
        let aligned = buffer.get_mut(shift..shift + length).ok_or("no aligned memory")?;
        let mut filled = 0;
        while filled < skipped + room.len() {
            let rest = aligned.get_mut(filled..).unwrap_or_default();
            match rustix::io::pread(&self.device.fd, rest, first + filled as u64) {
                Ok(0) => return Err("the end of the device".into()),
                Ok(count) => filled += count,
                Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(Box::new(errno)),
            }
        }
        let part = aligned.get(skipped..skipped + room.len()).ok_or("a short read")?;
        room.copy_from_slice(part);
        Ok(())
    }
}
