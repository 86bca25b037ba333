//! A plan: the qdiscs, classes and filters of one device, as plain data.

use std::fmt;

use serde::Serialize;

use crate::handle::Handle;
use crate::request::{Direction, Mark};
use crate::{Rate, Size};

/// What would be made on a device, in the order in which it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The device's name.
    pub device: String,
    /// Which way.
    pub direction: Direction,
    /// Queueing disciplines, the root first.
    pub qdiscs: Vec<Qdisc>,
    /// Classes, parents first.
    pub classes: Vec<Class>,
    /// Filters, in the order in which the kernel asks them.
    pub filters: Vec<Filter>,
    /// What a person should know: fall-backs, exemptions, limits.
    pub notes: Vec<String>,
}

/// One queueing discipline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Qdisc {
    /// Its handle.
    pub handle: Handle,
    /// What it hangs on.
    pub parent: Handle,
    /// What it does.
    #[serde(flatten)]
    pub discipline: Discipline,
}

/// What a qdisc does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Discipline {
    /// Classes with rates.
    Htb {
        /// The class of what no filter names.
        default: Handle,
    },
    /// Flows take turns; the hash changes every `perturb` seconds.
    Sfq {
        /// Seconds.
        perturb: u32,
    },
    /// Flows take turns, and none may queue for long.
    FqCodel,
    /// First in, first out.
    Pfifo {
        /// Packets.
        limit: u32,
    },
    /// One rate for all.
    Tbf {
        /// The rate.
        rate: Rate,
        /// What may pass at once.
        burst: Size,
        /// What may wait.
        limit: Size,
    },
    /// The place for filters on what comes in.
    Ingress,
}

/// One HTB class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Class {
    /// What it is for: `device`, `attack`, `rest`.
    pub name: &'static str,
    /// Its handle.
    pub handle: Handle,
    /// What it hangs on.
    pub parent: Handle,
    /// What it is sure of.
    pub rate: Rate,
    /// What it may borrow up to.
    pub ceil: Rate,
    /// What may pass at once.
    pub burst: Size,
    /// What it sends when its turn comes.
    pub quantum: u32,
}

/// The frames that a filter is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Frames {
    /// IPv4 without a tag.
    Ip,
    /// IPv6 without a tag.
    Ipv6,
    /// Frames with an 802.1Q tag, of either.
    Vlan,
}

/// One filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// What it is for.
    pub name: String,
    /// The frames it sees.
    pub frames: Frames,
    /// Lower is asked earlier.
    pub priority: u16,
    /// What it hangs on.
    pub parent: Handle,
    /// What it does.
    #[serde(flatten)]
    pub body: Body,
}

/// A table of filters, or one entry of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Body {
    /// A table that entries of the first table lead to.
    Table {
        /// Its number.
        table: u16,
    },
    /// An entry.
    Entry {
        /// The table it stands in; the first when none.
        table: Option<u16>,
        /// All must match.
        keys: Vec<Key>,
        /// The packet's mark must match too.
        mark: Option<Mark>,
        /// What happens then.
        then: Then,
    },
}

/// Bits that must match, in host order, of the 32 at an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Key {
    /// The bits.
    pub value: u32,
    /// Which of them count.
    pub mask: u32,
    /// Bytes from the start of the header; a multiple of four.
    pub offset: u16,
    /// Which header.
    pub header: Header,
}

/// Where offsets count from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Header {
    /// The IP header.
    Network,
    /// The header behind it, wherever it starts.
    Transport,
}

/// Where the transport header starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// As the IPv4 header's own length says: options are passed over.
    HeaderLength,
    /// Behind the 40 bytes of an IPv6 header.
    Fixed,
}

/// What a matching entry does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// The packet belongs to a class.
    Class(Handle),
    /// Another table is asked, about the header behind the IP header.
    Ask {
        /// Its number.
        table: u16,
        /// Where that header starts.
        start: Start,
    },
    /// What is above the rate is dropped.
    Police {
        /// The rate, shared by all entries with this index.
        rate: Rate,
        /// What may pass at once.
        burst: Size,
        /// The policer's number.
        index: u32,
    },
}

impl Discipline {
    /// Its kind as the kernel names it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Htb { .. } => "htb",
            Self::Sfq { .. } => "sfq",
            Self::FqCodel => "fq_codel",
            Self::Pfifo { .. } => "pfifo",
            Self::Tbf { .. } => "tbf",
            Self::Ingress => "ingress",
        }
    }
}

impl Frames {
    /// The Ethernet type (`linux/if_ether.h`).
    pub const fn ethertype(self) -> u16 {
        match self {
            Self::Ip => 0x0800,
            Self::Ipv6 => 0x86dd,
            Self::Vlan => 0x8100,
        }
    }
}

impl fmt::Display for Frames {
    /// As tc names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ip => "ip",
            Self::Ipv6 => "ipv6",
            Self::Vlan => "802.1Q",
        })
    }
}
