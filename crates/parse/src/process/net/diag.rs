//! Sockets as `sock_diag`(7) tells them: `struct inet_diag_msg` (`linux/inet_diag.h`) and
//! `struct packet_diag_msg` (`linux/packet_diag.h`), each without the netlink header before it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{InetSocket, PacketKind, PacketSocket, SocketFilter, TcpState};

/// Attributes of a packet socket.
const INFO: u16 = 0;
const UID: u16 = 5;
const FILTER: u16 = 7;
const PACKET_HEAD: usize = 16;
/// `AF_INET6`.
const IPV6: u8 = 10;

/// A packet socket, with what its table does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacketDiag {
    /// What the table tells too.
    pub socket: PacketSocket,
    /// The filter that lets packets through to it: classic BPF. None, or one of extended BPF, is absent.
    pub filter: Option<SocketFilter>,
}

/// An internet socket. One that is bound, and neither listens nor is connected, is `Close`.
pub fn inet_diag(message: &[u8]) -> Option<InetSocket> {
    let [family, state, _, _] = *message.first_chunk()?;
    let end = |address: usize, port: usize| {
        let bytes: [u8; 16] = field(message, address)?;
        let ip = match family {
            IPV6 => IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical(),
            _ => IpAddr::V4(Ipv4Addr::from(*bytes.first_chunk::<4>()?)),
        };
        Some(SocketAddr::new(ip, u16::from_be_bytes(field(message, port)?)))
    };
    Some(InetSocket {
        local: end(8, 4)?,
        remote: end(24, 6)?,
        state: TcpState::of(state.into())?,
        uid: u32::from_ne_bytes(field(message, 64)?),
        inode: u32::from_ne_bytes(field(message, 68)?).into(),
    })
}

/// A packet socket.
pub fn packet_diag(message: &[u8]) -> Option<PacketDiag> {
    let kind = PacketKind::of(u32::from(*message.get(1)?));
    let mut socket = PacketSocket {
        kind,
        protocol: u16::from_ne_bytes(field(message, 2)?),
        interface: 0,
        uid: 0,
        inode: u32::from_ne_bytes(field(message, 4)?).into(),
    };
    let mut filter = None;
    for (kind, value) in attributes(message.get(PACKET_HEAD..)?) {
        let number = || field(value, 0).map(u32::from_ne_bytes);
        match kind {
            INFO => socket.interface = number()?,
            UID => socket.uid = number()?,
            // An empty one says that the asker may not see it.
            FILTER => filter = SocketFilter::parse(value),
            _ => {}
        }
    }
    Some(PacketDiag { socket, filter })
}

/// `struct nlattr` (linux/netlink.h) and what follows each; the first that does not fit ends them.
fn attributes(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_ne_bytes(field(rest, 0)?));
        let kind = u16::from_ne_bytes(field(rest, 2)?);
        let value = rest.get(4..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Linux 6.18 answers for a socket with a filter for IPv4, bound to no interface.
    const PACKET: &str = "11030003b420030003000000000000001c0000000200000000000000000000000000000000\
        0000000000000008000500e80300000400010024000700280000000c000000150000010008000006000000ffff0000\
        0600000000000000";

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pair =
            |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(pair).collect()
    }

    #[test]
    fn a_packet_socket_has_its_interface_its_maker_and_its_filter() {
        let told = packet_diag(&bytes(PACKET)).unwrap();
        let PacketSocket { kind, protocol, interface, uid, inode } = told.socket;
        assert_eq!((kind, protocol), (PacketKind::Raw, 0x300));
        assert_eq!((interface, uid, inode), (2, 1000, 0x0003_20b4));
        let filter = told.filter.unwrap();
        assert_eq!((filter.instructions, filter.compared), (4, vec![0x800]));
    }

    #[test]
    fn a_filter_that_may_not_be_seen_is_none() {
        let mut message = bytes(PACKET);
        message.truncate(56);
        assert_eq!(packet_diag(&message).unwrap().filter, None);
        message.extend(4_u16.to_ne_bytes());
        message.extend(7_u16.to_ne_bytes());
        assert_eq!(packet_diag(&message).unwrap().filter, None);
    }

    fn inet(family: u8, state: u8, source: &[u8], inode: u32) -> Vec<u8> {
        let mut message = vec![family, state, 0, 0];
        message.extend(22_u16.to_be_bytes());
        message.extend(443_u16.to_be_bytes());
        message.extend(source);
        message.resize(64, 0);
        message.extend(7_u32.to_ne_bytes());
        message.extend(inode.to_ne_bytes());
        message
    }

    #[test]
    fn an_internet_socket_has_both_its_ends() {
        let told = inet_diag(&inet(2, 1, &[192, 0, 2, 1], 99)).unwrap();
        assert_eq!(told.local.to_string(), "192.0.2.1:22");
        assert_eq!(told.remote.to_string(), "0.0.0.0:443");
        assert_eq!((told.state, told.uid, told.inode), (TcpState::Established, 7, 99));
        let six = [[0; 8], [0, 0, 0xff, 0xff, 192, 0, 2, 1]].concat();
        let told = inet_diag(&inet(10, 7, &six, 1)).unwrap();
        assert_eq!(
            (told.local.to_string().as_str(), told.state),
            ("192.0.2.1:22", TcpState::Close)
        );
    }

    #[test]
    fn a_message_that_is_too_short_is_no_socket() {
        let whole = inet(2, 1, &[192, 0, 2, 1], 99);
        assert_eq!(inet_diag(&whole[..71]), None);
        assert_eq!(packet_diag(&bytes(PACKET)[..15]), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
            let _ = (inet_diag(&bytes), packet_diag(&bytes));
        }
    }
}
