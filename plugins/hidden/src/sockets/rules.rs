//! The rules about sockets, as data.

use coroner_core::Confidence::{Certain, Likely};
use coroner_core::Rule;
use coroner_core::Severity::{Critical, High};

pub(crate) static SOCKET: Rule = Rule {
    id: "hidden/socket",
    severity: Critical,
    confidence: Certain,
    title: "A socket is in one of the kernel's answers and not in the other",
    why: "The tables below /proc/net and sock_diag tell the same sockets by different functions of the kernel. Rootkits \
          that hide a port cut it out of the tables (netstat), or out of what netlink gives (ss). Three readings agreed, \
          and the table was read on both sides of the question, so the socket did not just come or go.",
    benign: "none known",
    attack: &["T1014", "T1564"],
    next: &[
        "look at who holds it; when nobody does, its process is hidden too",
        "look from outside for the port: scan the host, or mirror its traffic at the switch",
        "trust no answer of this kernel; keep its memory, then power it off hard",
    ],
};

pub(crate) static SOCKET_DESCRIPTOR: Rule = Rule {
    id: "hidden/socket-descriptor",
    severity: High,
    confidence: Likely,
    title: "A process holds a raw or packet socket that no table lists",
    why: "Such a socket stands in its table from its first to its last moment. It was looked for in the tables of every \
          network namespace that a process lives in, three times over.",
    benign: "a socket made in a network namespace that has no process any more, or that of a single thread",
    attack: &["T1014", "T1205.002"],
    next: &[
        "look at the process: its program, who started it, what it sends (coroner traffic)",
        "keep the machine's memory before it is restarted",
    ],
};
