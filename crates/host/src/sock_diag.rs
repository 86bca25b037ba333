//! Sockets by the kernel's own reports, `sock_diag`(7), beside the tables of /proc/net.
//!
//! They come by other functions of the kernel than the tables do. A family that nobody registered
//! makes the kernel start the host's modprobe, so only what [`crate::presence`] finds there already
//! is asked. The answers are about the network namespace of this process alone.

use std::time::{Duration, Instant};

use coroner_parse::process::net::{InetSocket, PacketDiag, inet_diag, packet_diag};
use netlink_packet_core::NetlinkSerializable;
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use rustix::io::Errno;

use crate::netlink::Link;
use crate::presence::{Part, Parts, netlink_protocol};
use crate::{Blocked, Host, HostPath, Unseen};

/// Time for all the questions of one asker.
const BUDGET: Duration = Duration::from_secs(20);
/// Sockets of one table that are kept: some hundred bytes each.
const MOST_SOCKETS: usize = 1_000_000;
/// A table that changes while it is told is asked for again this often.
const TRIES: usize = 3;

/// Families (linux/socket.h) and protocols (linux/in.h), one byte each here.
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const AF_PACKET: u8 = 17;
const IPPROTO_TCP: u8 = 6;
const IPPROTO_UDP: u8 = 17;
const IPPROTO_RAW: u8 = 255;
/// `SOCK_DIAG_BY_FAMILY` (`linux/sock_diag.h`).
const BY_FAMILY: u16 = 20;
/// `PACKET_SHOW_INFO` and `PACKET_SHOW_FILTER` (`linux/packet_diag.h`).
const SHOW: u32 = 0x01 | 0x20;

const INET: Part = Part { module: "inet_diag", symbol: "inet_diag_register" };
const TCP: Part = Part { module: "tcp_diag", symbol: "tcp_diag_dump" };
const UDP: Part = Part { module: "udp_diag", symbol: "udp_diag_dump" };
const RAW: Part = Part { module: "raw_diag", symbol: "raw_diag_dump" };
const PACKET: Part = Part { module: "af_packet_diag", symbol: "packet_diag_handler_dump" };

/// A table of internet sockets, below /proc/net and here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InetTable {
    /// TCP over IPv4.
    Tcp,
    /// TCP over IPv6.
    Tcp6,
    /// UDP over IPv4.
    Udp,
    /// UDP over IPv6.
    Udp6,
    /// Raw over IPv4.
    Raw,
    /// Raw over IPv6.
    Raw6,
}

impl InetTable {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Tcp, Self::Tcp6, Self::Udp, Self::Udp6, Self::Raw, Self::Raw6];

    /// Its name below /proc/net.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tcp6 => "tcp6",
            Self::Udp => "udp",
            Self::Udp6 => "udp6",
            Self::Raw => "raw",
            Self::Raw6 => "raw6",
        }
    }

    fn part(self) -> Part {
        match self {
            Self::Tcp | Self::Tcp6 => TCP,
            Self::Udp | Self::Udp6 => UDP,
            Self::Raw | Self::Raw6 => RAW,
        }
    }

    /// `struct inet_diag_req_v2` (`linux/inet_diag.h)`: every state, those that are only bound included
    /// (Linux 6.8).
    fn question(self) -> Question {
        let family = match self {
            Self::Tcp | Self::Udp | Self::Raw => AF_INET,
            Self::Tcp6 | Self::Udp6 | Self::Raw6 => AF_INET6,
        };
        let protocol = match self {
            Self::Tcp | Self::Tcp6 => IPPROTO_TCP,
            Self::Udp | Self::Udp6 => IPPROTO_UDP,
            Self::Raw | Self::Raw6 => IPPROTO_RAW,
        };
        let states = u32::MAX.to_ne_bytes();
        Question([&[family, protocol, 0, 0], &states[..], &[0; 48]].concat())
    }
}

/// `struct packet_diag_req` (`linux/packet_diag.h`).
fn packet_question() -> Question {
    Question([&[AF_PACKET, 0, 0, 0, 0, 0, 0, 0], &SHOW.to_ne_bytes()[..], &[0; 8]].concat())
}

struct Question(Vec<u8>);

impl NetlinkSerializable for Question {
    fn message_type(&self) -> u16 {
        BY_FAMILY
    }

    fn buffer_len(&self) -> usize {
        self.0.len()
    }

    fn serialize(&self, buffer: &mut [u8]) {
        for (to, from) in buffer.iter_mut().zip(&self.0) {
            *to = *from;
        }
    }
}

