//! A directory by getdents64(2) itself: the records as the kernel wrote them, and what comes after
//! it said that there is no more.

use std::os::fd::{AsRawFd, OwnedFd};

use coroner_parse::Text;
use coroner_parse::directory::{DirectoryRecord, directory_records};
use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, SeekFrom, StatxFlags};
use rustix::io::Errno;

use crate::{Blocked, ReadError};

/// After the end a directory is asked this often again: the kernel says 0 each time.
const PAST_THE_END: u32 = 3;

/// File systems whose directories have one link for each subdirectory, and two: ext2 to 4, xfs,
/// tmpfs, proc, sysfs (linux/magic.h). btrfs, overlayfs and others do not count.
const COUNTING: [u64; 5] = [0xef53, 0x5846_5342, 0x0102_1994, 0x9fa0, 0x6265_6572];

/// The shortest record, and what lengths are a multiple of.
const SHORTEST: usize = 24;
const STEP: usize = 8;
/// The longest record: 255 bytes of name.
const LONGEST: usize = 280;

/// A directory, opened for reading.
#[derive(Debug)]
pub struct OpenDir {
    fd: OwnedFd,
}

/// Every record of a directory, in the kernel's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawListing {
    /// Without `.` and `..`; those after a false end too.
    pub records: Vec<DirectoryRecord>,
    /// Names that came after the kernel had said that the directory is over.
    pub after_end: Vec<Text>,
    /// A buffer held bytes that are no records.
    pub malformed: bool,
    /// Records that the kernel had and then did not give: see [`OpenDir::step`].
    pub withheld: Vec<Withheld>,
    /// There were more names than the limit allowed.
    pub truncated: bool,
}

/// A record that did not fit into a small buffer, so that there is one, and that did not come when
/// there was room for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Withheld {
    /// The name before it; empty at the start.
    pub after: Text,
    /// Bytes that it needs: 20 more than its name, rounded up to 8.
    pub needs: usize,
}

impl OpenDir {
    pub(crate) fn new(fd: OwnedFd) -> Self {
        Self { fd }
    }

    /// Reads the directory from its start with a buffer of `size` bytes (280 hold the longest
    /// record), at most `limit` names.
    ///
    /// # Errors
    /// The kernel's error, as [`Blocked`].
    pub fn read(&self, size: usize, limit: usize) -> Result<RawListing, Blocked> {
        rustix::fs::seek(&self.fd, SeekFrom::Start(0))?;
        let mut buffer = vec![0; size];
        let mut listing = RawListing::default();
        let mut ends = 0;
        while ends < PAST_THE_END && !listing.truncated && !listing.malformed {
            match self.next_records(&mut buffer)? {
                [] => ends += 1,
                filled => {
                    listing.take(filled, ends > 0, limit);
                    ends = ends.min(1);
                }
            }
        }
        Ok(listing)
    }

    /// Reads the directory from its start one record at a time, at most `limit` names.
    ///
    /// The buffer starts at the size of the shortest record and grows by 8 bytes as long as the
    /// kernel says that the next record does not fit (`EINVAL`). Whoever filters what the kernel
    /// wrote then has nothing left to give: the call comes back empty, in the middle of the
    /// directory or right after the kernel said that there is one more.
    ///
    /// # Errors
    /// The kernel's error, as [`Blocked`].
    pub fn step(&self, limit: usize) -> Result<RawListing, Blocked> {
        rustix::fs::seek(&self.fd, SeekFrom::Start(0))?;
        let mut buffer = [0; LONGEST];
        let mut listing = RawListing::default();
        let (mut ends, mut size) = (0, SHORTEST);
        let mut last = Text::default();
        while ends < PAST_THE_END && !listing.truncated && !listing.malformed {
            let room = buffer.get_mut(..size).unwrap_or_default();
            match self.next_records(room) {
                Err(Blocked::Io(libc::EINVAL)) if size < LONGEST => size += STEP,
                Err(error) => return Err(error),
                Ok([]) => {
                    if size > SHORTEST {
                        listing.withheld.push(Withheld { after: last.clone(), needs: size });
                    }
                    (ends, size) = (ends + 1, SHORTEST);
                }
                Ok(filled) => {
                    listing.take(filled, ends > 0, limit);
                    last = last_name(filled).unwrap_or(last);
                    (ends, size) = (ends.min(1), SHORTEST);
                }
            }
        }
        Ok(listing)
    }

