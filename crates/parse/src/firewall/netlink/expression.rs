//! Expressions of a rule, by name (`linux/netfilter/nf_tables.h`, `NFTA_*`).

use std::fmt::Write as _;

use super::super::address::{AddressRange, Peer, PortRange};
use super::super::bytes::{address, array, byte, network_u16};
use super::super::model::{Condition, Counters, Family, Verdict};
use super::super::xtables;
use super::attributes::Attributes;
use super::comparison;
use super::field::{Field, Loaded, Test};
use super::set::{after, before};
use super::state::Decoder;
use super::verdict::{data_verdict, verdict_text};
use crate::Text;

/// Decodes one expression into what the rule says.
pub(super) fn decode(decoder: &mut Decoder<'_>, name: &Text, data: &[u8]) {
    let attributes = Attributes::read(data);
    let known = match name.as_bytes() {
        b"payload" => payload(decoder, &attributes),
        b"meta" => load_or_set(decoder, &attributes, (3, "meta"), Field::Meta),
        b"ct" => load_or_set(decoder, &attributes, (4, "ct"), Field::Track),
        b"bitwise" => bitwise(decoder, &attributes),
        b"cmp" => compare(decoder, &attributes),
        b"range" => range(decoder, &attributes),
        b"lookup" => lookup(decoder, &attributes),
        b"immediate" => immediate(decoder, &attributes),
        b"counter" => counter(decoder, &attributes),
        b"limit" => limit(decoder, &attributes),
        b"match" => xt_match(decoder, &attributes),
        b"target" => xt_target(decoder, &attributes),
        _ => act(decoder, name, &attributes),
    };
    if known.is_none() {
        other(decoder, name, &attributes);
    }
}

/// Expressions that do something with the packet.
fn act(decoder: &mut Decoder<'_>, name: &Text, attributes: &Attributes<'_>) -> Option<()> {
    let shown = name.lossy().into_owned();
    match name.as_bytes() {
        b"nat" => return nat(decoder, attributes),
        b"redir" => {
            let port = port(decoder, attributes.word(1), attributes.word(2));
            let to = port.map_or_else(String::new, |port| format!(" to :{port}"));
            decoder.verdict(Verdict::Redirect { port }, format!("redirect{to}"));
        }
        b"tproxy" => {
            let port = port(decoder, attributes.word(3), None);
            let to = port.map_or_else(String::new, |port| format!(" to :{port}"));
            decoder.verdict(Verdict::Redirect { port }, format!("tproxy{to}"));
        }
        b"masq" => decoder.verdict(Verdict::Snat(Text::from("masquerade")), "masquerade".into()),
        b"reject" => decoder.verdict(Verdict::Reject, "reject".into()),
        b"log" => {
            let prefix = attributes.text(2).filter(|prefix| !prefix.is_empty());
            let prefix = prefix.map_or_else(String::new, |p| format!(" prefix \"{}\"", p.lossy()));
            decoder.verdict(Verdict::Log, format!("log{prefix}"));
        }
        b"queue" => queue(decoder, attributes),
        b"fwd" | b"dup" | b"notrack" | b"synproxy" | b"dynset" | b"objref" | b"flow_offload"
        | b"last" => decoder.verdict(Verdict::Other(name.clone()), shown),
        _ => return None,
    }
    Some(())
}

/// An expression that is not known is kept by its name; it may have filled a register.
fn other(decoder: &mut Decoder<'_>, name: &Text, attributes: &Attributes<'_>) {
    let shown = name.lossy().into_owned();
    match name.as_bytes() {
        // These fill the register that the attribute names; a comparison follows.
        b"fib" | b"rt" | b"socket" | b"osf" | b"tunnel" | b"xfrm" | b"exthdr" | b"numgen" => {
            decoder.load(attributes.word(1), Field::Other(shown).loaded());
        }
        b"hash" => decoder.load(attributes.word(2), Field::Other(shown).loaded()),
        b"byteorder" => {
            let source = decoder.register(attributes.word(1)).cloned();
            decoder.load(attributes.word(2), source.unwrap_or(Field::Other(shown).loaded()));
        }
        _ => {
            let condition = Condition::Other(name.clone());
            decoder.condition(condition.plain(), shown);
        }
    }
}

fn payload(decoder: &mut Decoder<'_>, attributes: &Attributes<'_>) -> Option<()> {
    let (base, offset, length) = (attributes.word(2)?, attributes.word(3)?, attributes.word(4)?);
    if attributes.get(5).is_some() {
        let text = format!("set payload base {base} offset {offset} length {length}");
        decoder.verdict(Verdict::Other(Text::from(text.as_str())), text);
    } else {
        decoder.load(attributes.word(1), Field::Payload(base, offset, length).loaded());
    }
    Some(())
}

