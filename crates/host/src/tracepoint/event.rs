//! One perf event on one processor, with its ring.

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::Ordering;

use rustix::io::Errno;

use crate::mapping::Mapping;

/// `struct perf_event_attr`, `linux/perf_event.h`, as of `PERF_ATTR_SIZE_VER5` (Linux 4.1).
#[repr(C)]
#[derive(Default)]
struct Attributes {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup: u32,
    breakpoint: u32,
    config1: u64,
    config2: u64,
    branch_sample_type: u64,
    sample_regs_user: u64,
    sample_stack_user: u32,
    clock: i32,
    sample_regs_intr: u64,
    aux_watermark: u32,
    sample_max_stack: u16,
    reserved: u16,
}

const TYPE_TRACEPOINT: u32 = 2;
// PERF_SAMPLE_*
const TID: u64 = 1 << 1;
const TIME: u64 = 1 << 2;
const CPU: u64 = 1 << 7;
const RAW: u64 = 1 << 10;
const CGROUP: u64 = 1 << 21;
// Bits of the flags word, counted from the first declared.
const DISABLED: u32 = 0;
const COMM: u32 = 9;
const WATERMARK: u32 = 14;
const USE_CLOCK: u32 = 25;
const ENABLE: u64 = 0x2400;
const DISABLE: u64 = 0x2401;
/// `PERF_FLAG_FD_CLOEXEC`.
const CLOEXEC: libc::c_ulong = 8;

// Offsets in `struct perf_event_mmap_page`.
const DATA_HEAD: usize = 1024;
const DATA_TAIL: usize = 1032;
/// `struct perf_event_header`: type, misc, size.
const HEADER: usize = 8;

#[derive(Debug)]
pub(super) struct Event {
    fd: OwnedFd,
    memory: Mapping,
    page: usize,
    /// Bytes of the ring, a power of two.
    ring: usize,
    record: Vec<u8>,
}

/// Bit fields are laid out from the other end on big-endian machines.
fn flag(bit: u32) -> u64 {
    if cfg!(target_endian = "big") { 1 << (63 - bit) } else { 1 << bit }
}

impl Event {
    /// Opens the tracepoint on one processor for all tasks, not enabled, with a ring of this size.
    pub(super) fn open(id: u64, cpu: u32, cgroups: bool, ring: usize) -> Result<Self, Errno> {
        let ring = if ring.is_power_of_two() { ring } else { ring.next_power_of_two() / 2 };
        let attributes = Attributes {
            kind: TYPE_TRACEPOINT,
            size: u32::try_from(size_of::<Attributes>()).map_err(|_| Errno::INVAL)?,
            config: id,
            sample_period: 1,
            sample_type: TID | TIME | CPU | RAW | if cgroups { CGROUP } else { 0 },
            flags: flag(DISABLED) | flag(COMM) | flag(WATERMARK) | flag(USE_CLOCK),
            wakeup: u32::try_from(ring / 2).map_err(|_| Errno::INVAL)?,
            clock: libc::CLOCK_MONOTONIC,
            ..Attributes::default()
        };
        let fd = open(&attributes, cpu)?;
        let page = rustix::param::page_size();
        let memory = Mapping::new(fd.as_fd(), page + ring)?;
        Ok(Self { fd, memory, page, ring, record: Vec::new() })
    }

    pub(super) fn enable(&self) {
        self.control(ENABLE);
    }

    pub(super) fn disable(&self) {
        self.control(DISABLE);
    }

    fn control(&self, what: u64) {
        // SAFETY: these requests of perf_event_open(2) take a number and touch no memory of ours.
        #[allow(unsafe_code)]
        let _ = unsafe { libc::syscall(libc::SYS_ioctl, self.fd.as_raw_fd(), what, 0) };
    }

    /// Shows every record that is there now: its type and its body.
    pub(super) fn drain(&mut self, show: &mut dyn FnMut(u32, &[u8])) {
        let (Some(head), Some(tail)) = (self.memory.long(DATA_HEAD), self.memory.long(DATA_TAIL))
        else {
            return;
        };
        let end = head.load(Ordering::Acquire);
        let mut at = tail.load(Ordering::Relaxed);
        while end.wrapping_sub(at) >= HEADER as u64 {
            let Some(kind) = take(&self.memory, self.page, self.ring, at, &mut self.record) else {
                at = end; // no kernel writes such a record: what follows cannot be found
                break;
            };
            at = at.wrapping_add(self.record.len() as u64);
            show(kind, self.record.get(HEADER..).unwrap_or_default());
        }
        tail.store(at, Ordering::Release);
    }
}

/// Copies one record out of the ring, around its end where need be, and gives its type.
fn take(memory: &Mapping, page: usize, ring: usize, at: u64, out: &mut Vec<u8>) -> Option<u32> {
    let start = usize::try_from(at % ring as u64).ok()?;
    out.clear();
    copy(memory, page, ring, start, HEADER, out)?;
    let kind = u32::from_ne_bytes(out.get(..4)?.try_into().ok()?);
    let size = usize::from(u16::from_ne_bytes(out.get(6..8)?.try_into().ok()?));
    let rest = size.checked_sub(HEADER)?;
    copy(memory, page, ring, (start + HEADER) % ring, rest, out)?;
    Some(kind)
}

fn copy(
    memory: &Mapping,
    page: usize,
    ring: usize,
    start: usize,
    length: usize,
    out: &mut Vec<u8>,
) -> Option<()> {
    let first = length.min(ring - start);
    out.extend_from_slice(memory.bytes(page + start, first)?);
    out.extend_from_slice(memory.bytes(page, length - first)?);
    Some(())
}

fn open(attributes: &Attributes, cpu: u32) -> Result<OwnedFd, Errno> {
    let cpu = libc::c_int::try_from(cpu).map_err(|_| Errno::INVAL)?;
    let (every_task, no_group): (libc::c_int, libc::c_int) = (-1, -1);
    // SAFETY: perf_event_open(2) reads one `perf_event_attr` of the size that stands in it, which
    // outlives the call; the descriptor that it gives is owned from here on.
    #[allow(unsafe_code)]
    unsafe {
        let fd = libc::syscall(
            libc::SYS_perf_event_open,
            std::ptr::from_ref(attributes),
            every_task,
            cpu,
            no_group,
            CLOEXEC,
        );
        match i32::try_from(fd) {
            Ok(fd) if fd >= 0 => Ok(OwnedFd::from_raw_fd(fd)),
            _ => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attributes_have_the_size_of_their_version() {
        assert_eq!(size_of::<Attributes>(), 112);
    }
}
