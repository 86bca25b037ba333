//! What a person asks for, and what is wrong with it before anything is looked at.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Block, Ports, Rate, Size};

/// A transport or other protocol by its number (IANA protocol numbers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Protocol(u8);

/// A packet mark, `value` under `mask`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// The bits.
    pub value: u32,
    /// Which of them count.
    pub mask: u32,
}

/// What an attack looks like. Empty lists mean any.
#[derive(Debug, Clone, Default)]
pub struct Matching {
    /// Destination ports.
    pub dports: Vec<Ports>,
    /// The protocol; TCP and UDP when ports are named without one.
    pub protocol: Option<Protocol>,
    /// Destinations.
    pub destinations: Vec<Block>,
    /// Sources, such as a guest's address.
    pub sources: Vec<Block>,
    /// TCP with SYN and without ACK alone.
    pub syn_only: bool,
    /// The packet's mark.
    pub mark: Option<Mark>,
}

/// What is never touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exempt {
    /// Everything from and to these addresses.
    Block(Block),
    /// TCP and UDP from and to these ports.
    Ports(Ports),
    /// One TCP connection of this machine.
    Connection {
        /// This machine's end.
        local: SocketAddr,
        /// The other end.
        peer: SocketAddr,
    },
}

/// Which way the traffic goes that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// What the device sends: shaped.
    Egress,
    /// What it receives: policed, as what has arrived cannot be made to wait.
    Ingress,
}

/// Everything that is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The device's name.
    pub device: String,
    /// What the attack may have.
    pub rate: Rate,
    /// What the whole device may have.
    pub total: Option<Rate>,
    /// How much of the attack may pass at once; reckoned from the rate when not given.
    pub burst: Option<Size>,
    /// The attack.
    pub matching: Matching,
    /// What is left alone.
    pub exempt: Vec<Exempt>,
    /// Which way.
    pub direction: Direction,
    /// Whether frames with a VLAN tag are looked into though the device has no VLANs of its own.
    pub vlan: bool,
}

/// Why a request makes no sense; each is one line for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongRequest {
    /// Everything would be held.
    #[error("say what to hold down: --dport, --proto, --dst, --src, --syn-only or --mark")]
    NothingToMatch,
    /// A protocol without ports.
    #[error("--dport needs tcp, udp, sctp or dccp, and {0} has no such ports")]
    NoPorts(Protocol),
    /// SYN is TCP's.
    #[error("--syn-only is for tcp, not for {0}")]
    SynIsTcp(Protocol),
    /// Addresses of two families.
    #[error("no packet has both a source and a destination of these families and this protocol")]
    Families,
    /// More for a part than for the whole.
    #[error("--rate {0} is above --total {1}")]
    AboveTotal(Rate, Rate),
    /// Policing has one bucket.
    #[error("--total is for what is sent; with --ingress give --rate alone")]
    TotalIngress,
    /// Marks are set later than policing happens.
    #[error("--mark does not go with --ingress: marks are set after packets are policed")]
    MarkIngress,
    /// A name that no device can have.
    #[error("'{0}' cannot be a device's name")]
    Name(String),
    /// More than a kernel should be given.
    #[error("this needs {0} filters, and {1} are the most; ask for fewer ports or addresses")]
    TooMany(usize, usize),
    /// More than the link.
    #[error("--rate {0} is not below the link's own {1}: nothing would be held down")]
    AboveLink(Rate, Rate),
    /// More than the link.
    #[error("--total {0} is above the link's own {1}")]
    TotalAboveLink(Rate, Rate),
}

/// Why a text is no protocol or mark.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongMatch {
    /// Not a protocol.
    #[error("'{0}' is not a protocol: tcp, udp, icmp, icmpv6, sctp, dccp, gre, esp or a number")]
    Protocol(String),
    /// Not a mark.
    #[error("'{0}' is not a mark such as 7, 0x10 or 0x10/0xf0")]
    Mark(String),
    /// Neither addresses nor ports.
    #[error("'{0}' is neither an address block nor a port")]
    Exempt(String),
}

const NAMES: &[(&str, u8)] = &[
    ("icmp", 1),
    ("tcp", 6),
    ("udp", 17),
    ("dccp", 33),
    ("gre", 47),
    ("esp", 50),
    ("icmpv6", 58),
    ("sctp", 132),
];

impl Protocol {
    /// TCP.
    pub const TCP: Self = Self(6);
    /// UDP.
    pub const UDP: Self = Self(17);

    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }

    const fn has_ports(self) -> bool {
        matches!(self.0, 6 | 17 | 33 | 132)
    }
}

impl FromStr for Protocol {
    type Err = WrongMatch;

    fn from_str(text: &str) -> Result<Self, WrongMatch> {
        let named = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        let number =
            || text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let found = named.map(|&(_, number)| number).or_else(number);
        found.map(Self).ok_or_else(|| WrongMatch::Protocol(text.to_owned()))
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(_, number)| *number == self.0) {
            Some((name, _)) => f.write_str(name),
            None => write!(f, "protocol {}", self.0),
        }
    }
}

impl FromStr for Mark {
    type Err = WrongMatch;

    fn from_str(text: &str) -> Result<Self, WrongMatch> {
        let (value, mask) = text.split_once('/').unwrap_or((text, "0xffffffff"));
        let parsed = number(value).zip(number(mask)).map(|(value, mask)| Self { value, mask });
        // Bits outside the mask could never match.
        parsed
            .filter(|mark| mark.value & !mark.mask == 0)
            .ok_or_else(|| WrongMatch::Mark(text.to_owned()))
    }
}

fn number(text: &str) -> Option<u32> {
    let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |hex| (hex, 16));
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if plain { u32::from_str_radix(digits, radix).ok() } else { None }
}

