//! The rules, as data.

use coroner_core::Confidence::{Certain, Likely, Possible};
use coroner_core::Rule;
use coroner_core::Severity::{Critical, High, Medium};

/// Every rule of this plugin.
pub(crate) static ALL: &[&Rule] =
    &[&SYN_FLOOD, &PACKET_FLOOD, &FORGED_SOURCES, &SCAN, &HIDDEN_SENDER, &PAST_CAPTURE];

const HOLD: &str = "hold it down first, ssh stays free: coroner throttle plan --dev DEVICE --rate 1mbit --dport PORTS --syn-only";
const EVIDENCE: &str =
    "keep the packets: coroner traffic --dev DEVICE --for 30s --write /media/stick/flood.pcapng";
const SENDER: &str = "look at the sender before it ends: its file (copy /proc/PID/exe, also when deleted), its parents, its cgroup, \
                      and what starts it (coroner audit)";

pub(crate) static SYN_FLOOD: Rule = Rule {
    id: "traffic/syn-flood",
    severity: High,
    confidence: Likely,
    title: "This host sends a SYN flood",
    why: "It opens TCP connections at a rate that no client has, to many addresses or with sources that are not its own, \
          and hardly any is answered. That is what a rented or stolen host is used for; it owns no connection, so ss and lsof \
          show nothing.",
    benign: "a load test against a target that is down; a router that forwards another host's flood",
    attack: &["T1498.001", "T1499.001", "T1496"],
    next: &[HOLD, EVIDENCE, SENDER],
};

pub(crate) static PACKET_FLOOD: Rule = Rule {
    id: "traffic/packet-flood",
    severity: Medium,
    confidence: Possible,
    title: "This host sends a flood of packets that nobody answers",
    why: "Datagrams at a rate that fills links, and nothing comes back: floods by UDP, ICMP or GRE look so.",
    benign: "a measurement (iperf), a video stream, replication by multicast, a tunnel whose answers take another way",
    attack: &["T1498.001"],
    next: &[HOLD, EVIDENCE, SENDER],
};

pub(crate) static FORGED_SOURCES: Rule = Rule {
    id: "traffic/forged-sources",
    severity: Medium,
    confidence: Possible,
    title: "Packets leave with source addresses that are not this host's",
    why: "The source belongs neither to the host nor to a network behind it. Whoever writes such packets does not want answers: \
          amplification and floods need that, and a raw or packet socket.",
    benign: "routing by policy, a load balancer that keeps clients' addresses, a router whose table was not understood",
    attack: &["T1498.002", "T1498.001"],
    next: &[
        EVIDENCE,
        SENDER,
        "switch on source checks at the uplink and for guests (no-ip-spoofing)",
    ],
};

pub(crate) static SCAN: Rule = Rule {
    id: "traffic/scan",
    severity: Medium,
    confidence: Possible,
    title: "This host scans other hosts",
    why: "It opens connections to many addresses on one port, and most are refused or dead: a worm or an intruder looks for \
          the next victim.",
    benign: "a monitoring or inventory system; nmap in the hands of an administrator; a peer-to-peer program",
    attack: &["T1046", "T1595.001"],
    next: &[SENDER, EVIDENCE],
};

pub(crate) static HIDDEN_SENDER: Rule = Rule {
    id: "traffic/hidden-sender",
    severity: Critical,
    confidence: Certain,
    title: "A process sends packets and is kept from sight",
    why: "The kernel's own records of its send queue name a process that /proc does not show: a rootkit hides it, or something \
          is mounted over its directory. It was seen twice, so it is none that was just coming or going.",
    benign: "none known",
    attack: &["T1014", "T1564"],
    next: &[
        "do not trust this kernel: keep its memory, take the machine off its network at the switch, audit the disk from another system",
        "its cgroup, where one is known, tells the service, container or login that it came from",
    ],
};

pub(crate) static PAST_CAPTURE: Rule = Rule {
    id: "traffic/past-capture",
    severity: Medium,
    confidence: Possible,
    title: "A device sends more packets than any capture sees",
    why: "A packet socket with PACKET_QDISC_BYPASS, AF_XDP, pktgen or a driver in user space hands packets to the card past the \
          queue: tcpdump shows nothing, and the card's counter grows.",
    benign: "a load balancer or switch in XDP, SR-IOV, a card that forwards by itself",
    attack: &["T1498.001", "T1205.002"],
    next: &[
        "see who holds packet and XDP sockets (coroner audit; /proc/net/packet), and which XDP programs are attached",
        "capture on the switch",
    ],
};
