//! Sockets, taken out of tables and answers.

use std::os::fd::{AsRawFd, OwnedFd};

use coroner_core::Level;

use crate::liar::{READS, Told, rewrite, untold, without_lines};
use crate::{audit, found, root, says, shown, support};

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_packet_socket_taken_out_of_the_table_is_still_counted() {
    let root = root();
    let socket = packet_socket();
    let inode = std::fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap();
    let inode = inode.to_string_lossy().replace("socket:[", "").replace(']', "");
    let table = std::fs::read_to_string("/proc/self/net/packet").unwrap();
    let line = table.lines().find(|line| line.trim_end().ends_with(&inode)).unwrap();
    let gone = format!("{line}\n");
    let told = audit(root.path(), &mut [rewrite("net/packet", &gone, "", &READS)]);
    let count = found(&told, "hidden/socket-count", "/proc/net/packet");
    assert!(says(count, "sockets not listed", "1"), "{:#?}", shown(&told));
    // This kernel may tell packet sockets by sock_diag too.
    if is_told(&told, "packet") {
        let socket = found(&told, "hidden/socket", "/proc/net/packet");
        assert!(says(socket, "missing in the table", "packet"), "{:#?}", shown(&told));
        assert!(says(socket, "held by", "lying_kernel"), "{:#?}", shown(&told));
    }
    let held =
        found(&told, "hidden/socket-descriptor", &format!("/proc/{}/fd", std::process::id()));
    assert!(says(held, "inode", &inode), "{:#?}", shown(&told));
}

/// Whether a table was compared with what the kernel tells by `sock_diag`.
fn is_told(told: &Told, table: &str) -> bool {
    let key = format!("/proc/net/{table}");
    let mut items = told.report.items.iter();
    items.any(|item| item.kind == "hidden.socket-view" && item.key == key.as_str())
}

fn inode_of(socket: &impl AsRawFd) -> u32 {
    let link = std::fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap();
    let link = link.to_string_lossy().into_owned();
    link.strip_prefix("socket:[").unwrap().strip_suffix(']').unwrap().parse().unwrap()
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_port_cut_out_of_the_table_or_out_of_netlink_is_in_the_other() {
    let root = root();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let honest = audit(root.path(), &mut []);
    if !is_told(&honest, "tcp") {
        support::left_out("this kernel has no tcp_diag, and it is not loaded for a test");
        return;
    }
    assert_eq!(shown(&honest), Vec::<String>::new());
    let word = format!(" {} ", inode_of(&listener));
    let lies = [
        ("missing in the table", without_lines("net/tcp", &word, &READS)),
        ("missing in sock_diag", untold(inode_of(&listener), 68)),
    ];
    for (what, lie) in lies {
        let told = audit(root.path(), &mut [lie]);
        let socket = found(&told, "hidden/socket", "/proc/net/tcp");
        assert!(says(socket, what, &port), "{:#?}", shown(&told));
        assert!(says(socket, "held by", "lying_kernel"), "{:#?}", shown(&told));
        assert_eq!(told.report.verdict.level, Level::Compromised);
    }
}

/// One that receives nothing: its protocol is 0.
fn packet_socket() -> OwnedFd {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
    socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None).unwrap()
}
