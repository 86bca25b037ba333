//! Mount points that nobody has touched yet.
//!
//! Opening a path below an autofs mount point makes the system mount it, and may make the kernel
//! load a module for it. An audit changes nothing, so such paths are left alone.

use coroner_core::{Cx, HostPath};
use coroner_parse::lines;

/// The mounts of the first process, in the order they were made.
#[derive(Debug, Default)]
pub(crate) struct Mounts(Vec<(HostPath, Vec<u8>)>);

impl Mounts {
    /// Reads them from the running kernel; a mounted disk has none.
    pub(crate) fn of_first_process(cx: &mut Cx<'_>) -> Self {
        let content = if cx.live() { cx.read(&HostPath::new("/proc/1/mounts")) } else { None };
        let bytes = content.map(|content| content.bytes).unwrap_or_default();
        Self(lines(&bytes).flatten().filter_map(|line| mount(line.bytes)).collect())
    }

    /// The type of what is mounted on top at a path.
    fn kind(&self, path: &HostPath) -> Option<&[u8]> {
        self.0.iter().rev().find(|(at, _)| at == path).map(|(_, kind)| kind.as_slice())
    }

    /// Whether a file system of this type is mounted there.
    pub(crate) fn has(&self, path: &HostPath, kind: &str) -> bool {
        self.kind(path) == Some(kind.as_bytes())
    }

    /// Whether opening the path would make the system mount something: the file system it lies on
    /// is an automount's own.
    pub(crate) fn would_mount(&self, path: &HostPath) -> bool {
        let around = self.0.iter().filter(|(at, _)| path.is_below(at));
        let deepest = around.max_by_key(|(at, _)| at.as_bytes().len());
        deepest.is_some_and(|(at, _)| self.kind(at) == Some(&b"autofs"[..]))
    }
}

fn mount(line: &[u8]) -> Option<(HostPath, Vec<u8>)> {
    let mut fields = line.split(|&byte| byte == b' ');
    let path = fields.nth(1)?;
    Some((HostPath::new(path), fields.next()?.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts(text: &str) -> Mounts {
        Mounts(lines(text.as_bytes()).flatten().filter_map(|line| mount(line.bytes)).collect())
    }

    #[test]
    fn an_untouched_automount_is_left_alone_and_a_mounted_one_is_not() {
        let waiting = mounts("systemd-1 /efi autofs rw 0 0\n");
        assert!(waiting.would_mount(&HostPath::new("/efi/loader/entries")));
        let mounted = mounts("systemd-1 /efi autofs rw 0 0\n/dev/sda1 /efi vfat rw 0 0\n");
        assert!(!mounted.would_mount(&HostPath::new("/efi/loader/entries")));
        assert!(mounted.has(&HostPath::new("/efi"), "vfat"));
        assert!(!waiting.would_mount(&HostPath::new("/efifiles")));
    }

    #[test]
    fn of_homes_that_are_mounted_on_demand_only_the_mounted_are_opened() {
        let homes = mounts("auto /home autofs rw 0 0\nx:/ann /home/ann nfs4 rw 0 0\n");
        assert!(!homes.would_mount(&HostPath::new("/home/ann/.bashrc")));
        assert!(homes.would_mount(&HostPath::new("/home/bob/.bashrc")));
    }
}
