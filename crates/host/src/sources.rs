//! Where a host is found.

use std::path::PathBuf;

/// Where the parts of a host are found on the auditor's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSources {
    /// The root directory.
    pub root: PathBuf,
    /// The running kernel's /proc, for a live host.
    pub proc: Option<PathBuf>,
    /// The running kernel's /sys, for a live host.
    pub sys: Option<PathBuf>,
    /// Whether system calls of this process (netlink, getsockopt) speak of the audited host.
    pub kernel: bool,
}

impl HostSources {
    /// The machine this process runs on.
    pub fn live() -> Self {
        let dir = |path: &str| Some(PathBuf::from(path));
        Self { root: "/".into(), proc: dir("/proc"), sys: dir("/sys"), kernel: true }
    }

    /// A mounted disk or an unpacked root: no kernel to ask.
    pub fn offline(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), proc: None, sys: None, kernel: false }
    }

    /// The host's root and /proc mounted into a container; the kernel is the host's own.
    pub fn mounted(root: impl Into<PathBuf>, proc: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), proc: Some(proc.into()), sys: Some("/sys".into()), kernel: true }
    }
}
