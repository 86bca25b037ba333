//! Headers of one packet, cut where the capture cut it.

use std::net::IpAddr;

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};

/// Ports of TCP or UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ports {
    /// Where it comes from.
    pub source: u16,
    /// Where it goes to.
    pub destination: u16,
}

/// The flags of a TCP header (RFC 9293, 3.1), low eight bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    const SYN: u8 = 0x02;
    const RST: u8 = 0x04;
    const ACK: u8 = 0x10;

    /// Opens a connection: SYN without ACK.
    pub fn is_syn(self) -> bool {
        self.0 & (Self::SYN | Self::ACK) == Self::SYN
    }

    /// Answers an opening: SYN with ACK.
    pub fn is_syn_ack(self) -> bool {
        self.0 & (Self::SYN | Self::ACK) == Self::SYN | Self::ACK
    }

    /// Refuses or breaks a connection.
    pub fn is_rst(self) -> bool {
        self.0 & Self::RST != 0
    }
}

/// An IP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    /// The address it says it comes from.
    pub source: IpAddr,
    /// The address it goes to.
    pub destination: IpAddr,
    /// The protocol's number (6 TCP, 17 UDP, 1 ICMP, ...).
    pub protocol: u8,
    /// The ports, unless it has none or is a later fragment.
    pub ports: Option<Ports>,
    /// The flags, when it is TCP.
    pub tcp: TcpFlags,
}

impl Packet {
    /// Reads a frame with an Ethernet header (VLAN tags are followed). `None` when it is not IP.
    pub fn in_ethernet(frame: &[u8]) -> Option<Self> {
        Self::of(&LaxSlicedPacket::from_ethernet(frame).ok()?)
    }

    /// Reads a packet that begins after its link header; `kind` is its Ethernet type.
    pub fn in_protocol(kind: u16, packet: &[u8]) -> Option<Self> {
        Self::of(&LaxSlicedPacket::from_ether_type(EtherType(kind), packet))
    }

    fn of(sliced: &LaxSlicedPacket<'_>) -> Option<Self> {
        let (source, destination, protocol) = match sliced.net.as_ref()? {
            LaxNetSlice::Ipv4(ip) => {
                let header = ip.header();
                let (from, to) = (header.source_addr(), header.destination_addr());
                (IpAddr::V4(from), IpAddr::V4(to), ip.payload_ip_number().0)
            }
            LaxNetSlice::Ipv6(ip) => {
                let header = ip.header();
                let (from, to) = (header.source_addr(), header.destination_addr());
                (IpAddr::V6(from), IpAddr::V6(to), ip.payload().ip_number.0)
            }
            LaxNetSlice::Arp(_) => return None,
        };
        let (ports, tcp) = transport(sliced.transport.as_ref());
        Some(Self { source, destination, protocol, ports, tcp })
    }
}

fn transport(slice: Option<&TransportSlice<'_>>) -> (Option<Ports>, TcpFlags) {
    match slice {
        Some(TransportSlice::Tcp(tcp)) => {
            let ports = Ports { source: tcp.source_port(), destination: tcp.destination_port() };
            let flags = tcp.header_slice().get(13).copied().unwrap_or_default();
            (Some(ports), TcpFlags(flags))
        }
        Some(TransportSlice::Udp(udp)) => {
            let ports = Ports { source: udp.source_port(), destination: udp.destination_port() };
            (Some(ports), TcpFlags::default())
        }
        _ => (None, TcpFlags::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// SYN from 192.0.2.1:40000 to 203.0.113.9:80.
    const SYN: &[u8] = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0\
        \x45\0\0\x28\0\0\0\0\x40\x06\0\0\xc0\0\x02\x01\xcb\0\x71\x09\
        \x9c\x40\0\x50\0\0\0\x01\0\0\0\0\x50\x02\xff\xff\0\0\0\0";

    #[test]
    fn a_syn_is_read_with_its_ends_and_flags() {
        let packet = Packet::in_ethernet(SYN).unwrap();
        assert_eq!(packet.source.to_string(), "192.0.2.1");
        assert_eq!(packet.destination.to_string(), "203.0.113.9");
        assert_eq!(packet.ports, Some(Ports { source: 40000, destination: 80 }));
        assert!(packet.tcp.is_syn() && !packet.tcp.is_syn_ack() && !packet.tcp.is_rst());
        assert_eq!(Packet::in_protocol(0x0800, &SYN[14..]), Some(packet));
    }

    #[test]
    fn a_vlan_tag_is_followed() {
        let tagged = [&SYN[..12], b"\x81\0\0\x07", &SYN[12..]].concat();
        assert_eq!(Packet::in_ethernet(&tagged), Packet::in_ethernet(SYN));
    }

    #[test]
    fn a_later_fragment_has_addresses_and_no_ports() {
        let mut frame = SYN.to_vec();
        frame[21] = 9; // offset 72
        let packet = Packet::in_ethernet(&frame).unwrap();
        assert_eq!((packet.protocol, packet.ports), (6, None));
    }

    #[test]
    fn a_packet_that_the_capture_cut_keeps_what_was_kept() {
        let cut = Packet::in_ethernet(&SYN[..36]).unwrap();
        assert_eq!((cut.protocol, cut.ports), (6, None));
        assert_eq!(Packet::in_ethernet(&SYN[..20]), None);
    }

    #[test]
    fn what_is_not_ip_is_nothing() {
        let mut arp = SYN.to_vec();
        arp[13] = 6;
        assert_eq!(Packet::in_ethernet(&arp), None);
    }

    #[test]
    fn ipv6_udp_is_read() {
        let mut packet = b"\x60\0\0\0\0\x0c\x11\x40".to_vec();
        for end in [1, 2] {
            packet.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, end]);
        }
        packet.extend(b"\0\x35\x13\x88\0\x0c\0\0abcd");
        let packet = Packet::in_protocol(0x86dd, &packet).unwrap();
        assert_eq!(packet.destination.to_string(), "2001:db8::2");
        assert_eq!(packet.ports, Some(Ports { source: 53, destination: 5000 }));
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_packet_or_nothing(bytes in prop::collection::vec(any::<u8>(), 0..160)) {
            let _ = Packet::in_ethernet(&bytes);
            let _ = Packet::in_protocol(0x0800, &bytes);
            let _ = Packet::in_protocol(0x86dd, &bytes);
        }
    }
}
