//! What was seen, in the form that reports hold.

use coroner_parse::Text;
use coroner_parse::process::Placement;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which end of a flow the port belongs to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The port is the other side's: this host asks.
    To,
    /// The port is this host's: it answers.
    From,
}

/// Packets of one protocol and port that leave by one device, and what came back.
///
/// Where only a share of packets was looked at, numbers are scaled to all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Flow {
    /// The device.
    pub device: Text,
    /// `tcp`, `udp`, `icmp`, ..., or the protocol's number; `other` for what is not IP.
    pub protocol: String,
    /// The service's port; 0 when the protocol has none.
    pub port: u16,
    /// Whose port that is.
    pub direction: Direction,
    /// How long it was watched, in milliseconds.
    pub ms: u64,
    /// Packets sent.
    pub packets: u64,
    /// Bytes sent, with link headers.
    pub bytes: u64,
    /// Packets received from that port.
    pub packets_back: u64,
    /// Bytes received from that port.
    pub bytes_back: u64,
    /// Different addresses that packets went to, among those looked at.
    pub addresses: u64,
    /// Different addresses that packets said they came from, among those looked at.
    pub sources: u64,
    /// Packets with a source address that is not this host's nor of a network behind it.
    pub forged: u64,
    /// TCP packets that open a connection (SYN without ACK).
    pub syn: u64,
    /// Answers to them (SYN with ACK).
    pub syn_ack: u64,
    /// Refusals (RST) received.
    pub rst: u64,
    /// Who sent it.
    pub senders: Vec<Share>,
}

impl Flow {
    /// A number of the flow as a rate for each second.
    pub fn rate(&self, number: u64) -> u64 {
        number.saturating_mul(1000) / self.ms.max(1)
    }

    /// In a few words: `tcp port 80`.
    pub fn name(&self) -> String {
        match (self.port, self.direction) {
            (0, _) => self.protocol.clone(),
            (port, Direction::To) => format!("{} to port {port}", self.protocol),
            (port, Direction::From) => format!("{} from port {port}", self.protocol),
        }
    }
}

/// A sender's part of a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Share {
    /// See [`Sender::who`].
    pub who: Text,
    /// The process, when there is one.
    pub pid: Option<u32>,
    /// Packets of the flow, scaled to all of them.
    pub packets: u64,
}

/// How a sender was kept from sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Hidden {
    /// Alive, and /proc does not list it.
    NotListed,
    /// Something is mounted over its directory in /proc.
    MountedOver,
    /// Alive, and /proc has nothing of it.
    NotInProc,
}

impl Hidden {
    /// In words.
    pub fn said(self) -> &'static str {
        match self {
            Self::NotListed => "it runs and /proc does not list it",
            Self::MountedOver => "something is mounted over its directory in /proc",
            Self::NotInProc => "it runs and /proc has nothing of it",
        }
    }
}

/// A process that sends, or what stands for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sender {
    /// A name that is the same on every run: the program, its container, pod, domain or unit.
    pub who: Text,
    /// The process; none for the kernel itself and for devices behind which nobody was seen.
    pub pid: Option<u32>,
    /// Its name, at most 15 bytes, which it chooses itself.
    pub comm: Text,
    /// The file it runs.
    pub exe: Option<Text>,
    /// The start of its command line.
    pub command: Text,
    /// Its user.
    pub uid: Option<u32>,
    /// Its cgroup.
    pub cgroup: Option<Text>,
    /// Where it belongs: a container, a pod, a guest, a unit.
    pub placement: Placement,
    /// The libvirt domain or other guest of qemu whose packets these are.
    pub guest: Option<Text>,
    /// A thread of the kernel.
    pub kernel: bool,
    /// What it holds open that sends without a connection: `raw`, `packet`, `tun NAME`.
    pub holds: Vec<Text>,
    /// Processor time that it used while it was watched, in milliseconds, where that was measured.
    pub cpu_ms: Option<u64>,
    /// Bytes that it gave to `write` meanwhile (files and tun devices too, `send` not), where that was measured.
    pub written: Option<u64>,
    /// It was gone before it could be looked at.
    pub gone: bool,
    /// How it was kept from sight, if it was.
    pub hidden: Option<Hidden>,
    /// Packets that it sent, scaled to all of them.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What it sent, in words, the most first.
    pub flows: Vec<String>,
}

/// A destination, as iftop shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Destination {
    /// The device.
    pub device: Text,
    /// The address.
    pub address: String,
    /// The protocol.
    pub protocol: String,
    /// The port.
    pub port: u16,
    /// Whose port that is.
    pub direction: Direction,
    /// Packets sent.
    pub packets: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// Bytes received.
    pub bytes_back: u64,
}

/// Something that could not be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// What would have told.
    pub path: Text,
    /// Why it could not be had.
    pub reason: String,
}

/// How much was looked at, and how much was missed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Seen {
    /// How long, in milliseconds.
    pub ms: u64,
    /// Packets that the capture looked at.
    pub captured: u64,
    /// Packets that the capture had no room for.
    pub capture_lost: u64,
    /// The largest number of packets that each captured one stood for at any time.
    pub one_in: u32,
    /// Samples of senders.
    pub samples: u64,
    /// Samples that found no room.
    pub samples_lost: u64,
    /// Part of the time in which senders were sampled, in thousandths.
    pub sampled_time: u32,
    /// Packets whose sender was asked for.
    pub asked: u64,
    /// Of these, packets for which no sample was found.
    pub unmatched: u64,
    /// Processor time that coroner itself used, in milliseconds.
    pub cpu_ms: u64,
}

/// Everything that was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Observation {
    /// How much was looked at.
    pub seen: Seen,
    /// By protocol and port, the most packets first.
    pub flows: Vec<Flow>,
    /// By destination, the most bytes first.
    pub destinations: Vec<Destination>,
    /// Who sends, the most packets first.
    pub senders: Vec<Sender>,
    /// Where senders could not be sampled: who could send without a connection, the busiest first.
    pub suspects: Vec<Sender>,
    /// Where senders could not be sampled: what left the other network namespaces, the most first.
    pub namespaces: Vec<Namespace>,
    /// What could not be had.
    pub missing: Vec<Missing>,
    /// Devices that sent more than the capture saw.
    pub unseen: Vec<Unseen>,
}

/// A network namespace other than the watched one, and what its devices counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Namespace {
    /// Its number.
    pub network: u64,
    /// A process in it, by which it can be entered.
    pub pid: Option<u32>,
    /// Who lives in it, by container, pod, guest or program.
    pub who: Vec<Text>,
    /// How long it was watched, in milliseconds.
    pub ms: u64,
    /// Packets that its devices sent, without loopback.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A device that counted more sent bytes than passed the capture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unseen {
    /// The device.
    pub device: Text,
    /// How long it was watched, in milliseconds.
    pub ms: u64,
    /// Packets that the device counted.
    pub counted: u64,
    /// Packets that passed the capture.
    pub captured: u64,
}
