//! Processes by the lists of control groups, which the kernel keeps apart from its numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use coroner_core::{Cx, FileType, HostPath};
use coroner_host::Host;
use coroner_host::views::Prober;

use crate::processes::listed;
use crate::steady::steady;

/// Where the one tree of control groups is mounted (cgroups(7)): version 2, or beside version 1.
const TREES: [&str; 3] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"];
/// Groups that are read: a node with a thousand containers has some thousands.
const MOST_GROUPS: usize = 10_000;
const LARGEST: usize = 4 << 20;

/// Members of control groups, and the group of each.
type Members = BTreeMap<u32, HostPath>;

/// The members of control groups that the listing of /proc lacks, three times over.
pub(crate) fn unlisted(cx: &Cx<'_>, prober: &Arc<Prober>) -> Members {
    let host = cx.host();
    let listing = || {
        let prober = Arc::clone(prober);
        host.unbound(move || listed(prober.proc())).ok().flatten()
    };
    // The listing stands on both sides: who came or went in between is in one of the two.
    let read = || {
        let before = listing()?;
        let mut members = members(host)?;
        let after = listing()?;
        members.retain(|pid, _| !before.contains(pid) && !after.contains(pid));
        Some(members)
    };
    let keep = |told: &mut Members, again: &Members| told.retain(|pid, _| again.contains_key(pid));
    steady(read, Members::is_empty, keep).unwrap_or_default()
}

/// `None` where there is no such tree.
fn members(host: &Host) -> Option<Members> {
    let mut trees = TREES.iter().map(HostPath::new);
    let top = trees.find(|tree| host.stat(&tree.join("cgroup.procs")).is_ok())?;
    let mut found = Members::new();
    let mut left = vec![top];
    let mut seen = BTreeSet::new();
    while let Some(group) = left.pop().filter(|_| seen.len() < MOST_GROUPS) {
        // The list of a group whose members are threads of another's cannot be read, and need not.
        let list = host.read(&group.join("cgroup.procs"), LARGEST);
        let list = list.map(|content| content.bytes).unwrap_or_default();
        let pids =
            list.split(|&byte| byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
        // 0 is a process of another pid namespace.
        let pids = pids.filter_map(|line| line.parse().ok()).filter(|pid| *pid > 0);
        found.extend(pids.map(|pid: u32| (pid, group.clone())));
        let below = host.list(&group, MOST_GROUPS).map(|listing| listing.entries);
        let dirs = below.unwrap_or_default().into_iter().filter(|e| e.kind == FileType::Directory);
        left.extend(dirs.map(|entry| entry.path));
        seen.insert(group);
    }
    Some(found)
}
