//! Questions that a system call answers with "there is such a process" or "there is none".
//!
//! The kernel finds a process by its number in two ways, and each question goes one of them:
//! `find_task_by_vpid` (kernel/pid.c), which rootkits hook to hide a process from every call at
//! once, and the number itself in the namespace's tree (`find_vpid`). A third way is the path
//! below /proc. No question here needs rights over the process: a refusal (`EPERM`) is an answer,
//! because the process was found before it was refused.

use std::os::fd::{AsRawFd, OwnedFd};

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// What one way says of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// There is such a task.
    Alive,
    /// There is none.
    Dead,
    /// This kernel does not say.
    Silent,
}

/// How the kernel finds what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `find_task_by_vpid`.
    Task,
    /// `find_vpid`: the number in the namespace's tree.
    Number,
    /// The path of /proc.
    Path,
}

/// One way to ask whether a number is a task.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PidView {
    /// `ioprio_get`(2)
    IoPriority,
    /// `prlimit64`(2), asking only
    Limits,
    /// `sched_getattr`(2)
    Scheduling,
    /// `getpriority`(2)
    Priority,
    /// `get_robust_list`(2)
    RobustList,
    /// `kcmp`(2) of a process with itself
    Compare,
    /// `move_pages`(2) of no pages
    Pages,
    /// `clock_getres`(2) of the process's CPU clock; says so of whole processes, not of threads
    Clock,
    /// `pidfd_open`(2); says so of whole processes, not of threads
    Handle,
    /// `fcntl`(2) `F_SETOWN` on a descriptor of our own
    Owner,
    /// `unix`(7) `SCM_CREDENTIALS` on a socket of our own
    Credentials,
    /// `openat2`(2) of /proc/PID
    Open,
    /// `statx`(2) of /proc/PID
    Stat,
}

impl PidView {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::IoPriority,
        Self::Limits,
        Self::Scheduling,
        Self::Priority,
        Self::RobustList,
        Self::Compare,
        Self::Pages,
        Self::Clock,
        Self::Handle,
        Self::Owner,
        Self::Credentials,
        Self::Open,
        Self::Stat,
    ];

    /// How the kernel finds what this way asks for.
    pub fn family(self) -> Family {
        match self {
            Self::Clock | Self::Handle | Self::Owner | Self::Credentials => Family::Number,
            Self::Open | Self::Stat => Family::Path,
            _ => Family::Task,
        }
    }

    /// It says "alive" only of whole processes.
    pub fn of_processes_alone(self) -> bool {
        matches!(self, Self::Clock | Self::Handle)
    }

    /// A number that only names a process group or a session, whose first process is gone, still
    /// counts here.
    pub fn counts_groups(self) -> bool {
        matches!(self, Self::Owner | Self::Credentials)
    }
}

/// `IOPRIO_WHO_PROCESS`, linux/ioprio.h.
const IOPRIO_WHO_PROCESS: libc::c_int = 1;
/// `KCMP_VM`, linux/kcmp.h.
const KCMP_VM: libc::c_int = 1;
/// `SCHED_ATTR_SIZE_VER1`, linux/sched/types.h.
const SCHED_ATTR: usize = 56;

pub(super) fn io_priority(pid: i32) -> Answer {
    // SAFETY: two numbers; nothing of this process is touched.
    #[allow(unsafe_code)]
    found(unsafe { libc::syscall(libc::SYS_ioprio_get, IOPRIO_WHO_PROCESS, pid) })
}

pub(super) fn limits(pid: i32) -> Answer {
    let mut old = [0_u64; 2];
    let none: *const u64 = std::ptr::null();
    // SAFETY: a null pointer for new limits asks only; the old ones (two 64-bit numbers) are
    // written into `old`.
    #[allow(unsafe_code)]
    found(unsafe {
        libc::syscall(libc::SYS_prlimit64, pid, libc::RLIMIT_NOFILE, none, old.as_mut_ptr())
    })
}

pub(super) fn scheduling(pid: i32) -> Answer {
    let mut attributes = [0_u8; SCHED_ATTR];
    // SAFETY: at most `SCHED_ATTR` bytes are written into `attributes`.
    #[allow(unsafe_code)]
    found(unsafe {
        libc::syscall(libc::SYS_sched_getattr, pid, attributes.as_mut_ptr(), SCHED_ATTR, 0)
    })
}

