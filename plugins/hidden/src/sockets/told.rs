//! The host's own sockets as `sock_diag` tells them, beside the tables.
//!
//! A table is read before and after the kernel is asked. What was there all the time stands in all
//! three; a socket that came or went meanwhile contradicts nothing.

use std::collections::BTreeSet;

use coroner_core::{Cx, HostPath};
use coroner_host::sock_diag::{InetTable, SockDiag};
use coroner_host::{Host, Unseen};
use coroner_parse::process::net::TcpState;

use super::items::{HiddenSocket, SocketView};
use super::{Sockets, by_inode, held, inet, listed, packet};
use crate::steady::steady;

/// Sockets of one table that are told each.
const MOST_TOLD: usize = 100;

pub(super) fn told(cx: &mut Cx<'_>) {
    let mut diag = match SockDiag::open(cx.host()) {
        Ok(diag) => diag,
        Err(unseen) => return cx.minor_gap(&unseen.path, unseen.reason, unseen.detail),
    };
    let mut said = BTreeSet::new();
    let tables = InetTable::ALL.map(Some).into_iter().chain([None]);
    for table in tables {
        let name = table.map_or("packet", InetTable::name);
        match compared(cx.host(), name, || ask(&mut diag, table)) {
            Ok(Some(parted)) => tell(cx, name, &parted),
            Ok(None) => {}
            Err(unseen) => {
                if said.insert(unseen.detail.clone()) {
                    cx.minor_gap(&unseen.path, unseen.reason, unseen.detail);
                }
            }
        }
    }
}

/// What the kernel tells of one table; `None` is that of packet sockets.
fn ask(diag: &mut SockDiag<'_>, table: Option<InetTable>) -> Result<Sockets, Unseen> {
    let Some(table) = table else {
        let sockets = diag.packet()?.into_iter().map(|told| told.socket);
        return Ok(by_inode(sockets.map(|socket| (socket.inode, packet(socket.protocol)))));
    };
    let is_tcp = matches!(table, InetTable::Tcp | InetTable::Tcp6);
    // A TCP socket that is only bound is in no table.
    let sockets = diag.inet(table)?.into_iter();
    let sockets = sockets.filter(|socket| !(is_tcp && socket.state == TcpState::Close));
    Ok(by_inode(sockets.map(|socket| (socket.inode, inet(table.name(), &socket)))))
}

/// Where two ways part.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parted {
    agreed: usize,
    unlisted: Sockets,
    untold: Sockets,
}

/// Until nothing parts, or three times over; `None` for a table that is not there.
fn compared(
    host: &Host,
    table: &str,
    mut ask: impl FnMut() -> Result<Sockets, Unseen>,
) -> Result<Option<Parted>, Unseen> {
    let dir = HostPath::new("/proc/1/net");
    let mut refused = None;
    let reading = || {
        let before = listed(host, &dir, table)?;
        let told = ask().map_err(|unseen| refused = Some(unseen)).ok()?;
        Some(parted(&before, told, &listed(host, &dir, table)?))
    };
    let quiet = |parted: &Parted| parted.unlisted.is_empty() && parted.untold.is_empty();
    let parted = steady(reading, quiet, |first, again| {
        first.unlisted.retain(|inode, _| again.unlisted.contains_key(inode));
        first.untold.retain(|inode, _| again.untold.contains_key(inode));
    });
    refused.map_or(Ok(parted), Err)
}

fn parted(before: &Sockets, mut told: Sockets, after: &Sockets) -> Parted {
    let mut untold = before.clone();
    untold.retain(|inode, _| after.contains_key(inode) && !told.contains_key(inode));
    let all = told.len();
    told.retain(|inode, _| !before.contains_key(inode) && !after.contains_key(inode));
    Parted { agreed: all - told.len(), unlisted: told, untold }
}

fn tell(cx: &mut Cx<'_>, table: &str, parted: &Parted) {
    let source = HostPath::new("/proc/net").join(table);
    let compared = u32::try_from(parted.agreed).unwrap_or(u32::MAX);
    let unlisted = named(cx, &parted.unlisted);
    let untold = named(cx, &parted.untold);
    cx.emit(SocketView { source, compared, unlisted, untold });
}

fn named(cx: &mut Cx<'_>, sockets: &Sockets) -> Vec<HiddenSocket> {
    let mut named = Vec::new();
    for (inode, socket) in sockets.iter().take(MOST_TOLD) {
        let holders = held::holders(cx, *inode);
        named.push(HiddenSocket { inode: *inode, socket: socket.clone(), holders });
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sockets(inodes: &[u64]) -> Sockets {
        inodes.iter().map(|inode| (*inode, coroner_core::Text::from("tcp"))).collect()
    }

    #[test]
    fn what_comes_or_goes_meanwhile_contradicts_nothing() {
        let parted = parted(&sockets(&[1, 2]), sockets(&[1, 2, 3]), &sockets(&[1, 3]));
        assert_eq!(parted, Parted { agreed: 3, ..Parted::default() });
    }

    #[test]
    fn what_one_way_alone_shows_is_told() {
        let parted = parted(&sockets(&[1, 2]), sockets(&[1, 9]), &sockets(&[1, 2, 4]));
        assert_eq!((parted.agreed, parted.unlisted), (1, sockets(&[9])));
        assert_eq!(parted.untold, sockets(&[2]));
    }
}