/// `meta` and `ct` load a key, or set it from a register.
fn load_or_set(
    decoder: &mut Decoder<'_>,
    attributes: &Attributes<'_>,
    (source, name): (u16, &str),
    make: fn(u32) -> Field,
) -> Option<()> {
    let key = attributes.word(2)?;
    if attributes.get(source).is_some() {
        let text = format!("set {name} key {key}");
        decoder.verdict(Verdict::Other(Text::from(text.as_str())), text);
    } else {
        decoder.load(attributes.word(1), make(key).loaded());
    }
    Some(())
}

/// Only the mask of `(value & mask) ^ xor` matters to matches; shifts are kept as they are.
fn bitwise(decoder: &mut Decoder<'_>, attributes: &Attributes<'_>) -> Option<()> {
    let mut loaded = decoder.register(attributes.word(1))?.clone();
    let value = |kind| attributes.nested(kind)?.get(1).map(<[u8]>::to_vec);
    let plain = attributes.word(6).unwrap_or(0) == 0;
    let xor = value(5).is_some_and(|xor| xor.iter().any(|byte| *byte != 0));
    if plain && !xor && loaded.mask.is_none() {
        loaded.mask = value(4);
    } else {
        loaded = Field::Other(String::from("bitwise")).loaded();
    }
    decoder.load(attributes.word(2), loaded);
    Some(())
}

fn compare(decoder: &mut Decoder<'_>, attributes: &Attributes<'_>) -> Option<()> {
    let loaded = decoder.register(attributes.word(1))?.clone();
    let value = attributes.nested(3)?.get(1)?.to_vec();
    let lowest = vec![0; value.len()];
    let highest = vec![0xff; value.len()];
    let (first, last, negated) = match attributes.word(2)? {
        0 => (value.clone(), value, false),
        1 => (value.clone(), value, true),
        2 => (lowest, before(&value), false),
        3 => (lowest, value, false),
        4 => (after(&value), highest, false),
        5 => (value, highest, false),
        _ => return None,
    };
    let test = Test { ranges: vec![(first, last)], negated, shown: None };
    comparison::test(decoder, &loaded, &test);
    Some(())
}

fn range(decoder: &mut Decoder<'_>, attributes: &Attributes<'_>) -> Option<()> {
    let loaded = decoder.register(attributes.word(1))?.clone();
    let value = |kind| attributes.nested(kind)?.get(1).map(<[u8]>::to_vec);
    let ranges = vec![(value(3)?, value(4)?)];
    let test = Test { ranges, negated: attributes.word(2)? == 1, shown: None };
    comparison::test(decoder, &loaded, &test);
    Some(())
}

/// A set without a name of the user's is spelled out; a named one too, when it is small.
fn lookup(decoder: &mut Decoder<'_>, attributes: &Attributes<'_>) -> Option<()> {
    const MOST_SPELLED_OUT: usize = 256;
    let name = attributes.text(1)?;
    let negated = attributes.word(5).unwrap_or(0) & 1 != 0;
    let members = decoder.set(&name);
    let loaded = decoder.register(attributes.word(2)).cloned();
    let own = name.as_bytes().starts_with(b"__");
    let ranges = members.map(super::set::SetMembers::ranges).unwrap_or_default();
    let width = ranges.first().map_or(0, |(first, _)| first.len());
    let whole = loaded.filter(|loaded| fits(loaded, width));
    match whole {
        Some(loaded) if (1..=MOST_SPELLED_OUT).contains(&ranges.len()) => {
            let shown = (!own).then(|| format!("@{}", name.lossy()));
            comparison::test(decoder, &loaded, &Test { ranges, negated, shown });
        }
        _ => {
            let text = format!("@{}", name.lossy());
            let condition = Condition::Set(Text::new([b"@", name.as_bytes()].concat()));
            decoder.condition(condition.negated_if(negated), text);
        }
    }
    if let (Some(0), Some(members)) = (attributes.word(3), members) {
        decoder.verdict(Verdict::Map(members.verdicts()), String::from("vmap"));
    }
    Some(())
}

/// A key as long as what was loaded is one field; a longer one is several at once.
fn fits(loaded: &Loaded, width: usize) -> bool {
    match loaded.field {
        Field::Payload(_, _, length) => width == length as usize,
        Field::Meta(15 | 16) => width == 1,
        Field::Meta(6 | 7) => width == 16,
        Field::Meta(_) | Field::Track(_) => width == 4,
        _ => false,
    }
}

