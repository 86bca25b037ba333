//! What a comparison with a loaded value means.

use super::super::address::{AddressRange, Peer, PortRange};
use super::super::bytes::{address, array, hex, native_u32};
use super::super::model::{Condition, Match};
use super::super::names;
use super::loaded::{Field, Loaded};
use super::state::Decoder;
use crate::Text;

/// First and last value of what matches.
pub(super) type Ranges = Vec<(Vec<u8>, Vec<u8>)>;

/// A test of a loaded value.
pub(super) struct Test {
    pub(super) ranges: Ranges,
    pub(super) negated: bool,
    /// How to write what is tested for, where it is not plain.
    pub(super) shown: Option<String>,
}

/// What a known field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Source,
    Destination,
    Protocol,
    SourcePort,
    DestinationPort,
    Flags,
    InDevice,
    OutDevice,
    User,
    Group,
    Mark,
    State,
    Family,
}

/// Adds the condition that a test of a loaded value is.
pub(super) fn test(decoder: &mut Decoder<'_>, loaded: &Loaded, test: &Test) {
    if let Some(parts) = split_merged(decoder, loaded, test) {
        for (part, piece) in parts {
            self::test(decoder, &part, &piece);
        }
        return;
    }
    let known = known(decoder, &loaded.field);
    let condition = known.and_then(|known| condition(decoder, known, loaded, test));
    match (known, condition) {
        (Some(Known::Family), _) => settle_family(decoder, test),
        (_, Some((condition, text))) => {
            decoder.condition(condition, text);
        }
        (_, None) => {
            let (found, text) = unknown(decoder, loaded, test);
            decoder.condition(found, text);
        }
    }
}

fn known(decoder: &Decoder<'_>, field: &Field) -> Option<Known> {
    let six = decoder.six == Some(true);
    match *field {
        Field::Payload(1, 12, 1..=4) if !six => Some(Known::Source),
        Field::Payload(1, 16, 1..=4) if !six => Some(Known::Destination),
        Field::Payload(1, 8, 1..=16) if six => Some(Known::Source),
        Field::Payload(1, 24, 1..=16) if six => Some(Known::Destination),
        Field::Payload(1, 9, 1) if !six => Some(Known::Protocol),
        Field::Payload(1, 6, 1) if six => Some(Known::Protocol),
        Field::Payload(2, 0, 2) if decoder.protocol != Some(1) => Some(Known::SourcePort),
        Field::Payload(2, 2, 2) if decoder.protocol != Some(1) => Some(Known::DestinationPort),
        Field::Payload(2, 13, 1) if decoder.protocol == Some(6) => Some(Known::Flags),
        Field::Meta(3) => Some(Known::Mark),
        Field::Meta(4 | 6) => Some(Known::InDevice),
        Field::Meta(5 | 7) => Some(Known::OutDevice),
        Field::Meta(10) => Some(Known::User),
        Field::Meta(11) => Some(Known::Group),
        Field::Meta(15) => Some(Known::Family),
        Field::Meta(16) => Some(Known::Protocol),
        Field::Track(0) => Some(Known::State),
        _ => None,
    }
}

/// nft asks for neighbouring fields in one load: both ports, or both addresses.
fn split_merged(
    decoder: &Decoder<'_>,
    loaded: &Loaded,
    whole: &Test,
) -> Option<Vec<(Loaded, Test)>> {
    let Field::Payload(base, offset, length) = loaded.field else { return None };
    let at = match (base, offset, length) {
        (2, 0, 4) => 2,
        (1, 12, 8) if decoder.six != Some(true) => 4,
        (1, 8, 32) if decoder.six == Some(true) => 16,
        _ => return None,
    };
    let [(first, last)] = whole.ranges.as_slice() else { return None };
    if whole.negated || first != last || loaded.mask.is_some() {
        return None;
    }
    let (left, right) = first.split_at_checked(at)?;
    let half = u32::try_from(at).ok()?;
    let piece = |value: &[u8]| Test {
        ranges: vec![(value.to_vec(), value.to_vec())],
        negated: false,
        shown: None,
    };
    Some(vec![
        (Field::Payload(base, offset, half).loaded(), piece(left)),
        (Field::Payload(base, offset + half, half).loaded(), piece(right)),
    ])
}

