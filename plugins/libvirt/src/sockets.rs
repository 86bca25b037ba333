//! The TCP sockets of qemu processes, per network namespace.

use std::collections::BTreeMap;

use coroner_core::Cx;
use coroner_parse::process::net::{InetSocket, TcpState};

use crate::processes::QemuProcess;

/// Socket tables by network namespace.
#[derive(Debug, Default)]
pub(crate) struct SocketTables {
    by_network: BTreeMap<Network, Vec<InetSocket>>,
}

/// A namespace; a process whose namespace cannot be told gets a table of its own.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Network {
    Known(u64),
    Of(i32),
}

impl Network {
    fn of(process: &QemuProcess<'_>) -> Self {
        process.network().map_or(Self::Of(process.pid()), Self::Known)
    }
}

impl SocketTables {
    /// Reads the tables of every namespace that a qemu process lives in, once each.
    pub(crate) fn of(cx: &mut Cx<'_>, processes: &[QemuProcess<'_>]) -> Self {
        let mut tables = Self::default();
        for process in processes {
            let table = tables.by_network.entry(Network::of(process));
            table.or_insert_with(|| read_tables(cx, process.pid()));
        }
        tables
    }

    /// Where a process listens.
    pub(crate) fn listeners<'a>(
        &'a self,
        process: &'a QemuProcess<'_>,
    ) -> impl Iterator<Item = &'a InetSocket> {
        self.held(process).filter(|socket| socket.state == TcpState::Listen)
    }

    /// The established connections that a process holds; with descriptors unreadable, all of its
    /// namespace, for the caller to choose from by port.
    pub(crate) fn connections<'a>(
        &'a self,
        process: &'a QemuProcess<'_>,
    ) -> impl Iterator<Item = &'a InetSocket> {
        self.held(process).filter(|socket| socket.state == TcpState::Established)
    }

    fn held<'a>(&'a self, process: &'a QemuProcess<'_>) -> impl Iterator<Item = &'a InetSocket> {
        let all = self.by_network.get(&Network::of(process));
        let holds = |socket: &InetSocket| match &process.sockets {
            Some(inodes) => inodes.contains(&socket.inode),
            None => true,
        };
        all.into_iter().flatten().filter(move |socket| holds(socket))
    }
}

/// Both tables as one process sees them.
pub(crate) fn read_tables(cx: &mut Cx<'_>, pid: i32) -> Vec<InetSocket> {
    let mut sockets = cx.inet_sockets(pid, "tcp");
    sockets.extend(cx.inet_sockets(pid, "tcp6"));
    sockets
}
