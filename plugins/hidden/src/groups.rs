//! Processes by the lists of control groups, which the kernel keeps apart from its numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use coroner_core::{Cx, FileType, HostPath};
use coroner_host::Host;
use coroner_host::views::Prober;

use crate::shown::all;
use crate::steady::steady;

/// Where the one tree of control groups is mounted (cgroups(7)): version 2, or beside version 1.
const TREES: [&str; 3] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"];
/// Groups that are read: a node with a thousand containers has some thousands.
const MOST_GROUPS: usize = 10_000;
const LARGEST: usize = 4 << 20;

/// The lists of a group: of its processes, and of its threads (version 2, version 1).
const PROCESSES: &str = "cgroup.procs";
const THREADS: [&str; 2] = ["cgroup.threads", "tasks"];

/// A member of a control group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) group: HostPath,
    /// A process, not one thread of one.
    pub(crate) whole: bool,
}

type Members = BTreeMap<u32, Member>;

/// The members of control groups that the listings of /proc lack, three times over. Threads of a
/// process that is missing itself are not told beside it.
pub(crate) fn unlisted(cx: &Cx<'_>, prober: &Arc<Prober>) -> Members {
    let host = cx.host();
    let listing = || all(cx, prober);
    // The listing stands on both sides: who came or went in between is in one of the two.
    let read = || {
        let before = listing()?;
        let mut members = members(host)?;
        let after = listing()?;
        for shown in [&before, &after] {
            members.retain(|pid, _| !shown.processes.contains(pid) && !shown.threads.contains(pid));
        }
        // Whose threads are withheld may have any of them.
        if before.unread.iter().any(|pid| after.unread.contains(pid)) {
            members.retain(|_, member| member.whole);
        }
        let missing: Vec<HostPath> =
            members.values().filter(|one| one.whole).map(|one| one.group.clone()).collect();
        members.retain(|_, member| member.whole || !missing.contains(&member.group));
        Some(members)
    };
    let keep = |told: &mut Members, again: &Members| told.retain(|pid, _| again.contains_key(pid));
    steady(read, Members::is_empty, keep).unwrap_or_default()
}

/// `None` where there is no such tree.
fn members(host: &Host) -> Option<Members> {
    let mut trees = TREES.iter().map(HostPath::new);
    let top = trees.find(|tree| host.stat(&tree.join(PROCESSES)).is_ok())?;
    let mut found = Members::new();
    let mut left = vec![top];
    let mut seen = BTreeSet::new();
    while let Some(group) = left.pop().filter(|_| seen.len() < MOST_GROUPS) {
        // The list of processes of a group whose members are threads of another's cannot be read, and need not.
        for list in THREADS {
            let threads = numbers(host, &group.join(list));
            let member = || Member { group: group.clone(), whole: false };
            found.extend(threads.into_iter().map(|thread| (thread, member())));
        }
        let member = || Member { group: group.clone(), whole: true };
        let processes = numbers(host, &group.join(PROCESSES));
        found.extend(processes.into_iter().map(|pid| (pid, member())));
        let below = host.list(&group, MOST_GROUPS).map(|listing| listing.entries);
        let dirs = below.unwrap_or_default().into_iter().filter(|e| e.kind == FileType::Directory);
        left.extend(dirs.map(|entry| entry.path));
        seen.insert(group);
    }
    Some(found)
}

/// 0 is a process of another pid namespace.
fn numbers(host: &Host, list: &HostPath) -> Vec<u32> {
    let list = host.read(list, LARGEST).map(|content| content.bytes).unwrap_or_default();
    let lines = list.split(|&byte| byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
    lines.filter_map(|line| line.parse().ok()).filter(|pid| *pid > 0).collect()
}
