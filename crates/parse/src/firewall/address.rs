//! Addresses and ports of rules.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::names::service_port;
use crate::Text;

/// Addresses from `first` to `last`; stored as `a`, `a/len` or `a-b`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct AddressRange {
    /// The lowest address.
    pub first: IpAddr,
    /// The highest address, of the same kind.
    pub last: IpAddr,
}

impl AddressRange {
    /// One address.
    pub fn one(address: IpAddr) -> Self {
        Self { first: address, last: address }
    }

    /// A network; a length beyond the address's own is one address.
    pub fn network(address: IpAddr, length: u8) -> Self {
        match address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shr(u32::from(length)).unwrap_or(0);
                let low = v4.to_bits() & !mask;
                Self { first: Ipv4Addr::from(low).into(), last: Ipv4Addr::from(low | mask).into() }
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shr(u32::from(length)).unwrap_or(0);
                let low = v6.to_bits() & !mask;
                Self { first: Ipv6Addr::from(low).into(), last: Ipv6Addr::from(low | mask).into() }
            }
        }
    }

    /// From address and mask as the kernel keeps them; `None` when the mask has holes.
    pub fn masked(address: IpAddr, mask: IpAddr) -> Option<Self> {
        let (ones, zeros) = match mask {
            IpAddr::V4(v4) => (v4.to_bits().leading_ones(), v4.to_bits().trailing_zeros()),
            IpAddr::V6(v6) => (v6.to_bits().leading_ones(), v6.to_bits().trailing_zeros()),
        };
        let width = if mask.is_ipv4() { 32 } else { 128 };
        (ones + zeros == width).then(|| Self::network(address, u8::try_from(ones).unwrap_or(128)))
    }

    /// A single address.
    pub fn is_single(&self) -> bool {
        self.first == self.last
    }

    /// Every address there is.
    pub fn is_everything(&self) -> bool {
        self.prefix_length() == Some(0)
    }

    /// Holds `address`.
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4() && (self.first..=self.last).contains(&address)
    }

    /// Shares addresses with `other`.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.first.is_ipv4() == other.first.is_ipv4()
            && self.first <= other.last
            && other.first <= self.last
    }

    /// The length, when the range is exactly a network.
    pub fn prefix_length(&self) -> Option<u8> {
        let width = if self.first.is_ipv4() { 32 } else { 128 };
        let (first, last) = (bits(self.first), bits(self.last));
        let host = u8::try_from(128 - (first ^ last).leading_zeros()).ok()?;
        let ones = 1_u128.checked_shl(u32::from(host)).map_or(u128::MAX, |top| top - 1);
        let whole = first & ones == 0 && last & ones == ones;
        (whole && host <= width).then(|| width - host)
    }

    /// From `203.0.113.7`, `203.0.113.0/24`, `203.0.113.0/255.255.255.0` or `a-b`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        std::str::from_utf8(text).ok()?.parse().ok()
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The text is not an address, a network or a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an address, network or range")]
pub struct BadRange;

impl FromStr for AddressRange {
    type Err = BadRange;

    fn from_str(text: &str) -> Result<Self, BadRange> {
        if let Some((address, length)) = text.split_once('/') {
            let address: IpAddr = address.parse().map_err(|_| BadRange)?;
            if let Ok(length) = length.parse::<u8>() {
                return Ok(Self::network(address, length));
            }
            let mask: IpAddr = length.parse().map_err(|_| BadRange)?;
            return (mask.is_ipv4() == address.is_ipv4())
                .then(|| Self::masked(address, mask))
                .flatten()
                .ok_or(BadRange);
        }
        if let Some((first, last)) = text.split_once('-') {
            let first: IpAddr = first.parse().map_err(|_| BadRange)?;
            let last: IpAddr = last.parse().map_err(|_| BadRange)?;
            let fits = first.is_ipv4() == last.is_ipv4() && first <= last;
            return if fits { Ok(Self { first, last }) } else { Err(BadRange) };
        }
        text.parse().map(Self::one).map_err(|_| BadRange)
    }
}

impl TryFrom<String> for AddressRange {
    type Error = BadRange;

    fn try_from(text: String) -> Result<Self, BadRange> {
        text.parse()
    }
}

