//! A directory that is the top of a host's tree. Nothing above it can be reached through it.

use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use coroner_parse::Text;
use pathrs::flags::OpenFlags;
use rustix::fs::{CWD, Mode, OFlags};

use crate::stat::stat_at;
use crate::trace::{Asked, Trace};
use crate::views::OpenDir;
use crate::{Blocked, Content, DirEntry, FileType, HostPath, Listing, OpenFile, ReadError, Stat};
use crate::{detached, dir};

mod retrace;

pub use retrace::Place;

/// `PROC_SUPER_MAGIC`, linux/magic.h.
pub(crate) const PROC_MAGIC: i64 = 0x9fa0;

/// The top of a tree: `/`, a mounted disk, /proc or /sys.
///
/// A path is resolved below it by the kernel (`openat2` with `RESOLVE_IN_ROOT`) or, on kernels
/// before 5.6, by pathrs's own walk. The file is first taken as an `O_PATH` handle, which opens
/// nothing, looked at, and only then opened if it is a regular file: a FIFO's writer is not woken
/// and a device is never touched.
#[derive(Debug)]
pub struct Root {
    inner: Arc<pathrs::Root>,
    /// What the kernel calls the top, so that it can be cut off other names.
    shown: Vec<u8>,
    /// /proc/self/fd of the auditor, the only way to open an `O_PATH` handle.
    self_fds: Arc<OwnedFd>,
    /// The tree is a private clone, read-only and without atime.
    detached: bool,
    /// Notes what is looked at.
    trace: Option<Arc<Trace>>,
}

