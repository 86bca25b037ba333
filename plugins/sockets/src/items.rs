//! What this plugin tells.

use std::net::IpAddr;

use coroner_core::{HostPath, ItemKind, Nature, Text, is_zero};
use coroner_parse::process::Placement;
use coroner_parse::process::net::{PacketKind, SocketFilter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who holds a socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    /// The process; the first of several.
    pub pid: i32,
    /// The name it goes by.
    pub name: Text,
    /// Its program, in its own root.
    pub program: Option<HostPath>,
    /// The program is deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// The program is memory and never was a file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_memory: bool,
    /// The program lies in the host's own root.
    pub of_host: bool,
    /// Where it belongs.
    pub place: Placement,
    /// As whom it acts.
    pub uid: Option<u32>,
    /// Other processes that hold the same socket.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub others: u32,
}

/// The parts of a key, without the number of a process.
fn key(parts: &[&[u8]], owner: Option<&Owner>, network: Option<&Placement>) -> Text {
    let program = owner.map(|owner| owner.program.as_ref().map_or(&owner.name, HostPath::text));
    let program = program.map(Text::as_bytes).unwrap_or_default();
    let network = network.map(ToString::to_string).unwrap_or_default();
    let mut all = parts.to_vec();
    all.extend([program, network.as_bytes()]);
    Text::new(all.join(&b' ').trim_ascii().to_vec())
}

/// A port that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Listener {
    /// `tcp` or `udp`.
    pub protocol: Text,
    /// The address it listens on.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// Who holds it; absent when nobody was found.
    pub owner: Option<Owner>,
    /// Whose network it is, when it is not the host's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Placement>,
}

impl ItemKind for Listener {
    const KIND: &'static str = "socket.listener";
    const NATURE: Nature = Nature::KERNEL.moving(&["owner.pid", "owner.others"]);

    fn key(&self) -> Text {
        let place = format!("{}:{}", self.address, self.port);
        let parts = [self.protocol.as_bytes(), place.as_bytes()];
        key(&parts, self.owner.as_ref(), self.network.as_ref())
    }
}

/// A TCP port of the host's own network that is taken by a socket which neither listens nor is connected
/// (Linux 6.8, where `tcp_diag` is loaded).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bound {
    /// The address it is bound to.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// Who holds it; absent when nobody was found, as for the kernel's own sockets.
    pub owner: Option<Owner>,
}

impl ItemKind for Bound {
    const KIND: &'static str = "socket.bound";
    const NATURE: Nature = Nature::RUNNING.moving(&["owner.pid", "owner.others"]);

    fn key(&self) -> Text {
        let place = format!("{}:{}", self.address, self.port);
        key(&[b"tcp", place.as_bytes()], self.owner.as_ref(), None)
    }
}

/// What a packet socket lets through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Filter {
    /// How many instructions it has.
    pub instructions: u32,
    /// The numbers that parts of a packet are compared with, each once, in order.
    pub compared: Vec<u32>,
}

impl From<SocketFilter> for Filter {
    fn from(filter: SocketFilter) -> Self {
        Self { instructions: filter.instructions, compared: filter.compared }
    }
}

impl Filter {
    /// It compares something with each of these.
    pub(crate) fn compares_all(&self, numbers: &[u32]) -> bool {
        numbers.iter().all(|number| self.compared.contains(number))
    }
}

/// Connections of one program to or from one address, at one port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Connection {
    /// `tcp` or `udp`.
    pub protocol: Text,
    /// The other end.
    pub peer: IpAddr,
    /// The port of the service: this end's when something listens there, else the other's.
    pub port: u16,
    /// The other end called.
    pub inward: bool,
    /// How many there are now.
    pub count: u32,
    /// The other end is on the internet and not of a trusted network.
    pub foreign: bool,
    /// Who holds the first of them.
    pub owner: Option<Owner>,
    /// Whose network it is, when it is not the host's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Placement>,
}

impl ItemKind for Connection {
    const KIND: &'static str = "socket.connection";
    const NATURE: Nature = Nature::RUNNING.moving(&["count", "owner.pid", "owner.others"]);

    fn key(&self) -> Text {
        let way = if self.inward { "from" } else { "to" };
        let place = format!("{way} {} port {}", self.peer, self.port);
        let parts = [self.protocol.as_bytes(), place.as_bytes()];
        key(&parts, self.owner.as_ref(), self.network.as_ref())
    }
}

/// The kinds of sockets that send and see packets without a connection.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum RawKind {
    /// `SOCK_RAW` of the internet protocols (raw(7)).
    Raw,
    /// `AF_PACKET` (packet(7)).
    Packet,
}

/// A socket that sends and sees packets without a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RawSocket {
    /// Its kind.
    pub kind_of: RawKind,
    /// The internet protocol (255 only sends) or the Ethernet protocol (3 is all, 0 only sends).
    pub protocol: u16,
    /// For packet sockets: with or without the link's header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frames: Option<PacketKind>,
    /// For packet sockets: the interface's number; 0 for all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub interface: u32,
    /// For packet sockets of the host's own network, where `packet_diag` is loaded: the classic BPF program
    /// that packets must pass (`SO_ATTACH_FILTER`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// Who made it.
    pub uid: u32,
    /// Who holds it; absent when no process does, looked for several times.
    pub owner: Option<Owner>,
    /// Every process could be asked for what it holds.
    pub all_asked: bool,
    /// Whose network it is, when it is not the host's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Placement>,
}

impl ItemKind for RawSocket {
    const KIND: &'static str = "socket.raw";
    const NATURE: Nature = Nature::KERNEL.moving(&["owner.pid", "owner.others"]);

    fn key(&self) -> Text {
        let kind = format!("{:?} {} {}", self.kind_of, self.protocol, self.interface);
        key(&[kind.as_bytes()], self.owner.as_ref(), self.network.as_ref())
    }
}

/// An interface that takes packets that are not for this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PromiscuousInterface {
    /// Its name.
    pub name: Text,
    /// It is part of a bridge, a bond, or lies under another interface: then the kernel needs it so.
    pub in_use: bool,
    /// Programs that hold packet sockets in the host's network.
    pub listeners: Vec<HostPath>,
}

impl ItemKind for PromiscuousInterface {
    const KIND: &'static str = "interface.promiscuous";
    const NATURE: Nature = Nature::KERNEL;

    fn key(&self) -> Text {
        self.name.clone()
    }
}
