//! The rules of this plugin.

use coroner_core::{Confidence, Rule, Severity};

pub(crate) const ALL: &[&Rule] = &[
    &OUTGOING_ANSWERS,
    &INCOMING_ANSWERS,
    &REDIRECT,
    &INNER_REDIRECT,
    &LONE_ACCEPT,
    &MAGIC,
    &EARLY,
    &VENDOR,
    &WEB,
    &QUEUE,
    &LACKING,
    &MIXED,
];

pub(crate) static OUTGOING_ANSWERS: Rule = Rule {
    id: "firewall/outgoing-answers-dropped",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "This host's own RST, FIN or ACK packets are dropped",
    why: "The kernel answers a packet of a connection that it does not know with RST. A program that \
          floods or connects by raw packets must hide these answers, or the other side closes the \
          connection; dropping them in OUTPUT is how that is done. Nothing else needs it.",
    benign: "scanners and packet-crafting tools (masscan, zmap, scapy, udp2raw) ask for such a rule",
    attack: &["T1498.001", "T1686", "T1562.004"],
    next: &[
        "Watch what leaves by which device and ports, before removing the rule",
        "Look for processes with raw or packet sockets; a SYN flood has no connections to list",
        "Note the rule's counters: they tell how many answers were hidden",
    ],
};

pub(crate) static INCOMING_ANSWERS: Rule = Rule {
    id: "firewall/incoming-answers-dropped",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Ordinary ACK, FIN or RST packets from others are dropped",
    why: "Every TCP connection consists of such packets. Who drops them without asking for the \
          connection's state keeps the answers of the attacked hosts from the kernel, so that raw \
          packets go on undisturbed and leave no trace in its counters.",
    benign: "a rule against injected resets, or a filter from before connection tracking",
    attack: &["T1498.001", "T1686", "T1562.004"],
    next: &[
        "Ask who wrote the rule; it does harm to ordinary connections as well",
        "Watch outgoing traffic for packets that belong to no connection",
    ],
};

pub(crate) static REDIRECT: Rule = Rule {
    id: "firewall/redirect-for-one-source",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A port is turned aside for one public address alone",
    why: "One host that connects to an ordinary port reaches another program than everybody else. \
          Backdoors that wait for a magic packet (BPFDoor) add such a rule for the address that sent \
          it, so that the shell's connection looks like ssh or https.",
    benign: "a partner's port forwarding that is limited to the partner's address",
    attack: &["T1205", "T1090", "T1686", "T1562.004"],
    next: &[
        "Find what listens on the port that is redirected to",
        "Look for logins and connections of that address everywhere in the network",
    ],
};

pub(crate) static INNER_REDIRECT: Rule = Rule {
    id: "firewall/redirect-for-one-inner-source",
    severity: Severity::Low,
    confidence: Confidence::Possible,
    title: "A port is turned aside for one address",
    why: "One host of the own network, or a trusted one, reaches another program or another host \
          than everybody else. Intruders who move sideways do the same.",
    benign: "a transparent proxy for one machine, a forwarding for one partner",
    attack: &["T1205", "T1090"],
    next: &["Ask who wrote the rule and what listens where it leads"],
};

pub(crate) static LONE_ACCEPT: Rule = Rule {
    id: "firewall/lone-accept-on-top",
    severity: Severity::Medium,
    confidence: Confidence::Possible,
    title: "One public address is let in above all other rules",
    why: "The first rule for packets to this host lets one public address in, to every port or to an \
          unusual one. Admins write ports and networks; a backdoor that opens the door for its \
          master inserts exactly this rule.",
    benign: "an admin's or a monitoring service's fixed address; name it with --trusted-net",
    attack: &["T1205", "T1686", "T1562.004"],
    next: &[
        "Ask whose address it is",
        "Look for its logins and connections, and for what listens on unusual ports",
    ],
};

pub(crate) static MAGIC: Rule = Rule {
    id: "firewall/opened-by-packet-content",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "Bytes inside a packet decide that it is let in or turned aside",
    why: "The rule looks at the content of packets (string, u32, bpf, raw payload) and accepts, \
          redirects or remembers the sender. That is a hidden door for whoever knows the bytes. \
          Ordinary rules of this kind drop.",
    benign: "port knocking set up by an admin, filters of game servers",
    attack: &["T1205.001", "T1205", "T1686"],
    next: &[
        "Find what the sender reaches afterwards",
        "Keep the rule's text: the bytes tell the family",
    ],
};

pub(crate) static EARLY: Rule = Rule {
    id: "firewall/rewritten-before-all-chains",
    severity: Severity::Medium,
    confidence: Confidence::Possible,
    title: "Packets are rewritten or sent elsewhere before the usual chains",
    why: "The chain runs at the device, or before connection tracking and the raw table, and changes, \
          copies or redirects packets. What is done there no later rule sees, and no usual list shows.",
    benign: "load balancers and traffic mirrors made with nftables",
    attack: &["T1205", "T1557", "T1686"],
    next: &["Ask who made the table", "Compare where packets for this host really go"],
};

pub(crate) static VENDOR: Rule = Rule {
    id: "firewall/vendor-blocked",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Updates or a security vendor are blocked",
    why: "Packets to or from a server of updates or of a security vendor are thrown away. Intruders \
          do this so that protection is not updated, reports nothing, and their way in stays open.",
    benign: "a network without internet access that names single servers",
    attack: &["T1686", "T1562.004", "T1685", "T1562.001"],
    next: &[
        "Check /etc/hosts and the resolver too",
        "Update from a known good mirror after removing it",
    ],
};

pub(crate) static WEB: Rule = Rule {
    id: "firewall/outgoing-web-blocked",
    severity: Severity::Low,
    confidence: Confidence::Possible,
    title: "The web or name service is blocked for everybody on this host",
    why: "All else may leave, but not http, https or DNS: updates and alerts do not get out.",
    benign: "a host that is meant to reach only inner services",
    attack: &["T1686", "T1562.004"],
    next: &["Ask who wrote the rule"],
};

pub(crate) static QUEUE: Rule = Rule {
    id: "firewall/queue-to-unknown-program",
    severity: Severity::Low,
    confidence: Confidence::Possible,
    title: "Packets are handed to a program that no package brought",
    why: "An NFQUEUE rule gives packets to a program, which may read, change or drop them. The \
          program that listens is not from a package, or could not be found.",
    benign: "a network filter built on this host",
    attack: &["T1205", "T1557"],
    next: &["Find the process by its netlink port and look at its program"],
};

pub(crate) static LACKING: Rule = Rule {
    id: "firewall/kernel-lacks-saved-rules",
    severity: Severity::Low,
    confidence: Confidence::Possible,
    title: "Saved rules close this host, but the kernel filters nothing",
    why: "A saved rule set drops what it does not name, yet the running kernel has no rule for \
          packets to this host. Rules were flushed, or were never loaded.",
    benign: "a saved file that nothing loads any more",
    attack: &["T1686", "T1562.004"],
    next: &["Load the saved rules", "Look in shell histories for flushed rules"],
};

pub(crate) static MIXED: Rule = Rule {
    id: "firewall/two-rule-systems",
    severity: Severity::Info,
    confidence: Confidence::Likely,
    title: "Rules of iptables-legacy and of nftables stand side by side",
    why: "Each tool shows only its own rules, so whoever looks at one system misses the other.",
    benign: "a host that was upgraded, or containers with another iptables than their host",
    attack: &["T1686"],
    next: &["Look at both: iptables-legacy-save and nft list ruleset"],
};