fn immediate(decoder: &mut Decoder<'_>, attributes: &Attributes<'_>) -> Option<()> {
    let data = attributes.nested(2)?;
    if let Some(verdict) = data.nested(2) {
        let verdict = data_verdict(&verdict);
        let text = verdict_text(&verdict);
        decoder.verdict(verdict, text);
    } else {
        let value = data.get(1)?.to_vec();
        decoder.load(attributes.word(1), Field::Constant(value).loaded());
    }
    Some(())
}

fn counter(decoder: &mut Decoder<'_>, attributes: &Attributes<'_>) -> Option<()> {
    let counters = Counters { bytes: attributes.long(1)?, packets: attributes.long(2)? };
    decoder.done.counters = Some(counters);
    decoder.say(format!("counter packets {} bytes {}", counters.packets, counters.bytes));
    Some(())
}

fn limit(decoder: &mut Decoder<'_>, attributes: &Attributes<'_>) -> Option<()> {
    let unit = match attributes.long(2)? {
        1 => "second",
        60 => "minute",
        3600 => "hour",
        86_400 => "day",
        _ => "week",
    };
    let over = if attributes.word(5).unwrap_or(0) & 1 != 0 { "over " } else { "" };
    let text = format!("limit rate {over}{}/{unit}", attributes.long(1)?);
    decoder.condition(Condition::Limit(Text::from(text.as_str())).plain(), text);
    Some(())
}

fn constant(decoder: &Decoder<'_>, register: Option<u32>) -> Option<Vec<u8>> {
    match &decoder.register(register)?.field {
        Field::Constant(value) => Some(value.clone()),
        _ => None,
    }
}

fn port(decoder: &Decoder<'_>, low: Option<u32>, high: Option<u32>) -> Option<PortRange> {
    let number = |register| {
        let value = constant(decoder, register)?;
        array(&value, 0).map(u16::from_be_bytes)
    };
    let first = number(low)?;
    Some(PortRange { first, last: number(high).unwrap_or(first).max(first) })
}

/// `NFTA_NAT_*`: type, family, registers of addresses and ports.
fn nat(decoder: &mut Decoder<'_>, attributes: &Attributes<'_>) -> Option<()> {
    let six = attributes.word(2) == Some(10);
    let ip = |register| address(&constant(decoder, register)?, 0, six);
    let first = ip(attributes.word(3));
    let last = ip(attributes.word(4)).or(first);
    let to = first.zip(last).map(|(first, last)| Peer::Address(AddressRange { first, last }));
    let port = port(decoder, attributes.word(5), attributes.word(6));
    let mut shown = to.as_ref().map_or_else(String::new, ToString::to_string);
    if let Some(port) = port {
        let _ = write!(shown, ":{port}");
    }
    if attributes.word(1)? == 0 {
        decoder.verdict(Verdict::Snat(Text::from(shown.as_str())), format!("snat to {shown}"));
    } else {
        decoder.verdict(Verdict::Dnat { to, port }, format!("dnat to {shown}"));
    }
    Some(())
}

fn queue(decoder: &mut Decoder<'_>, attributes: &Attributes<'_>) {
    let first = attributes.get(1).and_then(|bytes| network_u16(bytes, 0)).unwrap_or(0);
    let count = attributes.get(2).and_then(|bytes| network_u16(bytes, 0)).unwrap_or(1).max(1);
    let number = if count == 1 {
        first.to_string()
    } else {
        format!("{first}-{}", first.saturating_add(count - 1))
    };
    let text = format!("queue num {number}");
    decoder.verdict(Verdict::Queue(Text::from(number)), text);
}

/// Name, revision and data of an xtables extension inside nftables.
fn extension<'a>(attributes: &Attributes<'a>) -> Option<(Text, u8, &'a [u8])> {
    let revision = attributes.get(2).and_then(|revision| byte(revision, 3)).unwrap_or(0);
    Some((attributes.text(1)?, revision, attributes.get(3)?))
}

fn xt_family(decoder: &Decoder<'_>) -> Family {
    if decoder.six == Some(true) { Family::Ip6 } else { Family::Ip }
}

fn xt_match(decoder: &mut Decoder<'_>, attributes: &Attributes<'_>) -> Option<()> {
    let (name, revision, data) = extension(attributes)?;
    let decoded = xtables::decode_match(&name, revision, data, xt_family(decoder));
    decoder.say(decoded.text.trim_start().to_owned());
    decoder.done.matches.extend(decoded.matches);
    Some(())
}

fn xt_target(decoder: &mut Decoder<'_>, attributes: &Attributes<'_>) -> Option<()> {
    let (name, revision, data) = extension(attributes)?;
    let (verdict, text) = xtables::decode_target(&name, revision, data, xt_family(decoder));
    decoder.verdict(verdict, text.trim_start().to_owned());
    Some(())
}
