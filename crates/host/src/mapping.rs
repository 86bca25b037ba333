//! Memory that the kernel and this process share: the rings of packet sockets and of perf.

use std::ffi::c_void;
use std::os::fd::BorrowedFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64};

use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// A shared mapping of a descriptor, unmapped when it is dropped.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the mapping is owned by this value alone and has no tie to the thread that made it.
#[allow(unsafe_code)]
unsafe impl Send for Mapping {}

impl Mapping {
    /// Maps the first `length` bytes behind a descriptor (mmap(2)).
    pub(crate) fn new(fd: BorrowedFd<'_>, length: usize) -> Result<Self, Errno> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: no address is asked for, so no memory of this process is replaced.
        #[allow(unsafe_code)]
        let start = unsafe { mmap(std::ptr::null_mut(), length, access, MapFlags::SHARED, fd, 0) }?;
        let start = NonNull::new(start.cast()).ok_or(Errno::NOMEM)?;
        Ok(Self { start, length })
    }

    /// Bytes that the kernel has handed over and does not write until they are given back; the
    /// caller knows which those are. `None` when they do not lie inside.
    pub(crate) fn bytes(&self, offset: usize, length: usize) -> Option<&[u8]> {
        let end = offset.checked_add(length)?;
        if end > self.length {
            return None;
        }
        // SAFETY: the range lies inside the mapping, which lives as long as `self`; the kernel
        // leaves what it has handed over alone until its status or tail word is written.
        #[allow(unsafe_code)]
        Some(unsafe { std::slice::from_raw_parts(self.start.as_ptr().add(offset), length) })
    }

    /// A 32-bit word that both sides read and write.
    pub(crate) fn word(&self, offset: usize) -> Option<&AtomicU32> {
        self.at::<AtomicU32>(offset)
    }

    /// A 64-bit word that both sides read and write.
    pub(crate) fn long(&self, offset: usize) -> Option<&AtomicU64> {
        self.at::<AtomicU64>(offset)
    }

    fn at<T: Word>(&self, offset: usize) -> Option<&T> {
        let end = offset.checked_add(size_of::<T>())?;
        if end > self.length || !offset.is_multiple_of(align_of::<T>()) {
            return None;
        }
        // SAFETY: the place lies inside the mapping, which begins at a page, so it is aligned; any
        // bits are a valid atomic integer, and only atomic access is made to it from here.
        #[allow(unsafe_code)]
        Some(unsafe { self.start.add(offset).cast::<T>().as_ref() })
    }
}

/// Types of which any bits are a valid value.
trait Word {}
impl Word for AtomicU32 {}
impl Word for AtomicU64 {}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range is the one that mmap gave, and no borrow of it outlives `self`.
        #[allow(unsafe_code)]
        let _ = unsafe { munmap(self.start.as_ptr().cast::<c_void>(), self.length) };
    }
}
