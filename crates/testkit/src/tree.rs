//! Trees of literal files, written to a temporary directory.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::sys::stat::{Mode, SFlag, mknod};

/// What lies at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A regular file with these bytes.
    File(Vec<u8>),
    /// A directory.
    Dir,
    /// A link with this text.
    Link(Vec<u8>),
    /// A named pipe.
    Fifo,
    /// A file of this many bytes, all of them a hole.
    Sparse(u64),
}

#[derive(Debug, Clone, Default)]
struct Attributes {
    mode: Option<u32>,
    owner: Option<(u32, u32)>,
    modified: Option<i64>,
    capabilities: Option<Vec<u8>>,
}

/// A root in memory.
///
/// Directories above a path are made with mode 755. Files get mode 644 and belong to whoever runs
/// the test, unless said otherwise.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    nodes: BTreeMap<Vec<u8>, (Node, Attributes)>,
}

impl Tree {
    /// An empty root.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts anything at `path`.
    #[must_use]
    pub fn node(mut self, path: impl AsRef<[u8]>, node: Node) -> Self {
        self.nodes.insert(path.as_ref().to_vec(), (node, Attributes::default()));
        self
    }

    /// A regular file.
    #[must_use]
    pub fn file(self, path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Self {
        self.node(path, Node::File(content.as_ref().to_vec()))
    }

    /// A directory.
    #[must_use]
    pub fn dir(self, path: impl AsRef<[u8]>) -> Self {
        self.node(path, Node::Dir)
    }

    /// A link to `target`, written as it is.
    #[must_use]
    pub fn link(self, path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        self.node(path, Node::Link(target.as_ref().to_vec()))
    }

    /// A named pipe.
    #[must_use]
    pub fn fifo(self, path: impl AsRef<[u8]>) -> Self {
        self.node(path, Node::Fifo)
    }

    /// A file that is one hole.
    #[must_use]
    pub fn sparse(self, path: impl AsRef<[u8]>, size: u64) -> Self {
        self.node(path, Node::Sparse(size))
    }

    /// Sets the mode of what was put at `path` before.
    #[must_use]
    pub fn mode(self, path: impl AsRef<[u8]>, mode: u32) -> Self {
        self.with(path, |attributes| attributes.mode = Some(mode))
    }

    /// Sets the owner of what was put at `path` before; needs root.
    #[must_use]
    pub fn owner(self, path: impl AsRef<[u8]>, uid: u32, gid: u32) -> Self {
        self.with(path, |attributes| attributes.owner = Some((uid, gid)))
    }

    /// Sets the content's time, in seconds since 1970, of what was put at `path` before.
    #[must_use]
    pub fn modified(self, path: impl AsRef<[u8]>, seconds: i64) -> Self {
        self.with(path, |attributes| attributes.modified = Some(seconds))
    }

    /// Sets the `security.capability` attribute of what was put at `path` before; needs root.
    #[must_use]
    pub fn capabilities(self, path: impl AsRef<[u8]>, value: Vec<u8>) -> Self {
        self.with(path, |attributes| attributes.capabilities = Some(value))
    }

    fn with(mut self, path: impl AsRef<[u8]>, change: impl FnOnce(&mut Attributes)) -> Self {
        let path = path.as_ref();
        let entry = self.nodes.get_mut(path);
        let shown = String::from_utf8_lossy(path);
        let (_, attributes) = entry.unwrap_or_else(|| panic!("nothing was put at {shown} before"));
        change(attributes);
        self
    }

    /// Every path that was given.
    pub fn paths(&self) -> impl Iterator<Item = &[u8]> {
        self.nodes.keys().map(Vec::as_slice)
    }

    /// Where a link leads.
    pub fn target(&self, path: impl AsRef<[u8]>) -> Option<&[u8]> {
        match self.nodes.get(path.as_ref()) {
            Some((Node::Link(target), _)) => Some(target),
            _ => None,
        }
    }

    /// The content of a regular file that was put at `path`.
    pub fn content(&self, path: impl AsRef<[u8]>) -> Option<&[u8]> {
        match self.nodes.get(path.as_ref()) {
            Some((Node::File(content), _)) => Some(content),
            _ => None,
        }
    }

    /// Writes the tree to a new temporary directory.
    ///
    /// # Panics
    /// When the directory cannot be written; a test has nothing better to do.
    #[must_use]
    pub fn write(&self) -> tempfile::TempDir {
        let dir = tempfile::Builder::new().prefix("root").tempdir().expect("a temporary directory");
        for (path, (node, _)) in &self.nodes {
            put(&inside(dir.path(), path), node).unwrap_or_else(|error| {
                panic!("{}: {error}", String::from_utf8_lossy(path));
            });
        }
        // Attributes last and deepest first: a directory's time changes with each new name in it.
        for (path, (node, attributes)) in self.nodes.iter().rev() {
            set(&inside(dir.path(), path), node, attributes).unwrap_or_else(|error| {
                panic!("attributes of {}: {error}", String::from_utf8_lossy(path));
            });
        }
        dir
    }
}

fn inside(dir: &Path, path: &[u8]) -> PathBuf {
    let relative = path.strip_prefix(b"/").unwrap_or(path);
    dir.join(OsStr::from_bytes(relative))
}

fn put(at: &Path, node: &Node) -> std::io::Result<()> {
    if let Some(parent) = at.parent() {
        std::fs::create_dir_all(parent)?;
    }
    match node {
        Node::File(content) => std::fs::write(at, content),
        Node::Dir => std::fs::create_dir_all(at),
        Node::Link(target) => std::os::unix::fs::symlink(OsStr::from_bytes(target), at),
        Node::Fifo => {
            mknod(at, SFlag::S_IFIFO, Mode::from_bits_truncate(0o644), 0).map_err(Into::into)
        }
        Node::Sparse(size) => std::fs::File::create(at)?.set_len(*size),
    }
}

fn set(at: &Path, node: &Node, attributes: &Attributes) -> std::io::Result<()> {
    if let Some((uid, gid)) = attributes.owner {
        std::os::unix::fs::lchown(at, Some(uid), Some(gid))?;
    }
    if matches!(node, Node::Link(_)) {
        return Ok(());
    }
    if let Some(mode) = attributes.mode {
        std::fs::set_permissions(at, std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    }
    if let Some(value) = &attributes.capabilities {
        let flags = rustix::fs::XattrFlags::empty();
        rustix::fs::setxattr(at, "security.capability", value, flags)?;
    }
    if let Some(seconds) = attributes.modified {
        let time = std::time::UNIX_EPOCH
            + std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        std::fs::File::open(at)?.set_modified(time)?;
    }
    Ok(())
}
