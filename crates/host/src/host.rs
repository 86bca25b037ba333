//! The audited host: its tree and, while it runs, its kernel's trees.

use std::path::{Path, PathBuf};

use coroner_parse::Text;

use crate::{Blocked, Content, HostPath, Listing, OpenFile, ReadError, Root, Stat};

/// Where the parts of a host are found on the auditor's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSources {
    /// The root directory.
    pub root: PathBuf,
    /// The running kernel's /proc, for a live host.
    pub proc: Option<PathBuf>,
    /// The running kernel's /sys, for a live host.
    pub sys: Option<PathBuf>,
    /// Whether system calls of this process (netlink, getsockopt) speak of the audited host.
    pub kernel: bool,
}

impl HostSources {
    /// The machine this process runs on.
    pub fn live() -> Self {
        let dir = |path: &str| Some(PathBuf::from(path));
        Self { root: "/".into(), proc: dir("/proc"), sys: dir("/sys"), kernel: true }
    }

    /// A mounted disk or an unpacked root: no kernel to ask.
    pub fn offline(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), proc: None, sys: None, kernel: false }
    }

    /// The host's root and /proc mounted into a container; the kernel is the host's own.
    pub fn mounted(root: impl Into<PathBuf>, proc: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), proc: Some(proc.into()), sys: Some("/sys".into()), kernel: true }
    }
}

/// A host under audit.
///
/// Paths below /proc and /sys are read from the running kernel's trees; all others from the root.
#[derive(Debug)]
pub struct Host {
    root: Root,
    proc: Option<Root>,
    sys: Option<Root>,
    sources: HostSources,
}

impl Host {
    /// Opens the trees that `sources` names.
    ///
    /// # Errors
    /// A directory that cannot be opened, with its name.
    pub fn open(sources: HostSources) -> std::io::Result<Self> {
        let named = |path: &Path, error: std::io::Error| {
            std::io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        };
        let root = Root::open(&sources.root).map_err(|error| named(&sources.root, error))?;
        let kernel_tree = |path: &Option<PathBuf>| match path {
            Some(path) => Root::open_plain(path).map(Some).map_err(|error| named(path, error)),
            None => Ok(None),
        };
        let (proc, sys) = (kernel_tree(&sources.proc)?, kernel_tree(&sources.sys)?);
        Ok(Self { root, proc, sys, sources })
    }

    /// Whether the host runs while it is audited.
    pub fn is_live(&self) -> bool {
        self.proc.is_some()
    }

    /// Whether system calls of this process speak of the audited host.
    pub fn has_kernel(&self) -> bool {
        self.sources.kernel
    }

    /// Whether netlink of this process shows the host's own network: its first process and this
    /// one share a network namespace.
    pub fn has_network(&self) -> bool {
        let first = self.read_link(&HostPath::new("/proc/1/ns/net"));
        let own = std::fs::read_link("/proc/self/ns/net");
        let same = matches!((first, own), (Ok(a), Ok(b)) if a == b.to_string_lossy().as_ref());
        self.has_kernel() && (same || self.sources.root == Path::new("/"))
    }

    /// The directories this host was opened from.
    pub fn sources(&self) -> &HostSources {
        &self.sources
    }

    /// Whether reading can leave no access time changed.
    pub fn keeps_atime(&self) -> bool {
        self.root.keeps_atime()
    }

    /// The tree of files, for work that opens many of them.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// What the path itself is; see [`Root::stat`].
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn stat(&self, path: &HostPath) -> Result<Stat, ReadError> {
        let (tree, inside) = self.tree(path)?;
        tree.stat(&inside)
    }

    /// What the path leads to; see [`Root::stat_followed`].
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn stat_followed(&self, path: &HostPath) -> Result<Stat, ReadError> {
        let (tree, inside) = self.tree(path)?;
        tree.stat_followed(&inside)
    }

    /// Opens a regular file; see [`Root::open_file`].
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn open_file(&self, path: &HostPath) -> Result<OpenFile, ReadError> {
        let (tree, inside) = self.tree(path)?;
        tree.open_file(&inside)
    }

