//! Whom a shell's or an interpreter's input and output go to.

use std::collections::BTreeMap;

use coroner_core::{Cx, Process, Text};
use coroner_parse::process::Descriptor;
use coroner_parse::process::net::{InetSocket, TcpState};

use crate::items::Remote;
use crate::names::{is_interpreter, is_shell};

const TABLES: [(&str, &str); 4] =
    [("tcp", "tcp"), ("tcp6", "tcp"), ("udp", "udp"), ("udp6", "udp")];

/// Connected sockets by inode, of each network namespace that was asked about.
#[derive(Default)]
pub(super) struct Remotes {
    by_network: BTreeMap<Option<u64>, BTreeMap<u64, (InetSocket, &'static str)>>,
}

impl Remotes {
    /// Sockets of systemd's journal and of ssh are no internet sockets: only those have another host at
    /// their end.
    pub(super) fn of(&mut self, cx: &mut Cx<'_>, process: &Process) -> Option<Remote> {
        let name = process.executable.as_ref()?.path.name();
        if !is_shell(name) && !is_interpreter(name) {
            return None;
        }
        let standard = &process.descriptors.as_ref()?.standard;
        let sockets =
            standard.iter().zip(0_u8..).filter_map(|(descriptor, number)| match descriptor {
                Some(Descriptor::Socket(inode)) => Some((*inode, number)),
                _ => None,
            });
        let sockets: Vec<_> = sockets.collect();
        if sockets.is_empty() {
            return None;
        }
        let network = process.namespaces.network;
        let table = self.by_network.entry(network).or_insert_with(|| connected(cx, process.pid()));
        sockets.into_iter().find_map(|(inode, descriptor)| {
            let (socket, protocol) = table.get(&inode)?;
            Some(Remote {
                descriptor,
                protocol: Text::from(*protocol),
                local: socket.local,
                peer: socket.remote,
            })
        })
    }
}

fn connected(cx: &mut Cx<'_>, pid: i32) -> BTreeMap<u64, (InetSocket, &'static str)> {
    let mut found = BTreeMap::new();
    for (table, protocol) in TABLES {
        let sockets = cx.inet_sockets(pid, table).into_iter();
        let with_peer = sockets.filter(|socket| {
            socket.remote.port() != 0 && !matches!(socket.state, TcpState::Listen | TcpState::Close)
        });
        found.extend(with_peer.map(|socket| (socket.inode, (socket, protocol))));
    }
    found
}
