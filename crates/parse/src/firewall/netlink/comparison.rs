//! What a comparison with a loaded value means.

use super::super::bytes::hex;
use super::super::model::{Condition, Match};
use super::super::names;
use super::field::{Field, Loaded, Test};
use super::state::Decoder;
use super::value::{braces, devices, flags, ids, list, mark, peers, ports, states};
use crate::Text;

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
