//! The socket tables of one network namespace.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use coroner_core::{Blocked, Cx, HostPath, Text};
use coroner_parse::process::net::{InetSocket, PacketSocket, TcpState};

use super::{Scene, all_asked, name_program};
use crate::items::{Connection, Listener, RawKind, RawSocket};

/// Groups of connections in one namespace that become items.
const MOST_CONNECTIONS: usize = 5000;

#[derive(Default)]
pub(super) struct Tables {
    pid: i32,
    tcp: Vec<InetSocket>,
    udp: Vec<InetSocket>,
    raw: Vec<InetSocket>,
    packet: Vec<PacketSocket>,
}

/// What connections are taken together by.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Group<'a> {
    protocol: &'static str,
    peer: IpAddr,
    port: u16,
    inward: bool,
    program: Option<&'a HostPath>,
}

impl Tables {
    pub(super) fn read(cx: &mut Cx<'_>, pid: i32) -> Self {
        let mut both = |name: &str| {
            let mut sockets = cx.inet_sockets(pid, name);
            sockets.extend(cx.inet_sockets(pid, &format!("{name}6")));
            sockets
        };
        let (tcp, udp, raw) = (both("tcp"), both("udp"), both("raw"));
        Self { pid, tcp, udp, raw, packet: cx.packet_sockets(pid) }
    }

    fn inet(&self) -> impl Iterator<Item = (&'static str, &InetSocket)> {
        let tcp = self.tcp.iter().map(|socket| ("tcp", socket));
        tcp.chain(self.udp.iter().map(|socket| ("udp", socket)))
    }

    /// TCP that listens, UDP that waits for anybody.
    pub(super) fn tell_listeners(&self, cx: &mut Cx<'_>, scene: &Scene<'_>) {
        for (protocol, socket) in self.inet().filter(|(_, socket)| listens(socket)) {
            let owner = scene.owner(socket.inode);
            name_program(cx, owner.as_ref());
            cx.emit(Listener {
                protocol: Text::from(protocol),
                address: socket.local.ip(),
                port: socket.local.port(),
                owner,
                network: scene.network.clone(),
            });
        }
    }

    pub(super) fn tell_connections(&self, cx: &mut Cx<'_>, scene: &Scene<'_>) {
        let listening = self.inet().filter(|(_, socket)| listens(socket));
        let ports: BTreeSet<_> =
            listening.map(|(protocol, socket)| (protocol, socket.local.port())).collect();
        let mut groups: BTreeMap<Group<'_>, (u32, u64)> = BTreeMap::new();
        for (protocol, socket) in self.inet().filter(|(_, socket)| is_connected(socket)) {
            let inward = ports.contains(&(protocol, socket.local.port()));
            let port = if inward { socket.local.port() } else { socket.remote.port() };
            let mut holders = scene.processes.holders(socket.inode);
            let program = holders.next().and_then(|holder| holder.executable.as_ref());
            let program = program.map(|executable| &executable.path);
            let group = Group { protocol, peer: socket.remote.ip(), port, inward, program };
            groups.entry(group).or_insert((0, socket.inode)).0 += 1;
        }
        if groups.len() > MOST_CONNECTIONS {
            let path = HostPath::new(format!("/proc/{}/net/tcp", self.pid));
            cx.minor_gap(&path, Blocked::TooLarge, "more connections than are listed");
        }
        for (group, (count, inode)) in groups.into_iter().take(MOST_CONNECTIONS) {
            let foreign = cx.options().is_foreign(group.peer);
            cx.emit(Connection {
                protocol: Text::from(group.protocol),
                peer: group.peer,
                port: group.port,
                inward: group.inward,
                count,
                foreign,
                owner: scene.owner(inode),
                network: scene.network.clone(),
            });
        }
    }

    /// Raw and packet sockets with their inodes and by whom they were read; those that are about to go away
    /// have no inode.
    pub(super) fn raw(&self, scene: &Scene<'_>) -> Vec<(u64, i32, RawSocket)> {
        let all_asked = all_asked(scene.processes);
        let socket = |inode: u64, uid: u32, kind_of: RawKind, protocol: u16| RawSocket {
            kind_of,
            protocol,
            frames: None,
            interface: 0,
            filter: None,
            uid,
            owner: scene.owner(inode),
            all_asked,
            network: scene.network.clone(),
        };
        let raw = self
            .raw
            .iter()
            .map(|one| (one.inode, socket(one.inode, one.uid, RawKind::Raw, one.local.port())));
        let packet = self.packet.iter().map(|one| {
            let plain = socket(one.inode, one.uid, RawKind::Packet, one.protocol);
            (one.inode, RawSocket { frames: Some(one.kind), interface: one.interface, ..plain })
        });
        let reader = scene.process.pid();
        let all = raw.chain(packet).filter(|(inode, _)| *inode != 0);
        all.map(|(inode, socket)| (inode, reader, socket)).collect()
    }

    pub(super) fn raw_inodes(&self) -> Vec<u64> {
        let raw = self.raw.iter().map(|socket| socket.inode);
        raw.chain(self.packet.iter().map(|socket| socket.inode)).collect()
    }
}

fn listens(socket: &InetSocket) -> bool {
    socket.state == TcpState::Listen || socket.state == TcpState::Close && socket.remote.port() == 0
}

fn is_connected(socket: &InetSocket) -> bool {
    socket.remote.port() != 0
        && !matches!(socket.state, TcpState::TimeWait | TcpState::NewSynReceived)
}
