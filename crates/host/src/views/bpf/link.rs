//! What a link hangs on: `struct bpf_link_info`, linux/bpf.h.

use std::os::fd::OwnedFd;

use coroner_parse::Text;

use super::{BpfTable, get_info, word};

/// A program's attachment, as far as the kernel tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BpfLink {
    /// Its type (`enum bpf_link_type`, linux/bpf.h).
    pub kind: u32,
    /// The number of its program.
    pub program: u32,
    /// The tracepoint, the kernel's function, or the file of a user's program that it hangs on,
    /// where the kernel says so (Linux 6.6, tracepoints of raw programs before).
    pub hook: Text,
}

/// `BPF_LINK_TYPE_RAW_TRACEPOINT`
const RAW_TRACEPOINT: u32 = 1;
/// `BPF_LINK_TYPE_PERF_EVENT`
const PERF_EVENT: u32 = 7;
/// The longest name that is asked for; a kernel's function has at most 511 bytes.
const LONGEST: u32 = 512;
/// Type, number and program stand before what the type decides, at 16.
const LENGTH: usize = 64;

/// What the kernel tells of a link; `None` when it is gone.
pub fn bpf_link(id: u32) -> Option<BpfLink> {
    let fd = BpfTable::Links.open(id).ok()?;
    let mut info = [0_u8; LENGTH];
    get_info(&fd, &mut info).ok()?;
    let (kind, program) = (word(&info, 0)?, word(&info, 8)?);
    let hook = name_at(kind, &info).and_then(|at| name(&fd, at));
    Some(BpfLink { kind, program, hook: hook.unwrap_or_default() })
}

/// The name, written to a buffer whose address and length stand in the structure at `at`.
fn name(link: &OwnedFd, at: usize) -> Option<Text> {
    let mut name = [0_u8; LONGEST as usize];
    let mut info = [0_u8; LENGTH];
    let (address, length) = info.get_mut(at..)?.split_at_mut_checked(8)?;
    address.copy_from_slice(&(name.as_mut_ptr() as u64).to_ne_bytes());
    length.first_chunk_mut::<4>()?.copy_from_slice(&LONGEST.to_ne_bytes());
    get_info(link, &mut info).ok()?;
    Some(Text::from(name.split(|&byte| byte == 0).next().unwrap_or_default()))
}

/// Where the address of a buffer for the name belongs, its length behind it. A perf event says at
/// 16 what it is: a probe or a tracepoint (1 to 5), or since 6.6 nothing with a name.
fn name_at(kind: u32, info: &[u8]) -> Option<usize> {
    match kind {
        RAW_TRACEPOINT => Some(16),
        PERF_EVENT if matches!(word(info, 16)?, 1..=5) => Some(24),
        _ => None,
    }
}
