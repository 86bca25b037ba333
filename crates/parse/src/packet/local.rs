//! Source addresses that a host's packets may carry, from the tables of /proc/net.
//!
//! `fib_trie` lists the host's own IPv4 addresses, `route` and `ipv6_route` its networks,
//! `if_inet6` its own IPv6 addresses (Documentation/filesystems/proc.rst, proc(5)).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block of addresses, and the device through which it is reached when it is a route.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Block {
    base: u128,
    prefix: u8,
    v6: bool,
    device: Option<Vec<u8>>,
    /// Reached by way of another router.
    gateway: bool,
}

/// The addresses and networks of a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalNets {
    own: Vec<Block>,
    routes: Vec<Block>,
}

/// More addresses or routes than this are not kept (a router with the whole internet's table).
const MOST: usize = 20_000;

impl LocalNets {
    /// Whether a packet that leaves through `device` may carry this source: an address of the host,
    /// of a network that is joined directly, or of one behind another device (a guest's).
    pub fn may_send(&self, source: IpAddr, device: &[u8]) -> bool {
        let source = source.to_canonical();
        if source.is_unspecified() || source.is_loopback() || link_local(source) {
            return true; // DHCP, neighbour discovery, this host to itself
        }
        self.is_own(source) || self.is_behind(source, device)
    }

    /// Whether it is an address of the host itself.
    pub fn is_own(&self, address: IpAddr) -> bool {
        self.own.iter().any(|block| block.holds(address))
    }

    fn is_behind(&self, address: IpAddr, device: &[u8]) -> bool {
        let holding = self.routes.iter().filter(|route| route.holds(address));
        let Some(best) = holding.max_by_key(|route| route.prefix) else { return false };
        best.prefix > 0 && (!best.gateway || best.device.as_deref() != Some(device))
    }

    /// Whether any address is known: without one nothing can be called forged.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    /// Joins what other tables say.
    pub fn merge(&mut self, mut other: Self) {
        self.own.append(&mut other.own);
        self.routes.append(&mut other.routes);
        self.own.truncate(MOST);
        self.routes.truncate(MOST);
    }
}

fn link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

impl Block {
    fn holds(&self, address: IpAddr) -> bool {
        let (bits, width, v6) = match address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32, false),
            IpAddr::V6(v6) => (v6.to_bits(), 128, true),
        };
        let host_bits = u32::from(width - self.prefix.min(width));
        let cut = |bits: u128| bits.checked_shr(host_bits).unwrap_or(0);
        v6 == self.v6 && cut(bits) == cut(self.base)
    }
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

fn text(word: &[u8]) -> Option<&str> {
    std::str::from_utf8(word).ok()
}

/// `/proc/net/fib_trie`: addresses with their local entries (`/32 host LOCAL`) below them.
pub fn fib_trie(table: &[u8]) -> LocalNets {
    let mut found = LocalNets::default();
    let mut last: Option<Ipv4Addr> = None;
    for line in table.split(|&byte| byte == b'\n') {
        let mut words = words(line);
        match (words.next(), words.next(), words.next()) {
            (Some(b"|--"), Some(address), None) => {
                last = text(address).and_then(|a| a.parse().ok());
            }
            (Some(prefix), Some(b"host"), Some(b"LOCAL")) => {
                let prefix = prefix.strip_prefix(b"/").and_then(|p| text(p)?.parse().ok());
                let (Some(base), Some(prefix)) = (last, prefix) else { continue };
                found.own.push(Block::v4(base, prefix, None, false));
            }
            _ => {}
        }
        if found.own.len() >= MOST {
            break;
        }
    }
    found.own.dedup();
    found
}

impl Block {
    fn v4(base: Ipv4Addr, prefix: u8, device: Option<&[u8]>, gateway: bool) -> Self {
        let base = u128::from(base.to_bits());
        Self { base, prefix, v6: false, device: device.map(<[u8]>::to_vec), gateway }
    }
}

