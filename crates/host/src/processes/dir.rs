//! A handle on /proc/PID: everything read by it is of the one process.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use coroner_parse::Text;
use rustix::fs::{Mode, OFlags, openat};

use crate::root::PROC_MAGIC;
use crate::{Blocked, HostPath, Listing, ReadError, Root, dir};

/// One process's directory.
#[derive(Debug)]
pub(crate) struct ProcessDir {
    fd: OwnedFd,
    /// It is the kernel's, and not a test's tree: its links lead to the very files.
    kernel: bool,
}

const USUAL: OFlags = OFlags::CLOEXEC.union(OFlags::NONBLOCK).union(OFlags::NOCTTY);
const CHUNK: usize = 16 << 10;

impl ProcessDir {
    pub(crate) fn open(tree: &Root, pid: i32) -> Result<Self, ReadError> {
        let fd = tree.directory(&HostPath::new(pid.to_string()))?;
        let kernel = rustix::fs::fstatfs(&fd)?.f_type == PROC_MAGIC;
        Ok(Self { fd, kernel })
    }

    pub(crate) fn is_the_kernels(&self) -> bool {
        self.kernel
    }

    /// At most `limit` bytes of a file; the flag says that there was more.
    pub(crate) fn read(&self, name: &str, limit: usize) -> Result<(Vec<u8>, bool), ReadError> {
        let file = self.open_inside(name, OFlags::RDONLY)?;
        let mut bytes = Vec::new();
        let mut chunk = vec![0; CHUNK.min(limit + 1)];
        loop {
            let count = match rustix::io::read(&file, &mut *chunk) {
                Err(rustix::io::Errno::INTR) => continue,
                other => other?,
            };
            bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
            if bytes.len() > limit {
                bytes.truncate(limit);
                return Ok((bytes, true));
            }
            if count == 0 {
                return Ok((bytes, false));
            }
        }
    }

    /// The text of a link.
    pub(crate) fn link(&self, name: &str) -> Result<Text, ReadError> {
        let target = rustix::fs::readlinkat(&self.fd, name, Vec::with_capacity(128))?;
        Ok(Text::new(target.into_bytes()))
    }

    /// The protocol of the socket that one of the kernel's own links leads to.
    pub(crate) fn protocol(&self, name: &str) -> Option<Text> {
        let path = format!("/proc/self/fd/{}/{name}", self.fd.as_raw_fd());
        // Names have at most 32 bytes (`struct proto`, net/sock.h).
        let mut room = [0; 64];
        let length = rustix::fs::getxattr(path, "system.sockprotoname", &mut room[..]).ok()?;
        let text = room.get(..length)?;
        Some(Text::from(text.strip_suffix(b"\0").unwrap_or(text)))
    }

    /// The names in a directory.
    pub(crate) fn list(&self, name: &str, limit: usize) -> Result<Listing, ReadError> {
        let fd = self.open_inside(name, OFlags::RDONLY | OFlags::DIRECTORY)?;
        dir::read_dir(fd.as_fd(), &HostPath::new(name), limit)
    }

    /// A file of the directory itself, opened.
    pub(crate) fn open_inside(&self, name: &str, flags: OFlags) -> Result<OwnedFd, ReadError> {
        Ok(openat(&self.fd, name, flags | OFlags::NOFOLLOW | USUAL, Mode::empty())?)
    }

    /// A handle on what one of the kernel's own links leads to. It opens nothing.
    pub(crate) fn follow(&self, name: &str) -> Result<OwnedFd, ReadError> {
        if !self.kernel {
            return Err(Blocked::Unsupported.into());
        }
        Ok(openat(&self.fd, name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?)
    }
}

impl AsFd for ProcessDir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