impl Root {
    /// The same tree, noting in `trace` all that is looked at through it.
    #[must_use]
    pub fn traced(&self, trace: Arc<Trace>) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            shown: self.shown.clone(),
            self_fds: Arc::clone(&self.self_fds),
            detached: self.detached,
            trace: Some(trace),
        }
    }

    /// Takes a host's root directory, as a private read-only clone of its mounts when allowed.
    ///
    /// # Errors
    /// The directory cannot be opened, or the auditor has no /proc of its own.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        match detached::clone_read_only(path) {
            Ok(tree) => Self::from_dir(tree, true),
            Err(_) => Self::open_plain(path),
        }
    }

    /// Takes a kernel tree (/proc, /sys) or a directory where no clone is wanted, as it is.
    ///
    /// # Errors
    /// As [`Root::open`].
    pub fn open_plain(path: &Path) -> std::io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Self::from_dir(rustix::fs::openat(CWD, path, flags, Mode::empty())?, false)
    }

    /// Takes a kernel tree bare of whatever is mounted on it, when allowed: what a mount over
    /// /proc/PID covers is seen all the same.
    ///
    /// # Errors
    /// As [`Root::open`].
    pub(crate) fn open_bare(path: &Path) -> std::io::Result<Self> {
        match detached::clone_alone(path) {
            Ok(tree) => Self::from_dir(tree, false),
            Err(_) => Self::open_plain(path),
        }
    }

    /// The directory as a handle for names relative to it.
    pub(crate) fn directory(&self, path: &HostPath) -> Result<OwnedFd, ReadError> {
        self.handle(path, OpenFlags::O_DIRECTORY | OpenFlags::O_NOFOLLOW)
    }

    pub(crate) fn from_dir(dir: OwnedFd, detached: bool) -> std::io::Result<Self> {
        let self_fds = open_self_fds()?;
        let shown = fd_name(&self_fds, &dir)?;
        let (inner, self_fds) = (Arc::new(pathrs::Root::from_fd(dir)), Arc::new(self_fds));
        Ok(Self { inner, shown, self_fds, detached, trace: None })
    }

    /// Whether reads cannot change access times, whoever owns the files.
    pub fn keeps_atime(&self) -> bool {
        self.detached
    }

    /// What the file itself is; a link is not followed.
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn stat(&self, path: &HostPath) -> Result<Stat, ReadError> {
        stat_of(&self.handle(path, OpenFlags::O_NOFOLLOW)?)
    }

    /// What the path leads to, links followed inside the root.
    ///
    /// # Errors
    /// Absent (also for a dangling link), or blocked.
    pub fn stat_followed(&self, path: &HostPath) -> Result<Stat, ReadError> {
        stat_of(&self.handle(path, OpenFlags::empty())?)
    }

    /// Opens a regular file, links followed inside the root.
    ///
    /// # Errors
    /// Absent, or blocked; a directory is [`Blocked::IsDirectory`], anything
    /// else that is no regular file [`Blocked::NotRegular`].
    pub fn open_file(&self, path: &HostPath) -> Result<OpenFile, ReadError> {
        self.open_handle(&self.handle(path, OpenFlags::empty())?)
    }

    /// Opens a regular file; a link in its place is [`Blocked::NotRegular`].
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn open_file_itself(&self, path: &HostPath) -> Result<OpenFile, ReadError> {
        self.open_handle(&self.handle(path, OpenFlags::O_NOFOLLOW)?)
    }

    /// Opens a handle that is a regular file.
    pub(crate) fn open_handle(&self, handle: &OwnedFd) -> Result<OpenFile, ReadError> {
        let stat = stat_of(handle)?;
        match stat.kind {
            FileType::Regular => {}
            FileType::Directory => return Err(Blocked::IsDirectory.into()),
            _ => return Err(Blocked::NotRegular.into()),
        }
        let fd = self.reopen(handle, OFlags::empty())?;
        Ok(OpenFile { fd, stat })
    }

    /// Reads at most `limit` bytes of a regular file, links followed inside the root.
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn read(&self, path: &HostPath, limit: usize) -> Result<Content, ReadError> {
        let handle = self.handle(path, OpenFlags::empty())?;
        let file = self.open_handle(&handle)?;
        let (bytes, truncated) = file.read_up_to(limit)?;
        let real = self.real_name(&handle).unwrap_or_else(|| path.clone());
        Ok(Content { path: path.clone(), real, bytes, truncated, stat: file.stat })
    }

    /// The names in a directory, at most `limit`, sorted.
    ///
    /// # Errors
    /// Absent, or blocked; anything but a directory is [`Blocked::NotDirectory`].
    pub fn list(&self, path: &HostPath, limit: usize) -> Result<Listing, ReadError> {
        let handle = self.handle(path, OpenFlags::empty())?;
        if stat_of(&handle)?.kind != FileType::Directory {
            return Err(Blocked::NotDirectory.into());
        }
        let fd = self.reopen(&handle, OFlags::DIRECTORY)?;
        dir::read_dir(fd.as_fd(), path, limit)
    }

    /// Opens a directory, links followed inside the root, for reading its records as they are.
    ///
    /// # Errors
    /// As [`Root::list`].
    pub fn open_dir(&self, path: &HostPath) -> Result<OpenDir, ReadError> {
        let handle = self.handle(path, OpenFlags::empty())?;
        if stat_of(&handle)?.kind != FileType::Directory {
            return Err(Blocked::NotDirectory.into());
        }
        Ok(OpenDir::new(self.reopen(&handle, OFlags::DIRECTORY)?))
    }

    /// The names in a directory, at most `limit`, with what each of them is: one statx(2) a name,
    /// for walks over whole trees. The flag says that there were more.
    ///
    /// # Errors
    /// As [`Root::list`].
    pub fn list_with_stats(
        &self,
        path: &HostPath,
        limit: usize,
    ) -> Result<(Vec<(DirEntry, Stat)>, bool), ReadError> {
        let handle = self.handle(path, OpenFlags::O_NOFOLLOW)?;
        if stat_of(&handle)?.kind != FileType::Directory {
            return Err(Blocked::NotDirectory.into());
        }
        let fd = self.reopen(&handle, OFlags::DIRECTORY)?;
        let listing = dir::read_dir(fd.as_fd(), path, limit)?;
        let truncated = listing.truncated;
        let entries = dir::stats(fd.as_fd(), listing);
        if let Some(trace) = &self.trace {
            let real = self.real_name(&handle).unwrap_or_else(|| path.clone());
            let at = |entry: &DirEntry| real.join(entry.name.as_bytes());
            for (entry, stat) in &entries {
                trace.lies(at(entry), stat);
            }
        }
        Ok((entries, truncated))
    }

    /// Where a link points, as it is written in it.
    ///
    /// # Errors
    /// Absent, blocked, or not a link ([`Blocked::NotRegular`]).
    pub fn read_link(&self, path: &HostPath) -> Result<Text, ReadError> {
        let handle = self.handle(path, OpenFlags::O_NOFOLLOW)?;
        match rustix::fs::readlinkat(&handle, "", Vec::new()) {
            Ok(target) => Ok(Text::new(target.into_bytes())),
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOENT) => {
                Err(Blocked::NotRegular.into())
            }
            Err(errno) => Err(errno.into()),
        }
    }

    /// Where the path really lies inside the root, links followed.
    ///
    /// # Errors
    /// Absent, or blocked; [`Blocked::Escaped`] when the kernel's name for it is not in the root.
    pub fn resolve(&self, path: &HostPath) -> Result<HostPath, ReadError> {
        let handle = self.handle(path, OpenFlags::empty())?;
        self.real_name(&handle).ok_or(ReadError::Blocked(Blocked::Escaped))
    }

    /// An extended attribute of a regular file or directory; `None` when it has none of that name.
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn xattr(&self, path: &HostPath, name: &str) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(self.open_file(path)?.xattr(name))
    }

    /// Every look at the tree begins here.
    fn handle(&self, path: &HostPath, follow: OpenFlags) -> Result<OwnedFd, ReadError> {
        let handle = self.take(path, follow);
        if let Some(trace) = &self.trace {
            let follow = !follow.contains(OpenFlags::O_NOFOLLOW);
            self.note(trace, Asked { path: path.clone(), follow }, handle.as_ref());
        }
        handle
    }

    fn take(&self, path: &HostPath, follow: OpenFlags) -> Result<OwnedFd, ReadError> {
        let flags = OpenFlags::O_PATH | OpenFlags::O_CLOEXEC | follow;
        let path = Path::new(OsStr::from_bytes(path.as_bytes()));
        Ok(self.inner.open_subpath(path, flags)?.into())
    }

    fn reopen(&self, handle: &OwnedFd, extra: OFlags) -> Result<OwnedFd, ReadError> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC | extra;
        let name = handle.as_raw_fd().to_string();
        let open = |flags| rustix::fs::openat(&*self.self_fds, &name, flags, Mode::empty());
        if self.detached {
            return Ok(open(flags)?);
        }
        // Only the owner and root may leave the access time alone (open(2), O_NOATIME).
        match open(flags | OFlags::NOATIME) {
            Err(rustix::io::Errno::PERM) => Ok(open(flags)?),
            other => Ok(other?),
        }
    }

    fn real_name(&self, handle: &OwnedFd) -> Option<HostPath> {
        let name = fd_name(&self.self_fds, handle).ok()?;
        let inside = match self.shown.as_slice() {
            b"/" => name.as_slice(),
            top => name.strip_prefix(top)?,
        };
        (inside.is_empty() || inside.starts_with(b"/")).then(|| HostPath::new(inside))
    }
}

