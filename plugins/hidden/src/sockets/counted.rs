//! Sockets by the kernel's counters, beside the tables that list them.

use std::collections::BTreeMap;

use coroner_core::{Cx, HostPath, Text};
use coroner_host::Host;
use coroner_parse::process::net::{TcpState, inet_table, protocol_counts, sockets_in_use};

use super::read;
use crate::counts::least;
use crate::items::{CountedThing, Shortfall};

/// Network namespaces that are counted.
const MOST_NETWORKS: usize = 100;

/// A table below /proc/PID/net, and what counts its sockets: `protocols` and `sockstat`.
/// Local (unix) and netlink sockets are counted a little longer than they are listed.
const TABLES: [(&str, &str, Option<&str>); 7] = [
    ("tcp", "TCP", Some("TCP")),
    ("tcp6", "TCPv6", Some("TCP6")),
    ("udp", "UDP", Some("UDP")),
    ("udp6", "UDPv6", Some("UDP6")),
    ("raw", "RAW", Some("RAW")),
    ("raw6", "RAWv6", Some("RAW6")),
    ("packet", "PACKET", None),
];

/// Tells the sockets that are counted and not listed, of each network namespace.
pub(super) fn counted(cx: &mut Cx<'_>) {
    let Some(processes) = cx.processes() else { return };
    let host = cx.host();
    let networks = processes.networks();
    let first = processes.iter().find_map(|process| process.namespaces.network);
    for (network, pid) in networks.into_iter().take(MOST_NETWORKS) {
        let dir = HostPath::new(format!("/proc/{pid}/net"));
        for (table, protocol, in_use) in TABLES {
            let missing = least(|| missing(host, &dir, table, protocol, in_use)).unwrap_or(0);
            let own = Some(network) == first;
            let source =
                if own { HostPath::new(format!("/proc/net/{table}")) } else { dir.join(table) };
            // Of namespaces that come and go only what differs is worth an item.
            if own || missing > 0 {
                cx.emit(Shortfall { thing: CountedThing::Sockets, source, missing });
            }
        }
    }
}

fn missing(
    host: &Host,
    net: &HostPath,
    table: &str,
    protocol: &str,
    in_use: Option<&str>,
) -> Option<u32> {
    let before = count(host, net, protocol, in_use)?;
    let content = read(host, &net.join(table))?;
    let shown = u32::try_from(listed(table, &content)).ok()?;
    let counted = before.min(count(host, net, protocol, in_use)?);
    Some(counted.saturating_sub(shown))
}

/// The larger of two counters: whoever hides a socket may have edited one.
fn count(host: &Host, net: &HostPath, protocol: &str, in_use: Option<&str>) -> Option<u32> {
    let protocols = protocol_counts(&read(host, &net.join("protocols"))?);
    let by_protocol = of(&protocols, protocol);
    let by_use = in_use.and_then(|name| {
        let file = if name.ends_with('6') { "sockstat6" } else { "sockstat" };
        of(&sockets_in_use(&read(host, &net.join(file))?), name)
    });
    by_protocol.max(by_use)
}

fn of(counts: &BTreeMap<Text, u32>, name: &str) -> Option<u32> {
    counts.get(&Text::from(name)).copied()
}

/// Sockets in a table. What waits after the end of a connection, and what has only been asked for
/// one, is listed and not counted as a socket.
fn listed(table: &str, content: &[u8]) -> usize {
    if !table.starts_with("tcp") {
        return content.split(|&b| b == b'\n').filter(|line| !line.is_empty()).count().max(1) - 1;
    }
    let uncounted = [TcpState::TimeWait, TcpState::SynReceived, TcpState::NewSynReceived];
    let sockets = inet_table(content).flatten();
    sockets.filter(|socket| !uncounted.contains(&socket.state)).count()
}
