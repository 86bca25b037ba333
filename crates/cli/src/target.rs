//! A file that is written: held at its folder, synced, read back, and whole or not there.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use coroner_core::Time;
use coroner_medium::{Delivered, deliver};
use rustix::fs::{
    Access, AtFlags, Mode, OFlags, accessat, fsync, open, renameat, stat, statat, unlinkat,
};

use crate::failure::Failure;

/// As far as the umask lets it.
const MODE: u32 = 0o666;

/// What fills a file.
pub(crate) type Fill<'f> = dyn FnMut(&mut dyn Write) -> io::Result<()> + 'f;

/// A file to be written. Its folder is opened at once: a stick that is unplugged and a path that leads
/// elsewhere minutes later cannot send the file to another disk.
#[derive(Debug)]
pub(crate) struct Target {
    path: PathBuf,
    folder: OwnedFd,
    name: OsString,
}

impl Target {
    /// Refuses at once what would only fail after minutes of work.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let folder = directory(path);
        if !folder.is_dir() {
            return Err(Failure::usage(format!("{} is not a directory", folder.display())));
        }
        let name = path.file_name().filter(|_| !path.is_dir());
        let Some(name) = name.map(OsStr::to_owned) else {
            return Err(Failure::usage(format!("{} is a directory, name a file", path.display())));
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = open(&folder, flags, Mode::empty()).and_then(|opened| {
            accessat(&opened, ".", Access::WRITE_OK, AtFlags::empty())?;
            Ok(opened)
        });
        let folder =
            opened.map_err(|error| Failure::usage(format!("{}: {error}", folder.display())))?;
        Ok(Self { path: path.to_owned(), folder, name })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that it goes to.
    pub(crate) fn directory(&self) -> PathBuf {
        directory(&self.path)
    }

    /// The same folder by what is held of it, whatever its path leads to by now: for the sandbox.
    pub(crate) fn held(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.folder.as_raw_fd()))
    }

    /// Writes beside the target, syncs, reads back what the device has, and renames.
    pub(crate) fn write(&self, what: &str, fill: &mut Fill<'_>) -> Result<Delivered, Failure> {
        let temporary = self.temporary_name();
        let written = deliver(&self.folder, &temporary, MODE, fill);
        let placed = written.and_then(|delivered| {
            renameat(&self.folder, &temporary, &self.folder, &self.name)?;
            Ok(delivered)
        });
        let delivered = placed.map_err(|error| {
            let _ = unlinkat(&self.folder, &temporary, AtFlags::empty());
            let path = self.path.display();
            Failure::Broken(format!("{path}: {error}; no {what} was written"))
        })?;
        self.settle().map_err(|error| {
            let path = self.path.display();
            Failure::Broken(format!("{path}: {error}; the {what} is not safe, write it elsewhere"))
        })?;
        Ok(delivered)
    }

    /// Of this moment too: in a container every run has the same pid, and one that was killed leaves its
    /// file there.
    fn temporary_name(&self) -> OsString {
        let mut name = OsString::from(".");
        name.push(&self.name);
        let now = Time::now();
        name.push(format!(".{}.{}.{}", std::process::id(), now.seconds(), now.nanoseconds()));
        name
    }

    /// The name is on the disk, and the path still leads to it: a mount that was taken away would hold
    /// a report that nobody finds.
    fn settle(&self) -> io::Result<()> {
        fsync(&self.folder)?;
        let held = statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW)?;
        let found = stat(&self.path).ok().map(|found| (found.st_dev, found.st_ino));
        if found != Some((held.st_dev, held.st_ino)) {
            return Err(io::Error::other("unplugged or unmounted while it was written"));
        }
        Ok(())
    }
}

fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}
