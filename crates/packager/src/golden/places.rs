//! Where a golden host's files are taken from, and what is left out: the one list of both.

use coroner_host::HostPath;

/// Folders whose files are all taken, packaged or not. Links among them (a merged /usr) lead to others.
const WHOLE: &[&str] =
    &["/bin", "/boot", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/sbin", "/usr"];
/// Folders of which packaged files alone are taken: state, spools and logs are each host's own.
const PACKAGED: &[&str] = &["/var"];

/// What differs between siblings or changes by itself.
const OWN: &[&str] = &[
    "/boot/grub/grubenv",
    "/etc/.pwd.lock",
    "/etc/.updated",
    "/etc/adjtime",
    "/etc/fstab",
    "/etc/hostid",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/machine-id",
    "/etc/mtab",
    "/etc/resolv.conf",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/shadow",
    "/etc/shadow-",
    "/usr/share/info/dir",
    "/usr/share/mime/mime.cache",
];
/// Folders of the same sort.
const OWN_FOLDERS: &[&str] = &[
    "/boot/lost+found",
    "/etc/letsencrypt",
    "/etc/lvm/archive",
    "/etc/lvm/backup",
    "/usr/local/lost+found",
    "/usr/share/fonts/cache",
    "/var/cache",
    "/var/lib/containerd",
    "/var/lib/docker",
    "/var/lib/libvirt/images",
    "/var/log",
    "/var/tmp",
];

/// How much of a place is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// All of it.
    Whole,
    /// What packages brought.
    Packaged,
}

/// The folders that are walked.
pub(super) fn tops() -> impl Iterator<Item = (HostPath, Share)> {
    let whole = WHOLE.iter().map(|path| (HostPath::new(path), Share::Whole));
    whole.chain(PACKAGED.iter().map(|path| (HostPath::new(path), Share::Packaged)))
}

/// Whether a path is the host's own.
pub(super) fn is_own(path: &HostPath) -> bool {
    let bytes = path.as_bytes();
    OWN.iter().any(|own| own.as_bytes() == bytes)
        || OWN_FOLDERS.iter().any(|own| own.as_bytes() == bytes)
        || bytes.starts_with(b"/etc/ssh/ssh_host_")
        || is_compiled(path)
}

/// Python writes its caches where it may, with the times of the sources in them.
fn is_compiled(path: &HostPath) -> bool {
    path.name() == b"__pycache__" || path.name().ends_with(b".pyc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_caches_and_logs_are_a_hosts_own_and_its_programs_are_not() {
        for own in ["/etc/shadow", "/etc/ssh/ssh_host_rsa_key", "/var/log", "/usr/lib/a/x.pyc"] {
            assert!(is_own(&HostPath::new(own)), "{own}");
        }
        for kept in ["/etc/ssh/sshd_config", "/usr/bin/ps", "/etc/passwd", "/etc/cron.d/x"] {
            assert!(!is_own(&HostPath::new(kept)), "{kept}");
        }
    }
}
