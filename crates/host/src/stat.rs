//! What a file is, from one statx(2).

use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{AtFlags, Statx, StatxFlags, StatxTimestamp};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// Seconds since 1970 and the nanoseconds after them; zero nanoseconds are themselves evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z, negative before.
    pub seconds: i64,
    /// 0 to 999,999,999.
    pub nanoseconds: u32,
}

/// inode(7) file types.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FileType {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A type this kernel invented later.
    Unknown,
}

impl From<rustix::fs::FileType> for FileType {
    fn from(kind: rustix::fs::FileType) -> Self {
        use rustix::fs::FileType as Kernel;
        match kind {
            Kernel::RegularFile => Self::Regular,
            Kernel::Directory => Self::Directory,
            Kernel::Symlink => Self::Link,
            Kernel::Fifo => Self::Fifo,
            Kernel::Socket => Self::Socket,
            Kernel::CharacterDevice => Self::CharDevice,
            Kernel::BlockDevice => Self::BlockDevice,
            Kernel::Unknown => Self::Unknown,
        }
    }
}

/// What statx(2) says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// The file's type.
    pub kind: FileType,
    /// Permission bits with set-uid, set-gid and sticky: 12 bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes.
    pub size: u64,
    /// 512-byte blocks in use; far fewer than the size means holes.
    pub blocks: u64,
    /// Hard links.
    pub links: u32,
    /// Device it lies on, major and minor.
    pub device: (u32, u32),
    /// Inode number.
    pub inode: u64,
    /// Content last changed.
    pub modified: Timestamp,
    /// Inode last changed; an intruder cannot set it.
    pub changed: Timestamp,
    /// Created, where the file system keeps it.
    pub born: Option<Timestamp>,
    /// The immutable attribute, where the file system keeps attributes.
    pub immutable: Option<bool>,
    /// The append-only attribute.
    pub append_only: Option<bool>,
}

/// `STATX_ATTR_IMMUTABLE` and `STATX_ATTR_APPEND`, linux/stat.h.
const ATTR_IMMUTABLE: u64 = 0x10;
const ATTR_APPEND: u64 = 0x20;
/// `STATX_BTIME`, linux/stat.h.
const MASK_BTIME: u32 = 0x800;

impl Stat {
    /// Of a file that is held open.
    ///
    /// # Errors
    /// The kernel's.
    pub fn of(file: impl AsFd) -> std::io::Result<Self> {
        Ok(stat_at(file.as_fd(), b"")?)
    }

    pub(crate) fn from_statx(raw: &Statx) -> Self {
        let attribute = |bit: u64| {
            let known = raw.stx_attributes_mask.bits() & bit != 0;
            known.then(|| raw.stx_attributes.bits() & bit != 0)
        };
        Self {
            kind: rustix::fs::FileType::from_raw_mode(raw.stx_mode.into()).into(),
            mode: u32::from(raw.stx_mode) & 0o7777,
            uid: raw.stx_uid,
            gid: raw.stx_gid,
            size: raw.stx_size,
            blocks: raw.stx_blocks,
            links: raw.stx_nlink,
            device: (raw.stx_dev_major, raw.stx_dev_minor),
            inode: raw.stx_ino,
            modified: timestamp(raw.stx_mtime),
            changed: timestamp(raw.stx_ctime),
            born: (raw.stx_mask & MASK_BTIME != 0).then(|| timestamp(raw.stx_btime)),
            immutable: attribute(ATTR_IMMUTABLE),
            append_only: attribute(ATTR_APPEND),
        }
    }

    /// Whether both speak of one file: device and inode.
    pub fn is_same_file(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    /// A regular file.
    pub fn is_file(&self) -> bool {
        self.kind == FileType::Regular
    }

    /// A directory.
    pub fn is_dir(&self) -> bool {
        self.kind == FileType::Directory
    }

    /// Whether anybody but the owner may write it (group or others; a sticky directory still counts).
    pub fn writable_by_others(&self) -> bool {
        self.mode & 0o022 != 0
    }

    /// Whether anyone may execute it.
    pub fn is_executable(&self) -> bool {
        self.mode & 0o111 != 0
    }
}

fn timestamp(raw: StatxTimestamp) -> Timestamp {
    Timestamp { seconds: raw.tv_sec, nanoseconds: raw.tv_nsec }
}

/// What lies under a name in a directory, links not followed; the directory itself for no name.
pub(crate) fn stat_at(fd: BorrowedFd<'_>, name: &[u8]) -> Result<Stat, Errno> {
    let mask = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
    let empty = if name.is_empty() { AtFlags::EMPTY_PATH } else { AtFlags::empty() };
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | empty;
    rustix::fs::statx(fd, name, flags, mask).map(|raw| Stat::from_statx(&raw))
}
