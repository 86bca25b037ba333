//! `/proc/PID/maps` (`proc_pid_maps(5)`, `show_map_vma` in `fs/proc/task_mmu.c`).

use super::{ExecutableName, hexadecimal, number};
use crate::{BadLine, Line, Text, lines};

/// One stretch of a process's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // the kernel's own flags
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// The address after the last.
    pub end: u64,
    /// It may be read.
    pub readable: bool,
    /// It may be written.
    pub writable: bool,
    /// It may be run.
    pub executable: bool,
    /// Writes reach the file and other processes.
    pub shared: bool,
    /// Where in the file it starts, in bytes.
    pub offset: u64,
    /// The file's device, major and minor; zeros for anonymous memory.
    pub device: (u32, u32),
    /// The file's inode; 0 for anonymous memory.
    pub inode: u64,
    /// The file's path without the kernel's mark, or the kernel's name for the stretch (`[heap]`); empty
    /// for plain anonymous memory. A newline in it is written as `\012`.
    pub name: Text,
    /// The name carries the kernel's mark for deleted files.
    pub marked_deleted: bool,
}

impl Mapping {
    /// A file lies behind it.
    pub fn is_file(&self) -> bool {
        self.inode != 0
    }

    /// Bytes.
    pub fn length(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// The mappings, in the order of their addresses.
pub fn mappings(content: &[u8]) -> impl Iterator<Item = Result<Mapping, BadLine>> {
    let filled =
        |line: &Result<Line<'_>, BadLine>| !line.as_ref().is_ok_and(|line| line.bytes.is_empty());
    lines(content).filter(filled).map(|line| {
        let line = line?;
        mapping(line.bytes).ok_or_else(|| BadLine::new(line, "not a line of maps"))
    })
}

fn mapping(line: &[u8]) -> Option<Mapping> {
    // Five fields by single blanks, then blanks and a name that may hold blanks itself.
    let mut fields = line.splitn(6, |&byte| byte == b' ');
    let (start, end) = pair(fields.next()?, b'-', hexadecimal)?;
    let flags: [u8; 4] = fields.next()?.try_into().ok()?;
    let offset = hexadecimal(fields.next()?)?;
    let (major, minor) = pair(fields.next()?, b':', hexadecimal)?;
    let inode = number(fields.next()?)?;
    let padded = fields.next().unwrap_or_default();
    let name = ExecutableName::new(padded.trim_ascii_start());
    Some(Mapping {
        start,
        end,
        readable: flags[0] == b'r',
        writable: flags[1] == b'w',
        executable: flags[2] == b'x',
        shared: flags[3] == b's',
        offset,
        device: (u32::try_from(major).ok()?, u32::try_from(minor).ok()?),
        inode,
        name: name.path,
        marked_deleted: name.marked_deleted,
    })
}

fn pair<T>(text: &[u8], between: u8, read: impl Fn(&[u8]) -> Option<T>) -> Option<(T, T)> {
    let at = text.iter().position(|&byte| byte == between)?;
    Some((read(text.get(..at)?)?, read(text.get(at + 1..)?)?))
}
