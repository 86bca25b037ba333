//! `/proc/PID/cgroup` (cgroups(7)).

use super::number;
use crate::Text;

/// One line: a hierarchy and the process's place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CgroupPath {
    /// 0 for the unified hierarchy.
    pub hierarchy: u32,
    /// The controllers of an old hierarchy, or its name (`name=systemd`).
    pub controllers: Text,
    /// The path in it, as the reader's cgroup namespace shows it.
    pub path: Text,
}

/// The lines, the bad ones left out: the kernel writes them, and one place is enough.
pub fn cgroup_paths(content: &[u8]) -> Vec<CgroupPath> {
    content.split(|&byte| byte == b'\n').filter_map(line).collect()
}

fn line(line: &[u8]) -> Option<CgroupPath> {
    let mut fields = line.splitn(3, |&byte| byte == b':');
    Some(CgroupPath {
        hierarchy: number(fields.next()?)?,
        controllers: Text::from(fields.next()?),
        path: Text::from(fields.next().filter(|path| path.starts_with(b"/"))?),
    })
}
