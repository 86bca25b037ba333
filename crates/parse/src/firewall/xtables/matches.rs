//! Matches of xtables by name and revision (linux/netfilter/xt_*.h).

use std::net::IpAddr;

use super::super::address::{AddressRange, Peer, PortRange};
use super::super::bytes::{address, byte, c_field, c_string, native_u16, native_u32};
use super::super::model::{Condition, Family};
use super::super::names;
use super::decoded::{Decoded, quoted};
use super::payload;
use crate::Text;

/// Decodes a match; one that is not known is kept by its name.
pub(in super::super) fn decode_match(
    name: &Text,
    revision: u8,
    data: &[u8],
    family: Family,
) -> Decoded {
    let mut out = Decoded { matches: Vec::new(), text: format!(" -m {}", name.lossy()) };
    let six = family == Family::Ip6;
    let known = match (name.as_bytes(), revision) {
        (b"tcp", 0) => tcp(data, &mut out),
        (b"udp" | b"udplite", 0) => udp(data, &mut out),
        (b"multiport", 1) => multiport(data, &mut out),
        (b"state", 0) => state(data, &mut out),
        (b"conntrack", 1..=3) => conntrack(data, revision, &mut out),
        (b"owner", 1) => owner(data, &mut out),
        (b"comment", 0) => comment(data, &mut out),
        (b"mark" | b"connmark", 1) => mark(name, data, &mut out),
        (b"string", 0 | 1) => string(data, &mut out),
        (b"limit", 0) => limit(data, &mut out),
        (b"iprange", 1) => iprange(data, six, &mut out),
        (b"u32", 0) => payload::u32_tests(data, &mut out),
        (b"bpf", 0 | 1) => payload::bpf(data, revision, &mut out),
        (b"recent", 0 | 1) => recent(data, &mut out),
        _ => None,
    };
    if known.is_none() && out.matches.is_empty() {
        let text = Text::new([b"-m ", name.as_bytes()].concat());
        let condition = match name.as_bytes() {
            b"u32" | b"bpf" => Condition::Payload(text),
            b"string" => Condition::Content(text),
            b"set" => Condition::Set(text),
            b"hashlimit" => Condition::Limit(text),
            _ => Condition::Other(text),
        };
        out.matches.push(condition.plain());
    }
    out
}

fn port_range(data: &[u8], at: usize) -> Option<PortRange> {
    Some(PortRange { first: native_u16(data, at)?, last: native_u16(data, at + 2)? })
}

fn iptables_ports(range: PortRange) -> String {
    if range.first == range.last {
        range.first.to_string()
    } else {
        format!("{}:{}", range.first, range.last)
    }
}

/// `--sport`, `--dport`: all ports are no condition.
fn ports(data: &[u8], out: &mut Decoded, inverse: u8) -> Option<()> {
    let every = PortRange { first: 0, last: u16::MAX };
    let (source, destination) = (port_range(data, 0)?, port_range(data, 4)?);
    if source != every || inverse & 1 != 0 {
        let text = format!("--sport {}", iptables_ports(source));
        out.option(inverse & 1 != 0, &text, Condition::SourcePort(vec![source]));
    }
    if destination != every || inverse & 2 != 0 {
        let text = format!("--dport {}", iptables_ports(destination));
        out.option(inverse & 2 != 0, &text, Condition::DestinationPort(vec![destination]));
    }
    Some(())
}

/// `struct xt_tcp`.
fn tcp(data: &[u8], out: &mut Decoded) -> Option<()> {
    let inverse = byte(data, 11)?;
    ports(data, out, inverse)?;
    let (option, mask, value) = (byte(data, 8)?, byte(data, 9)?, byte(data, 10)?);
    if option != 0 || inverse & 8 != 0 {
        let text = format!("--tcp-option {option}");
        out.option(inverse & 8 != 0, &text, Condition::Other(Text::from(text.as_str())));
    }
    if mask != 0 || inverse & 4 != 0 {
        let (wanted, set) = (names::tcp_flag_names(mask), names::tcp_flag_names(value));
        let text = format!("--tcp-flags {wanted} {set}");
        out.option(inverse & 4 != 0, &text, Condition::TcpFlags { mask, values: vec![value] });
    }
    Some(())
}