impl FromStr for Exempt {
    type Err = WrongMatch;

    fn from_str(text: &str) -> Result<Self, WrongMatch> {
        let ports = || text.parse().map(Self::Ports).ok();
        let block = || text.parse().map(Self::Block).ok();
        ports().or_else(block).ok_or_else(|| WrongMatch::Exempt(text.to_owned()))
    }
}

impl fmt::Display for Exempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(block) => write!(f, "{block}"),
            Self::Ports(ports) => write!(f, "port {ports}"),
            Self::Connection { local, peer } => write!(f, "the connection {local} to {peer}"),
        }
    }
}

impl Matching {
    /// Whether packets of IPv4 (or else IPv6) can match.
    pub(crate) fn has_family(&self, ipv4: bool) -> bool {
        let fits =
            |blocks: &[Block]| blocks.is_empty() || blocks.iter().any(|b| b.is_ipv4() == ipv4);
        let other = if ipv4 { 58 } else { 1 };
        let protocol = self.protocol.is_none_or(|protocol| protocol.0 != other);
        fits(&self.destinations) && fits(&self.sources) && protocol
    }

    fn is_empty(&self) -> bool {
        self.dports.is_empty()
            && self.protocol.is_none()
            && self.destinations.is_empty()
            && self.sources.is_empty()
            && !self.syn_only
            && self.mark.is_none()
    }

    fn check(&self) -> Result<(), WrongRequest> {
        if self.is_empty() {
            return Err(WrongRequest::NothingToMatch);
        }
        match self.protocol {
            Some(protocol) if self.syn_only && protocol != Protocol::TCP => {
                Err(WrongRequest::SynIsTcp(protocol))
            }
            Some(protocol) if !self.dports.is_empty() && !protocol.has_ports() => {
                Err(WrongRequest::NoPorts(protocol))
            }
            _ if !self.has_family(true) && !self.has_family(false) => Err(WrongRequest::Families),
            _ => Ok(()),
        }
    }
}

impl Request {
    /// Refuses what makes no sense on any machine.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), WrongRequest> {
        let name = &self.device;
        // dev_valid_name(9) of the kernel: 1 to 15 bytes, no slash, colon or space.
        let wrong = |c: char| c == '/' || c == ':' || c.is_whitespace() || c.is_control();
        if !(1..=15).contains(&name.len()) || name.contains(wrong) || name == "." || name == ".." {
            return Err(WrongRequest::Name(name.escape_debug().to_string()));
        }
        self.matching.check()?;
        match (self.direction, self.total) {
            (Direction::Ingress, Some(_)) => Err(WrongRequest::TotalIngress),
            (Direction::Ingress, None) if self.matching.mark.is_some() => {
                Err(WrongRequest::MarkIngress)
            }
            (_, Some(total)) if self.rate > total => {
                Err(WrongRequest::AboveTotal(self.rate, total))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(matching: Matching) -> Request {
        Request {
            device: "eth0".to_owned(),
            rate: "1mbit".parse().unwrap(),
            total: None,
            burst: None,
            matching,
            exempt: Vec::new(),
            direction: Direction::Egress,
            vlan: false,
        }
    }

    fn web() -> Matching {
        Matching { dports: vec![Ports::one(80)], ..Matching::default() }
    }

    #[test]
    fn what_holds_everything_or_nothing_is_refused() {
        assert_eq!(request(Matching::default()).check(), Err(WrongRequest::NothingToMatch));
        let icmp = Matching { protocol: "icmp".parse().ok(), ..web() };
        assert!(matches!(request(icmp).check(), Err(WrongRequest::NoPorts(_))));
        let udp = Matching { protocol: Some(Protocol::UDP), syn_only: true, ..web() };
        assert_eq!(request(udp).check(), Err(WrongRequest::SynIsTcp(Protocol::UDP)));
        let mixed = Matching {
            sources: vec!["192.0.2.1".parse().unwrap()],
            destinations: vec!["2001:db8::/32".parse().unwrap()],
            ..web()
        };
        assert_eq!(request(mixed).check(), Err(WrongRequest::Families));
        assert_eq!(request(web()).check(), Ok(()));
    }

    #[test]
    fn a_part_is_no_more_than_the_whole() {
        let mut asked = request(web());
        asked.total = "500kbit".parse().ok();
        assert!(matches!(asked.check(), Err(WrongRequest::AboveTotal(..))));
        asked.direction = Direction::Ingress;
        assert_eq!(asked.check(), Err(WrongRequest::TotalIngress));
    }

    #[test]
    fn names_that_no_device_has_are_refused() {
        for name in ["", "a/b", "a b", "..", "sixteen-letters-", "x\u{1b}[2J", "a:b"] {
            let asked = Request { device: name.to_owned(), ..request(web()) };
            assert!(matches!(asked.check(), Err(WrongRequest::Name(_))), "{name:?}");
        }
    }

    #[test]
    fn protocols_and_marks_are_read() {
        assert_eq!("TCP".parse(), Ok(Protocol::TCP));
        assert_eq!("17".parse(), Ok(Protocol::UDP));
        for wrong in ["", "tcpx", "256", "-6", "+6"] {
            assert!(wrong.parse::<Protocol>().is_err(), "{wrong}");
        }
        assert_eq!("0x10/0xf0".parse(), Ok(Mark { value: 0x10, mask: 0xf0 }));
        for wrong in ["", "x", "0x", "7/", "0x1/0x2", "4294967296", "+1"] {
            assert!(wrong.parse::<Mark>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_match_panic(text in ".{0,40}") {
            let _ = (text.parse::<Mark>(), text.parse::<Protocol>(), text.parse::<Exempt>());
            let _ = Request { device: text, ..request(web()) }.check();
        }
    }
}
