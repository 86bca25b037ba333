//! BPF objects by bpf(2): the list that the kernel gives, and each number that can be opened.
//!
//! Opening takes a reference that ends with the descriptor; nothing is loaded, attached or changed.

use std::collections::BTreeSet;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use coroner_parse::Text;
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::pids::last_errno;
use crate::Blocked;

mod link;
mod pins;

pub use link::{BpfLink, bpf_link};
pub use pins::{BpfPin, bpf_pins};

/// What is asked for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum BpfTable {
    /// Programs.
    Programs,
    /// Maps.
    Maps,
    /// Links: attachments of programs.
    Links,
}

/// A program, as far as the kernel tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BpfProgram {
    /// Its type (`enum bpf_prog_type`, linux/bpf.h).
    pub kind: u32,
    /// Its name, at most 15 bytes.
    pub name: Text,
    /// Who loaded it.
    pub uid: u32,
}

/// Objects of one table that are listed: more than any host has.
const MOST: usize = 100_000;
/// `BPF_OBJ_GET_INFO_BY_FD`, linux/bpf.h.
const GET_INFO: libc::c_long = 15;

impl BpfTable {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Programs, Self::Maps, Self::Links];

    /// `BPF_PROG_GET_NEXT_ID` and its neighbours, `enum bpf_cmd` in linux/bpf.h.
    fn get_next(self) -> libc::c_long {
        match self {
            Self::Programs => 11,
            Self::Maps => 12,
            Self::Links => 31,
        }
    }

    /// `BPF_PROG_GET_FD_BY_ID` and its neighbours.
    fn get_fd(self) -> libc::c_long {
        match self {
            Self::Programs => 13,
            Self::Maps => 14,
            Self::Links => 30,
        }
    }

    /// The numbers that the kernel lists.
    ///
    /// # Errors
    /// [`Blocked::Denied`] without `CAP_SYS_ADMIN`, [`Blocked::Unsupported`] where the kernel has
    /// no such table.
    pub fn listed(self) -> Result<BTreeSet<u32>, Blocked> {
        let mut found = BTreeSet::new();
        let mut last = 0;
        while found.len() < MOST {
            // `start_id` and the place of `next_id`.
            let mut question = [last, 0, 0, 0];
            match bpf(self.get_next(), &mut question) {
                Ok(_) => {}
                Err(Errno::NOENT) => return Ok(found),
                Err(errno) => return Err(refused(errno)),
            }
            last = question.get(1).copied().unwrap_or_default();
            // A kernel that goes back would be asked for ever.
            if !found.insert(last) || found.last() != Some(&last) {
                return Err(Blocked::Malformed);
            }
        }
        Err(Blocked::TooLarge)
    }

    /// Whether a number can be opened. A link that is being made has a number already and is not there before
    /// it is settled (`EAGAIN`: `bpf_link_by_id`, kernel/bpf/syscall.c).
    ///
    /// # Errors
    /// As [`BpfTable::listed`].
    pub fn opens(self, id: u32) -> Result<bool, Blocked> {
        match self.open(id) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT | Errno::AGAIN) => Ok(false),
            Err(errno) => Err(refused(errno)),
        }
    }

    fn open(self, id: u32) -> Result<OwnedFd, Errno> {
        bpf(self.get_fd(), &mut [id, 0, 0, 0]).map(owned)
    }
}

fn owned(fd: i32) -> OwnedFd {
    // SAFETY: a descriptor that the kernel has just made for this process alone.
    #[allow(unsafe_code)]
    unsafe {
        OwnedFd::from_raw_fd(fd)
    }
}

/// What the kernel tells of a program; `None` when it is gone.
pub fn bpf_program(id: u32) -> Option<BpfProgram> {
    let fd = BpfTable::Programs.open(id).ok()?;
    // `struct bpf_prog_info` up to the name: type at 0, uid at 48, name at 64.
    let mut info = [0_u8; 80];
    get_info(&fd, &mut info).ok()?;
    let word = |at: usize| word(&info, at);
    let name = info.get(64..)?.split(|&byte| byte == 0).next().unwrap_or_default();
    Some(BpfProgram { kind: word(0)?, name: Text::from(name), uid: word(48)? })
}

/// Fills the start of an info structure; the kernel leaves alone what it does not know of it.
fn get_info(fd: &OwnedFd, info: &mut [u8]) -> Result<(), Errno> {
    let number = u32::try_from(fd.as_raw_fd()).map_err(|_| Errno::BADF)?;
    let length = u32::try_from(info.len()).map_err(|_| Errno::INVAL)?;
    let [first, second] = halves(info.as_mut_ptr() as u64);
    bpf(GET_INFO, &mut [number, length, first, second]).map(drop)
}

/// An address as the two numbers that it is in an attribute.
fn halves(address: u64) -> [u32; 2] {
    let (low, high) = ((address & 0xffff_ffff) as u32, (address >> 32) as u32);
    if cfg!(target_endian = "little") { [low, high] } else { [high, low] }
}

fn word(info: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*info.get(at..)?.first_chunk()?))
}

