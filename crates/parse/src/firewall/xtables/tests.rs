use super::*;
use crate::firewall::{Condition, Counters, Peer, PortRange};
use proptest::prelude::*;

/// Builds tables as the kernel lays them out.
struct Table {
    blob: Vec<u8>,
}

fn pad(mut bytes: Vec<u8>, length: usize) -> Vec<u8> {
    bytes.resize(length, 0);
    bytes
}

fn record(name: &str, revision: u8, data: &[u8]) -> Vec<u8> {
    let data = pad(data.to_vec(), data.len().next_multiple_of(8));
    let size = u16::try_from(32 + data.len()).unwrap();
    let mut out = size.to_ne_bytes().to_vec();
    out.extend(pad(name.as_bytes().to_vec(), 29));
    out.push(revision);
    out.extend(data);
    out
}

fn standard(code: i32) -> Vec<u8> {
    record("", 0, &code.to_ne_bytes())
}

impl Table {
    /// Adds an entry; gives its offset.
    fn add(&mut self, source: [u8; 4], protocol: u16, matches: &[Vec<u8>], target: &[u8]) -> u32 {
        let offset = u32::try_from(self.blob.len()).unwrap();
        let mut head = pad(source.to_vec(), 8);
        head.extend(if source == [0; 4] { [0; 4] } else { [255; 4] });
        let mut head = pad(head, 80);
        head.extend(protocol.to_ne_bytes());
        let mut head = pad(head, 112);
        head[96] = 7;
        head[104] = 70;
        let matches = matches.concat();
        let target_at = u16::try_from(112 + matches.len()).unwrap();
        let next = target_at + u16::try_from(target.len()).unwrap();
        head[88..90].copy_from_slice(&target_at.to_ne_bytes());
        head[90..92].copy_from_slice(&next.to_ne_bytes());
        self.blob.extend(head);
        self.blob.extend(matches);
        self.blob.extend(target);
        offset
    }
}

/// A filter table with INPUT only: `rules`, then its policy, then chain `web`, then the end.
fn input_table(rules: &[(Vec<Vec<u8>>, Vec<u8>)]) -> (Vec<u8>, TableInfo) {
    let mut table = Table { blob: Vec::new() };
    for (matches, target) in rules {
        table.add([203, 0, 113, 9], 6, matches, target);
    }
    let policy = table.add([0; 4], 0, &[], &standard(-1));
    table.add([0; 4], 0, &[], &record("ERROR", 0, &pad(b"web".to_vec(), 30)));
    table.add([0; 4], 0, &[], &standard(-2));
    table.add([0; 4], 0, &[], &standard(-5));
    table.add([0; 4], 0, &[], &record("ERROR", 0, &pad(b"ERROR".to_vec(), 30)));
    let size = u32::try_from(table.blob.len()).unwrap();
    let mut underflow = [0; 5];
    underflow[1] = policy;
    let info = TableInfo { valid_hooks: 2, hook_entry: [0; 5], underflow, entries: 0, size };
    (table.blob, info)
}

fn read(rules: &[(Vec<Vec<u8>>, Vec<u8>)]) -> RuleSet {
    let (blob, info) = input_table(rules);
    parse_entries(&blob, &info, Family::Ip, &Text::from("filter"))
}

#[test]
fn chains_policies_and_user_chains_are_told_apart() {
    let set = read(&[(vec![], standard(-1))]);
    assert_eq!(set.bad, []);
    let names: Vec<&Text> = set.chains.iter().map(|chain| &chain.name).collect();
    assert_eq!(names, [&Text::from("INPUT"), &Text::from("web")]);
    assert_eq!(set.chains[0].policy, Some(Verdict::Drop));
    assert_eq!(set.chains[0].hook, Some(Hook::Input));
    assert_eq!(set.rules.len(), 2);
    assert_eq!(set.rules[0].text, Text::from("-A INPUT -s 203.0.113.9/32 -p tcp -j DROP"));
    assert_eq!(set.rules[0].counters, Some(Counters { packets: 7, bytes: 70 }));
    assert_eq!(set.rules[1].text, Text::from("-A web -j ACCEPT"));
}

#[test]
fn a_jump_names_the_chain_that_it_points_into() {
    let (blob, _) = input_table(&[(vec![], standard(0))]);
    // The first entry of `web` comes after the rule (152 bytes), the policy (152) and the head.
    let start = 152 + 152 + 176;
    let set = read(&[(vec![], standard(start))]);
    assert_eq!(set.rules[0].verdict, Verdict::Jump(Text::from("web")), "of {}", blob.len());
}