/// What this kernel tells of itself.
pub struct SockDiag<'a> {
    parts: Parts<'a>,
    link: Link,
    path: HostPath,
}

impl<'a> SockDiag<'a> {
    /// A way to ask; nothing is asked yet.
    ///
    /// # Errors
    /// Why there is none: the answers would be about another network, or the protocol is not there.
    pub fn open(host: &'a Host) -> Result<Self, Unseen> {
        let net = HostPath::new("/proc/1/net");
        let path = HostPath::new("/proc/net/netlink");
        if !host.has_network() {
            return Err(Unseen::not_ours(&path));
        }
        if !netlink_protocol(host, &net, NETLINK_SOCK_DIAG)? {
            return Err(Unseen::new(&path, Blocked::Unsupported, "sock_diag"));
        }
        let parts = Parts::of(host)?;
        let link = Link::open(NETLINK_SOCK_DIAG, Instant::now() + BUDGET);
        let link = link.map_err(|errno| {
            Unseen::new(&path, Blocked::from_errno(errno), "a socket of sock_diag")
        })?;
        Ok(Self { parts, link, path })
    }

    /// The sockets of a table.
    ///
    /// # Errors
    /// Why they could not be told: most often, the part of the kernel that would is not loaded.
    pub fn inet(&mut self, table: InetTable) -> Result<Vec<InetSocket>, Unseen> {
        self.sockets(&[INET, table.part()], || table.question(), inet_diag)
    }

    /// The packet sockets, with their filters.
    ///
    /// # Errors
    /// As [`SockDiag::inet`].
    pub fn packet(&mut self) -> Result<Vec<PacketDiag>, Unseen> {
        self.sockets(&[PACKET], packet_question, packet_diag)
    }

    fn sockets<T>(
        &mut self,
        parts: &[Part],
        question: impl Fn() -> Question,
        parse: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>, Unseen> {
        self.must_have(parts)?;
        let mut last = Errno::INTR;
        for _ in 0..TRIES {
            let mut found = Vec::new();
            let told = self.link.dump(question(), |message| {
                found.push(parse(message).ok_or(Errno::BADMSG)?);
                if found.len() > MOST_SOCKETS { Err(Errno::FBIG) } else { Ok(()) }
            });
            match told {
                Ok(()) => return Ok(found),
                Err(Errno::INTR) => {}
                Err(other) => {
                    last = other;
                    break;
                }
            }
        }
        let asked = parts.last().map(|part| part.module).unwrap_or_default();
        Err(Unseen::new(&self.path, reason(last), format!("sockets by {asked}")))
    }

    fn must_have(&self, parts: &[Part]) -> Result<(), Unseen> {
        for part in parts {
            if !self.parts.have(*part)? {
                let why =
                    format!("{} is not in the kernel, and is not loaded to ask it", part.module);
                return Err(Unseen::new(&self.path, Blocked::Unsupported, why));
            }
        }
        Ok(())
    }
}

fn reason(errno: Errno) -> Blocked {
    match errno {
        Errno::TIMEDOUT => Blocked::OutOfTime,
        Errno::FBIG => Blocked::TooLarge,
        Errno::BADMSG => Blocked::Malformed,
        // The kernel's answer for what is not there.
        Errno::NOENT => Blocked::Unsupported,
        Errno::INTR => Blocked::Vanished,
        other => Blocked::from_errno(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(question: &Question) -> Vec<u8> {
        let mut bytes = vec![0; question.buffer_len()];
        question.serialize(&mut bytes);
        bytes
    }

    #[test]
    fn questions_have_the_kernels_own_length_and_ask_for_every_state() {
        let tcp = bytes(&InetTable::Tcp6.question());
        assert_eq!((tcp.len(), &tcp[..8]), (56, &[10, 6, 0, 0, 0xff, 0xff, 0xff, 0xff][..]));
        let packet = bytes(&packet_question());
        assert_eq!((packet.len(), packet[0]), (20, 17));
        assert_eq!(packet[8..12], 0x21_u32.to_ne_bytes());
    }

    #[test]
    fn a_host_without_a_kernel_to_ask_is_not_asked() {
        let dir = tempfile::tempdir().unwrap();
        let host = Host::open(crate::HostSources::offline(dir.path())).unwrap();
        let unseen = SockDiag::open(&host).map(|_| ()).unwrap_err();
        assert_eq!(unseen.reason, Blocked::Unavailable);
    }
}
