//! The TCP sockets of qemu processes, per network namespace.

use std::collections::BTreeMap;

use coroner_core::{Cx, HostPath, Text};
use coroner_parse::virt::{TcpSocket, TcpState, tcp_table};

use crate::processes::QemuProcess;

/// A table of 100,000 sockets has 15 MB.
const LARGEST_TABLE: usize = 64 << 20;
/// Lines that are no sockets and are told one by one.
const MOST_BAD_LINES: usize = 20;

/// Socket tables by network namespace.
#[derive(Debug, Default)]
pub(crate) struct SocketTables {
    by_network: BTreeMap<Text, Vec<TcpSocket>>,
}

impl SocketTables {
    /// Reads the tables of every namespace that a qemu process lives in, once each.
    pub(crate) fn of(cx: &mut Cx<'_>, processes: &[QemuProcess]) -> Self {
        let mut tables = Self::default();
        for process in processes {
            let network = network_of(process);
            let table = tables.by_network.entry(network);
            table.or_insert_with(|| read_tables(cx, process.pid));
        }
        tables
    }

    /// Where a process listens.
    pub(crate) fn listeners<'a>(
        &'a self,
        process: &'a QemuProcess,
    ) -> impl Iterator<Item = &'a TcpSocket> {
        self.held(process).filter(|socket| socket.state == TcpState::Listen)
    }

    /// The established connections that a process holds; with descriptors unreadable, all of its
    /// namespace, for the caller to choose from by port.
    pub(crate) fn connections<'a>(
        &'a self,
        process: &'a QemuProcess,
    ) -> impl Iterator<Item = &'a TcpSocket> {
        self.held(process).filter(|socket| socket.state == TcpState::Established)
    }

    fn held<'a>(&'a self, process: &'a QemuProcess) -> impl Iterator<Item = &'a TcpSocket> {
        let all = self.by_network.get(&network_of(process)).map(Vec::as_slice).unwrap_or_default();
        let holds = |socket: &TcpSocket| match &process.sockets {
            Some(inodes) => inodes.contains(&socket.inode),
            None => true,
        };
        all.iter().filter(move |socket| holds(socket))
    }
}

/// A process whose namespace cannot be told gets a table of its own.
fn network_of(process: &QemuProcess) -> Text {
    if process.network.is_empty() {
        return Text::from(process.pid.to_string());
    }
    process.network.clone()
}

/// Both tables as one process sees them.
pub(crate) fn read_tables(cx: &mut Cx<'_>, pid: i32) -> Vec<TcpSocket> {
    let mut sockets = Vec::new();
    for name in ["tcp", "tcp6"] {
        let path = HostPath::new(format!("/proc/{pid}/net/{name}"));
        let Some(content) = cx.read_up_to(&path, LARGEST_TABLE) else { continue };
        let mut bad_lines = 0;
        for socket in tcp_table(&content.bytes) {
            match socket {
                Ok(socket) => sockets.push(socket),
                Err(bad) if bad_lines < MOST_BAD_LINES => {
                    bad_lines += 1;
                    cx.bad_line(&path, &bad);
                }
                Err(_) => {}
            }
        }
    }
    sockets
}
