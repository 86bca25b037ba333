//! What the running kernel says of itself and of this process.

use coroner_parse::Text;
use rustix::thread::CapabilitySet;

/// uname(2), for a live host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemFacts {
    /// The node name.
    pub name: Text,
    /// The kernel release, such as `6.1.0-18-amd64`.
    pub kernel: Text,
    /// The machine, such as `x86_64`.
    pub machine: Text,
}

impl SystemFacts {
    /// Asks the kernel this process runs on.
    pub fn read() -> Self {
        let name = rustix::system::uname();
        Self {
            name: Text::from(name.nodename().to_bytes()),
            kernel: Text::from(name.release().to_bytes()),
            machine: Text::from(name.machine().to_bytes()),
        }
    }
}

/// Whether this process may read every file and look into every process, as root may, or an account that
/// was given those two rights alone (capabilities(7)); without them much of a host cannot be seen.
pub fn is_privileged() -> bool {
    let needed = CapabilitySet::DAC_READ_SEARCH | CapabilitySet::SYS_PTRACE;
    let held = rustix::thread::capabilities(None).map(|sets| sets.effective);
    held.map_or_else(|_| rustix::process::geteuid().is_root(), |held| held.contains(needed))
}

/// Whether a process of this number is alive, asked of the kernel's own table (`pidfd_open(2)`) and not of
/// /proc; nothing is sent to it. A kernel before 5.3 does not know, and `false` is its answer.
pub fn process_exists(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    let open = |pid| rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty());
    pid.is_some_and(|pid| open(pid).is_ok())
}