/// bpf(2) with the start of its attribute, 16 bytes: what every command here reads and writes. For
/// `GET_INFO` its last eight bytes are the address of a buffer whose length stands before it, for
/// `OBJ_GET` its first eight that of a path that ends with a NUL.
fn bpf(command: libc::c_long, attribute: &mut [u32]) -> Result<i32, Errno> {
    // SAFETY: the kernel reads and writes the bytes of `attribute`, and for `GET_INFO` at most
    // the length given of a buffer that lives in the caller; of a path it reads up to its NUL. Names
    // that an info structure asks for go to buffers that live in its maker.
    #[allow(unsafe_code)]
    let got = unsafe {
        libc::syscall(libc::SYS_bpf, command, attribute.as_mut_ptr(), size_of_val(attribute))
    };
    if got < 0 { Err(last_errno()) } else { i32::try_from(got).map_err(|_| Errno::IO) }
}

/// An older kernel does not know the command.
fn refused(errno: Errno) -> Blocked {
    match errno {
        Errno::INVAL => Blocked::Unsupported,
        other => Blocked::from_errno(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that returns 0 at every call of another program (`sched_process_exec`), and the
    /// link by which it does.
    fn raw_tracepoint() -> (OwnedFd, OwnedFd) {
        let code: [u64; 2] = [0xb7, 0x95];
        let license = c"GPL";
        let ([a, b], [c, d]) = (halves(code.as_ptr() as u64), halves(license.as_ptr() as u64));
        // BPF_PROG_LOAD: type BPF_PROG_TYPE_RAW_TRACEPOINT, two instructions, no log, a name at 48.
        let mut load = [17, 2, a, b, c, d, 0, 0, 0, 0, 0, 0, u32::from_ne_bytes(*b"view"), 0, 0, 0];
        let program = owned(bpf(5, &mut load).unwrap());
        let point = c"sched_process_exec";
        let [a, b] = halves(point.as_ptr() as u64);
        // BPF_RAW_TRACEPOINT_OPEN
        let mut open = [a, b, u32::try_from(program.as_raw_fd()).unwrap(), 0];
        let link = owned(bpf(17, &mut open).unwrap());
        (program, link)
    }

    fn number(object: &OwnedFd) -> u32 {
        let text = std::fs::read(format!("/proc/self/fdinfo/{}", object.as_raw_fd())).unwrap();
        coroner_parse::process::bpf_object(&text).unwrap().id
    }

    #[test]
    #[cfg_attr(not(feature = "test-live"), ignore = "needs root: tests/run")]
    fn a_link_names_its_program_and_what_it_hangs_on() {
        let (program, link) = raw_tracepoint();
        let (program, id) = (number(&program), number(&link));
        let found = bpf_link(id).unwrap();
        assert_eq!((found.kind, found.program), (1, program));
        assert_eq!(found.hook, "sched_process_exec");
        assert_eq!(bpf_program(program).unwrap().name, "view");
        assert!(BpfTable::Links.listed().unwrap().contains(&id));
        drop(link);
        // The kernel frees it a moment later.
        while bpf_link(id).is_some() {
            std::thread::yield_now();
        }
    }

    #[test]
    #[cfg_attr(not(feature = "test-live"), ignore = "needs root: tests/run")]
    fn what_is_pinned_is_told_by_its_name_and_keeps_its_access_time() {
        use std::process::Command;
        let sys = tempfile::tempdir().unwrap();
        let point = sys.path().join("fs/bpf");
        std::fs::create_dir_all(&point).unwrap();
        let host = |kernel| {
            let (root, sys) = (std::path::PathBuf::from("/"), Some(sys.path().to_path_buf()));
            crate::Host::open(crate::HostSources { root, proc: None, sys, kernel }).unwrap()
        };
        assert_eq!(bpf_pins(&host(true)).unwrap(), []);
        let mount = Command::new("mount").args(["-t", "bpf", "bpf"]).arg(&point).status().unwrap();
        assert!(mount.success());
        std::fs::create_dir(point.join("folder")).unwrap();
        let (_program, link) = raw_tracepoint();
        let name = point.join("folder/kept");
        let path = std::ffi::CString::new(name.to_str().unwrap()).unwrap();
        let [a, b] = halves(path.as_ptr() as u64);
        // BPF_OBJ_PIN
        bpf(6, &mut [a, b, u32::try_from(link.as_raw_fd()).unwrap(), 0]).unwrap();
        let read = |path: &std::path::Path| std::fs::metadata(path).unwrap().accessed().unwrap();
        let before = read(&name);
        let pins = bpf_pins(&host(true));
        let after = read(&name);
        assert!(Command::new("umount").arg("-l").arg(&point).status().unwrap().success());
        let pins = pins.unwrap();
        assert_eq!(pins.len(), 1, "{pins:?}");
        assert_eq!(pins[0].path, "/sys/fs/bpf/folder/kept");
        assert_eq!(pins[0].object.kind, coroner_parse::process::BpfKind::Link);
        assert_eq!((pins[0].object.id, before), (number(&link), after));
    }

    #[test]
    #[cfg_attr(not(feature = "test-live"), ignore = "needs root: tests/run")]
    fn what_is_listed_opens_and_what_is_not_does_not() {
        for table in BpfTable::ALL {
            let listed = table.listed().unwrap();
            for id in &listed {
                // It may be gone by now, or a moment later, and is not listed any more then.
                let agrees = || table.opens(*id).unwrap() || !table.listed().unwrap().contains(id);
                assert!((0..100_000).any(|_| agrees() || {
                    std::thread::yield_now();
                    false
                }));
            }
            assert!(!table.opens(u32::MAX).unwrap());
        }
        for id in BpfTable::Programs.listed().unwrap() {
            assert!(bpf_program(id).is_none_or(|program| program.kind > 0));
        }
    }
}
