//! What the kernel tells of the host's own sockets and no table lists: filters, and ports that are
//! taken by sockets which neither listen nor are connected.

use std::collections::BTreeMap;

use coroner_core::{Blocked, Cx, Processes};
use coroner_host::sock_diag::{InetTable, SockDiag};
use coroner_parse::process::net::{InetSocket, TcpState};

use super::{name_program, owner};
use crate::items::{Bound, Filter};

/// Ports of one host that are told; a port stands in it once for each socket.
const MOST_BOUND: usize = 1000;

/// The filters of packet sockets, by inode.
pub(super) type Filters = BTreeMap<u64, Filter>;

/// Tells ports that are taken, and gives the filters of packet sockets. Without the kernel's parts for it
/// both are unknown, which is a minor gap.
pub(super) fn tell(cx: &mut Cx<'_>, processes: &Processes) -> Filters {
    if !cx.host().has_kernel() {
        return Filters::new();
    }
    let mut diag = match SockDiag::open(cx.host()) {
        Ok(diag) => diag,
        Err(unseen) => {
            cx.minor_gap(&unseen.path, unseen.reason, unseen.detail);
            return Filters::new();
        }
    };
    for table in [InetTable::Tcp, InetTable::Tcp6] {
        match diag.inet(table) {
            Ok(sockets) => tell_bound(cx, processes, sockets),
            Err(unseen) if table == InetTable::Tcp => {
                let why = format!("ports that are bound and not listened on: {}", unseen.detail);
                cx.minor_gap(&unseen.path, unseen.reason, why);
            }
            Err(_) => {}
        }
    }
    match diag.packet() {
        Ok(sockets) => sockets
            .into_iter()
            .filter_map(|told| Some((told.socket.inode, Filter::from(told.filter?))))
            .collect(),
        Err(unseen) => {
            let why = format!("filters of packet sockets: {}", unseen.detail);
            cx.minor_gap(&unseen.path, unseen.reason, why);
            Filters::new()
        }
    }
}

fn tell_bound(cx: &mut Cx<'_>, processes: &Processes, sockets: Vec<InetSocket>) {
    let bound = sockets.into_iter().filter(|socket| socket.state == TcpState::Close);
    let bound: Vec<InetSocket> = bound.collect();
    if bound.len() > MOST_BOUND {
        let path = coroner_core::HostPath::new("/proc/net/netlink");
        cx.minor_gap(&path, Blocked::TooLarge, "more bound ports than are listed");
    }
    for socket in bound.into_iter().take(MOST_BOUND) {
        let owner = owner(processes, socket.inode);
        name_program(cx, owner.as_ref());
        cx.emit(Bound { address: socket.local.ip(), port: socket.local.port(), owner });
    }
}
