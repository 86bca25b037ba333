//! The connection of the person who types: a socket of one of the processes that started us.
//!
//! sshd holds the connection and is an ancestor of the shell. Below tmux or screen it is not; then
//! `SSH_CONNECTION` is a hint, believed only when the kernel knows that connection.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use crate::request::Exempt;

const MOST_ANCESTORS: usize = 64;
const MOST_FILES: usize = 65_536;
const MOST_FOUND: usize = 8;
const ESTABLISHED: &str = "01";

/// An established TCP connection of this network namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Connection {
    local: SocketAddr,
    peer: SocketAddr,
    inode: u64,
}

/// The connections to leave alone.
pub fn own_connections(proc: &Path, hint: Option<&str>) -> Vec<Exempt> {
    let all = connections(proc);
    let held = ancestors(proc).into_iter().flat_map(|pid| sockets(proc, pid));
    let held: Vec<u64> = held.collect();
    let hinted = hint.and_then(parse_hint);
    let ours = |c: &&Connection| {
        !c.peer.ip().is_loopback() && (held.contains(&c.inode) || hinted == Some((c.peer, c.local)))
    };
    let found = all.iter().filter(ours).take(MOST_FOUND);
    found.map(|c| Exempt::Connection { local: c.local, peer: c.peer }).collect()
}

/// sshd(8), ENVIRONMENT: client address and port, server address and port.
fn parse_hint(hint: &str) -> Option<(SocketAddr, SocketAddr)> {
    let mut words = hint.split(' ');
    let mut end = || {
        let address: IpAddr = words.next()?.parse().ok()?;
        Some(SocketAddr::new(address.to_canonical(), words.next()?.parse().ok()?))
    };
    Some((end()?, end()?))
}

/// Our parent, its parent and so on.
fn ancestors(proc: &Path) -> Vec<u32> {
    let mut found = Vec::new();
    let mut next = parent(proc, "self");
    while let Some(pid) = next.filter(|&pid| pid > 1 && !found.contains(&pid)) {
        if found.len() >= MOST_ANCESTORS {
            break;
        }
        found.push(pid);
        next = parent(proc, &pid.to_string());
    }
    found
}

/// The fourth field of /proc/PID/stat; a name in the second may hold anything, even ") R 1".
fn parent(proc: &Path, process: &str) -> Option<u32> {
    let stat = std::fs::read(proc.join(process).join("stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    let (_, after) = stat.rsplit_once(')')?;
    after.split_whitespace().nth(1)?.parse().ok()
}

fn sockets(proc: &Path, pid: u32) -> Vec<u64> {
    let folder = std::fs::read_dir(proc.join(pid.to_string()).join("fd"));
    let links = folder.into_iter().flatten().flatten().take(MOST_FILES);
    let inode = |entry: std::fs::DirEntry| {
        let target = std::fs::read_link(entry.path()).ok()?;
        target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    };
    links.filter_map(inode).collect()
}

fn connections(proc: &Path) -> Vec<Connection> {
    let read = |name: &str| std::fs::read_to_string(proc.join("self/net").join(name));
    let (four, six) = (read("tcp").unwrap_or_default(), read("tcp6").unwrap_or_default());
    four.lines().chain(six.lines()).filter_map(connection).collect()
}

/// One line of /proc/net/tcp or tcp6 (`proc_pid_net(5)`).
fn connection(line: &str) -> Option<Connection> {
    let mut words = line.split_whitespace();
    let (local, peer, state) = (words.nth(1)?, words.next()?, words.next()?);
    let inode = words.nth(5)?.parse().ok()?;
    if state != ESTABLISHED {
        return None;
    }
    Some(Connection { local: end(local)?, peer: end(peer)?, inode })
}

/// Words of four bytes in the machine's order, then the port.
fn end(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::new();
    for digits in address.as_bytes().chunks(8) {
        let word = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    let four = || bytes.as_array().map(|b: &[u8; 4]| IpAddr::V4(Ipv4Addr::from(*b)));
    let six = || bytes.as_array().map(|b: &[u8; 16]| IpAddr::V6(Ipv6Addr::from(*b)));
    Some(SocketAddr::new(four().or_else(six)?.to_canonical(), port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 010200C0:0016 097100CB:C350 01 00000000:00000000 02:0000 00000000     0        0 4711 2
   1: 010200C0:0016 00000000:0000 0A 00000000:00000000 00:0000 00000000     0        0 4712 1
   2: 010200C0:0050 087100CB:C351 01 00000000:00000000 02:0000 00000000     0        0 4713 2
";

    fn proc(stats: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (pid, stat) in stats {
            let folder = root.path().join(pid);
            std::fs::create_dir_all(folder.join("fd")).unwrap();
            std::fs::write(folder.join("stat"), stat).unwrap();
        }
        std::fs::create_dir_all(root.path().join("self/net")).unwrap();
        std::fs::write(root.path().join("self/net/tcp"), TABLE).unwrap();
        root
    }

    fn ssh() -> Vec<Exempt> {
        let (local, peer) = ("192.0.2.1:22".parse().unwrap(), "203.0.113.9:50000".parse().unwrap());
        vec![Exempt::Connection { local, peer }]
    }

    #[test]
    fn the_connection_is_found_from_an_ancestors_socket() {
        let stats =
            [("self", "9 (coroner) R 8 9"), ("8", "8 (b) R 1 (sh) S 7 8"), ("7", "7 (sshd) S 1 7")];
        let root = proc(&stats);
        std::os::unix::fs::symlink("socket:[4711]", root.path().join("7/fd/4")).unwrap();
        assert_eq!(own_connections(root.path(), None), ssh());
    }

    #[test]
    fn the_environment_is_believed_only_about_a_connection_that_exists() {
        let root = proc(&[("self", "9 (coroner) R 1 9")]);
        let found = |hint| own_connections(root.path(), Some(hint));
        assert_eq!(found("203.0.113.9 50000 192.0.2.1 22"), ssh());
        assert_eq!(found("203.0.113.9 50001 192.0.2.1 22"), []);
        assert_eq!(found("garbage"), []);
    }

    proptest! {
        #[test]
        fn no_line_makes_the_reader_panic(line in ".{0,200}") {
            let _ = (connection(&line), end(&line), parse_hint(&line));
        }
    }
}
