//! From what a person names to u32 keys.
//!
//! Ports lie behind the IP header, whose length differs: an entry of the first table matches the
//! IP header and leads to a second table, which counts from the header behind it.

use std::net::{IpAddr, SocketAddr};

use crate::model::{Header, Key};
use crate::request::{Direction, Exempt, Matching, Protocol};
use crate::{Block, Mark, Ports};

/// One thing to match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) protocol: Option<Protocol>,
    pub(crate) source: Option<Block>,
    pub(crate) destination: Option<Block>,
    pub(crate) mark: Option<Mark>,
    /// Any of these runs of keys on the transport header; none means that it is not looked at.
    pub(crate) transport: Vec<Vec<Key>>,
}

/// TCP flags: the 32 bits at 12 hold offset, flags and window. SYN is set and ACK is not.
const SYN_ALONE: Key =
    Key { value: 0x0002_0000, mask: 0x0012_0000, offset: 12, header: Header::Transport };

fn source_port(value: u16, mask: u16) -> Key {
    let (value, mask) = (u32::from(value) << 16, u32::from(mask) << 16);
    Key { value, mask, offset: 0, header: Header::Transport }
}

fn destination_port(value: u16, mask: u16) -> Key {
    Key { value: value.into(), mask: mask.into(), offset: 0, header: Header::Transport }
}

impl Term {
    /// Whether packets of IPv4 (or else IPv6) can match.
    pub(crate) fn has_family(&self, ipv4: bool) -> bool {
        let fits = |block: Option<Block>| block.is_none_or(|block| block.is_ipv4() == ipv4);
        fits(self.source) && fits(self.destination)
    }

    /// The keys on the IP header. `tagged` frames are of either family, so the version counts too.
    pub(crate) fn network_keys(&self, ipv4: bool, tagged: bool) -> Vec<Key> {
        let key = |value, mask, offset| Key { value, mask, offset, header: Header::Network };
        let mut keys = Vec::new();
        if tagged {
            keys.push(key(if ipv4 { 0x4000_0000 } else { 0x6000_0000 }, 0xf000_0000, 0));
        }
        if let Some(protocol) = self.protocol {
            let number = u32::from(protocol.number());
            keys.push(if ipv4 {
                key(number << 16, 0x00ff_0000, 8)
            } else {
                key(number << 8, 0x0000_ff00, 4)
            });
        }
        let (source, destination) = if ipv4 { (12, 16) } else { (8, 24) };
        keys.extend(address_keys(self.source, source));
        keys.extend(address_keys(self.destination, destination));
        if ipv4 && !self.transport.is_empty() {
            // Later fragments have no transport header: what stands there is payload.
            keys.push(key(0, 0x0000_1fff, 4));
        }
        if keys.is_empty() {
            keys.push(key(0, 0, 0));
        }
        keys
    }
}

fn address_keys(block: Option<Block>, start: u16) -> Vec<Key> {
    let words = block.map(Block::words).unwrap_or_default();
    let offsets = (start..).step_by(4);
    let key = |((value, mask), offset)| Key { value, mask, offset, header: Header::Network };
    words.into_iter().zip(offsets).map(key).collect()
}

/// The terms of an attack.
pub(crate) fn attack(matching: &Matching) -> Vec<Term> {
    let protocols: Vec<Option<Protocol>> = match matching.protocol {
        Some(protocol) => vec![Some(protocol)],
        None if matching.syn_only => vec![Some(Protocol::TCP)],
        None if matching.dports.is_empty() => vec![None],
        None => vec![Some(Protocol::TCP), Some(Protocol::UDP)],
    };
    let transport = attack_transport(matching);
    let mut terms = Vec::new();
    for protocol in protocols {
        for source in or_any(&matching.sources) {
            for destination in or_any(&matching.destinations) {
                let (mark, transport) = (matching.mark, transport.clone());
                terms.push(Term { protocol, source, destination, mark, transport });
            }
        }
    }
    terms
}