/// `struct xt_udp`.
fn udp(data: &[u8], out: &mut Decoded) -> Option<()> {
    ports(data, out, byte(data, 8)?)
}

/// `struct xt_multiport_v1`: a flagged port begins a range.
fn multiport(data: &[u8], out: &mut Decoded) -> Option<()> {
    let (kind, count, inverse) = (byte(data, 0)?, byte(data, 1)?, byte(data, 47)?);
    let mut ranges = Vec::new();
    let mut index = 0;
    while index < usize::from(count.min(15)) {
        let first = native_u16(data, 2 + 2 * index)?;
        let opens = byte(data, 32 + index)? != 0 && index < 14;
        let last = if opens { native_u16(data, 4 + 2 * index)? } else { first };
        ranges.push(PortRange { first, last });
        index += if opens { 2 } else { 1 };
    }
    let list: Vec<String> = ranges.iter().copied().map(iptables_ports).collect();
    let (option, condition) = match kind {
        0 => ("--sports", Condition::SourcePort(ranges)),
        1 => ("--dports", Condition::DestinationPort(ranges)),
        _ => ("--ports", Condition::EitherPort(ranges)),
    };
    out.option(inverse != 0, &format!("{option} {}", list.join(",")), condition);
    Some(())
}

/// In the order that iptables prints them.
fn state_text(option: &str, states: &[Text]) -> String {
    let order = ["invalid", "new", "related", "established", "untracked", "snat", "dnat"];
    let named = order.iter().filter(|name| states.iter().any(|state| state == *name));
    let names: Vec<String> = named.map(|name| name.to_ascii_uppercase()).collect();
    format!("{option} {}", names.join(","))
}

/// `struct xt_state_info`.
fn state(data: &[u8], out: &mut Decoded) -> Option<()> {
    let states = names::state_names(native_u32(data, 0)?, 1 << 6);
    out.option(false, &state_text("--state", &states), Condition::State(states));
    Some(())
}

/// `struct xt_conntrack_mtinfo1..3`: of all it can ask, rules ask for the state.
fn conntrack(data: &[u8], revision: u8, out: &mut Decoded) -> Option<()> {
    let (asked, inverse) = (native_u16(data, 146)?, native_u16(data, 148)?);
    let mask = if revision == 1 { u16::from(byte(data, 150)?) } else { native_u16(data, 150)? };
    if asked & 1 != 0 {
        let mut states = names::state_names(u32::from(mask), 1 << 8);
        for (bit, name) in [(1 << 6, "snat"), (1 << 7, "dnat")] {
            if mask & bit != 0 {
                states.push(Text::from(name));
            }
        }
        states.sort();
        // `-m state` is this match under its old name (XT_CONNTRACK_STATE_ALIAS).
        let old_name = asked & 0x2000 != 0;
        if old_name {
            out.text = String::from(" -m state");
        }
        let option = if old_name { "--state" } else { "--ctstate" };
        out.option(inverse & 1 != 0, &state_text(option, &states), Condition::State(states));
    }
    if asked & !0x2001 != 0 {
        let condition = Condition::Other(Text::from(format!("-m conntrack asks {asked:#x}")));
        out.matches.push(condition.plain());
    }
    Some(())
}

fn id_range(low: u32, high: u32) -> String {
    if low == high { low.to_string() } else { format!("{low}-{high}") }
}

/// `struct xt_owner_match_info`.
fn owner(data: &[u8], out: &mut Decoded) -> Option<()> {
    let (asked, inverse) = (byte(data, 16)?, byte(data, 17)?);
    if asked & 1 != 0 {
        let users = id_range(native_u32(data, 0)?, native_u32(data, 4)?);
        let condition = Condition::OwnerUser(vec![Text::from(users.as_str())]);
        out.option(inverse & 1 != 0, &format!("--uid-owner {users}"), condition);
    }
    if asked & 2 != 0 {
        let groups = id_range(native_u32(data, 8)?, native_u32(data, 12)?);
        let condition = Condition::OwnerGroup(vec![Text::from(groups.as_str())]);
        out.option(inverse & 2 != 0, &format!("--gid-owner {groups}"), condition);
    }
    if asked & 4 != 0 {
        let condition = Condition::Other(Text::from("--socket-exists"));
        out.option(inverse & 4 != 0, "--socket-exists", condition);
    }
    Some(())
}

