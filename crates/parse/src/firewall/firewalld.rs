//! firewalld's own files: direct rules and zones (firewalld.direct(5), firewalld.zone(5)).

use roxmltree::{Document, Node, ParsingOptions};

use super::address::{Peer, PortRange};
use super::model::{Chain, Condition, Family, Hook, Match, Rule, RuleSet, Statement, Verdict};
use super::{names, save, words};
use crate::{BadLine, Line, Text};

/// More elements than any real zone has.
const MOST_NODES: u32 = 200_000;

/// Reads `direct.xml`: chains, rules and passthroughs in iptables's words.
pub fn parse_firewalld_direct(content: &[u8]) -> RuleSet {
    with_document(content, |document, set| {
        for node in document.root_element().children().filter(Node::is_element) {
            let line = line_of(&node);
            let family = family_of(&node, "ipv");
            match node.tag_name().name() {
                "chain" => set.chains.push(direct_chain(&node, line, family)),
                "rule" => {
                    let (table, chain) = (attribute(&node, "table"), attribute(&node, "chain"));
                    let text = Text::from(node.text().unwrap_or_default().trim());
                    direct_rule(set, line, family, table, chain, text);
                }
                "passthrough" => passthrough(set, &node, line, family),
                _ => keep(set, &node, line),
            }
        }
    })
}

/// Reads a zone; its rules are put into a chain named `zone_NAME` of a table `firewalld`.
pub fn parse_firewalld_zone(content: &[u8], zone: &Text) -> RuleSet {
    with_document(content, |document, set| {
        let root = document.root_element();
        let chain = Text::new([b"zone_", zone.as_bytes()].concat());
        set.chains.push(Chain {
            family: Family::Inet,
            table: Text::from("firewalld"),
            name: chain.clone(),
            hook: Some(Hook::Input),
            priority: None,
            kind: Some(Text::from("zone")),
            policy: root.attribute("target").and_then(target),
            line: line_of(&root),
        });
        for node in root.children().filter(Node::is_element) {
            match node.tag_name().name() {
                "short" | "description" => {}
                "interface"
                | "source"
                | "masquerade"
                | "forward"
                | "icmp-block"
                | "icmp-block-inversion" => keep(set, &node, line_of(&node)),
                _ => zone_rule(set, &chain, &node, document.input_text()),
            }
        }
    })
}

