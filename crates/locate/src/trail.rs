//! The answer: each step with its numbers.

use std::collections::BTreeMap;

use coroner_core::Time;
use coroner_parse::Text;
use serde::Serialize;

/// What was asked, what it came to, and what to do next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trail {
    /// The server that was asked.
    pub server: Text,
    /// The point in time that was looked at.
    pub at: Time,
    /// Over how many seconds rates were taken.
    pub window_s: u64,
    /// How many seconds of history they were compared with.
    pub history_s: u64,
    /// Whether anything stands out.
    pub stands_out: bool,
    /// Nodes whose readiness changed, or that are not ready.
    pub flapping: Vec<Flap>,
    /// Node exporters that do not answer: what those nodes send is not known.
    pub unseen: Vec<Unseen>,
    /// Network cards, those that stand out first.
    pub nics: Vec<Nic>,
    /// How many cards were looked at.
    pub nics_seen: usize,
    /// Whose traffic the first card carries, when it stands out.
    pub origin: Option<Origin>,
    /// Addresses by what they send.
    pub eips: Vec<Machine>,
    /// Machines by what they send.
    pub machines: Vec<Machine>,
    /// Since when the first card sends so much.
    pub since: Option<Change>,
    /// What the last audit of that node said.
    pub audit: Option<Audit>,
    /// Questions without an answer, with the reason.
    pub not_asked: Vec<Unasked>,
    /// What to do next.
    pub next: Vec<String>,
}

/// A node whose readiness changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flap {
    /// As the cluster calls it.
    pub node: Text,
    /// How often its readiness changed in the history.
    pub changes: u64,
    /// Whether it is ready now.
    pub ready: bool,
}

/// A node exporter that does not answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unseen {
    /// What tells it from others.
    pub instance: Text,
}

/// A network card and what it carries, each second.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Nic {
    /// The node exporter.
    pub instance: Text,
    /// What the node calls itself, when that is known.
    pub node: Option<Text>,
    /// The card.
    pub device: Text,
    /// Bytes sent.
    pub bytes: f64,
    /// Packets sent.
    pub packets: f64,
    /// Bytes received.
    pub bytes_in: f64,
    /// Packets received.
    pub packets_in: f64,
    /// Bytes that it can carry.
    pub speed: Option<f64>,
    /// The median of bytes sent in the history.
    pub habit_bytes: Option<f64>,
    /// The median of packets sent in the history.
    pub habit_packets: Option<f64>,
    /// Why it stands out; empty when it does not.
    pub signs: Vec<Sign>,
}

/// Why a card stands out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "sign", rename_all = "kebab-case")]
pub enum Sign {
    /// It is nearly full.
    NearUplink {
        /// The share of what it can carry.
        share: f64,
    },
    /// It sends far more bytes than it does.
    BytesAboveHabit {
        /// How many times.
        times: f64,
    },
    /// It sends far more packets than it does.
    PacketsAboveHabit {
        /// How many times.
        times: f64,
    },
    /// Many small packets that hardly anybody answers, as SYN floods and scans are.
    SmallUnanswered {
        /// Bytes of a packet, on average.
        size: f64,
        /// Packets that came back, for each that was sent.
        answered: f64,
    },
}

/// Whose traffic a card carries.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Origin {
    /// The node's own, or of somebody behind it.
    pub source: Source,
    /// Other devices of the node by what comes in by them.
    pub inner: Vec<Inner>,
    /// SYNs each second of the node's own connections.
    pub own_syn: Option<f64>,
    /// And those sent again, for want of an answer.
    pub own_syn_repeated: Option<f64>,
    /// How full the table of connections is.
    pub conntrack: Option<f64>,
}

/// Where a card's packets come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// They come in by another device: the node is a gateway, or guests and containers send.
    Forwarded,
    /// Nothing like it comes in: a process of the node, or a raw socket, sends.
    Own,
}

/// What comes in by another device, each second.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inner {
    /// The device.
    pub device: Text,
    /// Packets that came in by it.
    pub packets: f64,
    /// As a share of the packets that leave by the card.
    pub share: f64,
}

/// Something that is counted by itself: an EIP, a pod, a guest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Machine {
    /// Where it is counted.
    pub counted_by: String,
    /// What it is called there.
    pub labels: BTreeMap<String, Text>,
    /// Bytes that it sends each second.
    pub bytes: f64,
    /// As a share of what leaves by the card.
    pub share: Option<f64>,
}

/// When a series changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Change {
    /// When the second level began, to the step of the series.
    pub at: Time,
    /// The step, in seconds.
    pub within_s: u64,
    /// What is counted.
    pub of: Counted,
    /// The median before, each second.
    pub before: f64,
    /// The median since, each second.
    pub after: f64,
}

/// What a series counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counted {
    /// Bytes.
    Bytes,
    /// Packets.
    Packets,
}

/// The last audit of a node, as its textfile has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Audit {
    /// Its verdict.
    pub verdict: Text,
    /// How many seconds ago it ended.
    pub age_s: u64,
}

/// A question without an answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unasked {
    /// The question.
    pub question: &'static str,
    /// Why it has none.
    pub why: String,
}

impl Trail {
    /// The card that stands out most.
    pub fn suspect(&self) -> Option<&Nic> {
        self.nics.first().filter(|nic| !nic.signs.is_empty())
    }

    /// 0 when nothing stands out, 1 when something does, 3 when nothing does and nodes were not seen.
    pub fn exit_status(&self) -> u8 {
        match (self.stands_out, self.unseen.is_empty()) {
            (true, _) => 1,
            (false, true) => 0,
            (false, false) => 3,
        }
    }
}