/// `struct xt_comment_info`.
fn comment(data: &[u8], out: &mut Decoded) -> Option<()> {
    let comment = c_string(data.get(..data.len().min(256))?);
    out.option(false, &format!("--comment {}", quoted(&comment)), Condition::Comment(comment));
    Some(())
}

/// `struct xt_mark_mtinfo1`, `struct xt_connmark_mtinfo1`.
fn mark(name: &Text, data: &[u8], out: &mut Decoded) -> Option<()> {
    let (value, mask, inverse) = (native_u32(data, 0)?, native_u32(data, 4)?, byte(data, 8)?);
    let text =
        if mask == u32::MAX { format!("{value:#x}") } else { format!("{value:#x}/{mask:#x}") };
    let condition = if *name == "mark" {
        Condition::Mark(Text::from(text.as_str()))
    } else {
        Condition::Other(Text::from(format!("connmark {text}")))
    };
    out.option(inverse & 1 != 0, &format!("--mark {text}"), condition);
    Some(())
}

/// `struct xt_string_info`.
fn string(data: &[u8], out: &mut Decoded) -> Option<()> {
    let length = usize::from(byte(data, 148)?).min(128);
    let pattern = Text::from(data.get(20..20 + length)?);
    let algorithm = c_field(data, 4, 16)?;
    let negated = byte(data, 149)? & 1 != 0;
    let escaped = pattern.lossy().replace('\\', "\\\\").replace('"', "\\\"");
    let text = format!("--string \"{escaped}\" --algo {}", algorithm.lossy());
    out.option(negated, &text, Condition::Content(pattern));
    Some(())
}

/// `struct xt_rateinfo`: a ten-thousandth of a second between packets (`XT_LIMIT_SCALE`).
fn limit(data: &[u8], out: &mut Decoded) -> Option<()> {
    let (average, burst) = (u64::from(native_u32(data, 0)?.max(1)), native_u32(data, 4)?);
    // iptables writes the shortest unit in which the rate is a whole number.
    let longer = [("hour", 36_000_000), ("min", 600_000), ("sec", 10_000_u64)];
    let fits = |length: u64| average <= length && length / average >= length % average;
    let shorter = longer.into_iter().take_while(|(_, length)| fits(*length)).last();
    let (unit, length) = shorter.unwrap_or(("day", 864_000_000));
    let rate = format!("--limit {}/{unit}", length / average);
    out.option(false, &rate, Condition::Limit(Text::from(rate.as_str())));
    if burst != 5 {
        let text = format!("--limit-burst {burst}");
        out.option(false, &text, Condition::Limit(Text::from(text.as_str())));
    }
    Some(())
}

/// `struct xt_iprange_mtinfo`.
fn iprange(data: &[u8], six: bool, out: &mut Decoded) -> Option<()> {
    let flags = byte(data, 64)?;
    let range = |at: usize| -> Option<(IpAddr, IpAddr)> {
        Some((address(data, at, six)?, address(data, at + 16, six)?))
    };
    if flags & 1 != 0 {
        let (first, last) = range(0)?;
        let condition = Condition::Source(vec![Peer::Address(AddressRange { first, last })]);
        out.option(flags & 0x10 != 0, &format!("--src-range {first}-{last}"), condition);
    }
    if flags & 2 != 0 {
        let (first, last) = range(32)?;
        let condition = Condition::Destination(vec![Peer::Address(AddressRange { first, last })]);
        out.option(flags & 0x20 != 0, &format!("--dst-range {first}-{last}"), condition);
    }
    Some(())
}

/// `struct xt_recent_mtinfo`: what is done with which list.
fn recent(data: &[u8], out: &mut Decoded) -> Option<()> {
    let does = byte(data, 8)?;
    let name = c_field(data, 10, 200)?;
    let verbs = [(1, "--set"), (2, "--update"), (4, "--rcheck"), (8, "--remove")];
    let verb = verbs.iter().find(|(bit, _)| does & bit != 0).map_or("--rcheck", |(_, verb)| *verb);
    let text = format!("{verb} --name {}", name.lossy());
    out.option(byte(data, 9)? != 0, &text, Condition::Other(Text::from(text.as_str())));
    Some(())
}