fn open_self_fds() -> std::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fds = rustix::fs::openat(CWD, "/proc/self/fd", flags, Mode::empty())?;
    if rustix::fs::fstatfs(&fds)?.f_type != PROC_MAGIC {
        return Err(std::io::Error::other("/proc is not a proc file system"));
    }
    Ok(fds)
}

fn fd_name(self_fds: &OwnedFd, fd: &OwnedFd) -> std::io::Result<Vec<u8>> {
    let name = fd.as_raw_fd().to_string();
    Ok(rustix::fs::readlinkat(self_fds, name, Vec::new())?.into_bytes())
}

pub(crate) fn stat_of(handle: &OwnedFd) -> Result<Stat, ReadError> {
    Ok(stat_at(handle.as_fd(), b"")?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, symlink};

    use super::*;

    /// The tree both kinds of root are tried on: each link in it tries to leave or to trap.
    fn hostile_tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir_all(at("etc/sub")).unwrap();
        std::fs::write(at("etc/passwd"), "inside\n").unwrap();
        symlink("/etc/passwd", at("absolute")).unwrap();
        symlink("../../../../../../etc/passwd", at("etc/sub/upwards")).unwrap();
        symlink("/proc/self/root/etc/passwd", at("magic")).unwrap();
        symlink("loop-b", at("loop-a")).unwrap();
        symlink("loop-a", at("loop-b")).unwrap();
        symlink("etc", at("dir-link")).unwrap();
        rustix::fs::mknodat(CWD, at("pipe"), rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        dir
    }

    fn both_kinds(test: impl Fn(&Root)) {
        let dir = hostile_tree();
        test(&Root::open_plain(dir.path()).unwrap());
        test(&Root::open(dir.path()).unwrap());
    }

    fn read(root: &Root, path: &str) -> Result<Vec<u8>, ReadError> {
        root.read(&HostPath::new(path), 1024).map(|content| content.bytes)
    }

    #[test]
    fn links_lead_to_files_inside_the_root_alone() {
        both_kinds(|root| {
            for path in ["/absolute", "/etc/sub/upwards", "/../../etc/passwd", "/dir-link/passwd"] {
                assert_eq!(read(root, path).unwrap(), b"inside\n", "{path}");
            }
            assert_eq!(read(root, "/magic"), Err(ReadError::Absent));
        });
    }

    #[test]
    fn loops_and_pipes_are_said_and_never_waited_for() {
        both_kinds(|root| {
            assert_eq!(read(root, "/loop-a"), Err(Blocked::Loop.into()));
            assert_eq!(read(root, "/pipe"), Err(Blocked::NotRegular.into()));
            assert_eq!(read(root, "/etc"), Err(Blocked::IsDirectory.into()));
            assert_eq!(read(root, "/none"), Err(ReadError::Absent));
        });
    }

    #[test]
    fn the_real_path_is_the_one_inside_the_root() {
        both_kinds(|root| {
            let real = root.resolve(&HostPath::new("/dir-link/passwd")).unwrap();
            assert_eq!(real, "/etc/passwd");
            let content = root.read(&HostPath::new("/absolute"), 10).unwrap();
            assert_eq!(content.real, "/etc/passwd");
            assert_eq!(root.resolve(&HostPath::new("/")).unwrap(), "/");
        });
    }

    #[test]
    fn a_read_stops_at_its_limit_and_says_so() {
        both_kinds(|root| {
            let content = root.read(&HostPath::new("/etc/passwd"), 3).unwrap();
            assert_eq!((content.bytes.as_slice(), content.truncated), (&b"ins"[..], true));
            let content = root.read(&HostPath::new("/etc/passwd"), 7).unwrap();
            assert!(!content.truncated);
        });
    }

    #[test]
    fn listings_are_sorted_bounded_and_typed() {
        both_kinds(|root| {
            let listing = root.list(&HostPath::new("/"), 100).unwrap();
            let names: Vec<_> = listing.entries.iter().map(|e| e.name.to_string()).collect();
            let sorted =
                ["absolute", "dir-link", "etc", "loop-a", "loop-b", "magic", "pipe"].to_vec();
            assert_eq!(names, sorted);
            assert!(root.list(&HostPath::new("/"), 2).unwrap().truncated);
            assert_eq!(listing.entries[6].kind, FileType::Fifo);
        });
    }

    #[test]
    fn a_listing_with_stats_says_what_each_name_is_and_follows_none() {
        both_kinds(|root| {
            let (entries, truncated) = root.list_with_stats(&HostPath::new("/"), 100).unwrap();
            let kinds: Vec<_> = entries.iter().map(|(_, stat)| stat.kind).collect();
            assert_eq!(kinds[2], FileType::Directory);
            assert_eq!((kinds[0], kinds[6], truncated), (FileType::Link, FileType::Fifo, false));
            assert_eq!(root.list_with_stats(&HostPath::new("/"), 2).unwrap().0.len(), 2);
            let link = root.list_with_stats(&HostPath::new("/dir-link"), 2);
            assert_eq!(link.unwrap_err(), Blocked::NotDirectory.into());
        });
    }

    #[test]
    fn reading_through_a_link_leaves_every_access_time_alone() {
        let dir = hostile_tree();
        let before = std::fs::symlink_metadata(dir.path().join("absolute")).unwrap();
        let root = Root::open(dir.path()).unwrap();
        assert!(root.keeps_atime() || !crate::is_privileged());
        read(&root, "/absolute").unwrap();
        let after = std::fs::symlink_metadata(dir.path().join("absolute")).unwrap();
        if root.keeps_atime() {
            assert_eq!((before.atime(), before.atime_nsec()), (after.atime(), after.atime_nsec()));
        }
    }

    #[test]
    fn a_link_is_read_as_it_is_written() {
        both_kinds(|root| {
            let target = root.read_link(&HostPath::new("/absolute")).unwrap();
            assert_eq!(target, "/etc/passwd");
            let plain = root.read_link(&HostPath::new("/etc/passwd"));
            assert_eq!(plain, Err(Blocked::NotRegular.into()));
        });
    }
}
