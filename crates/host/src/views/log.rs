//! The kernel's own log.

use crate::Blocked;

/// `SYSLOG_ACTION_READ_ALL` and `SYSLOG_ACTION_SIZE_BUFFER`, syslog(2).
const READ_ALL: libc::c_int = 3;
const SIZE: libc::c_int = 10;
/// Kernels are built with buffers of up to 32 MiB (`CONFIG_LOG_BUF_SHIFT`).
const LARGEST: usize = 32 << 20;

/// The kernel's log since the boot, as far as its buffer still holds it; it is left as it is.
///
/// # Errors
/// [`Blocked::Denied`] without `CAP_SYSLOG` where `kernel.dmesg_restrict` asks for it.
pub fn kernel_log() -> Result<Vec<u8>, Blocked> {
    let size = syslog(SIZE, &mut [])?.min(LARGEST);
    let mut bytes = vec![0; size];
    let count = syslog(READ_ALL, &mut bytes)?;
    bytes.truncate(count);
    Ok(bytes)
}

fn syslog(action: libc::c_int, buffer: &mut [u8]) -> Result<usize, Blocked> {
    let length = libc::c_int::try_from(buffer.len()).map_err(|_| Blocked::TooLarge)?;
    // SAFETY: syslog(2) writes at most `length` bytes into the buffer, which is ours; the actions
    // used here change nothing.
    #[allow(unsafe_code)]
    let count = unsafe { libc::syscall(libc::SYS_syslog, action, buffer.as_mut_ptr(), length) };
    usize::try_from(count).map_err(|_| Blocked::from_errno(super::pids::last_errno()))
}
