//! The one model that rules of every source are read into.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::address::{Peer, PortRange};
use crate::{BadLine, Text};

/// What kind of packets a table sees (nfgenmsg's `nfgen_family`, linux/netfilter.h `NFPROTO_*`).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// IPv4: iptables, nft `ip`.
    Ip,
    /// IPv6: ip6tables, nft `ip6`.
    Ip6,
    /// Both: nft `inet`.
    Inet,
    /// ARP.
    Arp,
    /// Frames crossing a bridge.
    Bridge,
    /// One device, before everything else.
    Netdev,
    /// A family this version does not know.
    Other,
}

impl Family {
    /// As nft writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Ip6 => "ip6",
            Self::Inet => "inet",
            Self::Arp => "arp",
            Self::Bridge => "bridge",
            Self::Netdev => "netdev",
            Self::Other => "other",
        }
    }

    /// From nft's word for it.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        let known = [Self::Ip, Self::Ip6, Self::Inet, Self::Arp, Self::Bridge, Self::Netdev];
        known.into_iter().find(|family| family.as_str().as_bytes() == name)
    }

    /// From the kernel's number for it (linux/netfilter.h).
    pub fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Inet,
            2 => Self::Ip,
            3 => Self::Arp,
            5 => Self::Netdev,
            7 => Self::Bridge,
            10 => Self::Ip6,
            _ => Self::Other,
        }
    }
}

/// Where in a packet's way a base chain sits (linux/netfilter.h `enum nf_inet_hooks`).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Hook {
    /// On the device, before the stack.
    Ingress,
    /// Arrived, not yet routed.
    Prerouting,
    /// For this host.
    Input,
    /// For another host.
    Forward,
    /// Made by this host.
    Output,
    /// About to leave.
    Postrouting,
    /// On the device, leaving.
    Egress,
}

impl Hook {
    /// As nft writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Prerouting => "prerouting",
            Self::Input => "input",
            Self::Forward => "forward",
            Self::Output => "output",
            Self::Postrouting => "postrouting",
            Self::Egress => "egress",
        }
    }

    /// From a chain name of iptables (`INPUT`) or a hook name of nft (`input`).
    pub fn from_name(name: &[u8]) -> Option<Self> {
        let known = [
            Self::Ingress,
            Self::Prerouting,
            Self::Input,
            Self::Forward,
            Self::Output,
            Self::Postrouting,
            Self::Egress,
        ];
        known.into_iter().find(|hook| hook.as_str().as_bytes().eq_ignore_ascii_case(name))
    }

    /// From the kernel's number, which means other hooks on a device than in the stack.
    pub fn from_number(family: Family, number: u32) -> Option<Self> {
        match (family, number) {
            (Family::Netdev, 0) | (_, 5) => Some(Self::Ingress),
            (Family::Netdev, 1) => Some(Self::Egress),
            (Family::Arp, 0) => Some(Self::Input),
            (Family::Arp, 1) | (_, 3) => Some(Self::Output),
            (_, 0) => Some(Self::Prerouting),
            (_, 1) => Some(Self::Input),
            (_, 2) => Some(Self::Forward),
            (_, 4) => Some(Self::Postrouting),
            _ => None,
        }
    }
}

/// One condition of a rule, perhaps turned around.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Match {
    /// `!` in iptables, `!=` in nft.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub negated: bool,
    /// What is looked at.
    #[serde(flatten)]
    pub condition: Condition,
}

/// What a rule looks at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Transport protocols by name (`tcp`), or by number when unnamed.
    Protocol(Vec<Text>),
    /// TCP flags: `flags & mask` is one of `values`.
    TcpFlags {
        /// The flags that are looked at (FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32).
        mask: u8,
        /// The values that match.
        values: Vec<u8>,
    },
    /// Source addresses or names; any of them.
    Source(Vec<Peer>),
    /// Destination addresses or names; any of them.
    Destination(Vec<Peer>),
    /// Source ports; any of them.
    SourcePort(Vec<PortRange>),
    /// Destination ports; any of them.
    DestinationPort(Vec<PortRange>),
    /// Either port; any of them.
    EitherPort(Vec<PortRange>),
    /// The device a packet came in by (`eth0`, `br-+`).
    InInterface(Vec<Text>),
    /// The device a packet leaves by.
    OutInterface(Vec<Text>),
    /// Connection tracking states, lower case.
    State(Vec<Text>),
    /// Owner of the sending socket: uids or user names.
    OwnerUser(Vec<Text>),
    /// Owner of the sending socket: gids or group names.
    OwnerGroup(Vec<Text>),
    /// Packet mark as `value` or `value/mask`.
    Mark(Text),
    /// Bytes looked for in the packet (iptables `string`).
    Content(Text),
    /// Bytes at a place in the packet, or a program that decides (u32, bpf, nft `@th,64,32`).
    Payload(Text),
    /// A named set (ipset or nft) whose members are not in the rule.
    Set(Text),
    /// How often the rule may match.
    Limit(Text),
    /// Only a remark.
    Comment(Text),
    /// A condition that is kept as it was written.
    Other(Text),
}

