//! The homes of all accounts, as `/etc/passwd` of the root names them.

use std::collections::HashSet;

use coroner_core::{Blocked, Cx, HostPath};
use coroner_parse::Text;
use coroner_parse::account::passwd;

use crate::automount::Mounts;

/// More homes than this are not looked into; a host with more keeps them elsewhere.
const MOST: usize = 2_000;

/// An account and its home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) account: Text,
    pub(crate) path: HostPath,
}

/// Every home once, with the first account that has it; places that are no homes are left out.
pub(crate) fn of_accounts(cx: &mut Cx<'_>, mounts: &Mounts) -> Vec<Home> {
    let passwd_file = HostPath::new("/etc/passwd");
    let root = Home { account: Text::from("root"), path: HostPath::new("/root") };
    let mut seen = HashSet::from([root.path.clone()]);
    let mut homes = vec![root];
    if let Some(content) = cx.read(&passwd_file) {
        for entry in passwd(&content.bytes).entries {
            let path = HostPath::new(entry.home.as_bytes());
            if entry.home.as_bytes().starts_with(b"/") && seen.insert(path.clone()) {
                homes.push(Home { account: entry.name, path });
            }
            if homes.len() == MOST {
                cx.gap_because(&passwd_file, Blocked::TooLarge, "more homes than are looked into");
                break;
            }
        }
    }
    homes.retain(|home| is_home(&home.path) && is_there(cx, mounts, &home.path));
    homes
}

/// Whether start files would be looked for there: not `/`, a device, a program directory or /proc.
fn is_home(path: &HostPath) -> bool {
    const NOT: [&str; 8] =
        ["/dev", "/proc", "/sys", "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/nonexistent"];
    path.as_bytes() != b"/" && !NOT.iter().any(|dir| path.is_under(dir))
}

/// A home that would only be mounted for the looking is left alone, and said so.
fn is_there(cx: &mut Cx<'_>, mounts: &Mounts, path: &HostPath) -> bool {
    let waiting = mounts.would_mount(path);
    if waiting {
        cx.gap_because(path, Blocked::Unavailable, "not mounted yet, and looking would mount it");
    }
    !waiting
}
