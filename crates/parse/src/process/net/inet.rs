//! `tcp`, `udp`, `udplite` and `raw`, each with its `6` (`get_tcp4_sock` in `net/ipv4/tcp_ipv4.c` and its
//! neighbours: they share a line format).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::BadLine;
use crate::process::{hexadecimal, number, words};

/// States of a TCP socket, `include/net/tcp_states.h`. UDP and raw sockets are `Established` when connected and
/// `Close` when not.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum TcpState {
    /// Connected.
    Established,
    /// It has asked for a connection.
    SynSent,
    /// It was asked for one.
    SynReceived,
    /// It has closed its side.
    FinWait1,
    /// And the other side knows.
    FinWait2,
    /// It waits for stray packets; no process holds it.
    TimeWait,
    /// Not connected.
    Close,
    /// The other side has closed.
    CloseWait,
    /// Both have closed, the last word is on its way.
    LastAck,
    /// It waits for connections.
    Listen,
    /// Both closed at once.
    Closing,
    /// Asked for a connection, without a full socket.
    NewSynReceived,
}

impl TcpState {
    pub(super) fn of(number: u64) -> Option<Self> {
        Some(match number {
            1 => Self::Established,
            2 => Self::SynSent,
            3 => Self::SynReceived,
            4 => Self::FinWait1,
            5 => Self::FinWait2,
            6 => Self::TimeWait,
            7 => Self::Close,
            8 => Self::CloseWait,
            9 => Self::LastAck,
            10 => Self::Listen,
            11 => Self::Closing,
            12 => Self::NewSynReceived,
            _ => return None,
        })
    }
}

/// One internet socket of a network namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InetSocket {
    /// This end; IPv4 in an IPv6 socket comes as IPv4. A raw socket's port is its protocol.
    pub local: SocketAddr,
    /// The other end; zeros when there is none.
    pub remote: SocketAddr,
    /// Listening, established, ...
    pub state: TcpState,
    /// Who made it.
    pub uid: u32,
    /// Its inode, by which `/proc/PID/fd` names it; 0 when no process holds it any more.
    pub inode: u64,
}

/// The sockets of a table, the header left out.
pub fn inet_table(content: &[u8]) -> impl Iterator<Item = Result<InetSocket, BadLine>> {
    super::table(content, socket)
}

/// `sl local remote state tx:rx tr:when retransmits uid timeout inode ...`
fn socket(line: &[u8]) -> Option<InetSocket> {
    let mut fields = words(line);
    fields.next()?.strip_suffix(b":")?;
    let local = address(fields.next()?)?;
    let remote = address(fields.next()?)?;
    let state = TcpState::of(hexadecimal(fields.next()?)?)?;
    let uid = number(fields.nth(3)?)?;
    let inode = number(fields.nth(1)?)?;
    Some(InetSocket { local, remote, state, uid, inode })
}

/// Words of four bytes in the machine's own order, then a port in the usual one.
fn address(text: &[u8]) -> Option<SocketAddr> {
    let colon = text.iter().position(|&byte| byte == b':')?;
    let port = u16::try_from(hexadecimal(text.get(colon + 1..)?)?).ok()?;
    let (words, rest) = text.get(..colon)?.as_chunks::<8>();
    if !rest.is_empty() {
        return None;
    }
    let word = |digits: &[u8; 8]| Some(u32::try_from(hexadecimal(digits)?).ok()?.to_ne_bytes());
    let bytes: Vec<u8> = words.iter().map(word).collect::<Option<Vec<_>>>()?.concat();
    let ip = match <[u8; 16]>::try_from(bytes.as_slice()) {
        Ok(six) => IpAddr::V6(Ipv6Addr::from(six)).to_canonical(),
        Err(_) => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.as_slice()).ok()?)),
    };
    Some(SocketAddr::new(ip, port))
}
