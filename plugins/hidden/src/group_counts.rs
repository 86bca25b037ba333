//! Tasks by the counters of control groups (`pids.current`), beside those that /proc shows in them.

use std::sync::Arc;

use coroner_core::{Blocked, Cx, FileType, HostPath, ReadError};
use coroner_host::Host;
use coroner_host::views::{OpenDir, Prober};
use coroner_parse::process::cgroup_paths;

use crate::counts::least;
use crate::items::{CountedThing, Shortfall};
use crate::shown::listed;

/// Where the controller `pids` counts: version 2, or its own tree of version 1.
const TREES: [&str; 3] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/pids"];
/// Before Linux 5.1 a task that had ended was counted until its memory was freed.
const FIRST_EXACT: (u32, u32) = (5, 1);

/// Tells how many tasks control groups count and /proc does not show; nothing where they do not
/// count, or count for more than this process sees (a control group namespace).
pub(crate) fn tasks(cx: &mut Cx<'_>, prober: &Arc<Prober>) {
    let release = cx.read_up_to(&HostPath::new("/proc/sys/kernel/osrelease"), 256);
    if release.and_then(|content| version(&content.bytes)).is_none_or(|is| is < FIRST_EXACT) {
        return;
    }
    let host = cx.host();
    let found = TREES.iter().map(HostPath::new).find_map(|top| Some((groups(host, &top)?, top)));
    let Some((groups, source)) = found else { return };
    let missing = least(|| {
        let before = counted(host, &groups)?;
        let prober = Arc::clone(prober);
        let shown = host.unbound(move || shown(prober.proc())).ok().flatten()?;
        Some(before.min(counted(host, &groups)?).saturating_sub(shown))
    });
    if let Some(missing) = missing {
        cx.emit(Shortfall { thing: CountedThing::GroupTasks, source, missing });
    }
}

/// `6.1.0-13-amd64`
fn version(release: &[u8]) -> Option<(u32, u32)> {
    let mut numbers = std::str::from_utf8(release).ok()?.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The groups right below the root of a tree, where each counts all below it; the true root counts
/// nothing itself.
fn groups(host: &Host, top: &HostPath) -> Option<Vec<HostPath>> {
    let counter = |group: &HostPath| group.join("pids.current");
    if host.stat(&top.join("cgroup.procs")).is_err() || host.stat(&counter(top)).is_ok() {
        return None;
    }
    let below = host.list(top, 10_000).ok().filter(|listing| !listing.truncated)?.entries;
    let dirs = below.into_iter().filter(|entry| entry.kind == FileType::Directory);
    let counters: Vec<HostPath> = dirs.map(|entry| counter(&entry.path)).collect();
    counters.iter().any(|path| host.stat(path).is_ok()).then_some(counters)
}

/// Groups come and go; one that is gone has no tasks.
fn counted(host: &Host, groups: &[HostPath]) -> Option<u32> {
    let mut sum = 0_u32;
    for group in groups {
        match host.read(group, 64) {
            Ok(content) => {
                let text = std::str::from_utf8(&content.bytes).ok()?;
                sum = sum.saturating_add(text.trim().parse().ok()?);
            }
            // The second is the kernel's word for a group that is being removed.
            Err(ReadError::Absent | ReadError::Blocked(Blocked::Io(_))) => {}
            Err(ReadError::Blocked(_)) => return None,
        }
    }
    Some(sum)
}

/// Tasks outside the root group. Threads may stand in other groups than their process (version 1):
/// of one in the root each is asked, of one outside all count.
fn shown(proc: &OpenDir) -> Option<u32> {
    let mut shown = 0_u32;
    for pid in listed(proc)? {
        let threads = match proc.links_of(&format!("{pid}/task")) {
            Ok(links) => links.saturating_sub(2).max(1),
            // It was there when the listing named it.
            Err(ReadError::Absent) => 1,
            Err(ReadError::Blocked(_)) => return None,
        };
        let inside = match stands_inside(proc, &format!("{pid}/cgroup"))? {
            true => threads,
            false if threads > 1 => threads_inside(proc, pid)?,
            false => 0,
        };
        shown = shown.saturating_add(inside);
    }
    Some(shown)
}

fn threads_inside(proc: &OpenDir, pid: u32) -> Option<u32> {
    let Ok(tasks) = proc.open_dir(&format!("{pid}/task")) else { return Some(1) };
    let mut inside = 0;
    for thread in listed(&tasks).unwrap_or_default() {
        inside += u32::from(stands_inside(&tasks, &format!("{thread}/cgroup"))?);
    }
    Some(inside)
}

/// One that is gone may have stood there.
fn stands_inside(dir: &OpenDir, file: &str) -> Option<bool> {
    dir.read_file(file, 64 << 10).map_or(Some(true), |groups| is_inside(&groups))
}

/// Whether a process stands below the root; `None` where paths lead out of what is seen of the tree.
fn is_inside(groups: &[u8]) -> Option<bool> {
    let paths = cgroup_paths(groups);
    let counting = |line: &&coroner_parse::process::CgroupPath| {
        let mut controllers = line.controllers.as_bytes().split(|&byte| byte == b',');
        line.hierarchy == 0 || controllers.any(|name| name == b"pids")
    };
    let mut counting = paths.iter().filter(counting).map(|line| &line.path).peekable();
    counting.peek()?;
    let mut inside = false;
    for path in counting {
        if path.as_bytes().starts_with(b"/..") {
            return None;
        }
        inside |= path.as_bytes() != b"/";
    }
    Some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_stands_inside_when_its_counting_group_is_not_the_root() {
        assert_eq!(is_inside(b"0::/system.slice/ssh.service\n"), Some(true));
        assert_eq!(is_inside(b"0::/\n"), Some(false));
        assert_eq!(is_inside(b"5:cpu:/x\n4:pids:/\n0::/\n"), Some(false));
        assert_eq!(is_inside(b"4:pids,x:/user.slice\n0::/\n"), Some(true));
        assert_eq!(is_inside(b"0::/../../init.scope\n"), None);
        assert_eq!(is_inside(b""), None);
    }

    #[test]
    fn releases_are_told_by_their_first_two_numbers() {
        assert_eq!(version(b"6.1.0-13-amd64\n"), Some((6, 1)));
        assert!(version(b"4.18.0-513.el8.x86_64\n") < Some(FIRST_EXACT));
        assert_eq!(version(b"x"), None);
    }
}