/// `/proc/net/route`: device, destination, gateway, flags, ..., mask; words of the machine's order.
pub fn ipv4_routes(table: &[u8]) -> LocalNets {
    let route = |line: &[u8]| {
        let mut words = words(line);
        let device = words.next()?;
        let word = |word: &[u8]| u32::from_str_radix(text(word)?, 16).ok();
        let base = word(words.next()?)?;
        let gateway = word(words.next()?)?;
        let mask = word(words.nth(4)?)?;
        let base = Ipv4Addr::from(base.to_ne_bytes());
        let prefix = u8::try_from(mask.count_ones()).ok()?;
        Some(Block::v4(base, prefix, Some(device), gateway != 0))
    };
    let lines = table.split(|&byte| byte == b'\n');
    LocalNets { own: Vec::new(), routes: lines.filter_map(route).take(MOST).collect() }
}

/// `/proc/net/ipv6_route`: destination, prefix, source, prefix, next hop, four words, device.
pub fn ipv6_routes(table: &[u8]) -> LocalNets {
    let route = |line: &[u8]| {
        let mut words = words(line);
        let base = u128::from_str_radix(text(words.next()?)?, 16).ok()?;
        let prefix = u8::from_str_radix(text(words.next()?)?, 16).ok()?;
        let hop = u128::from_str_radix(text(words.nth(2)?)?, 16).ok()?;
        let device = words.nth(4)?.to_vec();
        // Multicast and unreachable routes stand there too; neither is a source's network.
        let network = prefix > 0 && base >> 120 != 0xff && device != b"lo";
        network.then_some(Block { base, prefix, v6: true, device: Some(device), gateway: hop != 0 })
    };
    let lines = table.split(|&byte| byte == b'\n');
    LocalNets { own: Vec::new(), routes: lines.filter_map(route).take(MOST).collect() }
}

/// `/proc/net/if_inet6`: address, index, prefix, scope, flags, device.
pub fn inet6_addresses(table: &[u8]) -> LocalNets {
    let address = |line: &[u8]| {
        let bits = u128::from_str_radix(text(words(line).next()?)?, 16).ok()?;
        let base = Ipv6Addr::from_bits(bits).to_bits();
        Some(Block { base, prefix: 128, v6: true, device: None, gateway: false })
    };
    let lines = table.split(|&byte| byte == b'\n');
    LocalNets { own: lines.filter_map(address).take(MOST).collect(), routes: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TRIE: &[u8] =
        b"Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n\
        Local:\n     +-- 192.0.2.0/24 2 0 2\n        |-- 192.0.2.1\n           /32 host LOCAL\n\
        \x20       |-- 192.0.2.255\n           /32 link BROADCAST\n\
        \x20       |-- 198.51.100.0\n           /25 host LOCAL\n";
    const ROUTES: &[u8] =
        b"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
        eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
        eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n\
        docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n\
        eth0\t0000000A\t010200C0\t0003\t0\t0\t0\t000000FF\t0\t0\t0\n\
        wg0\t0000800A\t010200C0\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0\n";

    #[cfg(target_endian = "little")]
    fn host() -> LocalNets {
        let mut nets = fib_trie(TRIE);
        nets.merge(ipv4_routes(ROUTES));
        nets.merge(ipv6_routes(
            b"20010db8000100000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001 veth1\n\
              00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003 eth0\n",
        ));
        nets.merge(inet6_addresses(b"20010db8000000000000000000000007 02 40 00 80 eth0\n"));
        nets
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn own_addresses_guests_and_neighbours_may_send() {
        let may = |source: &str| host().may_send(source.parse().unwrap(), b"eth0");
        for source in ["192.0.2.1", "198.51.100.77", "172.17.0.9", "192.0.2.99", "10.128.1.1"] {
            assert!(may(source), "{source}");
        }
        for source in ["2001:db8::7", "2001:db8:1::9", "0.0.0.0", "fe80::1", "169.254.1.1"] {
            assert!(may(source), "{source}");
        }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn addresses_of_others_are_forged_even_where_a_router_leads_to_them() {
        let may = |source: &str| host().may_send(source.parse().unwrap(), b"eth0");
        for source in ["203.0.113.5", "198.51.100.200", "10.1.2.3", "2001:db8:2::9"] {
            assert!(!may(source), "{source}");
        }
        assert!(!host().is_empty() && LocalNets::default().is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_tables(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let tables = [fib_trie(&bytes), ipv4_routes(&bytes), ipv6_routes(&bytes), inet6_addresses(&bytes)];
            for table in tables {
                let _ = table.may_send([192, 0, 2, 1].into(), b"eth0");
            }
        }
    }
}