    fn next_records<'a>(&self, buffer: &'a mut [u8]) -> Result<&'a [u8], Blocked> {
        // SAFETY: getdents64(2) writes at most the length given into the buffer, which is ours.
        #[allow(unsafe_code)]
        let count = unsafe {
            libc::syscall(
                libc::SYS_getdents64,
                self.fd.as_raw_fd(),
                buffer.as_mut_ptr(),
                buffer.len(),
            )
        };
        match usize::try_from(count) {
            Ok(count) => Ok(buffer.get(..count).unwrap_or_default()),
            Err(_) => Err(Blocked::from_errno(super::pids::last_errno())),
        }
    }

    /// The directory's own link count.
    ///
    /// # Errors
    /// The kernel's error, as [`Blocked`].
    pub fn links(&self) -> Result<u32, Blocked> {
        let raw = rustix::fs::statx(&self.fd, c"", AtFlags::EMPTY_PATH, StatxFlags::NLINK)?;
        Ok(raw.stx_nlink)
    }

    /// Whether its file system keeps one link for each subdirectory. ext4 gives up counting at
    /// 65,000 of them and says 1 (`dir_nlink`).
    pub fn counts_subdirectories(&self) -> bool {
        let magic = rustix::fs::fstatfs(&self.fd).map(|stat| stat.f_type);
        magic.is_ok_and(|magic| u64::try_from(magic).is_ok_and(|magic| COUNTING.contains(&magic)))
            && self.links().is_ok_and(|links| links >= 2)
    }

    /// The link count of a directory below it, on the same mount and through no link.
    ///
    /// # Errors
    /// Absent, or blocked; [`Blocked::Escaped`] when something is mounted there.
    pub fn links_of(&self, below: &str) -> Result<u32, ReadError> {
        let found = self.open(below, OFlags::PATH)?;
        let raw = rustix::fs::statx(&found, c"", AtFlags::EMPTY_PATH, StatxFlags::NLINK)?;
        Ok(raw.stx_nlink)
    }

    /// Whether statx(2) by name finds it; nothing is opened.
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn stat(&self, below: &str) -> Result<(), ReadError> {
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        Ok(rustix::fs::statx(&self.fd, below, flags, StatxFlags::TYPE).map(drop)?)
    }

    /// Opens a directory below it by openat2(2), on the same mount and through no link.
    ///
    /// # Errors
    /// Absent, or blocked; [`Blocked::Escaped`] when something is mounted there.
    pub fn open_dir(&self, below: &str) -> Result<Self, ReadError> {
        self.open(below, OFlags::RDONLY | OFlags::DIRECTORY).map(Self::new)
    }

    /// Whether openat2(2) finds it; nothing is opened for reading.
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn find(&self, below: &str) -> Result<(), ReadError> {
        self.open(below, OFlags::PATH).map(drop)
    }

    /// Reads at most `limit` bytes of a file below it, through no link.
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn read_file(&self, below: &str, limit: usize) -> Result<Vec<u8>, ReadError> {
        let fd = self.open(below, OFlags::RDONLY | OFlags::NONBLOCK)?;
        let mut bytes = vec![0; limit];
        let mut filled = 0;
        while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
            match rustix::io::read(&fd, room) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    fn open(&self, below: &str, flags: OFlags) -> Result<OwnedFd, ReadError> {
        let flags = flags | OFlags::CLOEXEC;
        let inside = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
        match rustix::fs::openat2(&self.fd, below, flags, Mode::empty(), inside) {
            // Before Linux 5.6; the last component alone is then kept from being a link.
            Err(Errno::NOSYS) => {
                let flags = flags | OFlags::NOFOLLOW;
                Ok(rustix::fs::openat(&self.fd, below, flags, Mode::empty())?)
            }
            other => Ok(other?),
        }
    }
}

fn last_name(filled: &[u8]) -> Option<Text> {
    Some(directory_records(filled).map_while(Result::ok).last()?.name)
}

impl RawListing {
    fn take(&mut self, filled: &[u8], after_end: bool, limit: usize) {
        for record in directory_records(filled) {
            let Ok(record) = record else {
                self.malformed = true;
                return;
            };
            if matches!(record.name.as_bytes(), b"." | b"..") && record.gap.is_empty() {
                continue;
            }
            if self.records.len() >= limit {
                self.truncated = true;
                return;
            }
            if after_end {
                self.after_end.push(record.name.clone());
            }
            self.records.push(record);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Host, HostPath, HostSources};

    fn open(path: &str) -> OpenDir {
        let host = Host::open(HostSources::live()).unwrap();
        host.open_dir(&HostPath::new(path)).unwrap()
    }

    fn names(listing: &RawListing) -> BTreeSet<Text> {
        listing.records.iter().map(|record| record.name.clone()).collect()
    }

    #[test]
    fn small_and_large_buffers_read_the_same_and_every_length_fits() {
        let mut checked = 0;
        for path in ["/etc", "/usr/bin", "/sys/module", "/sys/class", "/dev"] {
            let dir = open(path);
            // Devices and modules come and go: the names meet in one of the readings.
            let both = || (dir.read(32 << 10, 100_000).unwrap(), dir.step(100_000).unwrap());
            let met = (0..50).map(|_| both()).find(|(large, small)| names(large) == names(small));
            let (large, small) = met.unwrap_or_else(|| panic!("{path}"));
            assert_eq!(small.withheld, [], "{path}");
            for record in large.records.iter().chain(&small.records) {
                assert_eq!(usize::from(record.length), record.needed(), "{path} {record:?}");
                checked += 1;
            }
            assert!(large.after_end.is_empty() && small.after_end.is_empty(), "{path}");
            assert!(!large.malformed && !small.truncated);
        }
        assert!(checked > 1000, "{checked}");
    }

    #[test]
    fn the_link_count_of_proc_and_of_sysfs_is_their_number_of_subdirectories() {
        for path in ["/sys/module", "/proc"] {
            let dir = open(path);
            assert!(dir.counts_subdirectories(), "{path}");
            // Processes come and go: the counts meet in one of the readings.
            let met = (0..50).any(|_| {
                let listing = dir.read(32 << 10, 1_000_000).unwrap();
                let shown = listing.records.iter().filter(|r| r.is_directory()).count();
                dir.links().unwrap() as usize == shown + 2
            });
            assert!(met, "{path}");
        }
    }

    #[test]
    fn names_beyond_the_limit_are_said() {
        let listing = open("/proc").read(4096, 3).unwrap();
        assert_eq!((listing.records.len(), listing.truncated), (3, true));
    }
}
