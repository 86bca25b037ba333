use std::net::Ipv6Addr;

use proptest::prelude::*;

use super::*;
use crate::Text;

fn bytes(kind: u8, line: &str, user: &str, host: &str, at: i32, v4: [u8; 4]) -> Vec<u8> {
    let mut raw = vec![0; 384];
    raw[0] = kind;
    raw[4..8].copy_from_slice(&42_i32.to_le_bytes());
    raw[8..8 + line.len()].copy_from_slice(line.as_bytes());
    raw[44..44 + user.len()].copy_from_slice(user.as_bytes());
    raw[76..76 + host.len()].copy_from_slice(host.as_bytes());
    raw[340..344].copy_from_slice(&at.to_le_bytes());
    raw[348..352].copy_from_slice(&v4);
    raw
}

fn watch(content: &[u8]) -> Vec<Oddity> {
    let mut watch = Watch::new(Layout::Narrow);
    let mut odd: Vec<_> =
        records(content, Layout::Narrow).flat_map(|record| watch.see(&record)).collect();
    odd.extend(watch.finish());
    odd
}

fn users(times: &[i32]) -> Vec<u8> {
    times.iter().flat_map(|&at| bytes(7, "pts/0", "ann", "", at, [0; 4])).collect()
}

#[test]
fn a_login_over_ssh_gives_who_where_from_and_when() {
    let content = bytes(7, "pts/0", "ann", "192.0.2.7", 1_700_000_000, [192, 0, 2, 7]);
    let record = records(&content, Layout::Narrow).next().unwrap();
    assert_eq!((record.kind, record.user, record.line), (Kind::User, &b"ann"[..], &b"pts/0"[..]));
    assert_eq!(record.address, Some("192.0.2.7".parse().unwrap()));
    assert_eq!((record.seconds, record.pid), (1_700_000_000, 42));
    assert!(!record.residue && !record.zero);
}

#[test]
fn ipv6_is_read_and_mapped_ipv4_is_told_as_ipv4() {
    let mut content = bytes(7, "pts/0", "ann", "", 1, [0; 4]);
    content[348..364].copy_from_slice(&"2001:db8::7".parse::<Ipv6Addr>().unwrap().octets());
    content.extend(bytes(7, "pts/0", "ann", "::ffff:192.0.2.9", 1, [0; 4]));
    let from: Vec<_> = records(&content, Layout::Narrow).map(|r| r.from()).collect();
    assert_eq!(from, ["2001:db8::7", "192.0.2.9"].map(Text::from));
}

#[test]
fn records_of_400_bytes_are_recognised_by_their_content() {
    let mut wide = vec![0; 800];
    for at in [0, 400] {
        wide[at] = 7;
        wide[at + 44..at + 47].copy_from_slice(b"ann");
        wide[at + 344..at + 352].copy_from_slice(&5_000_000_000_i64.to_le_bytes());
    }
    assert_eq!(Layout::guess(&wide), Layout::Wide);
    let seconds: Vec<_> = records(&wide, Layout::Wide).map(|r| r.seconds).collect();
    assert_eq!(seconds, [5_000_000_000; 2]);
    assert_eq!(Layout::guess(&users(&[1, 2])), Layout::Narrow);
}

#[test]
fn a_zeroed_record_among_others_is_seen_and_whole_lost_blocks_are_told_apart() {
    let mut content = users(&[100, 200]);
    content[384..768].fill(0);
    content.extend(users(&[300]));
    assert_eq!(watch(&content), [Oddity::Zeroed { first: 1, count: 1, like_a_power_cut: false }]);

    let mut lost = users(&[100; 32]);
    lost[4096..8192].fill(0);
    let zeroed: Vec<_> =
        watch(&lost).into_iter().filter(|o| matches!(o, Oddity::Zeroed { .. })).collect();
    assert!(matches!(zeroed[..], [Oddity::Zeroed { like_a_power_cut: true, .. }]), "{zeroed:?}");
}

#[test]
fn time_runs_backwards_only_beyond_skew_and_away_from_a_boot() {
    assert_eq!(watch(&users(&[1000, 900])), []);
    assert_eq!(watch(&users(&[90_000, 900])), [Oddity::Backwards { index: 1, seconds: 89_100 }]);
    let mut booted = bytes(2, "~", "reboot", "", 90_000, [0; 4]);
    booted.extend(users(&[90_010, 900]));
    assert_eq!(watch(&booted), [], "a clock set just after boot");
}

#[test]
fn a_record_marked_empty_and_text_behind_a_terminator_are_seen() {
    let mut content = users(&[100, 200]);
    content[384] = 0;
    content[60..63].copy_from_slice(b"oot");
    assert_eq!(watch(&content), [Oddity::Residue { index: 0 }, Oddity::Unmarked { index: 1 }]);
}

#[test]
fn sessions_end_at_logout_at_boot_or_not_at_all() {
    let mut content = bytes(7, "pts/0", "ann", "", 100, [192, 0, 2, 1]);
    content.extend(bytes(8, "pts/0", "", "", 160, [0; 4]));
    content.extend(bytes(7, "tty1", "bob", "", 200, [0; 4]));
    content.extend(bytes(2, "~", "reboot", "", 300, [0; 4]));
    content.extend(bytes(7, "pts/0", "eve", "", 400, [0; 4]));
    let mut pairing = Pairing::default();
    let mut got: Vec<_> = records(&content, Layout::Narrow).flat_map(|r| pairing.see(&r)).collect();
    got.extend(pairing.finish(None));
    let ends: Vec<_> = got.iter().map(|s| (s.user.to_string(), s.logout)).collect();
    let wanted = [("ann", Some(160)), ("bob", Some(300)), ("eve", None)];
    assert_eq!(ends, wanted.map(|(user, end)| (user.to_owned(), end)));
}

proptest! {
    #[test]
    fn any_bytes_give_records_and_no_panic(content: Vec<u8>, repeat in 1_usize..400) {
        let content = content.repeat(repeat);
        let layout = Layout::guess(&content);
        let mut watch = Watch::new(layout);
        let mut pairing = Pairing::default();
        let mut seen = 0;
        for record in records(&content, layout) {
            let _ = (watch.see(&record), pairing.see(&record), record.from());
            seen += 1;
        }
        let _ = (watch.finish(), pairing.finish(None));
        prop_assert_eq!(seen, content.len() / layout.size());
    }
}