fn or_any(blocks: &[Block]) -> Vec<Option<Block>> {
    if blocks.is_empty() { vec![None] } else { blocks.iter().copied().map(Some).collect() }
}

fn attack_transport(matching: &Matching) -> Vec<Vec<Key>> {
    let ports = Ports::merged(matching.dports.clone());
    let masks = ports.into_iter().flat_map(Ports::masks);
    let mut runs: Vec<Vec<Key>> =
        masks.map(|port| vec![destination_port(port.value, port.mask)]).collect();
    if matching.syn_only {
        if runs.is_empty() {
            runs.push(Vec::new());
        }
        for run in &mut runs {
            run.push(SYN_ALONE);
        }
    }
    runs
}

/// The terms of what is left alone.
pub(crate) fn exempt(exempt: &Exempt, direction: Direction) -> Vec<Term> {
    match *exempt {
        Exempt::Block(block) => vec![
            Term { source: Some(block), ..Term::default() },
            Term { destination: Some(block), ..Term::default() },
        ],
        Exempt::Ports(ports) => {
            let masks = ports.masks();
            let from = masks.iter().map(|port| vec![source_port(port.value, port.mask)]);
            let to = masks.iter().map(|port| vec![destination_port(port.value, port.mask)]);
            let transport: Vec<_> = from.chain(to).collect();
            let of = |protocol| Term {
                protocol: Some(protocol),
                transport: transport.clone(),
                ..Term::default()
            };
            vec![of(Protocol::TCP), of(Protocol::UDP)]
        }
        Exempt::Connection { local, peer } => match direction {
            Direction::Egress => vec![connection(local, peer)],
            Direction::Ingress => vec![connection(peer, local)],
        },
    }
}

