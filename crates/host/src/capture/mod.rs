//! Headers of packets as they pass a device (packet(7), `TPACKET_V3`).
//!
//! One ring for each processor, filled by the processor that sends the packet: what a ring holds is in
//! the order in which that processor did it, which is how packets meet the samples of
//! [`crate::tracepoint`]. What comes in lies in the first ring. Devices are not made promiscuous, at most
//! 128 bytes of a packet are kept, and no module is loaded: where packet sockets are not there already they
//! are not asked for.
//!
//! The kernel copies a reference of every packet that is sent before it asks a filter, at a third of a
//! microsecond. So what is sent is shown in stretches ([`Capture::show_sent`]), between which it costs nothing.

mod filter;
mod ring;

use std::sync::atomic::Ordering;
use std::time::Duration;

use coroner_parse::Text;
use coroner_parse::packet::{Frame, frames};
use rustix::io::Errno;

use crate::netfilter::Unseen;
use crate::{Blocked, Host, HostPath, ReadError};

use filter::Part;
pub use filter::Share;
use ring::Ring;

/// Rings at most; with more processors several share one. Each costs every packet that comes in some 30 ns.
const MOST_RINGS: usize = 8;
/// Memory of all rings together.
const ALL_RINGS: usize = 16 << 20;
/// The smallest and the largest ring.
const RING: std::ops::RangeInclusive<usize> = (512 << 10)..=(4 << 20);

/// What passed is handed out after this time at the latest.
pub const HAND_OVER: Duration = Duration::from_millis(ring::HAND_OVER_MS as u64 + 5);

/// A network device of this network namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its number.
    pub index: u32,
    /// Its name.
    pub name: Text,
}

/// The devices of this network namespace, by rtnetlink: asking for a device by a name that is not there
/// would make the kernel look for a module of that name.
///
/// # Errors
/// Blocked, with the reason.
pub fn devices() -> Result<Vec<Device>, Blocked> {
    let list = nix::net::if_::if_nameindex()
        .map_err(|errno| Blocked::from_errno(Errno::from_raw_os_error(errno as i32)))?;
    let device = |one: &nix::net::if_::Interface| Device {
        index: one.index(),
        name: Text::from(one.name().to_bytes()),
    };
    Ok(list.iter().map(device).collect())
}

/// Packets that passed, and those for which a ring had no room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passed {
    /// Packets that the filter kept.
    pub kept: u64,
    /// Of these, packets that found no room.
    pub lost: u64,
}

/// An open capture; closed when it is dropped.
#[derive(Debug)]
pub struct Capture {
    rings: Vec<Ring>,
    passed: Passed,
    received: Share,
    /// Whether the kernel can leave out what is sent; otherwise the filter does.
    leaves_out: bool,
}

impl Capture {
    /// Opens a capture on one device, or on all. `processors` is how many the machine has.
    ///
    /// # Errors
    /// What is missing, with the file that told.
    pub fn open(host: &Host, device: Option<u32>, processors: usize) -> Result<Self, Unseen> {
        let table = HostPath::new("/proc/net/packet");
        check(host, &table)?;
        let wanted = processors.clamp(1, MOST_RINGS);
        let size = (ALL_RINGS / wanted).clamp(*RING.start(), *RING.end());
        let refused = |errno| Unseen::new(&table, Blocked::from_errno(errno), "packet capture");
        let device = device.unwrap_or(0);
        let rings = (0..wanted).map(|_| Ring::open(device, size)).collect::<Result<Vec<_>, _>>();
        let rings = rings.map_err(refused)?;
        let leaves_out = rings.iter().all(|ring| ring.show_sent(false).is_ok());
        let received = Share::ALL;
        let capture = Self { rings, passed: Passed::default(), received, leaves_out };
        capture.filter(leaves_out).map_err(refused)?;
        Ok(capture)
    }

    /// How many rings there are; what processor `n` sends lies in ring `n % rings`.
    pub fn rings(&self) -> usize {
        self.rings.len()
    }

    /// Keeps this share of what comes in from now on, chosen at random by the kernel.
    ///
    /// # Errors
    /// The kernel's.
    pub fn keep_received(&mut self, share: Share) -> Result<(), Errno> {
        self.received = share;
        self.filter(self.leaves_out)
    }

    /// Begins or ceases to keep what is sent, every packet of it.
    ///
    /// # Errors
    /// The kernel's.
    pub fn show_sent(&self, wanted: bool) -> Result<(), Errno> {
        if self.leaves_out {
            return self.rings.iter().try_for_each(|ring| ring.show_sent(wanted));
        }
        self.filter(wanted)
    }

    fn filter(&self, sent: bool) -> Result<(), Errno> {
        let count = u32::try_from(self.rings.len()).map_err(|_| Errno::INVAL)?;
        (0..).zip(&self.rings).try_for_each(|(number, ring)| {
            ring.filter(Part { ring: number, rings: count }, sent, self.received)
        })
    }

    /// Hands out what has been captured, ring by ring, at most what the rings hold at once.
    pub fn drain(&mut self, each: &mut dyn FnMut(usize, Frame<'_>)) {
        for (number, ring) in self.rings.iter_mut().enumerate() {
            let mut left = ring.blocks();
            while left > 0 && ring.next(&mut |block| frames(block).for_each(|f| each(number, f))) {
                left -= 1;
            }
            let passed = ring.passed();
            self.passed.kept += passed.kept;
            self.passed.lost += passed.lost;
        }
    }

    /// Packets since it was opened.
    pub fn passed(&self) -> Passed {
        self.passed
    }
}

/// Packet sockets are asked for only when the kernel has them: else it would run the host's modprobe.
fn check(host: &Host, table: &HostPath) -> Result<(), Unseen> {
    match host.read(table, 1 << 20) {
        Ok(_) => Ok(()),
        Err(ReadError::Absent) => Err(Unseen::new(
            table,
            Blocked::Unavailable,
            "the kernel has no packet sockets loaded, and asking would make it load them",
        )),
        Err(ReadError::Blocked(reason)) => Err(Unseen::new(table, reason, "packet capture")),
    }
}

impl Ring {
    /// Shows the oldest block that the kernel has filled and gives it back; false when there is none.
    fn next(&mut self, show: &mut dyn FnMut(&[u8])) -> bool {
        let Some((status, block)) = self.current() else { return false };
        show(block);
        status.store(ring::TO_KERNEL, Ordering::Release);
        self.advance();
        true
    }
}
