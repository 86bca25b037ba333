//! What is known of one process.

use coroner_parse::Text;
use coroner_parse::process::{CgroupPath, Placement, ProcessStat, ProcessStatus};

use crate::{Blocked, HostPath};

use super::{Descriptors, Executable};

/// The namespaces a process lives in, by the numbers that namespaces(7) gives them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Namespaces {
    /// Process numbers.
    pub pid: Option<u64>,
    /// Mounts.
    pub mount: Option<u64>,
    /// Network.
    pub network: Option<u64>,
    /// Users.
    pub user: Option<u64>,
}

/// One process, read at one time.
#[derive(Debug)]
pub struct Process {
    /// Numbers, name, flags and start.
    pub stat: ProcessStat,
    /// Owners and tracer; `None` when it could not be read.
    pub status: Option<ProcessStatus>,
    /// When it started, in seconds since 1970; `None` when the boot time is unknown.
    pub started: Option<i64>,
    /// Its command line as it shows it now, arguments ended by NUL bytes, at most 128 KiB.
    pub command: Vec<u8>,
    /// The command line was longer.
    pub command_cut: bool,
    /// What it runs; `None` for kernel threads and zombies and where it could not be read.
    pub executable: Option<Executable>,
    /// Who logged in when it was started (audit's `loginuid`); `None` when nobody did.
    pub login_uid: Option<u32>,
    /// The audit session; `None` outside of any.
    pub session: Option<u32>,
    /// Where it belongs.
    pub placement: Placement,
    /// Its control groups.
    pub cgroups: Vec<CgroupPath>,
    /// Its namespaces.
    pub namespaces: Namespaces,
    /// What it holds open; `None` when that could not be listed.
    pub descriptors: Option<Descriptors>,
    /// Of its environment at its start, the variables that may put code into a program.
    pub environment: Vec<(Text, Text)>,
    /// Its working directory, as its own root names it.
    pub directory: Option<Text>,
    /// Its root, as the reader's namespace names it.
    pub root: Option<Text>,
    /// It is this very process.
    pub is_auditor: bool,
    /// The first thing that was refused, and why.
    pub refused: Option<(HostPath, Blocked)>,
}

impl Process {
    /// Its number.
    pub fn pid(&self) -> i32 {
        self.stat.pid
    }

    /// A file of its own below /proc.
    pub fn file(&self, name: &str) -> HostPath {
        HostPath::new(format!("/proc/{}/{name}", self.stat.pid))
    }

    /// The inodes of its sockets, in order.
    pub fn sockets(&self) -> &[u64] {
        self.descriptors.as_ref().map(|held| held.sockets.as_slice()).unwrap_or_default()
    }

    /// The arguments, without the NUL bytes that end them.
    pub fn arguments(&self) -> impl Iterator<Item = &[u8]> {
        let text = self.command.strip_suffix(b"\0").unwrap_or(&self.command);
        let empty = text.is_empty();
        text.split(|&byte| byte == 0).filter(move |_| !empty)
    }
}
