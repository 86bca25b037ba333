//! The rules, as data.

use coroner_core::Confidence::{Likely, Possible};
use coroner_core::Rule;
use coroner_core::Severity::{Critical, High, Info, Medium};

/// Every rule of this plugin.
pub(crate) static ALL: &[&Rule] = &[
    &BACKDOOR_FILTER,
    &FILTER_OF_UNOWNED,
    &RAW_OF_UNOWNED,
    &RAW_WITHOUT_OWNER,
    &RAW_OF_UNKNOWN,
    &ODD_LISTENER,
    &PROMISCUOUS,
];

pub(crate) static BACKDOOR_FILTER: Rule = Rule {
    id: "sockets/backdoor-filter",
    severity: Critical,
    confidence: Likely,
    title: "A packet socket waits for the marks of a known backdoor",
    why: "BPFDoor opens no port: it takes the packets that begin with its own marks (0x7255 and 0x5293, or 0x39393939) \
          out of everything that arrives, in front of any firewall. The filter of this socket compares packets with them.",
    benign: "a filter written to look for that backdoor",
    attack: &["T1205.002"],
    next: &[
        "keep the program (/proc/PID/exe) and its memory before it ends",
        "take the machine off its network at the switch: the firewall does not stop what wakes it",
        "look for the same on every other host: these items compare across hosts",
    ],
};

pub(crate) static FILTER_OF_UNOWNED: Rule = Rule {
    id: "sockets/filter-of-unowned-program",
    severity: High,
    confidence: Likely,
    title: "A program that no package owns waits for chosen packets behind a filter",
    why: "A packet socket with a filter sees the packets it asks for before any firewall does, and shows no open port: so \
          a backdoor waits to be woken. The filter is not one for addresses (DHCP, ARP), neighbours (LLDP) or logins to \
          the network (EAPOL).",
    benign: "tcpdump or an agent that was installed without a package",
    attack: &["T1205.002", "T1040"],
    next: &[
        "see what it waits for: the numbers that its filter compares are ports, protocols or a secret mark",
        "keep the program (/proc/PID/exe) and its memory before it ends",
        "watch what it sends: coroner traffic names the sender of each flow",
    ],
};

pub(crate) static RAW_OF_UNOWNED: Rule = Rule {
    id: "sockets/raw-of-unowned-program",
    severity: High,
    confidence: Likely,
    title: "A program that no package owns holds a raw or packet socket",
    why: "Floods with forged senders leave by raw sockets, sniffers and backdoors without a port listen on packet \
          sockets; lists of connections show neither.",
    benign: "network tools and agents that are installed without a package",
    attack: &["T1498.001", "T1205.002", "T1040"],
    next: &[
        "watch what it sends: coroner traffic names the sender of each flow",
        "keep the program (/proc/PID/exe) and its memory before it ends",
        "hold the flood with coroner throttle while you look",
    ],
};

pub(crate) static RAW_WITHOUT_OWNER: Rule = Rule {
    id: "sockets/raw-without-owner",
    severity: High,
    confidence: Possible,
    title: "A raw or packet socket is open and no process holds it",
    why: "Some process must have it. All were read again, three times over, and none shows it: the holder hides its descriptors or itself.",
    benign: "a socket that was sent to another process and not yet taken, or that only an io_uring holds",
    attack: &["T1014", "T1205.002", "T1498.001"],
    next: &[
        "look at what the hidden plugin says of processes and sockets",
        "watch what leaves: coroner traffic names the sender even when /proc does not",
    ],
};

pub(crate) static RAW_OF_UNKNOWN: Rule = Rule {
    id: "sockets/raw-of-unknown-program",
    severity: Info,
    confidence: Possible,
    title: "A program that is not known to need one holds a raw or packet socket",
    why: "A vendor's program, or a container's, may send forged packets and see others' just as well.",
    benign: "network agents that are not known here, and whatever runs in containers",
    attack: &["T1498.001", "T1040"],
    next: &["see whether its work needs it, and watch what it sends: coroner traffic"],
};

pub(crate) static ODD_LISTENER: Rule = Rule {
    id: "sockets/listener-in-odd-place",
    severity: Medium,
    confidence: Likely,
    title: "A program from a temporary or hidden place, or a deleted one, waits for connections",
    why: "A backdoor waits for its owner. The program is no package's and lies where programs do not belong, or nowhere.",
    benign: "a test server, a program that was built anew while it ran",
    attack: &["T1571", "T1205"],
    next: &[
        "see who connects: the items name the peers",
        "keep the program (/proc/PID/exe) before it ends",
    ],
};

pub(crate) static PROMISCUOUS: Rule = Rule {
    id: "sockets/promiscuous-interface",
    severity: Medium,
    confidence: Possible,
    title: "An interface takes packets that are not for this host",
    why: "A sniffer puts the interface into this mode to read what passes. Bridges and virtual machines need it too; this \
          interface belongs to none.",
    benign: "tcpdump in somebody's terminal, an intrusion detection system's own interface",
    attack: &["T1040"],
    next: &["see which program holds a packet socket and who started it"],
};
