//! `unix` (`unix_seq_show` in `net/unix/af_unix.c`).

use crate::process::{hexadecimal, number, words};
use crate::{BadLine, Text};

/// `__SO_ACCEPTCON`, include/uapi/linux/net.h.
const ACCEPTS: u64 = 1 << 16;

/// One Unix socket of a network namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnixSocket {
    /// It waits for connections.
    pub listens: bool,
    /// Its inode.
    pub inode: u64,
    /// Its path, or its abstract name after `@`; empty when it has none.
    pub path: Text,
}

/// The sockets of the table, the header left out.
pub fn unix_table(content: &[u8]) -> impl Iterator<Item = Result<UnixSocket, BadLine>> {
    super::table(content, socket)
}

/// `Num RefCount Protocol Flags Type St Inode Path`
fn socket(line: &[u8]) -> Option<UnixSocket> {
    let fields: Vec<&[u8]> = words(line).collect();
    let flags = hexadecimal(fields.get(3)?)?;
    let inode_text = *fields.get(6)?;
    let inode = number(inode_text)?;
    // One blank before the path, which may hold blanks itself; the inode ends where its word ends.
    let end = inode_text.as_ptr_range().end as usize - line.as_ptr() as usize;
    let path = line.get(end..).unwrap_or_default();
    let path = path.strip_prefix(b" ").unwrap_or(path);
    Some(UnixSocket { listens: flags & ACCEPTS != 0, inode, path: Text::from(path) })
}
