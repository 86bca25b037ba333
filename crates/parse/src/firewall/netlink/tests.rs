use super::*;
use crate::Text;
use crate::firewall::{Condition, Counters, Family, Hook, Peer, PortRange, Rule, Verdict};
use proptest::prelude::*;

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len() + 4).unwrap();
    let mut out = length.to_ne_bytes().to_vec();
    out.extend(kind.to_ne_bytes());
    out.extend(value);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

fn nest(kind: u16, parts: &[Vec<u8>]) -> Vec<u8> {
    attribute(kind | 0x8000, &parts.concat())
}

fn number(kind: u16, value: u32) -> Vec<u8> {
    attribute(kind, &value.to_be_bytes())
}

fn expression(name: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    let name = [name.as_bytes(), b"\0"].concat();
    nest(1, &[attribute(1, &name), nest(2, parts)])
}

fn payload(base: u32, offset: u32, length: u32) -> Vec<u8> {
    expression("payload", &[number(1, 1), number(2, base), number(3, offset), number(4, length)])
}

fn compare(operator: u32, value: &[u8]) -> Vec<u8> {
    expression("cmp", &[number(1, 1), number(2, operator), nest(3, &[attribute(1, value)])])
}

fn meta(key: u32) -> Vec<u8> {
    expression("meta", &[number(1, 1), number(2, key)])
}

fn verdict(code: u32) -> Vec<u8> {
    expression("immediate", &[number(1, 0), nest(2, &[nest(2, &[number(1, code)])])])
}

fn message(family: u8, expressions: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![family, 0, 0, 0];
    out.extend(attribute(1, b"filter\0"));
    out.extend(attribute(2, b"output\0"));
    out.extend(nest(4, expressions));
    out
}

fn rule(family: u8, expressions: &[Vec<u8>]) -> Rule {
    parse_rule(&message(family, expressions), &Sets::default()).expect("a rule")
}

fn tcp() -> Condition {
    Condition::Protocol(vec![Text::from("tcp")])
}

#[test]
fn dropped_resets_are_read_with_their_counter() {
    let bits = expression(
        "bitwise",
        &[
            number(1, 1),
            number(2, 1),
            number(3, 1),
            nest(4, &[attribute(1, &[4])]),
            nest(5, &[attribute(1, &[0])]),
        ],
    );
    let counter = expression(
        "counter",
        &[attribute(1, &80_u64.to_be_bytes()), attribute(2, &2_u64.to_be_bytes())],
    );
    let found = rule(
        1,
        &[
            meta(16),
            compare(0, &[6]),
            payload(2, 13, 1),
            bits,
            compare(1, &[0]),
            counter,
            verdict(0),
        ],
    );
    assert_eq!(found.family, Family::Inet);
    assert_eq!(found.matches[0], tcp().plain());
    let flags = Condition::TcpFlags { mask: 4, values: vec![0] };
    assert_eq!(found.matches[1], flags.negated_if(true));
    assert_eq!(found.verdict, Verdict::Drop);
    assert_eq!(found.counters, Some(Counters { packets: 2, bytes: 80 }));
}

#[test]
fn shortened_networks_and_merged_ports_are_taken_apart() {
    let found = rule(
        2,
        &[
            payload(1, 12, 3),
            compare(0, &[192, 0, 2]),
            meta(16),
            compare(0, &[6]),
            payload(2, 0, 4),
            compare(0, &[0, 53, 0, 80]),
        ],
    );
    assert_eq!(
        found.matches,
        [
            Condition::Source(vec![Peer::parse(b"192.0.2.0/24")]).plain(),
            tcp().plain(),
            Condition::SourcePort(vec![PortRange::one(53)]).plain(),
            Condition::DestinationPort(vec![PortRange::one(80)]).plain(),
        ]
    );
    assert_eq!(
        found.text,
        Text::from("ip saddr 192.0.2.0/24 meta l4proto tcp tcp sport 53 tcp dport 80")
    );
}

#[test]
fn a_redirect_takes_its_port_from_a_register() {
    let value = expression(
        "immediate",
        &[number(1, 1), nest(2, &[attribute(1, &42391_u16.to_be_bytes())])],
    );
    let found = rule(2, &[value, expression("redir", &[number(1, 1)])]);
    assert_eq!(found.verdict, Verdict::Redirect { port: Some(PortRange::one(42391)) });
}

#[test]
fn bytes_behind_the_header_are_a_payload_match_and_header_fields_are_not() {
    let magic = rule(
        2,
        &[
            meta(16),
            compare(0, &[17]),
            payload(2, 8, 4),
            compare(0, &[0xde, 0xad, 0xbe, 0xef]),
            verdict(1),
        ],
    );
    let hidden = Condition::Payload(Text::from("@th,64,32 0xdeadbeef"));
    assert_eq!(magic.matches[1], hidden.plain());
    let ttl = rule(2, &[payload(1, 8, 1), compare(0, &[1]), verdict(0)]);
    assert!(matches!(ttl.matches[0].condition, Condition::Other(_)));
}

