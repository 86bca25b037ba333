//! The socket tables of a network namespace: `/proc/PID/net/*` (`proc_pid_net(5)`).

mod counts;
mod diag;
mod filter;
mod inet;
mod packet;
mod unix;

pub use counts::{protocol_counts, sockets_in_use};
pub use diag::{PacketDiag, inet_diag, packet_diag};
pub use filter::SocketFilter;
pub use inet::{InetSocket, TcpState, inet_table};
pub use packet::{PacketKind, PacketSocket, packet_table};
pub use unix::{UnixSocket, unix_table};

use crate::{BadLine, Line, lines};

/// The lines of a table below its header, each read by `read`.
fn table<T>(
    content: &[u8],
    read: impl Fn(&[u8]) -> Option<T>,
) -> impl Iterator<Item = Result<T, BadLine>> {
    let header = |line: &Result<Line<'_>, BadLine>| {
        line.as_ref().is_ok_and(|line| line.number == 1 || line.bytes.is_empty())
    };
    lines(content).filter(move |line| !header(line)).map(move |line| {
        let line = line?;
        read(line.bytes).ok_or_else(|| BadLine::new(line, "not a line of a socket table"))
    })
}