fn connection(from: SocketAddr, to: SocketAddr) -> Term {
    let block = |address: IpAddr| Some(Block::one(address.to_canonical()));
    let ports = Key {
        value: u32::from(from.port()) << 16 | u32::from(to.port()),
        mask: u32::MAX,
        offset: 0,
        header: Header::Transport,
    };
    Term {
        protocol: Some(Protocol::TCP),
        source: block(from.ip()),
        destination: block(to.ip()),
        mark: None,
        transport: vec![vec![ports]],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a packet (from its IP header on) matches a term, by the rules of `cls_u32`.
    fn matches(term: &Term, packet: &[u8]) -> bool {
        let ipv4 = packet[0] >> 4 == 4;
        let start = if ipv4 { usize::from(packet[0] & 15) * 4 } else { 40 };
        let hit = |key: &Key| {
            let base = if key.header == Header::Network { 0 } else { start };
            let at = base + usize::from(key.offset);
            packet.get(at..at + 4).is_some_and(|word| {
                (u32::from_be_bytes(word.try_into().unwrap()) ^ key.value) & key.mask == 0
            })
        };
        term.has_family(ipv4)
            && term.network_keys(ipv4, true).iter().all(hit)
            && (term.transport.is_empty() || term.transport.iter().any(|run| run.iter().all(hit)))
    }

    /// An IPv4 TCP packet from 192.0.2.1:4000 with so many words of options.
    fn tcp4(options: u8, port: u16, flags: u8, fragment: u16) -> Vec<u8> {
        let mut packet = vec![0x45 + options, 0, 0, 60, 0, 1];
        packet.extend(fragment.to_be_bytes());
        packet.extend([64, 6, 0, 0, 192, 0, 2, 1, 203, 0, 113, 9]);
        packet.extend(vec![1; usize::from(options) * 4]);
        packet.extend(4000_u16.to_be_bytes());
        packet.extend(port.to_be_bytes());
        packet.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        packet
    }

    fn tcp6(port: u16, next_header: u8) -> Vec<u8> {
        let mut packet = vec![0x60, 0, 0, 0, 0, 20, next_header, 64];
        packet.extend("2001:db8::1".parse::<std::net::Ipv6Addr>().unwrap().octets());
        packet.extend("2001:db8::2".parse::<std::net::Ipv6Addr>().unwrap().octets());
        packet.extend(4000_u16.to_be_bytes());
        packet.extend(port.to_be_bytes());
        packet.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0]);
        packet
    }

    fn any(matching: &Matching, packet: &[u8]) -> bool {
        attack(matching).iter().any(|term| matches(term, packet))
    }

    fn web() -> Matching {
        Matching { dports: vec![Ports::one(80), Ports::one(443)], ..Matching::default() }
    }

    #[test]
    fn ports_are_found_behind_ip_options_of_every_length() {
        for options in 0..=10 {
            assert!(any(&web(), &tcp4(options, 443, 2, 0)), "{options} words");
            assert!(!any(&web(), &tcp4(options, 22, 2, 0)), "{options} words");
        }
    }

    #[test]
    fn the_first_fragment_has_ports_and_later_ones_have_not() {
        assert!(any(&web(), &tcp4(0, 80, 2, 0x2000)));
        assert!(!any(&web(), &tcp4(0, 80, 2, 0x2001)));
        assert!(!any(&web(), &tcp4(0, 80, 2, 0x0010)));
    }

    #[test]
    fn ipv6_is_matched_and_extension_headers_are_not_walked() {
        assert!(any(&web(), &tcp6(80, 6)));
        assert!(!any(&web(), &tcp6(22, 6)));
        assert!(!any(&web(), &tcp6(80, 0)));
    }

    #[test]
    fn syn_only_leaves_established_traffic_free() {
        let syn = Matching { syn_only: true, ..web() };
        assert!(any(&syn, &tcp4(0, 443, 0x02, 0)));
        assert!(any(&syn, &tcp4(0, 443, 0xc2, 0)), "SYN with ECN bits");
        assert!(!any(&syn, &tcp4(0, 443, 0x10, 0)), "ACK");
        assert!(!any(&syn, &tcp4(0, 443, 0x12, 0)), "SYN and ACK");
        assert!(!any(&syn, &tcp4(0, 22, 0x02, 0)), "another port");
    }

    #[test]
    fn addresses_decide_within_their_family() {
        let to = |block: &str| Matching { destinations: vec![block.parse().unwrap()], ..web() };
        assert!(any(&to("203.0.113.0/24"), &tcp4(3, 80, 2, 0)));
        assert!(!any(&to("198.51.100.0/24"), &tcp4(3, 80, 2, 0)));
        assert!(any(&to("2001:db8::2"), &tcp6(80, 6)));
        assert!(!any(&to("2001:db8::2"), &tcp4(0, 80, 2, 0)));
        let from = Matching { sources: vec!["192.0.2.1".parse().unwrap()], ..Matching::default() };
        assert!(any(&from, &tcp4(0, 22, 0, 0)));
    }

    #[test]
    fn exemptions_match_both_ways() {
        let hit = |text: &str, packet: &[u8]| {
            let what = text.parse().unwrap();
            exempt(&what, Direction::Egress).iter().any(|term| matches(term, packet))
        };
        assert!(hit("4000", &tcp4(2, 80, 2, 0)), "source port");
        assert!(hit("80", &tcp6(80, 6)), "destination port");
        assert!(hit("203.0.113.0/24", &tcp4(0, 80, 2, 0)));
        assert!(!hit("81-90", &tcp4(0, 80, 2, 0)));
    }

    #[test]
    fn a_connection_is_exempt_as_it_goes_in_each_direction() {
        let what = Exempt::Connection {
            local: "192.0.2.1:4000".parse().unwrap(),
            peer: "203.0.113.9:80".parse().unwrap(),
        };
        let hit =
            |direction| exempt(&what, direction).iter().any(|t| matches(t, &tcp4(0, 80, 2, 0)));
        assert!(hit(Direction::Egress));
        assert!(!hit(Direction::Ingress));
    }
}