#[test]
fn intervals_of_sets_are_ranges() {
    let element =
        |key: &[u8], flags: u32| nest(1, &[nest(1, &[attribute(1, key)]), number(3, flags)]);
    let mut elements = vec![1, 0, 0, 0];
    elements.extend(attribute(1, b"filter\0"));
    elements.extend(attribute(2, b"__set0\0"));
    let members =
        [element(&[0, 91], 1), element(&[0, 80], 0), element(&[0, 22], 0), element(&[0, 23], 1)];
    elements.extend(nest(3, &members));
    let (name, members) = parse_set_elements(&elements).unwrap();
    let mut sets = Sets::default();
    sets.add(name.family, name.table, name.name, members);
    let lookup = expression("lookup", &[attribute(1, b"__set0\0"), number(2, 1)]);
    let bytes = message(1, &[meta(16), compare(0, &[6]), payload(2, 2, 2), lookup, verdict(1)]);
    let found = parse_rule(&bytes, &sets).unwrap();
    let ports = vec![PortRange::one(22), PortRange { first: 80, last: 90 }];
    assert_eq!(found.matches[1], Condition::DestinationPort(ports).plain());
}

#[test]
fn states_are_bits_and_a_name_that_is_not_utf8_hides_nothing() {
    let load = expression("ct", &[number(1, 1), number(2, 0)]);
    let mask = 6_u32.to_ne_bytes();
    let bits = expression(
        "bitwise",
        &[
            number(1, 1),
            number(2, 1),
            nest(4, &[attribute(1, &mask)]),
            nest(5, &[attribute(1, &[0; 4])]),
        ],
    );
    let mut bytes = vec![2, 0, 0, 0];
    bytes.extend(attribute(1, b"\xff\xfe\0"));
    bytes.extend(attribute(2, b"\xff\0"));
    bytes.extend(nest(4, &[load, bits, compare(1, &[0; 4]), verdict(1)]));
    let found = parse_rule(&bytes, &Sets::default()).unwrap();
    let states = vec![Text::from("established"), Text::from("related")];
    assert_eq!(found.matches, [Condition::State(states).plain()]);
    assert_eq!(found.chain, Text::new(*b"\xff"));
}

#[test]
fn chains_tell_hook_priority_and_policy() {
    let mut bytes = vec![1, 0, 0, 0];
    bytes.extend(attribute(1, b"t\0"));
    bytes.extend(attribute(3, b"c\0"));
    bytes.extend(nest(4, &[number(1, 1), number(2, (-500_i32).cast_unsigned())]));
    bytes.extend(number(5, 0));
    let chain = parse_chain(&bytes).unwrap();
    assert_eq!((chain.hook, chain.priority), (Some(Hook::Input), Some(-500)));
    assert_eq!(chain.policy, Some(Verdict::Drop));
}

#[test]
fn an_xtables_match_inside_nftables_is_read_as_in_its_own_table() {
    let mut tcp = vec![0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff];
    tcp.extend([0, 4, 4, 0]);
    let wrapped = expression("match", &[attribute(1, b"tcp\0"), number(2, 0), attribute(3, &tcp)]);
    let found = rule(2, &[wrapped, verdict(0)]);
    assert_eq!(found.matches, [Condition::TcpFlags { mask: 4, values: vec![4] }.plain()]);
}

proptest! {
    #[test]
    fn no_bytes_make_a_message_panic(bytes: Vec<u8>) {
        let _ = parse_rule(&bytes, &Sets::default());
        let _ = parse_chain(&bytes);
        let _ = parse_set_elements(&bytes);
        let _ = parse_set_name(&bytes);
        let _ = generation(&bytes);
    }

    #[test]
    fn no_expressions_make_a_rule_panic(parts in proptest::collection::vec((0_usize..14, proptest::collection::vec((1_u16..8, proptest::collection::vec(any::<u8>(), 0..24)), 0..7)), 0..8)) {
        let names = ["payload", "meta", "ct", "bitwise", "cmp", "range", "lookup", "immediate",
            "counter", "limit", "match", "target", "nat", "queue"];
        let expressions: Vec<Vec<u8>> = parts.iter().map(|(name, attributes)| {
            let attributes: Vec<Vec<u8>> = attributes.iter().map(|(kind, value)| attribute(*kind, value)).collect();
            expression(names[*name], &attributes)
        }).collect();
        prop_assert!(parse_rule(&message(2, &expressions), &Sets::default()).is_some());
    }
}
