//! A private, read-only, atime-keeping view of the root.
//!
//! `open_tree(OPEN_TREE_CLONE)` and `mount_setattr` (Linux 5.12) clone the mounts below a
//! directory into a tree that no namespace shows and that ends with its descriptor. Set read-only,
//! no-atime and no-dev there, even following a link leaves the host's own link untouched, and a
//! device node put in place of a file cannot be opened. The host's mounts do not change.

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::mount::{OpenTreeFlags, open_tree};

/// `struct mount_attr`, linux/mount.h.
#[repr(C)]
#[derive(Default)]
struct MountAttr {
    attr_set: u64,
    attr_clr: u64,
    propagation: u64,
    userns_fd: u64,
}

// linux/mount.h
const MOUNT_ATTR_RDONLY: u64 = 0x01;
const MOUNT_ATTR_NOSUID: u64 = 0x02;
const MOUNT_ATTR_NODEV: u64 = 0x04;
const MOUNT_ATTR_NOEXEC: u64 = 0x08;
const MOUNT_ATTR_NOATIME: u64 = 0x10;
const MOUNT_ATTR_ATIME: u64 = 0x70;

/// Clones the mounts at and below `path`; fails without `CAP_SYS_ADMIN` or on older kernels.
pub(crate) fn clone_read_only(path: &std::path::Path) -> Result<OwnedFd, Errno> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_RECURSIVE;
    let tree = open_tree(CWD, path, flags)?;
    set_read_only(tree.as_fd())?;
    Ok(tree)
}

/// Clones the one mount at `path`, without what is mounted on it: in such a clone of /proc no mount can
/// cover a process. Fails as [`clone_read_only`] does.
pub(crate) fn clone_alone(path: &std::path::Path) -> Result<OwnedFd, Errno> {
    open_tree(CWD, path, OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC)
}

fn set_read_only(tree: BorrowedFd<'_>) -> Result<(), Errno> {
    let attr = MountAttr {
        attr_set: MOUNT_ATTR_RDONLY
            | MOUNT_ATTR_NOSUID
            | MOUNT_ATTR_NODEV
            | MOUNT_ATTR_NOEXEC
            | MOUNT_ATTR_NOATIME,
        attr_clr: MOUNT_ATTR_ATIME,
        ..MountAttr::default()
    };
    let empty: &CStr = c"";
    // SAFETY: mount_setattr(2) reads an empty path and one `mount_attr` of the size given; both
    // outlive the call, and `tree` is an open descriptor.
    #[allow(unsafe_code)]
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            tree.as_raw_fd(),
            empty.as_ptr(),
            libc::AT_EMPTY_PATH | libc::AT_RECURSIVE,
            &raw const attr,
            size_of::<MountAttr>(),
        )
    };
    if result == 0 { Ok(()) } else { Err(last_errno()) }
}

fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}