#[test]
fn tcp_flags_ports_and_redirects_are_decoded() {
    let mut tcp = vec![0, 0, 0xff, 0xff];
    tcp.extend(22_u16.to_ne_bytes());
    tcp.extend(22_u16.to_ne_bytes());
    tcp.extend([0, 4, 4, 0]);
    let mut redirect = 1_u32.to_ne_bytes().to_vec();
    redirect.extend(2_u32.to_ne_bytes());
    redirect.extend([0; 8]);
    redirect.extend(42391_u16.to_be_bytes());
    redirect.extend(42391_u16.to_be_bytes());
    let set = read(&[(vec![record("tcp", 0, &tcp)], record("REDIRECT", 0, &redirect))]);
    let rule = &set.rules[0];
    assert_eq!(rule.verdict, Verdict::Redirect { port: Some(PortRange::one(42391)) });
    assert_eq!(
        rule.matches,
        [
            Condition::Source(vec![Peer::parse(b"203.0.113.9")]).plain(),
            Condition::Protocol(vec![Text::from("tcp")]).plain(),
            Condition::DestinationPort(vec![PortRange::one(22)]).plain(),
            Condition::TcpFlags { mask: 4, values: vec![4] }.plain(),
        ]
    );
    assert_eq!(
        rule.text,
        Text::from(
            "-A INPUT -s 203.0.113.9/32 -p tcp -m tcp --dport 22 --tcp-flags RST RST \
             -j REDIRECT --to-ports 42391"
        )
    );
}

#[test]
fn an_unknown_match_is_kept_by_its_name_and_a_short_one_too() {
    let matches = vec![record("magic", 3, &[1; 16]), record("u32", 0, &[1; 8])];
    let set = read(&[(matches, standard(-2))]);
    let found = &set.rules[0].matches[2..];
    assert_eq!(found[0], Condition::Other(Text::from("-m magic")).plain());
    assert_eq!(found[1], Condition::Payload(Text::from("-m u32")).plain());
}

#[test]
fn an_entry_that_reaches_beyond_the_table_ends_the_walk_and_is_named() {
    let (mut blob, info) = input_table(&[(vec![], standard(-1))]);
    blob[152 + 90..152 + 92].copy_from_slice(&60_000_u16.to_ne_bytes());
    let set = parse_entries(&blob, &info, Family::Ip, &Text::from("filter"));
    assert_eq!(set.bad[0].number, 2);
    blob[90..92].copy_from_slice(&0_u16.to_ne_bytes());
    let set = parse_entries(&blob, &info, Family::Ip, &Text::from("filter"));
    assert_eq!((set.bad[0].number, set.rules.len()), (1, 0));
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes: Vec<u8>, hooks: u32, six: bool) {
        let info = TableInfo { valid_hooks: hooks, hook_entry: [0; 5], underflow: [0; 5], entries: 0, size: 0 };
        let family = if six { Family::Ip6 } else { Family::Ip };
        let _ = parse_entries(&bytes, &info, family, &Text::from("filter"));
        let _ = TableInfo::parse(&bytes);
    }

    #[test]
    fn a_table_with_any_one_byte_changed_is_still_read(at in 0_usize..700, value: u8) {
        let (mut blob, info) = input_table(&[(vec![record("tcp", 0, &[0; 12])], standard(-1))]);
        if let Some(byte) = blob.get_mut(at) {
            *byte = value;
        }
        let _ = parse_entries(&blob, &info, Family::Ip, &Text::from("filter"));
    }

    #[test]
    fn no_data_makes_a_decoder_panic(data: Vec<u8>, which in 0_usize..24, revision in 0_u8..4, six: bool) {
        let names = ["tcp", "udp", "multiport", "state", "conntrack", "owner", "comment", "mark",
            "string", "limit", "iprange", "u32", "bpf", "recent", "REJECT", "LOG", "NFLOG",
            "REDIRECT", "DNAT", "SNAT", "NFQUEUE", "MARK", "TPROXY", "x"];
        let family = if six { Family::Ip6 } else { Family::Ip };
        let name = Text::from(names[which]);
        let _ = decode_match(&name, revision, &data, family);
        let _ = decode_target(&name, revision, &data, family);
    }
}