    /// Reads a regular file; see [`Root::read`].
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn read(&self, path: &HostPath, limit: usize) -> Result<Content, ReadError> {
        let (tree, inside) = self.tree(path)?;
        let content = tree.read(&inside, limit)?;
        let real = Self::outside(path, &inside, content.real);
        Ok(Content { path: path.clone(), real, ..content })
    }

    /// Lists a directory; see [`Root::list`].
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn list(&self, path: &HostPath, limit: usize) -> Result<Listing, ReadError> {
        let (tree, inside) = self.tree(path)?;
        let mut listing = tree.list(&inside, limit)?;
        for entry in &mut listing.entries {
            entry.path = path.join(entry.name.as_bytes());
        }
        Ok(listing)
    }

    /// Reads a link; see [`Root::read_link`].
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn read_link(&self, path: &HostPath) -> Result<Text, ReadError> {
        let (tree, inside) = self.tree(path)?;
        tree.read_link(&inside)
    }

    /// Where a path really lies; see [`Root::resolve`].
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn resolve(&self, path: &HostPath) -> Result<HostPath, ReadError> {
        let (tree, inside) = self.tree(path)?;
        Ok(Self::outside(path, &inside, tree.resolve(&inside)?))
    }

    /// The tree a path belongs to, and the path below that tree's top.
    fn tree(&self, path: &HostPath) -> Result<(&Root, HostPath), Blocked> {
        for (top, tree) in [("/proc", &self.proc), ("/sys", &self.sys)] {
            if path.is_under(top) {
                let inside = path.as_bytes().get(top.len()..).unwrap_or_default();
                let tree = tree.as_ref().ok_or(Blocked::Unavailable)?;
                return Ok((tree, HostPath::new(inside)));
            }
        }
        Ok((&self.root, path.clone()))
    }

    /// Puts back what [`Host::tree`] cut off a path.
    fn outside(asked: &HostPath, inside: &HostPath, real: HostPath) -> HostPath {
        let kernel_top =
            asked.as_bytes().len() - inside.as_bytes().len().min(asked.as_bytes().len());
        match asked.as_bytes().get(..kernel_top) {
            Some(top) if !top.is_empty() && asked != inside => {
                HostPath::new([top, real.as_bytes()].concat())
            }
            _ => real,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture() -> (tempfile::TempDir, Host) {
        let dir = tempfile::tempdir().unwrap();
        for sub in ["etc", "proc/net", "kernel/net"] {
            std::fs::create_dir_all(dir.path().join(sub)).unwrap();
        }
        std::fs::write(dir.path().join("proc/modules"), "of the disk").unwrap();
        std::fs::write(dir.path().join("kernel/modules"), "of the kernel").unwrap();
        let proc = Some(dir.path().join("kernel"));
        let root = dir.path().to_path_buf();
        let sources = HostSources { root, proc, sys: None, kernel: false };
        let host = Host::open(sources).unwrap();
        (dir, host)
    }

    #[test]
    fn kernel_paths_come_from_the_kernel_and_never_from_the_disk() {
        let (_dir, host) = fixture();
        let path = HostPath::new("/proc/modules");
        let content = host.read(&path, 100).unwrap();
        assert_eq!(content.bytes, b"of the kernel");
        assert_eq!((content.path, content.real), (path.clone(), path));
        let listing = host.list(&HostPath::new("/proc"), 100).unwrap();
        assert_eq!(listing.entries[0].path, "/proc/modules");
        assert_eq!(host.resolve(&HostPath::new("/proc/net")).unwrap(), "/proc/net");
    }

    #[test]
    fn a_tree_that_is_not_there_is_said_to_be_unavailable() {
        let (_dir, host) = fixture();
        let missing = host.read(&HostPath::new("/sys/module"), 100).unwrap_err();
        assert_eq!(missing, Blocked::Unavailable.into());
    }
}
