//! Sockets by several ways: the tables below /proc/net, the kernel's counters beside them,
//! `sock_diag` and the descriptors of processes.
//!
//! Ports are not tried with bind(2): for a moment each would be taken away from a service that is
//! just starting.

mod counted;
mod held;
mod items;
mod judge;
mod rules;
mod told;

use std::collections::BTreeMap;

use coroner_core::{Cx, HostPath, Rule, Text};
use coroner_host::Host;
use coroner_parse::process::net::{InetSocket, inet_table, packet_table};

pub use items::{HeldSocket, HiddenSocket, SocketHolder, SocketView};
pub(crate) use judge::everything as judge;

/// The rules about them.
pub(crate) static SOCKET: &Rule = &rules::SOCKET;
/// A descriptor whose socket is in no table.
pub(crate) static SOCKET_DESCRIPTOR: &Rule = &rules::SOCKET_DESCRIPTOR;

/// A hundred thousand sockets have 15 MB.
const LARGEST: usize = 64 << 20;

/// Sockets by inode, each in words. What no process holds (any more) has no inode and is none.
type Sockets = BTreeMap<u64, Text>;

pub(crate) fn sockets(cx: &mut Cx<'_>) {
    if !cx.host().has_kernel() {
        return;
    }
    counted::counted(cx);
    told::told(cx);
    held::held(cx);
}

fn read(host: &Host, path: &HostPath) -> Option<Vec<u8>> {
    host.read(path, LARGEST).ok().filter(|content| !content.truncated).map(|content| content.bytes)
}

/// The sockets of a table of internet sockets, or of `packet`.
fn listed(host: &Host, dir: &HostPath, table: &str) -> Option<Sockets> {
    let content = read(host, &dir.join(table))?;
    Some(if table == "packet" {
        let sockets = packet_table(&content).flatten();
        by_inode(sockets.map(|socket| (socket.inode, packet(socket.protocol))))
    } else {
        let sockets = inet_table(&content).flatten();
        by_inode(sockets.map(|socket| (socket.inode, inet(table, &socket))))
    })
}

fn by_inode(sockets: impl Iterator<Item = (u64, Text)>) -> Sockets {
    sockets.filter(|(inode, _)| *inode != 0).collect()
}

fn inet(table: &str, socket: &InetSocket) -> Text {
    let (local, remote) = (socket.local, socket.remote);
    Text::from(format!("{table} {local} {remote}"))
}

fn packet(protocol: u16) -> Text {
    Text::from(format!("packet, Ethernet protocol {protocol:#06x}"))
}
