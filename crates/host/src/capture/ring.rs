//! One packet socket with its ring.

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::io::Errno;

use super::Passed;
use super::filter::{self, Part, Share};
use crate::mapping::Mapping;

// linux/if_packet.h
const PACKET_RX_RING: libc::c_int = 5;
const PACKET_STATISTICS: libc::c_int = 6;
const PACKET_VERSION: libc::c_int = 10;
const PACKET_IGNORE_OUTGOING: libc::c_int = 23;
const TPACKET_V3: libc::c_int = 2;
/// `TP_STATUS_KERNEL` and `TP_STATUS_USER`.
pub(super) const TO_KERNEL: u32 = 0;
const TO_USER: u32 = 1;
/// Offset of `block_status` in a block.
const STATUS: usize = 8;

const BLOCK: u32 = 64 << 10;
/// A block is handed over after so many milliseconds, full or not: with a packet in each, 32 blocks last so long
/// that a reader may be kept from its processor for half a second.
pub(super) const HAND_OVER_MS: u32 = 20;

#[derive(Debug)]
pub(super) struct Ring {
    socket: OwnedFd,
    memory: Mapping,
    blocks: usize,
    /// The block that is filled next.
    at: usize,
}

impl Ring {
    /// A socket on a device (0: on all) whose filter keeps nothing yet.
    pub(super) fn open(device: u32, size: usize) -> Result<Self, Errno> {
        let socket = packet_socket()?;
        set(&socket, libc::SOL_PACKET, PACKET_VERSION, &TPACKET_V3)?;
        attach(&socket, &filter::nothing())?;
        let block = BLOCK as usize;
        let blocks = (size / block).max(2);
        let count = u32::try_from(blocks).map_err(|_| Errno::INVAL)?;
        let request = libc::tpacket_req3 {
            tp_block_size: BLOCK,
            tp_block_nr: count,
            tp_frame_size: 2048,
            tp_frame_nr: count * (BLOCK / 2048),
            tp_retire_blk_tov: HAND_OVER_MS,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        set(&socket, libc::SOL_PACKET, PACKET_RX_RING, &request)?;
        let memory = Mapping::new(socket.as_fd(), blocks * block)?;
        bind(&socket, device)?;
        Ok(Self { socket, memory, blocks, at: 0 })
    }

    /// Tells the kernel whether to show what is sent (Linux 4.20). What is not shown is not even copied for
    /// the filter, and no other reader of the kernel's waits for this.
    pub(super) fn show_sent(&self, wanted: bool) -> Result<(), Errno> {
        set(&self.socket, libc::SOL_PACKET, PACKET_IGNORE_OUTGOING, &libc::c_int::from(!wanted))
    }

    pub(super) fn filter(&self, part: Part, sent: bool, received: Share) -> Result<(), Errno> {
        attach(&self.socket, &part.program(sent, received))
    }

    pub(super) fn blocks(&self) -> usize {
        self.blocks
    }

    /// The oldest block, when the kernel has handed it over, and the word that gives it back.
    pub(super) fn current(&self) -> Option<(&AtomicU32, &[u8])> {
        let start = self.at * BLOCK as usize;
        let status = self.memory.word(start + STATUS)?;
        if status.load(Ordering::Acquire) & TO_USER == 0 {
            return None;
        }
        Some((status, self.memory.bytes(start, BLOCK as usize)?))
    }

    pub(super) fn advance(&mut self) {
        self.at = (self.at + 1) % self.blocks;
    }

    /// What passed since the last question: the kernel forgets it when asked.
    pub(super) fn passed(&self) -> Passed {
        let statistics: [u32; 3] = get(&self.socket, PACKET_STATISTICS).unwrap_or_default();
        let [kept, lost, _] = statistics.map(u64::from);
        Passed { kept, lost }
    }
}

fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

/// A socket that no packet reaches before it is bound (protocol 0).
fn packet_socket() -> Result<OwnedFd, Errno> {
    // SAFETY: socket(2) takes three numbers and gives a new descriptor, owned from here on.
    #[allow(unsafe_code)]
    unsafe {
        match libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) {
            -1 => Err(last_errno()),
            fd => Ok(OwnedFd::from_raw_fd(fd)),
        }
    }
}

fn bind(socket: &OwnedFd, device: u32) -> Result<(), Errno> {
    let address = libc::sockaddr_ll {
        sll_family: libc::AF_PACKET.unsigned_abs().try_into().unwrap_or_default(),
        sll_protocol: u16::try_from(libc::ETH_P_ALL).unwrap_or_default().to_be(),
        sll_ifindex: i32::try_from(device).map_err(|_| Errno::NODEV)?,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    let length = libc::socklen_t::try_from(size_of_val(&address)).map_err(|_| Errno::INVAL)?;
    // SAFETY: bind(2) reads `length` bytes of an address that outlives the call.
    #[allow(unsafe_code)]
    let done = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) };
    if done == 0 { Ok(()) } else { Err(last_errno()) }
}

fn attach(socket: &OwnedFd, steps: &[libc::sock_filter]) -> Result<(), Errno> {
    let program = libc::sock_fprog {
        len: u16::try_from(steps.len()).map_err(|_| Errno::INVAL)?,
        filter: steps.as_ptr().cast_mut(),
    };
    // The kernel copies the steps before the call returns.
    set(socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
}

fn set<T>(socket: &OwnedFd, level: libc::c_int, name: libc::c_int, value: &T) -> Result<(), Errno> {
    let length = libc::socklen_t::try_from(size_of::<T>()).map_err(|_| Errno::INVAL)?;
    // SAFETY: setsockopt(2) reads `length` bytes of a value that outlives the call.
    #[allow(unsafe_code)]
    let done = unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, name, std::ptr::from_ref(value).cast(), length)
    };
    if done == 0 { Ok(()) } else { Err(last_errno()) }
}

/// Options that are plain numbers.
trait Numbers: Default {}
impl Numbers for [u32; 3] {}

fn get<T: Numbers>(socket: &OwnedFd, name: libc::c_int) -> Result<T, Errno> {
    let mut value = T::default();
    let mut length = libc::socklen_t::try_from(size_of::<T>()).map_err(|_| Errno::INVAL)?;
    // SAFETY: getsockopt(2) writes at most `length` bytes of a value of which any bits are valid.
    #[allow(unsafe_code)]
    let done = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            name,
            (&raw mut value).cast(),
            &raw mut length,
        )
    };
    if done == 0 { Ok(value) } else { Err(last_errno()) }
}
