use std::fmt::Write as _;

use super::*;
use crate::Text;
use crate::firewall::{Condition, Counters, Family, Hook, Match, Peer, PortRange, Rule, Verdict};
use proptest::prelude::*;

fn one(rule: &str) -> Rule {
    let script = format!("table inet f {{\n chain c {{\n {rule}\n }}\n}}\n");
    let set = parse_nft_script(script.as_bytes());
    assert_eq!(set.rules.len(), 1, "{set:?}");
    set.rules.into_iter().next().expect("one rule")
}

fn flags(mask: u8, value: u8) -> Condition {
    Condition::TcpFlags { mask, values: vec![value] }
}

fn protocol(name: &str) -> Match {
    Condition::Protocol(vec![Text::from(name)]).plain()
}

#[test]
fn debian_s_own_nftables_conf_has_three_chains_and_no_rule() {
    let script = b"#!/usr/sbin/nft -f\n\nflush ruleset\n\ntable inet filter {\n\tchain input {\n\
        \t\ttype filter hook input priority filter;\n\t}\n\tchain forward {\n\
        \t\ttype filter hook forward priority filter;\n\t}\n\tchain output {\n\
        \t\ttype filter hook output priority filter;\n\t}\n}\n";
    let set = parse_nft_script(script);
    assert_eq!(set.chains.len(), 3);
    assert_eq!(set.chains[0].hook, Some(Hook::Input));
    assert_eq!(set.chains[0].priority, Some(0));
    assert_eq!(set.chains[0].policy, Some(Verdict::Accept));
    assert_eq!(set.chains[0].family, Family::Inet);
    assert!(set.rules.is_empty() && set.bad.is_empty());
    assert_eq!(set.other[0].text, Text::from("flush ruleset"));
}

#[test]
fn policies_priorities_with_offsets_and_devices_are_read() {
    let set = parse_nft_script(
        b"table netdev t { chain a { type filter hook ingress device \"eth0\" priority -500; policy drop; } }\n\
          table ip n { chain b { type nat hook prerouting priority dstnat - 10; } }",
    );
    assert_eq!((set.chains[0].hook, set.chains[0].priority), (Some(Hook::Ingress), Some(-500)));
    assert_eq!(set.chains[0].policy, Some(Verdict::Drop));
    assert_eq!(set.chains[1].priority, Some(-110));
    assert_eq!(set.chains[1].kind, Some(Text::from("nat")));
}

#[test]
fn every_way_to_write_tcp_flags_means_the_same_packets() {
    let found = |rule: &str| one(rule).matches[1].clone();
    assert_eq!(found("tcp flags & (fin|syn|rst|ack) == syn drop"), flags(0x17, 2).plain());
    assert_eq!(found("tcp flags rst drop"), flags(4, 0).negated_if(true));
    assert_eq!(found("tcp flags & rst != 0 drop"), flags(4, 0).negated_if(true));
    assert_eq!(found("tcp flags == rst drop"), flags(0xff, 4).plain());
    assert_eq!(found("tcp flags syn / fin,syn,rst,ack drop"), flags(0x17, 2).plain());
    let set = Condition::TcpFlags { mask: 0xff, values: vec![4, 0x14] };
    assert_eq!(found("tcp flags { rst, rst|ack } drop"), set.plain());
    assert_eq!(one("tcp flags rst drop").verdict, Verdict::Drop);
}

#[test]
fn addresses_ports_devices_and_states_are_read() {
    let rule = one(
        "iifname \"eth0\" ip saddr { 192.0.2.1, 198.51.100.0/24 } tcp dport != 22 ct state established,related counter packets 3 bytes 9 accept",
    );
    let peers = vec![Peer::parse(b"192.0.2.1"), Peer::parse(b"198.51.100.0/24")];
    assert_eq!(
        rule.matches,
        [
            Condition::InInterface(vec![Text::from("eth0")]).plain(),
            Condition::Source(peers).plain(),
            protocol("tcp"),
            Condition::DestinationPort(vec![PortRange::one(22)]).negated_if(true),
            Condition::State(vec![Text::from("established"), Text::from("related")]).plain(),
        ]
    );
    assert_eq!(rule.counters, Some(Counters { packets: 3, bytes: 9 }));
    assert_eq!(rule.verdict, Verdict::Accept);
}