pub(super) fn priority(pid: i32) -> Answer {
    // SAFETY: two numbers; nothing of this process is touched.
    #[allow(unsafe_code)]
    found(unsafe { libc::syscall(libc::SYS_getpriority, libc::PRIO_PROCESS, pid) })
}

pub(super) fn robust_list(pid: i32) -> Answer {
    let (mut head, mut length) = (0_usize, 0_usize);
    // SAFETY: an address and a length are written into two numbers of that size.
    #[allow(unsafe_code)]
    found(unsafe { libc::syscall(libc::SYS_get_robust_list, pid, &raw mut head, &raw mut length) })
}

pub(super) fn compare(pid: i32) -> Answer {
    // SAFETY: numbers only.
    #[allow(unsafe_code)]
    found(unsafe { libc::syscall(libc::SYS_kcmp, pid, pid, KCMP_VM, 0_usize, 0_usize) })
}

pub(super) fn pages(pid: i32) -> Answer {
    let none: *const u8 = std::ptr::null();
    // SAFETY: no pages are named, so the kernel follows none of the null pointers and moves nothing.
    #[allow(unsafe_code)]
    found(unsafe { libc::syscall(libc::SYS_move_pages, pid, 0_usize, none, none, none, 0) })
}

/// `EINVAL` is how the kernel says that a clock's process is not there.
pub(super) fn clock(pid: i32) -> Answer {
    // include/linux/posix-timers.h: the number's complement, and CPUCLOCK_SCHED (2).
    let clock = (!pid << 3) | 2;
    let mut resolution = [0_i64; 2];
    // SAFETY: one `timespec` (two 64-bit numbers) is written into `resolution`.
    #[allow(unsafe_code)]
    let got = unsafe { libc::syscall(libc::SYS_clock_getres, clock, resolution.as_mut_ptr()) };
    match got {
        -1 if last_errno() == Errno::INVAL => Answer::Dead,
        got => found(got),
    }
}

/// A thread that is no process is `ENOENT` or `EINVAL`, by the kernel's age.
pub(super) fn handle(pid: i32) -> Answer {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    let Some(pid) = Pid::from_raw(pid) else { return Answer::Silent };
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(_) => Answer::Alive,
        Err(Errno::SRCH | Errno::NOENT | Errno::INVAL) => Answer::Dead,
        Err(_) => Answer::Silent,
    }
}

/// The owner of a descriptor is told of its events by signal when `O_ASYNC` is set, which it never
/// is here; the owner is taken off again.
pub(super) fn owner(fd: &OwnedFd, pid: i32) -> Answer {
    let set = |pid: i32| {
        // SAFETY: a descriptor of our own and a number.
        #[allow(unsafe_code)]
        let got = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETOWN, pid) };
        found(got.into())
    };
    let answer = set(pid);
    set(0);
    answer
}

/// The kernel checks the number that a message claims to come from (`CAP_SYS_ADMIN` may claim any).
pub(super) fn credentials(ends: &(OwnedFd, OwnedFd), pid: i32) -> Answer {
    use nix::sys::socket::{ControlMessage, MsgFlags, UnixCredentials, recv, sendmsg};
    use std::io::IoSlice;
    let mut claimed = libc::ucred { pid, uid: 0, gid: 0 };
    claimed.uid = rustix::process::getuid().as_raw();
    claimed.gid = rustix::process::getgid().as_raw();
    let claimed = UnixCredentials::from(claimed);
    let control = [ControlMessage::ScmCredentials(&claimed)];
    let (text, flags) = ([IoSlice::new(b"x")], MsgFlags::MSG_DONTWAIT);
    match sendmsg::<()>(ends.0.as_raw_fd(), &text, &control, flags, None) {
        Ok(_) => {
            let _ = recv(ends.1.as_raw_fd(), &mut [0; 8], flags);
            Answer::Alive
        }
        Err(nix::errno::Errno::ESRCH) => Answer::Dead,
        Err(_) => Answer::Silent,
    }
}

/// The meaning of a call's result: every error but these was raised after the task was found.
fn found(result: libc::c_long) -> Answer {
    if result != -1 {
        return Answer::Alive;
    }
    match last_errno() {
        Errno::SRCH => Answer::Dead,
        Errno::NOSYS | Errno::OPNOTSUPP => Answer::Silent,
        _ => Answer::Alive,
    }
}

pub(super) fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}
