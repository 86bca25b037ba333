//! The rules, as data.

use coroner_core::Confidence::{Likely, Possible};
use coroner_core::Rule;
use coroner_core::Severity::{High, Info, Medium};

/// Every rule of this plugin.
pub(crate) static ALL: &[&Rule] =
    &[&RAW_OF_UNOWNED, &RAW_WITHOUT_OWNER, &RAW_OF_UNKNOWN, &ODD_LISTENER, &PROMISCUOUS];

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
