//! The path of a cgroup by its number, which is the inode of its directory (cgroups(7)).

use coroner_host::{FileType, Host, HostPath};
use coroner_parse::Text;

/// Where the hierarchy that perf counts by is mounted: beside old ones, alone, or as an old one itself.
const TOPS: [&str; 3] = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup/perf_event", "/sys/fs/cgroup"];
/// Directories that are searched; a node with 500 pods has some 3,000.
const MOST: usize = 10_000;
const DEEPEST: usize = 12;

/// The path below the top of its hierarchy.
pub(crate) fn path_of(host: &Host, number: u64) -> Option<Text> {
    TOPS.iter().find_map(|top| search(host, top, number))
}

fn search(host: &Host, top: &str, number: u64) -> Option<Text> {
    let mut level = vec![HostPath::new(top)];
    let mut searched = 0;
    for _ in 0..DEEPEST {
        let mut below = Vec::new();
        for dir in &level {
            if host.stat(dir).is_ok_and(|stat| stat.inode == number) {
                let path = dir.as_bytes().strip_prefix(top.as_bytes())?;
                return Some(Text::from(if path.is_empty() { b"/" } else { path }));
            }
            searched += 1;
            if searched > MOST {
                return None;
            }
            let listing = host.list(dir, MOST).ok();
            let entries = listing.into_iter().flat_map(|listing| listing.entries);
            below.extend(
                entries.filter(|entry| entry.kind == FileType::Directory).map(|entry| entry.path),
            );
        }
        level = below;
    }
    None
}
