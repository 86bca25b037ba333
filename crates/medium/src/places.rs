//! Which disk a path lies on, and whether that is a disk of the audited host.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use coroner_parse::Text;
use coroner_parse::process::{Mount, mounts};

/// Where the hierarchy standard has mounts that are not the host's own.
const PASSING: &[&str] = &["/media", "/mnt", "/run"];
/// File systems without a disk.
const MEMORY: &[&str] =
    &["tmpfs", "ramfs", "devtmpfs", "hugetlbfs", "proc", "sysfs", "cgroup", "cgroup2", "devpts"];
/// Device mapper upon loop upon device mapper ends somewhere.
const DEEPEST: usize = 8;

/// The mounts that this process sees.
#[derive(Debug)]
pub struct Places {
    mounts: Vec<Mount>,
    sys: PathBuf,
}

/// What is audited: it decides which disks are the host's.
#[derive(Debug, Clone, Copy)]
pub enum Audited<'a> {
    /// The machine that runs this.
    Machine,
    /// What is mounted here and below.
    Root(&'a Path),
}

/// A place that lies on a disk of the audited host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnAudited {
    device: Text,
    file_system: Text,
    point: Text,
}

impl fmt::Display for OnAudited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, mounted on {})", self.device, self.file_system, self.point)
    }
}

impl Places {
    /// Reads them.
    ///
    /// # Errors
    /// `/proc/self/mountinfo` cannot be read.
    pub fn read() -> io::Result<Self> {
        Ok(Self::of(&std::fs::read("/proc/self/mountinfo")?, Path::new("/sys")))
    }

    fn of(mountinfo: &[u8], sys: &Path) -> Self {
        Self { mounts: mounts(mountinfo).filter_map(Result::ok).collect(), sys: sys.to_owned() }
    }

    /// Whether a folder lies on a disk of the audited host. The disk that `medium` came on is not the
    /// host's, unless the host's own root lies on it too.
    ///
    /// # Errors
    /// The folder cannot be resolved.
    pub fn on_audited(
        &self,
        folder: &Path,
        audited: Audited<'_>,
        medium: &Path,
    ) -> io::Result<Option<OnAudited>> {
        let Some(mount) = self.mount_of(&folder.canonicalize()?) else { return Ok(None) };
        let root = match audited {
            Audited::Machine => None,
            Audited::Root(root) => Some(root.canonicalize()?),
        };
        let mut hosts = self.hosts_disks(root.as_deref());
        let own = self.disks_at(&medium.canonicalize()?);
        if own.is_disjoint(&self.disks_at(root.as_deref().unwrap_or(Path::new("/")))) {
            hosts.retain(|disk| !own.contains(disk));
        }
        let shared = !self.disks(mount, DEEPEST).is_disjoint(&hosts);
        Ok(shared.then(|| OnAudited {
            device: mount.source.clone(),
            file_system: mount.file_system.clone(),
            point: mount.point.clone(),
        }))
    }

    fn hosts_disks(&self, root: Option<&Path>) -> BTreeSet<String> {
        let below = |mount: &&Mount| {
            let point = path(&mount.point);
            match root {
                Some(root) => point.starts_with(root),
                None => !PASSING.iter().any(|passing| point.starts_with(passing)),
            }
        };
        let holding = root.and_then(|root| self.mount_of(root));
        self.mounts
            .iter()
            .filter(below)
            .chain(holding)
            .flat_map(|mount| self.disks(mount, DEEPEST))
            .collect()
    }

    fn disks_at(&self, at: &Path) -> BTreeSet<String> {
        self.mount_of(at).map(|mount| self.disks(mount, DEEPEST)).unwrap_or_default()
    }

    /// The mount that a resolved path lies on: the deepest one, and of those the last.
    fn mount_of(&self, at: &Path) -> Option<&Mount> {
        let above = self.mounts.iter().filter(|mount| at.starts_with(path(&mount.point)));
        above.max_by_key(|mount| path(&mount.point).components().count())
    }

    /// The disks behind a mount; none behind memory.
    fn disks(&self, mount: &Mount, depth: usize) -> BTreeSet<String> {
        let kind = mount.file_system.as_bytes();
        if MEMORY.iter().any(|memory| memory.as_bytes() == kind) {
            return BTreeSet::new();
        }
        match mount.device {
            (0, minor) => self.disks_of_source(mount, minor, depth),
            (major, minor) => self.block(major, minor, depth),
        }
    }

    /// btrfs has no device number of its own but names its device; network file systems name a server.
    fn disks_of_source(&self, mount: &Mount, minor: u32, depth: usize) -> BTreeSet<String> {
        let source = path(&mount.source);
        if source.starts_with("/dev") {
            let number = std::fs::metadata(source).map_or(0, |meta| meta.rdev());
            let (major, minor) = (rustix::fs::major(number), rustix::fs::minor(number));
            if major != 0 {
                return self.block(major, minor, depth);
            }
        }
        let named = mount.source.as_bytes().iter().any(|&byte| matches!(byte, b':' | b'/'));
        let name = if named { mount.source.to_string() } else { format!("0:{minor}") };
        BTreeSet::from([name])
    }

    /// The whole disks below a block device, through partitions, device mapper, RAID and loops.
    fn block(&self, major: u32, minor: u32, depth: usize) -> BTreeSet<String> {
        let number = format!("{major}:{minor}");
        let found = self.sys.join("dev/block").join(&number).canonicalize();
        let (Ok(device), Some(depth)) = (found, depth.checked_sub(1)) else {
            return BTreeSet::from([number]);
        };
        let slaves: BTreeSet<String> = slaves(&device)
            .into_iter()
            .flat_map(|(major, minor)| self.block(major, minor, depth))
            .collect();
        if !slaves.is_empty() {
            return slaves;
        }
        if let Some(mount) = backing_file(&device).and_then(|file| self.mount_of(&file)) {
            return self.disks(mount, depth);
        }
        let whole =
            if device.join("partition").exists() { device.parent() } else { Some(&*device) };
        let name = whole.and_then(Path::file_name).unwrap_or_default();
        BTreeSet::from([name.to_string_lossy().into_owned()])
    }
}

fn path(text: &Text) -> &Path {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(text.as_bytes()))
}

fn slaves(device: &Path) -> Vec<(u32, u32)> {
    let entries = std::fs::read_dir(device.join("slaves")).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| number(&std::fs::read_to_string(entry.path().join("dev")).ok()?))
        .collect()
}

fn number(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.trim().split_once(':')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn backing_file(device: &Path) -> Option<PathBuf> {
    let path = std::fs::read_to_string(device.join("loop/backing_file")).ok()?;
    let path = PathBuf::from(path.trim_end_matches('\n'));
    path.exists().then_some(path)
}

#[cfg(test)]
mod tests;
