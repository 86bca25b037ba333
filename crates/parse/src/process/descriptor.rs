//! The text of a link in `/proc/PID/fd` (`proc_pid_fd(5)`).

use super::number;
use crate::Text;

/// What a descriptor leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Descriptor {
    /// A socket, by inode.
    Socket(u64),
    /// A pipe, by inode.
    Pipe(u64),
    /// Memory made with `memfd_create(2)`, by its name.
    Memory(Text),
    /// A kernel object without a file: `bpf-prog`, `eventpoll`, ...
    Anonymous(Text),
    /// A file, device or terminal, by its path.
    File(Text),
}

impl Descriptor {
    /// Reads the text of the link.
    pub fn new(link: &[u8]) -> Self {
        let numbered = |kind: &[u8]| number(link.strip_prefix(kind)?.strip_suffix(b"]")?);
        if let Some(inode) = numbered(b"socket:[") {
            return Self::Socket(inode);
        }
        if let Some(inode) = numbered(b"pipe:[") {
            return Self::Pipe(inode);
        }
        if let Some(kind) = link.strip_prefix(b"anon_inode:") {
            let bare = kind.strip_prefix(b"[").and_then(|kind| kind.strip_suffix(b"]"));
            return Self::Anonymous(Text::from(bare.unwrap_or(kind)));
        }
        match super::ExecutableName::new(link).memory() {
            Some(name) => Self::Memory(name),
            None => Self::File(Text::from(link)),
        }
    }
}
