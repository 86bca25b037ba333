//! The text of `/proc/PID/exe` and of other links to files (`d_path` in the kernel's `fs/d_path.c`).

use crate::Text;

/// What the kernel adds to the name of a file that has no name any more.
const DELETED: &[u8] = b" (deleted)";
/// What the name of memory made with `memfd_create(2)` starts with (`mm/memfd.c`).
const MEMFD: &[u8] = b"/memfd:";

/// The name of a running program's file, as a link of /proc gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutableName {
    /// The path, without the kernel's mark.
    pub path: Text,
    /// The text ends in the kernel's mark; a file may be called so itself.
    pub marked_deleted: bool,
}

impl ExecutableName {
    /// Reads the text of the link.
    pub fn new(link: &[u8]) -> Self {
        match link.strip_suffix(DELETED) {
            Some(path) => Self { path: Text::from(path), marked_deleted: true },
            None => Self { path: Text::from(link), marked_deleted: false },
        }
    }

    /// The name that was given to memory which runs in place of a file. The kernel marks such a file as
    /// deleted from its start.
    pub fn memory(&self) -> Option<Text> {
        let name = self.path.as_bytes().strip_prefix(MEMFD)?;
        self.marked_deleted.then(|| Text::from(name))
    }
}
