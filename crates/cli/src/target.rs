//! A file that is written: held at its folder, synced, read back, and whole or not there.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use coroner_core::{Algorithm, Digest, Hasher};
use coroner_medium::readback::{self, Way};
use rustix::fs::{
    Access, AtFlags, Mode, OFlags, accessat, fsync, open, openat, renameat, stat, statat, unlinkat,
};

use crate::output::Failure;

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

/// A file that was written and read back.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) size: u64,
    pub(crate) sha256: Digest,
    pub(crate) way: Way,
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

    /// Writes beside the target, syncs, reads back what the device has, and renames.
    pub(crate) fn write(&self, what: &str, fill: &mut Fill<'_>) -> Result<Delivered, Failure> {
        let temporary = self.temporary_name();
        let placed = self.write_beside(&temporary, fill).and_then(|delivered| {
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

    fn temporary_name(&self) -> OsString {
        let mut name = OsString::from(".");
        name.push(&self.name);
        name.push(format!(".{}", std::process::id()));
        name
    }

    fn write_beside(&self, temporary: &OsStr, fill: &mut Fill<'_>) -> io::Result<Delivered> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o666);
        let file = File::from(openat(&self.folder, temporary, flags, mode)?);
        let sent = Sent { file, size: 0, hasher: Hasher::new(Algorithm::Sha256) };
        let mut out = BufWriter::with_capacity(1 << 20, sent);
        fill(&mut out)?;
        let sent = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        sent.file.sync_all()?;
        let (size, sha256, way) = readback::digest(&self.folder, temporary)?;
        if (size, &sha256) != (sent.size, &sent.hasher.finish()) {
            return Err(io::Error::other("what was read back is not what was written"));
        }
        Ok(Delivered { size, sha256, way })
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

/// Counts and hashes what goes into a file.
struct Sent {
    file: File,
    size: u64,
    hasher: Hasher,
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

fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}
