//! Targets of xtables by name and revision.

use std::net::IpAddr;

use super::super::address::{AddressRange, Peer, PortRange};
use super::super::bytes::{address, c_field, native_u16, native_u32, network_u16};
use super::super::model::{Family, Verdict};
use super::decoded::quoted;
use crate::Text;

/// `enum ipt_reject_with` in iptables's words.
const REJECT_FOUR: [&str; 9] = [
    "icmp-net-unreachable",
    "icmp-host-unreachable",
    "icmp-proto-unreachable",
    "icmp-port-unreachable",
    "icmp-echo-reply",
    "icmp-net-prohibited",
    "icmp-host-prohibited",
    "tcp-reset",
    "icmp-admin-prohibited",
];

/// `enum ip6t_reject_with`.
const REJECT_SIX: [&str; 8] = [
    "icmp6-no-route",
    "icmp6-adm-prohibited",
    "icmp6-not-neighbour",
    "icmp6-addr-unreachable",
    "icmp6-port-unreachable",
    "icmp6-echo-reply",
    "tcp-reset",
    "icmp6-policy-fail",
];

/// Decodes a target; one that is not known is kept by its name. The text has a blank in front.
pub(in super::super) fn decode_target(
    name: &Text,
    revision: u8,
    data: &[u8],
    family: Family,
) -> (Verdict, String) {
    let six = family == Family::Ip6;
    let decoded = match (name.as_bytes(), revision) {
        (b"REJECT", 0) => Some((Verdict::Reject, reject(data, six))),
        (b"LOG", 0) => Some((Verdict::Log, log_prefix(data, 2, 30, "--log-prefix"))),
        (b"NFLOG", 0) => Some((Verdict::Log, log_prefix(data, 16, 64, "--nflog-prefix"))),
        (b"REDIRECT", _) => nat_range(data, revision, six).map(|range| range.redirect()),
        (b"DNAT", _) => nat_range(data, revision, six).map(|range| range.destination()),
        (b"SNAT", _) => nat_range(data, revision, six).map(|range| range.source()),
        (b"MASQUERADE", _) => Some((Verdict::Snat(Text::from("masquerade")), String::new())),
        (b"NFQUEUE", _) => queue(data, revision),
        (b"MARK", 2) => mark(data),
        (b"TPROXY", 1) => tproxy(data),
        _ => None,
    };
    let shown = name.lossy();
    match decoded {
        Some((verdict, options)) => (verdict, format!(" -j {shown}{options}")),
        None => (Verdict::Other(name.clone()), format!(" -j {shown}")),
    }
}

fn reject(data: &[u8], six: bool) -> String {
    let table: &[&str] = if six { &REJECT_SIX } else { &REJECT_FOUR };
    let with = native_u32(data, 0).and_then(|with| table.get(usize::try_from(with).ok()?));
    with.map_or_else(String::new, |with| format!(" --reject-with {with}"))
}

fn log_prefix(data: &[u8], at: usize, length: usize, option: &str) -> String {
    let prefix = c_field(data, at, length).filter(|prefix| !prefix.is_empty());
    prefix.map_or_else(String::new, |prefix| format!(" {option} {}", quoted(&prefix)))
}

/// What NAT targets carry (`linux/netfilter/nf_nat.h`).
struct NatRange {
    addresses: Option<(IpAddr, IpAddr)>,
    ports: Option<PortRange>,
}

/// IPv4's revision 0 is `nf_nat_ipv4_multi_range_compat`, everything else `nf_nat_range`.
fn nat_range(data: &[u8], revision: u8, six: bool) -> Option<NatRange> {
    let old = revision == 0 && !six;
    let data = if old { data.get(4..)? } else { data };
    let (width, port_at) = if old { (4, 12) } else { (16, 36) };
    let flags = native_u32(data, 0)?;
    let pair = || Some((address(data, 4, six)?, address(data, 4 + width, six)?));
    let ports = || Some((network_u16(data, port_at)?, network_u16(data, port_at + 2)?));
    let found = (flags & 2 != 0).then(ports).flatten();
    Some(NatRange {
        addresses: (flags & 1 != 0).then(pair).flatten(),
        ports: found.map(|(first, last)| PortRange { first, last: last.max(first) }),
    })
}

impl NatRange {
    fn shown(&self) -> String {
        let address = self.addresses.map(|(first, last)| match (first, self.ports) {
            (IpAddr::V6(_), Some(_)) if first == last => format!("[{first}]"),
            _ if first == last => first.to_string(),
            _ => format!("{first}-{last}"),
        });
        let port = self.ports.map_or_else(String::new, |ports| format!(":{ports}"));
        format!("{}{port}", address.unwrap_or_default())
    }

    fn redirect(&self) -> (Verdict, String) {
        let text = self.ports.map_or_else(String::new, |ports| format!(" --to-ports {ports}"));
        (Verdict::Redirect { port: self.ports }, text)
    }

    fn destination(&self) -> (Verdict, String) {
        let to = self.addresses.map(|(first, last)| Peer::Address(AddressRange { first, last }));
        (Verdict::Dnat { to, port: self.ports }, format!(" --to-destination {}", self.shown()))
    }

    fn source(&self) -> (Verdict, String) {
        let shown = self.shown();
        (Verdict::Snat(Text::from(shown.as_str())), format!(" --to-source {shown}"))
    }
}

/// `struct xt_NFQ_info` and its successors: first queue, count, flags.
fn queue(data: &[u8], revision: u8) -> Option<(Verdict, String)> {
    let first = native_u16(data, 0)?;
    let count = if revision == 0 { 1 } else { native_u16(data, 2)?.max(1) };
    let bypass = revision >= 2 && native_u16(data, 4)? & 1 != 0;
    let last = first.saturating_add(count - 1);
    let (number, option) = if count == 1 {
        (first.to_string(), format!(" --queue-num {first}"))
    } else {
        (format!("{first}-{last}"), format!(" --queue-balance {first}:{last}"))
    };
    let bypass = if bypass { " --queue-bypass" } else { "" };
    Some((Verdict::Queue(Text::from(number)), format!("{option}{bypass}")))
}

/// `struct xt_mark_tginfo2`.
fn mark(data: &[u8]) -> Option<(Verdict, String)> {
    let (value, mask) = (native_u32(data, 0)?, native_u32(data, 4)?);
    let text = format!(" --set-xmark {value:#x}/{mask:#x}");
    Some((Verdict::Other(Text::from(format!("MARK{text}"))), text))
}

/// `struct xt_tproxy_target_info_v1`.
fn tproxy(data: &[u8]) -> Option<(Verdict, String)> {
    let port = network_u16(data, 24)?;
    let text = format!(" --on-port {port}");
    Some((Verdict::Redirect { port: Some(PortRange::one(port)) }, text))
}
