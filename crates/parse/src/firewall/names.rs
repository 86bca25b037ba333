//! Names of protocols, services and TCP flags. Small tables: the host's own files are not asked.

use crate::Text;

/// IANA protocol numbers that rules name.
const PROTOCOLS: [(u8, &str); 16] = [
    (1, "icmp"),
    (2, "igmp"),
    (4, "ipencap"),
    (6, "tcp"),
    (17, "udp"),
    (33, "dccp"),
    (41, "ipv6"),
    (47, "gre"),
    (50, "esp"),
    (51, "ah"),
    (58, "ipv6-icmp"),
    (88, "eigrp"),
    (89, "ospf"),
    (112, "vrrp"),
    (132, "sctp"),
    (136, "udplite"),
];

/// Ports of services by the names that Debian's /etc/services gives them.
const SERVICES: [(&str, u16); 44] = [
    ("ftp-data", 20),
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("domain", 53),
    ("bootps", 67),
    ("bootpc", 68),
    ("tftp", 69),
    ("http", 80),
    ("www", 80),
    ("kerberos", 88),
    ("pop3", 110),
    ("sunrpc", 111),
    ("ntp", 123),
    ("netbios-ns", 137),
    ("netbios-dgm", 138),
    ("netbios-ssn", 139),
    ("imap", 143),
    ("imap2", 143),
    ("snmp", 161),
    ("snmp-trap", 162),
    ("bgp", 179),
    ("ldap", 389),
    ("https", 443),
    ("microsoft-ds", 445),
    ("submissions", 465),
    ("isakmp", 500),
    ("syslog", 514),
    ("dhcpv6-client", 546),
    ("dhcpv6-server", 547),
    ("submission", 587),
    ("ipp", 631),
    ("ldaps", 636),
    ("domain-s", 853),
    ("rsync", 873),
    ("imaps", 993),
    ("pop3s", 995),
    ("openvpn", 1194),
    ("nfs", 2049),
    ("mysql", 3306),
    ("ms-wbt-server", 3389),
    ("postgresql", 5432),
    ("mdns", 5353),
];

/// Ports above 1023 that ordinary services of servers use.
const COMMON_HIGH_PORTS: [u16; 38] = [
    1194, 1812, 1813, 2049, 2222, 2375, 2376, 2377, 2379, 2380, 3000, 3128, 3260, 3306, 3389, 4789,
    5000, 5353, 5432, 5601, 5666, 5671, 5672, 5900, 5985, 6379, 6443, 6666, 7946, 8000, 8080, 8443,
    9000, 9090, 9100, 9200, 10050, 10250,
];

/// Flags of the TCP header's 14th byte (RFC 9293), in the order that iptables prints them.
const FLAGS: [(u8, &str); 8] = [
    (0x01, "fin"),
    (0x02, "syn"),
    (0x04, "rst"),
    (0x08, "psh"),
    (0x10, "ack"),
    (0x20, "urg"),
    (0x40, "ecn"),
    (0x80, "cwr"),
];

/// The name of a protocol, or its number.
pub fn protocol_name(number: u8) -> Text {
    PROTOCOLS
        .iter()
        .find(|(known, _)| *known == number)
        .map_or_else(|| Text::from(number.to_string()), |(_, name)| Text::from(*name))
}

/// One spelling for each protocol: lower case, numbers named, `icmpv6` as iptables has it.
pub(super) fn protocol(text: &[u8]) -> Text {
    let lower = text.to_ascii_lowercase();
    let number = std::str::from_utf8(&lower).ok().and_then(|digits| digits.parse().ok());
    match (number, lower.as_slice()) {
        (Some(number), _) => protocol_name(number),
        (None, b"icmpv6") => Text::from("ipv6-icmp"),
        _ => Text::from(lower),
    }
}

pub(super) fn service_port(name: &str) -> Option<u16> {
    SERVICES.iter().find(|(known, _)| *known == name).map(|(_, port)| *port)
}

/// A port that ordinary services use: below 1024, or well known above it.
pub fn is_well_known_port(port: u16) -> bool {
    port < 1024 || COMMON_HIGH_PORTS.contains(&port)
}

/// Flags by name, separated by `,` or `|`; `ALL` and `NONE` are iptables's own.
pub(super) fn tcp_flags(text: &[u8]) -> Option<u8> {
    let lower = text.to_ascii_lowercase();
    lower.split(|&byte| matches!(byte, b',' | b'|')).try_fold(0, |flags, name| {
        let flag = match name.trim_ascii() {
            b"all" => 0x3f,
            b"none" | b"" => 0,
            b"ece" => 0x40,
            name => FLAGS.iter().find(|(_, known)| known.as_bytes() == name)?.0,
        };
        Some(flags | flag)
    })
}

/// Flags as iptables prints them: `FIN,SYN`, or `NONE`.
pub(super) fn tcp_flag_names(flags: u8) -> String {
    let set: Vec<String> = FLAGS
        .iter()
        .filter(|(flag, _)| flags & flag != 0)
        .map(|(_, name)| name.to_ascii_uppercase())
        .collect();
    if set.is_empty() { String::from("NONE") } else { set.join(",") }
}

/// Connection states by the kernel's bits (`linux/netfilter/nf_conntrack_common.h`).
pub(super) fn state_names(mask: u32, untracked: u32) -> Vec<Text> {
    let states = [(8, "new"), (4, "related"), (2, "established"), (1, "invalid")];
    let mut names: Vec<Text> = states
        .iter()
        .filter(|(bit, _)| mask & bit != 0)
        .map(|(_, name)| Text::from(*name))
        .collect();
    if mask & untracked != 0 {
        names.push(Text::from("untracked"));
    }
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_and_written_the_same_way() {
        assert_eq!(tcp_flags(b"FIN,SYN,RST,ACK"), Some(0x17));
        assert_eq!(tcp_flags(b"fin | rst"), Some(0x05));
        assert_eq!(tcp_flags(b"FIN,BOGUS"), None);
        assert_eq!(tcp_flag_names(0x17), "FIN,SYN,RST,ACK");
        assert_eq!(tcp_flag_names(0), "NONE");
    }

    #[test]
    fn one_protocol_has_one_spelling() {
        assert_eq!(protocol(b"6"), Text::from("tcp"));
        assert_eq!(protocol(b"ICMPv6"), Text::from("ipv6-icmp"));
        assert_eq!(protocol(b"253"), Text::from("253"));
    }
}
