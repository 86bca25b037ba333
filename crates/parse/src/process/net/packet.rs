//! `packet`: sockets that see and send whole frames (packet(7), `packet_seq_show` in `net/packet/af_packet.c`).

use serde::{Deserialize, Serialize};

use crate::BadLine;
use crate::process::{hexadecimal, number, words};

/// What of a frame a packet socket handles.
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
pub enum PacketKind {
    /// `SOCK_RAW`: with the link layer's header.
    Raw,
    /// `SOCK_DGRAM`: without it.
    Cooked,
    /// Some other type.
    Other,
}

impl PacketKind {
    /// `SOCK_DGRAM` and `SOCK_RAW`, socket(2).
    pub(super) fn of(number: u32) -> Self {
        match number {
            2 => Self::Cooked,
            3 => Self::Raw,
            _ => Self::Other,
        }
    }
}

/// One packet socket of a network namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacketSocket {
    /// What of a frame it handles.
    pub kind: PacketKind,
    /// The Ethernet protocol it receives: 3 is all of them, 0 none (it only sends).
    pub protocol: u16,
    /// The interface it is bound to; 0 for all.
    pub interface: u32,
    /// Who made it.
    pub uid: u32,
    /// Its inode.
    pub inode: u64,
}

/// The sockets of the table, the header left out.
pub fn packet_table(content: &[u8]) -> impl Iterator<Item = Result<PacketSocket, BadLine>> {
    super::table(content, socket)
}

/// `sk RefCnt Type Proto Iface R Rmem User Inode`
fn socket(line: &[u8]) -> Option<PacketSocket> {
    let fields: Vec<&[u8]> = words(line).collect();
    let field = |place: usize| fields.get(place).copied();
    Some(PacketSocket {
        kind: PacketKind::of(number(field(2)?)?),
        protocol: u16::try_from(hexadecimal(field(3)?)?).ok()?,
        interface: number(field(4)?)?,
        uid: number(field(7)?)?,
        inode: number(field(8)?)?,
    })
}