fn with_document(content: &[u8], read: impl FnOnce(&Document<'_>, &mut RuleSet)) -> RuleSet {
    let mut set = RuleSet::default();
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let text = std::str::from_utf8(content).map_err(|_| (1, "not UTF-8"));
    let parsed = text.and_then(|text| {
        Document::parse_with_options(text, options).map_err(|error| (error.pos().row, "not XML"))
    });
    match parsed {
        Ok(document) => read(&document, &mut set),
        Err((number, reason)) => {
            set.bad.push(BadLine::new(Line { number, bytes: content }, reason));
        }
    }
    set
}

/// The line an element begins on. Counting starts at the file's start each time, so a file with
/// very many elements gets its lines only for the first of them; 0 says that it was not counted.
fn line_of(node: &Node<'_, '_>) -> u32 {
    const COUNTED: u32 = 5_000;
    let document = node.document();
    if node.id().get() > COUNTED { 0 } else { document.text_pos_at(node.range().start).row }
}

fn attribute(node: &Node<'_, '_>, name: &str) -> Text {
    Text::from(node.attribute(name).unwrap_or_default())
}

fn family_of(node: &Node<'_, '_>, name: &str) -> Family {
    match node.attribute(name) {
        Some("ipv4") => Family::Ip,
        Some("ipv6") => Family::Ip6,
        Some("eb") => Family::Bridge,
        _ => Family::Inet,
    }
}

fn target(name: &str) -> Option<Verdict> {
    match name {
        "ACCEPT" => Some(Verdict::Accept),
        "DROP" => Some(Verdict::Drop),
        "%%REJECT%%" | "REJECT" => Some(Verdict::Reject),
        _ => None,
    }
}

fn keep(set: &mut RuleSet, node: &Node<'_, '_>, line: u32) {
    let text = Text::from(node.document().input_text().get(node.range()).unwrap_or_default());
    set.other.push(Statement { line, text });
}

fn direct_chain(node: &Node<'_, '_>, line: u32, family: Family) -> Chain {
    Chain {
        family,
        table: attribute(node, "table"),
        name: attribute(node, "chain"),
        hook: None,
        priority: None,
        kind: None,
        policy: None,
        line,
    }
}

fn direct_rule(set: &mut RuleSet, line: u32, family: Family, table: Text, chain: Text, text: Text) {
    let Some(words) = words::split(text.as_bytes()) else {
        let broken = Line { number: line, bytes: text.as_bytes() };
        set.bad.push(BadLine::new(broken, "a quote that never closes"));
        return;
    };
    let parsed = save::read_conditions(&words);
    let position = u32::try_from(set.rules.len()).unwrap_or(u32::MAX).saturating_add(1);
    set.rules.push(Rule {
        family,
        table,
        chain,
        position,
        line,
        matches: parsed.matches,
        verdict: parsed.target.as_ref().map(save::verdict_of).unwrap_or_default(),
        counters: parsed.counters,
        text,
    });
}

/// A whole iptables command: `-t filter -I INPUT 1 -j ACCEPT`.
fn passthrough(set: &mut RuleSet, node: &Node<'_, '_>, line: u32, family: Family) {
    let text = node.text().unwrap_or_default().trim();
    let (table, command) = match text.strip_prefix("-t ").and_then(|rest| rest.split_once(' ')) {
        Some((table, command)) => (table, command),
        None => ("filter", text),
    };
    let one = format!("*{table}\n{}\n", command.replace('\n', " "));
    let mut parsed = save::parse_iptables_save(one.as_bytes(), family);
    for rule in &mut parsed.rules {
        rule.line = line;
    }
    for other in &mut parsed.other {
        other.line = line;
    }
    set.append(parsed);
}

/// A `service`, `port`, `forward-port` or rich `rule` of a zone.
fn zone_rule(set: &mut RuleSet, chain: &Text, node: &Node<'_, '_>, input: &str) {
    let rich = node.has_tag_name("rule");
    let mut matches = Vec::new();
    let mut verdict = if rich { Verdict::Continue } else { Verdict::Accept };
    let parts: Vec<Node<'_, '_>> =
        if rich { node.children().filter(Node::is_element).collect() } else { vec![*node] };
    for part in &parts {
        if let Some(found) = part_verdict(part) {
            verdict = found;
        }
        matches.extend(part_matches(part));
    }
    let position = u32::try_from(set.rules.len()).unwrap_or(u32::MAX).saturating_add(1);
    set.rules.push(Rule {
        family: family_of(node, "family"),
        table: Text::from("firewalld"),
        chain: chain.clone(),
        position,
        line: line_of(node),
        matches,
        verdict,
        counters: None,
        text: Text::from(one_line(input.get(node.range()).unwrap_or_default())),
    });
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn part_verdict(part: &Node<'_, '_>) -> Option<Verdict> {
    let port = part.attribute("to-port").and_then(|port| PortRange::parse(port.as_bytes()));
    match part.tag_name().name() {
        "accept" => Some(Verdict::Accept),
        "drop" => Some(Verdict::Drop),
        "reject" => Some(Verdict::Reject),
        "forward-port" => Some(match part.attribute("to-addr").filter(|to| !to.is_empty()) {
            Some(to) => Verdict::Dnat { to: Some(Peer::parse(to.as_bytes())), port },
            None => Verdict::Redirect { port },
        }),
        _ => None,
    }
}

fn part_matches(part: &Node<'_, '_>) -> Vec<Match> {
    let text = |name| part.attribute(name).unwrap_or_default().as_bytes();
    let negated = matches!(part.attribute("invert"), Some("true" | "yes" | "True"));
    let protocol = || Condition::Protocol(vec![names::protocol(text("protocol"))]).plain();
    let ports = || PortRange::parse(text("port")).map(|port| vec![port]);
    match part.tag_name().name() {
        "source" if part.has_attribute("address") => {
            vec![Condition::Source(vec![Peer::parse(text("address"))]).negated_if(negated)]
        }
        "source" => vec![Condition::Set(Text::from(text("ipset"))).negated_if(negated)],
        "destination" => {
            vec![Condition::Destination(vec![Peer::parse(text("address"))]).negated_if(negated)]
        }
        "port" | "forward-port" => {
            let port = ports().map(|ports| Condition::DestinationPort(ports).plain());
            std::iter::once(protocol()).chain(port).collect()
        }
        "source-port" => {
            let port = ports().map(|ports| Condition::SourcePort(ports).plain());
            std::iter::once(protocol()).chain(port).collect()
        }
        "protocol" => vec![Condition::Protocol(vec![names::protocol(text("value"))]).plain()],
        "service" => service(part.attribute("name").unwrap_or_default()),
        "limit" => vec![Condition::Limit(Text::from(text("value"))).plain()],
        _ => Vec::new(),
    }
}

/// A service by its port where the name tells it, else by its name.
fn service(name: &str) -> Vec<Match> {
    vec![match names::service_port(name) {
        Some(port) => Condition::DestinationPort(vec![PortRange::one(port)]).plain(),
        None => Condition::Other(Text::from(format!("service {name}"))).plain(),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn direct_rules_and_passthroughs_are_iptables_rules() {
        let set = parse_firewalld_direct(
            b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<direct>\n\
              <chain ipv=\"ipv4\" table=\"raw\" chain=\"black\"/>\n\
              <rule ipv=\"ipv4\" table=\"filter\" chain=\"OUTPUT\" priority=\"0\">-p tcp --tcp-flags RST RST -j DROP</rule>\n\
              <passthrough ipv=\"ipv6\">-t nat -I PREROUTING 1 -p tcp --dport 22 -j REDIRECT --to-ports 2222</passthrough>\n\
              </direct>",
        );
        assert_eq!(set.bad, []);
        assert_eq!(set.chains[0].name, Text::from("black"));
        assert_eq!((set.rules[0].line, &set.rules[0].verdict), (4, &Verdict::Drop));
        assert_eq!((set.rules[1].family, set.rules[1].line), (Family::Ip6, 5));
        assert_eq!(set.rules[1].table, Text::from("nat"));
    }

    #[test]
    fn a_zone_has_its_services_ports_and_rich_rules() {
        let set = parse_firewalld_zone(
            b"<zone target=\"DROP\"><short>Public</short><interface name=\"eth0\"/>\n\
              <service name=\"ssh\"/><port port=\"8080\" protocol=\"tcp\"/>\n\
              <rule family=\"ipv4\"><source address=\"203.0.113.9\"/>\
              <forward-port port=\"22\" protocol=\"tcp\" to-port=\"42391\"/></rule></zone>",
            &Text::from("public"),
        );
        assert_eq!(set.chains[0].policy, Some(Verdict::Drop));
        assert_eq!(set.rules.len(), 3);
        assert_eq!(set.rules[2].verdict, Verdict::Redirect { port: Some(PortRange::one(42391)) });
        let source = Condition::Source(vec![Peer::parse(b"203.0.113.9")]).plain();
        assert_eq!(set.rules[2].matches[0], source);
        assert_eq!(set.other.len(), 1);
    }

    #[test]
    fn broken_xml_and_doctypes_are_bad_lines() {
        assert_eq!(parse_firewalld_direct(b"<direct><rule>").bad.len(), 1);
        assert_eq!(parse_firewalld_direct(b"\xff").bad[0].reason, "not UTF-8");
        let bomb = b"<!DOCTYPE d [<!ENTITY a \"aaaa\">]><direct>&a;</direct>";
        assert_eq!(parse_firewalld_direct(bomb).bad.len(), 1);
    }

    #[test]
    fn deep_nesting_does_not_break_the_stack() {
        let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
        let _ = parse_firewalld_direct(deep.as_bytes());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes: Vec<u8>) {
            let _ = parse_firewalld_direct(&bytes);
            let _ = parse_firewalld_zone(&bytes, &Text::from("x"));
        }
    }
}
