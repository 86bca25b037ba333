//! `/proc/net/tcp` and `tcp6` (proc(5)): the `procfs` crate reads each line, a bad one costs itself.

use std::net::SocketAddr;

use procfs::net::{TcpNetEntries, TcpNetEntry};
use procfs::{ExplicitSystemInfo, FromBufReadSI};

pub use procfs::net::TcpState;

use crate::{BadLine, Line, lines};

/// One TCP socket of a network name space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpSocket {
    /// This end.
    pub local: SocketAddr,
    /// The other end; zeros while listening.
    pub remote: SocketAddr,
    /// Listening, established, ...
    pub state: TcpState,
    /// Who made it.
    pub uid: u32,
    /// Its inode, by which `/proc/PID/fd` names it; 0 when no process holds it any more.
    pub inode: u64,
}

/// The sockets of a table, the header left out; IPv4 peers of IPv6 sockets come as IPv4.
pub fn tcp_table(content: &[u8]) -> Vec<Result<TcpSocket, BadLine>> {
    let header = |line: &Result<Line<'_>, BadLine>| {
        line.as_ref().is_ok_and(|line| line.number == 1 || line.bytes.is_empty())
    };
    lines(content).filter(|line| !header(line)).map(|line| socket(line?)).collect()
}

fn socket(line: Line<'_>) -> Result<TcpSocket, BadLine> {
    let mut table = b"header\n".to_vec(); // the crate skips the first line of a table
    table.extend_from_slice(line.bytes);
    // Addresses are printed as words of the machine's own byte order; the other two are not used.
    let system = ExplicitSystemInfo {
        boot_time_secs: 0,
        ticks_per_second: 100,
        page_size: 4096,
        is_little_endian: cfg!(target_endian = "little"),
    };
    let entries = TcpNetEntries::from_buf_read(table.as_slice(), &system);
    let entry = entries.ok().and_then(|entries| entries.0.into_iter().next());
    entry.map(TcpSocket::from).ok_or_else(|| BadLine::new(line, "not a line of a socket table"))
}

impl From<TcpNetEntry> for TcpSocket {
    fn from(entry: TcpNetEntry) -> Self {
        let plain =
            |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
        Self {
            local: plain(entry.local_address),
            remote: plain(entry.remote_address),
            state: entry.state,
            uid: entry.uid,
            inode: entry.inode,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[u8] = b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
   0: 00000000:1713 00000000:0000 0A 00000000:00000000 00:00000000 00000000   107        0 51234 1 ffff 100 0 0 10 0\n\
garbage in between\n\
   1: 0A0200C0:1713 097100CB:C350 01 00000000:00000000 00:00000000 00000000   107        0 51299 1 ffff 20 4 30 10 -1\n";

    #[test]
    #[cfg(target_endian = "little")]
    fn listeners_and_peers_are_read_and_a_bad_line_costs_itself() {
        let table = tcp_table(TABLE);
        assert_eq!(table.len(), 3);
        let listener = table[0].as_ref().unwrap();
        assert_eq!(
            (listener.local.port(), &listener.state, listener.inode),
            (5907, &TcpState::Listen, 51234)
        );
        assert_eq!(table[1].as_ref().unwrap_err().number, 3);
        let peer = table[2].as_ref().unwrap();
        assert_eq!(peer.remote, "203.0.113.9:50000".parse().unwrap());
        assert_eq!(peer.uid, 107);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn a_mapped_ipv4_peer_comes_as_ipv4() {
        let table = b"header\n 0: 0000000000000000FFFF00000A0200C0:1713 0000000000000000FFFF0000097100CB:C350 01 0:0 00:0 0 107 0 5 1\n";
        assert_eq!(
            tcp_table(table)[0].as_ref().unwrap().remote,
            "203.0.113.9:50000".parse().unwrap()
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
            let _ = tcp_table(&bytes);
        }

        #[test]
        fn any_printable_line_ends_in_an_answer(line in "[ -~é]{0,120}") {
            let _ = tcp_table(format!("header\n{line}\n").as_bytes());
        }
    }
}