impl From<AddressRange> for String {
    fn from(range: AddressRange) -> Self {
        range.to_string()
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix_length() {
            _ if self.is_single() => write!(f, "{}", self.first),
            Some(length) => write!(f, "{}/{length}", self.first),
            None => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

/// The far end of a rule: addresses, or a name as a saved file has it.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// Addresses.
    Address(AddressRange),
    /// A host name, or a network name; never looked up.
    Name(Text),
}

impl Peer {
    /// Addresses when the text is such, else a name.
    pub fn parse(text: &[u8]) -> Self {
        AddressRange::parse(text).map_or_else(|| Self::Name(Text::from(text)), Self::Address)
    }

    /// The addresses, when these are known.
    pub fn range(&self) -> Option<&AddressRange> {
        match self {
            Self::Address(range) => Some(range),
            Self::Name(_) => None,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(range) => range.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// Ports from `first` to `last`; stored as `22` or `1024-2048`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct PortRange {
    /// The lowest port.
    pub first: u16,
    /// The highest port.
    pub last: u16,
}

impl PortRange {
    /// One port.
    pub fn one(port: u16) -> Self {
        Self { first: port, last: port }
    }

    /// Holds `port`.
    pub fn contains(&self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }

    /// From `22`, `ssh`, `1024:2048` (iptables) or `1024-2048` (nft). A missing end is open.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        if let Some(port) = port(text) {
            return Some(Self::one(port));
        }
        let (first, last) = text.split_once([':', '-'])?;
        let first = if first.is_empty() { 0 } else { port(first)? };
        let last = if last.is_empty() { u16::MAX } else { port(last)? };
        (first <= last).then_some(Self { first, last })
    }
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().or_else(|| service_port(text))
}

impl TryFrom<String> for PortRange {
    type Error = BadRange;

    fn try_from(text: String) -> Result<Self, BadRange> {
        Self::parse(text.as_bytes()).ok_or(BadRange)
    }
}

impl From<PortRange> for String {
    fn from(range: PortRange) -> Self {
        range.to_string()
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn networks_masks_and_ranges_are_printed_in_their_shortest_form() {
        let shown = |text: &[u8]| AddressRange::parse(text).unwrap().to_string();
        assert_eq!(shown(b"203.0.113.7/32"), "203.0.113.7");
        assert_eq!(shown(b"192.0.2.9/255.255.255.0"), "192.0.2.0/24");
        assert_eq!(shown(b"192.0.2.0-192.0.2.127"), "192.0.2.0/25");
        assert_eq!(shown(b"192.0.2.1-192.0.2.3"), "192.0.2.1-192.0.2.3");
        assert_eq!(shown(b"0.0.0.0/0"), "0.0.0.0/0");
        assert_eq!(shown(b"::/0"), "::/0");
        assert_eq!(shown(b"2001:db8::1/64"), "2001:db8::/64");
        assert!(AddressRange::parse(b"::/0").unwrap().is_everything());
    }

    #[test]
    fn masks_with_holes_and_mixed_families_are_refused() {
        assert_eq!(AddressRange::parse(b"192.0.2.0/255.0.255.0"), None);
        assert_eq!(AddressRange::parse(b"192.0.2.1-2001:db8::1"), None);
        assert_eq!(AddressRange::parse(b"192.0.2.0/ffff::"), None);
    }

    #[test]
    fn ports_are_read_by_number_name_and_range() {
        assert_eq!(PortRange::parse(b"ssh"), Some(PortRange::one(22)));
        assert_eq!(PortRange::parse(b":1024"), Some(PortRange { first: 0, last: 1024 }));
        assert_eq!(PortRange::parse(b"6000-6010"), Some(PortRange { first: 6000, last: 6010 }));
        assert_eq!(PortRange::parse(b"70000"), None);
        assert_eq!(PortRange::parse(b"9:1"), None);
    }

    proptest! {
        #[test]
        fn every_range_survives_being_stored(low: u32, high: u32) {
            let (low, high) = (low.min(high), low.max(high));
            let range = AddressRange { first: Ipv4Addr::from(low).into(), last: Ipv4Addr::from(high).into() };
            prop_assert_eq!(AddressRange::try_from(range.to_string()).unwrap(), range);
        }

        #[test]
        fn any_text_is_an_address_or_a_name_and_never_a_panic(bytes: Vec<u8>) {
            let _ = Peer::parse(&bytes);
            let _ = PortRange::parse(&bytes);
        }
    }
}
