//! Lies to those who look a process up by its number.

use std::path::Path;

use nix::libc;

use super::call::Call;
use super::trace::Lie;

/// Calls of the two ways to find a process, and those by path.
pub(crate) const BY_TASK: [i64; 7] = [
    libc::SYS_ioprio_get,
    libc::SYS_prlimit64,
    libc::SYS_sched_getattr,
    libc::SYS_getpriority,
    libc::SYS_get_robust_list,
    libc::SYS_kcmp,
    libc::SYS_move_pages,
];
pub(crate) const BY_NUMBER: [i64; 4] =
    [libc::SYS_clock_getres, libc::SYS_pidfd_open, libc::SYS_fcntl, libc::SYS_sendmsg];
pub(crate) const BY_PATH: [i64; 2] = [libc::SYS_openat2, libc::SYS_statx];

/// Makes the calls that find a process by its number fail for these numbers, or for all.
pub(crate) fn deny<'a>(calls: &'a [i64], pids: Option<&'a [i32]>) -> Lie<'a> {
    Box::new(move |call| {
        if !calls.contains(&call.number()) {
            return;
        }
        let Some((asked, error)) = asked(call) else { return };
        if pids.is_none_or(|pids| pids.contains(&asked)) {
            call.set_result(-i64::from(error));
        }
    })
}

/// The number that a call asks for, and its error for one that is not there.
fn asked(call: &Call) -> Option<(i32, i32)> {
    let number = call.number();
    let own = match number {
        libc::SYS_ioprio_get | libc::SYS_getpriority => call.signed(1),
        libc::SYS_prlimit64
        | libc::SYS_sched_getattr
        | libc::SYS_get_robust_list
        | libc::SYS_kcmp
        | libc::SYS_move_pages
        | libc::SYS_pidfd_open => call.signed(0),
        libc::SYS_clock_getres if call.signed(0) < 0 => {
            return Some((!(call.signed(0) >> 3), libc::EINVAL));
        }
        libc::SYS_fcntl if call.signed(1) == libc::F_SETOWN && call.signed(2) != 0 => {
            call.signed(2)
        }
        libc::SYS_sendmsg => claimed(call)?,
        libc::SYS_openat2 | libc::SYS_statx if call.file() == Path::new("/proc") => {
            let first = call.path(1).components().next()?.as_os_str().to_str()?.parse().ok()?;
            return Some((first, libc::ENOENT));
        }
        _ => return None,
    };
    Some((own, libc::ESRCH))
}

/// The process that an `SCM_CREDENTIALS` message claims to come from: `msg_control` is at byte 32
/// of `struct msghdr`, the number behind a header of 16 bytes.
fn claimed(call: &Call) -> Option<i32> {
    let control = u64::from_ne_bytes(call.read(call.argument(1) + 32, 8).try_into().ok()?);
    let header = (control != 0).then(|| call.read(control, 20))?;
    let kind = i32::from_ne_bytes(header[12..16].try_into().ok()?);
    let pid = i32::from_ne_bytes(header[16..20].try_into().ok()?);
    (kind == libc::SCM_CREDENTIALS).then_some(pid)
}