fn settle_family(decoder: &mut Decoder<'_>, test: &Test) {
    if let [(first, _)] = test.ranges.as_slice() {
        decoder.six = match first.first() {
            Some(2) => Some(false),
            Some(10) => Some(true),
            _ => decoder.six,
        };
        let name = if decoder.six == Some(true) { "ipv6" } else { "ipv4" };
        decoder.say(format!("meta nfproto {name}"));
    }
}

/// A field's name, what is tested for, and the condition of the model.
type Said = (&'static str, String, Condition);

/// A condition of the model with its text, or nothing when the value does not fit the field.
fn condition(
    decoder: &mut Decoder<'_>,
    known: Known,
    loaded: &Loaded,
    test: &Test,
) -> Option<(Match, String)> {
    let mask = loaded.mask.as_deref();
    let mut negated = test.negated;
    let (name, shown, condition) = match known {
        Known::Source | Known::Destination => peer_condition(decoder, known, mask, test)?,
        Known::SourcePort | Known::DestinationPort => port_condition(decoder, known, mask, test)?,
        Known::InDevice | Known::OutDevice => device_condition(known, &loaded.field, test)?,
        Known::User | Known::Group => owner_condition(known, test)?,
        Known::Protocol => {
            let names = protocols(decoder, test)?;
            ("meta l4proto", list(&names), Condition::Protocol(names))
        }
        Known::Flags => {
            let (condition, shown) = flags(&test.ranges, mask)?;
            ("tcp flags", shown, condition)
        }
        Known::Mark => {
            let text = mark(&test.ranges, mask)?;
            ("meta mark", text.clone(), Condition::Mark(Text::from(text)))
        }
        Known::State => {
            let (states, turned) = states(test, mask)?;
            negated = turned;
            let names: Vec<_> = states.iter().map(Text::lossy).collect();
            ("ct state", names.join(","), Condition::State(states))
        }
        Known::Family => return None,
    };
    let not = if negated { "!= " } else { "" };
    let shown = test.shown.clone().unwrap_or(shown);
    Some((condition.negated_if(negated), format!("{name} {not}{shown}")))
}

fn peer_condition(
    decoder: &Decoder<'_>,
    known: Known,
    mask: Option<&[u8]>,
    test: &Test,
) -> Option<Said> {
    let six = decoder.six == Some(true);
    let peers = peers(&test.ranges, mask, six)?;
    let shown = list(&peers);
    Some(match (known, six) {
        (Known::Source, false) => ("ip saddr", shown, Condition::Source(peers)),
        (Known::Source, true) => ("ip6 saddr", shown, Condition::Source(peers)),
        (_, false) => ("ip daddr", shown, Condition::Destination(peers)),
        (_, true) => ("ip6 daddr", shown, Condition::Destination(peers)),
    })
}

fn port_condition(
    decoder: &Decoder<'_>,
    known: Known,
    mask: Option<&[u8]>,
    test: &Test,
) -> Option<Said> {
    let ports = ports(&test.ranges).filter(|_| mask.is_none())?;
    let source = known == Known::SourcePort;
    let (name, shown) = (port_name(decoder.protocol, source), list(&ports));
    let condition =
        if source { Condition::SourcePort(ports) } else { Condition::DestinationPort(ports) };
    Some((name, shown, condition))
}

fn device_condition(known: Known, field: &Field, test: &Test) -> Option<Said> {
    let devices = devices(field, &test.ranges)?;
    let quoted: Vec<String> = devices.iter().map(|name| format!("\"{}\"", name.lossy())).collect();
    let shown = braces(&quoted);
    Some(if known == Known::InDevice {
        ("iifname", shown, Condition::InInterface(devices))
    } else {
        ("oifname", shown, Condition::OutInterface(devices))
    })
}

fn owner_condition(known: Known, test: &Test) -> Option<Said> {
    let ids = ids(&test.ranges)?;
    let shown = list(&ids);
    Some(if known == Known::User {
        ("meta skuid", shown, Condition::OwnerUser(ids))
    } else {
        ("meta skgid", shown, Condition::OwnerGroup(ids))
    })
}

fn braces(members: &[String]) -> String {
    match members {
        [one] => one.clone(),
        many => format!("{{ {} }}", many.join(", ")),
    }
}

fn list<T: std::fmt::Display>(members: &[T]) -> String {
    braces(&members.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// Keys shorter than an address are networks: nft loads three bytes for a /24.
fn peers(ranges: &Ranges, mask: Option<&[u8]>, six: bool) -> Option<Vec<Peer>> {
    let width = if six { 16 } else { 4 };
    let fill = |bytes: &[u8], with: u8| {
        let mut whole = bytes.to_vec();
        whole.resize(width, with);
        address(&whole, 0, six)
    };
    ranges
        .iter()
        .map(|(first, last)| {
            let range = match mask {
                Some(mask) => AddressRange::masked(fill(first, 0)?, fill(mask, 0)?)?,
                None => AddressRange { first: fill(first, 0)?, last: fill(last, 0xff)? },
            };
            Some(Peer::Address(range))
        })
        .collect()
}

fn ports(ranges: &Ranges) -> Option<Vec<PortRange>> {
    let port = |bytes: &[u8]| array(bytes, 0).map(u16::from_be_bytes);
    ranges
        .iter()
        .map(|(first, last)| Some(PortRange { first: port(first)?, last: port(last)? }))
        .collect()
}

fn port_name(protocol: Option<u8>, source: bool) -> &'static str {
    match (protocol, source) {
        (Some(6), true) => "tcp sport",
        (Some(6), false) => "tcp dport",
        (Some(17), true) => "udp sport",
        (Some(17), false) => "udp dport",
        (_, true) => "th sport",
        (_, false) => "th dport",
    }
}

fn protocols(decoder: &mut Decoder<'_>, test: &Test) -> Option<Vec<Text>> {
    let numbers: Option<Vec<u8>> = test
        .ranges
        .iter()
        .map(|(first, last)| first.first().filter(|_| first == last).copied())
        .collect();
    let numbers = numbers?;
    if let ([one], false) = (numbers.as_slice(), test.negated) {
        decoder.protocol = Some(*one);
    }
    Some(numbers.into_iter().map(names::protocol_name).collect())
}

fn flags(ranges: &Ranges, mask: Option<&[u8]>) -> Option<(Condition, String)> {
    let mask = mask.map_or(Some(0xff), |mask| mask.first().copied())?;
    let values: Option<Vec<u8>> = ranges
        .iter()
        .map(|(first, last)| first.first().filter(|_| first == last).copied())
        .collect();
    let values = values?;
    let shown: Vec<String> =
        values.iter().map(|value| names::tcp_flag_names(*value).to_ascii_lowercase()).collect();
    let shown =
        format!("{} / {}", braces(&shown), names::tcp_flag_names(mask).to_ascii_lowercase());
    Some((Condition::TcpFlags { mask, values }, shown))
}

/// Names with their NUL are whole; a shorter comparison is a beginning (`eth*`). Index 1 is `lo`.
fn devices(field: &Field, ranges: &Ranges) -> Option<Vec<Text>> {
    let by_index = matches!(field, Field::Meta(4 | 5));
    ranges
        .iter()
        .map(|(first, _)| {
            if by_index {
                let index = host_number(first)?;
                return Some(if index == 1 {
                    Text::from("lo")
                } else {
                    Text::from(format!("#{index}"))
                });
            }
            let name = super::super::bytes::c_string(first);
            let open = !first.contains(&0) && first.len() < 16;
            Some(if open { Text::new([name.as_bytes(), b"+"].concat()) } else { name })
        })
        .collect()
}

fn ids(ranges: &Ranges) -> Option<Vec<Text>> {
    ranges
        .iter()
        .map(|(first, last)| {
            let (low, high) = (host_number(first)?, host_number(last)?);
            Some(Text::from(if low == high { low.to_string() } else { format!("{low}-{high}") }))
        })
        .collect()
}

fn mark(ranges: &Ranges, mask: Option<&[u8]>) -> Option<String> {
    let [(first, _)] = ranges.as_slice() else { return None };
    let value = host_number(first)?;
    Some(match mask {
        Some(mask) => format!("{value:#x}/{:#x}", host_number(mask)?),
        None => format!("{value:#x}"),
    })
}

/// The number of a data value in the kernel's own byte order (marks, user ids, states).
fn host_number(value: &[u8]) -> Option<u32> {
    native_u32(value, 0)
}

/// `ct state new,established` is "these bits, and the result is not zero".
fn states(test: &Test, mask: Option<&[u8]>) -> Option<(Vec<Text>, bool)> {
    let [(first, _)] = test.ranges.as_slice() else { return None };
    let value = host_number(first)?;
    match mask {
        Some(mask) if value == 0 => {
            Some((names::state_names(host_number(mask)?, 1 << 6), !test.negated))
        }
        Some(_) => None,
        None => Some((names::state_names(value, 1 << 6), test.negated)),
    }
}

/// Fields that say nothing hidden: the fixed parts of the headers.
fn is_ordinary_header(decoder: &Decoder<'_>, field: &Field) -> bool {
    let Field::Payload(base, offset, length) = *field else { return true };
    let end = offset.saturating_add(length);
    match (base, decoder.protocol) {
        (0, _) => end <= 18,
        (1, _) => end <= if decoder.six == Some(true) { 8 } else { 10 } && offset != 4,
        (2, Some(1 | 58)) => end <= 4,
        (2, Some(6)) => offset >= 12 && end <= 14,
        (2, Some(17)) => end <= 8,
        _ => false,
    }
}

/// A condition that the model has no words for, as nft would write it.
fn unknown(decoder: &Decoder<'_>, loaded: &Loaded, test: &Test) -> (Match, String) {
    let name = match &loaded.field {
        Field::Payload(base, offset, length) => {
            let base = ["ll", "nh", "th", "ih"].get(*base as usize).unwrap_or(&"ih");
            format!("@{base},{},{}", u64::from(*offset) * 8, u64::from(*length) * 8)
        }
        Field::Meta(key) => format!("meta key {key}"),
        Field::Track(key) => format!("ct key {key}"),
        Field::Constant(value) => hex(value),
        Field::Other(text) => text.clone(),
    };
    let mask = loaded.mask.as_ref().map_or_else(String::new, |mask| format!(" & {}", hex(mask)));
    let values: Vec<String> = test
        .ranges
        .iter()
        .take(64)
        .map(
            |(first, last)| {
                if first == last { hex(first) } else { format!("{}-{}", hex(first), hex(last)) }
            },
        )
        .collect();
    let not = if test.negated { "!= " } else { "" };
    let shown = test.shown.clone().unwrap_or_else(|| braces(&values));
    let plain = format!("{name}{mask} {shown}");
    let hidden =
        matches!(loaded.field, Field::Payload(..)) && !is_ordinary_header(decoder, &loaded.field);
    let text = Text::from(plain.as_str());
    let condition = if hidden { Condition::Payload(text) } else { Condition::Other(text) };
    (condition.negated_if(test.negated), format!("{name}{mask} {not}{shown}"))
}