impl Condition {
    /// The condition as it stands.
    pub fn plain(self) -> Match {
        Match { negated: false, condition: self }
    }

    /// The condition, turned around when `negated`.
    pub fn negated_if(self, negated: bool) -> Match {
        Match { negated, condition: self }
    }

    /// A remark or a rate: it does not choose packets.
    pub fn chooses_nothing(&self) -> bool {
        matches!(self, Self::Comment(_) | Self::Limit(_))
    }
}

/// What a rule does with a packet.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing: it counts, or sets something, and the next rule follows.
    #[default]
    Continue,
    /// Let through.
    Accept,
    /// Thrown away in silence.
    Drop,
    /// Thrown away with an answer.
    Reject,
    /// Back to the calling chain.
    Return,
    /// To another chain and back.
    Jump(Text),
    /// To another chain for good.
    Goto(Text),
    /// To a port of this host (REDIRECT, TPROXY).
    Redirect {
        /// The port, when it changes.
        port: Option<PortRange>,
    },
    /// To another address.
    Dnat {
        /// The new address, when it changes.
        to: Option<Peer>,
        /// The new port, when it changes.
        port: Option<PortRange>,
    },
    /// Sender rewritten (SNAT, MASQUERADE), as written.
    Snat(Text),
    /// Handed to a program (NFQUEUE): the queue's number as written.
    Queue(Text),
    /// Logged only.
    Log,
    /// What each member of a map says (nft `vmap`).
    Map(Vec<Verdict>),
    /// A target that is kept as it was written.
    Other(Text),
}

impl Verdict {
    /// Ends a packet's way.
    pub fn discards(&self) -> bool {
        matches!(self, Self::Drop | Self::Reject)
    }

    /// The chains that this verdict goes on to.
    pub fn targets(&self) -> Vec<&Text> {
        match self {
            Self::Jump(chain) | Self::Goto(chain) => vec![chain],
            Self::Map(members) => members
                .iter()
                .filter_map(|member| match member {
                    Self::Jump(chain) | Self::Goto(chain) => Some(chain),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// Packets and bytes that a rule or chain has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Counters {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// Whose packets.
    pub family: Family,
    /// The table (`filter`).
    pub table: Text,
    /// The chain (`INPUT`).
    pub chain: Text,
    /// Place in its chain, from 1.
    pub position: u32,
    /// Line of the saved file, from 1; 0 for the kernel's own.
    pub line: u32,
    /// All of these must hold.
    pub matches: Vec<Match>,
    /// What happens then.
    pub verdict: Verdict,
    /// What it has seen, when that is counted.
    pub counters: Option<Counters>,
    /// The rule as iptables or nft would print it.
    pub text: Text,
}

impl Rule {
    /// The conditions that choose packets, without remarks and rates.
    pub fn choosing(&self) -> impl Iterator<Item = &Match> {
        self.matches.iter().filter(|found| !found.condition.chooses_nothing())
    }
}

/// One chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Chain {
    /// Whose packets.
    pub family: Family,
    /// The table.
    pub table: Text,
    /// The chain.
    pub name: Text,
    /// Where it is hooked; none for a chain that others jump to.
    pub hook: Option<Hook>,
    /// Order among the chains of a hook, lowest first; none where the table fixes it.
    pub priority: Option<i32>,
    /// `filter`, `nat` or `route`, where the source says so.
    pub kind: Option<Text>,
    /// What happens to a packet no rule decided; none for a chain without hook.
    pub policy: Option<Verdict>,
    /// Line of the saved file; 0 for the kernel's own.
    pub line: u32,
}

/// Something in a saved file that is neither chain nor rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Line, from 1.
    pub line: u32,
    /// As written.
    pub text: Text,
}

/// All that one source says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleSet {
    /// Chains, in the order they were met.
    pub chains: Vec<Chain>,
    /// Rules, in order.
    pub rules: Vec<Rule>,
    /// Files that are read too (nft `include`), as written.
    pub includes: Vec<Statement>,
    /// What was not understood; nothing is lost.
    pub other: Vec<Statement>,
    /// Lines that could not be read.
    pub bad: Vec<BadLine>,
}

impl RuleSet {
    /// Puts another source's content behind this one's.
    pub fn append(&mut self, mut more: RuleSet) {
        self.chains.append(&mut more.chains);
        self.rules.append(&mut more.rules);
        self.includes.append(&mut more.includes);
        self.other.append(&mut more.other);
        self.bad.append(&mut more.bad);
    }
}