#[test]
fn redirect_dnat_and_queue_are_read_with_their_targets() {
    let port = Some(PortRange::one(8080));
    assert_eq!(one("tcp dport 80 redirect to :8080").verdict, Verdict::Redirect { port });
    let to = Some(Peer::parse(b"10.0.0.5"));
    assert_eq!(one("tcp dport 80 dnat ip to 10.0.0.5:8080").verdict, Verdict::Dnat { to, port });
    assert_eq!(one("queue num 3 bypass").verdict, Verdict::Queue(Text::from("3")));
    assert_eq!(one("log prefix \"x \" drop").verdict, Verdict::Drop);
    assert_eq!(one("reject with icmp type port-unreachable").verdict, Verdict::Reject);
}

#[test]
fn verdict_maps_lead_to_all_their_chains() {
    let rule = one("tcp dport vmap { 22 : jump ssh, 80 : accept }");
    let members = vec![Verdict::Accept, Verdict::Jump(Text::from("ssh"))];
    assert_eq!(rule.verdict, Verdict::Map(members));
    assert_eq!(rule.verdict.targets(), [&Text::from("ssh")]);
}

#[test]
fn raw_payload_matches_are_told_from_fields() {
    let rule = one("udp dport 53 @th,64,32 0xdeadbeef accept");
    let raw = Condition::Payload(Text::from("@th,64,32 0xdeadbeef"));
    assert_eq!(rule.matches.last(), Some(&raw.plain()));
    assert_eq!(rule.verdict, Verdict::Accept);
}

#[test]
fn changing_a_header_is_what_a_rule_does_and_no_condition() {
    let rule = one("tcp dport 8443 tcp dport set 22");
    assert_eq!(rule.verdict, Verdict::Other(Text::from("tcp dport set 22")));
    let ports = vec![PortRange::one(8443)];
    assert_eq!(rule.matches.last(), Some(&Condition::DestinationPort(ports).plain()));
}

#[test]
fn variables_are_put_in_and_includes_are_named() {
    let set = parse_nft_script(
        b"include \"/etc/nftables/*.nft\"\ndefine admin = { 192.0.2.1, 192.0.2.2 }\n\
          table ip f { chain c { ip saddr $admin accept } }",
    );
    assert_eq!(set.includes[0].text, Text::from("\"/etc/nftables/*.nft\""));
    let peers = vec![Peer::parse(b"192.0.2.1"), Peer::parse(b"192.0.2.2")];
    assert_eq!(set.rules[0].matches, [Condition::Source(peers).plain()]);
}

#[test]
fn commands_add_rules_as_blocks_do() {
    let set = parse_nft_script(
        b"add table inet t\nadd chain inet t in { type filter hook input priority 0; }\n\
          add rule inet t in tcp dport 22 accept\n",
    );
    assert_eq!(set.rules[0].chain, Text::from("in"));
    assert_eq!(set.rules[0].line, 3);
    assert_eq!(set.chains.len(), 1);
}

#[test]
fn what_is_not_known_is_kept_in_its_own_words() {
    let rule = one("fib daddr type local socket cgroupv2 level 1 \"x\" accept");
    assert_eq!(rule.verdict, Verdict::Accept);
    assert!(rule.matches.contains(&Condition::Other(Text::from("fib daddr type local")).plain()));
    let set = parse_nft_script(
        b"table ip t { flowtable f { hook ingress priority 0; devices = { a } } }",
    );
    assert!(set.other[0].text.lossy().contains("flowtable"));
}

#[test]
fn variables_that_multiply_do_not_grow_without_bound() {
    let mut script = String::from("define a0 = { 1, 2, 3, 4, 5, 6, 7, 8 }\n");
    for level in 1..20 {
        let list = vec![format!("$a{}", level - 1); 50].join(", ");
        let _ = writeln!(script, "define a{level} = {{ {list} }}");
    }
    script.push_str("table ip t { chain c { tcp dport $a19 accept } }");
    assert_eq!(parse_nft_script(script.as_bytes()).rules.len(), 1);
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes: Vec<u8>) {
        let _ = parse_nft_script(&bytes);
    }

    #[test]
    fn no_words_make_the_parser_panic(words in proptest::collection::vec(
        "(table|chain|\\{|\\}|;|\n|tcp|flags|dport|&|\\(|\\)|==|!=|/|,|vmap|:|@th,1,2|@s|\\.|ip|saddr|set|mark|meta|dnat|to|\"q|\\$v|define|=|1-2)", 0..60)) {
        let _ = parse_nft_script(words.join(" ").as_bytes());
    }
}
