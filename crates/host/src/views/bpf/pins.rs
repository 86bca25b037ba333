//! Objects that a name in the BPF file system keeps alive.

use std::ffi::CString;
use std::os::fd::{AsRawFd, OwnedFd};

use coroner_parse::process::{BpfObject, bpf_object};

use super::{bpf, halves, owned};
use crate::{Blocked, DirEntry, FileType, Host, HostPath, ReadError, Root, detached};

/// A name, and what it keeps.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BpfPin {
    /// The name.
    pub path: HostPath,
    /// What it keeps.
    pub object: BpfObject,
}

/// `BPF_OBJ_GET`, linux/bpf.h.
const OBJ_GET: libc::c_long = 7;
/// Names that are looked at: Cilium pins some for each of its endpoints.
const MOST: usize = 20_000;
const DEEPEST: usize = 8;

/// What is pinned below /sys/fs/bpf. Names are opened in a clone of the mount that keeps no access
/// times, so that nothing on the host changes.
///
/// # Errors
/// [`Blocked::Denied`] where no such clone can be made, [`Blocked::TooLarge`].
pub fn bpf_pins(host: &Host) -> Result<Vec<BpfPin>, Blocked> {
    let sys = host.sources().sys.as_ref().ok_or(Blocked::Unavailable)?;
    let tree = match detached::clone_read_only(&sys.join("fs/bpf")) {
        Ok(tree) => Root::from_dir(tree, false).map_err(|_| Blocked::Failed)?,
        Err(rustix::io::Errno::NOENT) => return Ok(Vec::new()),
        Err(errno) => return Err(Blocked::from_errno(errno)),
    };
    let (mut pins, mut seen, mut level) = (Vec::new(), 0, vec![HostPath::new("/")]);
    for _ in 0..DEEPEST {
        let mut below = Vec::new();
        for dir in level {
            let entries = entries(&tree, &dir)?;
            seen += entries.len();
            if seen > MOST {
                return Err(Blocked::TooLarge);
            }
            for entry in entries {
                match entry.kind {
                    FileType::Directory => below.push(entry.path),
                    _ => pins.extend(pin(&tree, &dir, entry.name.as_bytes())),
                }
            }
        }
        level = below;
    }
    if level.is_empty() { Ok(pins) } else { Err(Blocked::TooLarge) }
}

fn entries(tree: &Root, dir: &HostPath) -> Result<Vec<DirEntry>, Blocked> {
    match tree.list(dir, MOST) {
        Ok(listing) if listing.truncated => Err(Blocked::TooLarge),
        Ok(listing) => Ok(listing.entries),
        Err(ReadError::Absent) => Ok(Vec::new()),
        Err(ReadError::Blocked(reason)) => Err(reason),
    }
}

/// `None` for what is no object (`progs.debug` and its like are lists of the kernel's).
fn pin(tree: &Root, dir: &HostPath, name: &[u8]) -> Option<BpfPin> {
    let folder = tree.directory(dir).ok()?;
    let within = format!("/proc/self/fd/{}/", folder.as_raw_fd());
    let path = CString::new([within.as_bytes(), name].concat()).ok()?;
    let [first, second] = halves(path.as_ptr() as u64);
    let object = owned(bpf(OBJ_GET, &mut [first, second, 0, 0]).ok()?);
    let inside = dir.join(name);
    let path = HostPath::new([b"/sys/fs/bpf", inside.as_bytes()].concat());
    Some(BpfPin { path, object: described(&object)? })
}

/// What a descriptor of our own says it holds.
fn described(object: &OwnedFd) -> Option<BpfObject> {
    let info = std::fs::read(format!("/proc/self/fdinfo/{}", object.as_raw_fd())).ok()?;
    bpf_object(&info)
}
