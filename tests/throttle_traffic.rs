//! The incident on a small scale: a bounded flood to addresses of the test beside transfers that
//! must not suffer, counted where it arrives.
// A test that cannot go on fails, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::assigning_clones, clippy::too_many_lines)]
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

#[path = "throttle_tc.rs"]
mod tc;
#[path = "throttle_lab.rs"]
mod throttle_lab;

use std::io::{Read, Write};
use std::net::{SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, Protocol, SendFlags, SocketType, sendto, socket};
use throttle_lab::{Lab, inside, must};

/// The flood asks for 6000 packets a second.
const FLOOD_PACKETS_A_SECOND: u64 = 6_000;
const SECONDS: u64 = 10;
/// The machine has other work too: a measure is taken again this often. What is wrong with the
/// throttle is wrong each time.
const TRIES: usize = 3;
/// 20 bytes of IP, 20 of TCP and 14 of Ethernet.
const FRAME: u64 = 54;

/// Runs at most so many steps a second until told to stop.
fn paced(stop: &AtomicBool, steps_a_second: u64, mut act: impl FnMut(u64)) {
    let start = Instant::now();
    let mut done = 0;
    while !stop.load(Ordering::Relaxed) {
        let due = u64::try_from(start.elapsed().as_micros()).unwrap() * steps_a_second / 1_000_000;
        // Time that was lost is not made up for by a burst.
        done = done.max(due.saturating_sub(steps_a_second / 20));
        while done < due {
            act(done);
            done += 1;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// An IPv4 packet with its options and payload; the kernel fills in checksum and length.
fn ipv4(to: [u8; 4], protocol: u8, fragment: u16, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let words = u8::try_from(5 + options.len() / 4).unwrap();
    let mut packet = vec![0x40 | words, 0, 0, 0, 0, 9];
    packet.extend(fragment.to_be_bytes());
    packet.extend([64, protocol, 0, 0, 10, 65, 0, 1]);
    packet.extend(to);
    packet.extend(options);
    packet.extend(payload);
    packet
}

/// A TCP header from port 40000.
fn tcp(port: u16, flags: u8) -> Vec<u8> {
    let mut header = 40_000_u16.to_be_bytes().to_vec();
    header.extend(port.to_be_bytes());
    header.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    header
}

/// A socket for whole packets, and a way to send one.
fn raw() -> impl Fn(&[u8]) {
    let whole = Protocol::from_raw(std::num::NonZero::new(255).unwrap());
    let socket = socket(AddressFamily::INET, SocketType::RAW, Some(whole)).unwrap();
    move |packet| {
        let to: [u8; 4] = packet[16..20].try_into().unwrap();
        let to = SocketAddr::V4(SocketAddrV4::new(to.into(), 0));
        // A full queue drops, which is what it is for.
        let _ = sendto(&socket, packet, SendFlags::empty(), &to);
    }
}

/// SYN to ports 80 and 443 of many addresses; gives how many were sent.
fn flood(lab: &Lab, stop: &Arc<AtomicBool>) -> (std::thread::JoinHandle<()>, Arc<AtomicU64>) {
    let (stop, sent) = (Arc::clone(stop), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&sent);
    let sender = inside(&lab.near, move || {
        let send = raw();
        paced(&stop, FLOOD_PACKETS_A_SECOND, |n| {
            let [.., c, d] = (n.wrapping_mul(2_654_435_761) >> 8).to_be_bytes();
            let port = if n % 2 == 0 { 80 } else { 443 };
            send(&ipv4([10, 66, c, d], 6, 0, &[], &tcp(port, 2)));
            counted.fetch_add(1, Ordering::Relaxed);
        });
    });
    (sender, sent)
}

/// How a transfer sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sending {
    /// So many bytes a second, less than its share of the device.
    Paced(u64),
    /// As fast as it can.
    Saturating,
}

/// A transfer to a port of the far side, and what has arrived there.
fn transfer(lab: &Lab, port: u16, sending: Sending, stop: &Arc<AtomicBool>) -> Arc<AtomicU64> {
    const PIECE: [u8; 10_000] = [0; 10_000];
    let arrived = Arc::new(AtomicU64::new(0));
    let listener = inside(&lab.far, move || TcpListener::bind(("10.65.0.2", port)).unwrap());
    let listener = listener.join().unwrap();
    let counted = Arc::clone(&arrived);
    std::thread::spawn(move || {
        let (mut from, _) = listener.accept().unwrap();
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            counted.fetch_add(length as u64, Ordering::Relaxed);
        }
    });
    let to = inside(&lab.near, move || TcpStream::connect(("10.65.0.2", port)).unwrap());
    let mut to = to.join().unwrap();
    to.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let stop = Arc::clone(stop);
    std::thread::spawn(move || match sending {
        Sending::Paced(bytes) => paced(&stop, bytes / 10_000, |_| drop(to.write_all(&PIECE))),
        Sending::Saturating => {
            while !stop.load(Ordering::Relaxed) {
                drop(to.write_all(&PIECE));
            }
        }
    });
    arrived
}

/// Counts SYN to the flood's ports where they arrive.
fn count_syn(lab: &Lab) {
    let rules = "table ip count { chain in { type filter hook prerouting priority -300; \
                 ip daddr 10.66.0.0/16 tcp dport { 80, 443 } tcp flags & (syn | ack) == syn counter drop; }; }";
    must(Command::new("ip").args(["netns", "exec", &lab.far, "nft", rules]));
}

fn syn_arrived(lab: &Lab) -> u64 {
    let list = ["netns", "exec", &lab.far, "nft", "list", "chain", "ip", "count", "in"];
    let text = must(Command::new("ip").args(list));
    let (_, after) = text.split_once("packets ").expect("a counter");
    after.split(' ').next().unwrap().parse().unwrap()
}

/// What arrived within some seconds, in bytes or packets, beside the seconds themselves.
struct Arrived {
    flood: u64,
    transfers: Vec<u64>,
    seconds: f64,
}

fn watch(lab: &Lab, transfers: &[Arc<AtomicU64>]) -> Arrived {
    let now = || -> Vec<u64> { transfers.iter().map(|t| t.load(Ordering::Relaxed)).collect() };
    let (flood, before, start) = (syn_arrived(lab), now(), Instant::now());
    std::thread::sleep(Duration::from_secs(SECONDS));
    let (after, seconds) = (now(), start.elapsed().as_secs_f64());
    let transfers = after.iter().zip(&before).map(|(after, before)| after - before).collect();
    Arrived { flood: syn_arrived(lab) - flood, transfers, seconds }
}

/// What the whole device may send in the tests below, in bits a second.
const TOTAL: f64 = 50_000_000.0;
/// What the attack may have.
const RATE: f64 = 1_000_000.0;

/// Transfers alone, then with the flood held down.
fn incident(ports: &[u16], sending: Sending, apply: &str) {
    let lab = Lab::new();
    count_syn(&lab);
    let stop = Arc::new(AtomicBool::new(false));
    let transfers: Vec<_> =
        ports.iter().map(|&port| transfer(&lab, port, sending, &stop)).collect();
    let try_once = |_| {
        // What saturates the device is limited by --total with or without an attack.
        let ceiling_first = sending == Sending::Saturating;
        if ceiling_first {
            lab.must(apply);
        }
        std::thread::sleep(Duration::from_secs(2));
        let alone = watch(&lab, &transfers);
        if !ceiling_first {
            lab.must(apply);
        }
        let flood_stop = Arc::new(AtomicBool::new(false));
        let (sender, sent) = flood(&lab, &flood_stop);
        std::thread::sleep(Duration::from_secs(1));
        let before = sent.load(Ordering::Relaxed);
        let held = watch(&lab, &transfers);
        let sent = sent.load(Ordering::Relaxed) - before;
        flood_stop.store(true, Ordering::Relaxed);
        sender.join().unwrap();
        lab.must("revert");
        [
            flood_is_held(&held, sent),
            match sending {
                Sending::Paced(bytes) => each_keeps_its_own(&alone, &held, bytes),
                Sending::Saturating => together_they_keep_the_device(&alone, &held),
            },
        ]
        .concat()
    };
    let tried: Vec<String> =
        (0..TRIES).map(try_once).take_while(|wrong| !wrong.is_empty()).collect();
    stop.store(true, Ordering::Relaxed);
    assert!(tried.len() < TRIES, "{tried:#?}");
}

/// As a number that can be divided.
fn real(count: u64) -> f64 {
    f64::from(u32::try_from(count).expect("a count of ten seconds"))
}

/// Says what is wrong, or nothing. Read from the receiver, within 5 % of what was allowed.
fn flood_is_held(held: &Arrived, sent: u64) -> String {
    let rate = |packets: u64| real(packets * FRAME * 8) / held.seconds;
    let (sent, arrived) = (rate(sent), rate(held.flood));
    if sent < RATE * 1.5 {
        format!("the flood sent {sent} bit/s, too few to be held; ")
    } else if (arrived / RATE - 1.0).abs() > 0.05 {
        format!("the flood arrives at {arrived} bit/s; ")
    } else {
        String::new()
    }
}

/// Transfers that fit each keep 95 % of what they had alone.
fn each_keeps_its_own(alone: &Arrived, held: &Arrived, asked: u64) -> String {
    let mut wrong = String::new();
    for (alone_bytes, held_bytes) in alone.transfers.iter().zip(&held.transfers) {
        let [alone, held] =
            [(*alone_bytes, alone), (*held_bytes, held)].map(|(b, of)| real(b) / of.seconds);
        if alone < real(asked) / 2.0 || held < alone * 0.95 {
            wrong += &format!("{held} of {alone} bytes a second; ");
        }
    }
    wrong
}

/// Transfers that fill the device keep 95 % of what they had together under the same ceiling. How
/// they divide it is TCP's matter here, and that of sfq where the kernel has it.
fn together_they_keep_the_device(alone: &Arrived, held: &Arrived) -> String {
    let rate =
        |arrived: &Arrived| real(arrived.transfers.iter().sum::<u64>()) * 8.0 / arrived.seconds;
    let (alone_rate, held_rate) = (rate(alone), rate(held));
    let starved = held.transfers.contains(&0);
    // Of each frame of 1514 bytes 1448 arrive as payload.
    if alone_rate < TOTAL * 0.9 || alone_rate > TOTAL || held_rate < alone_rate * 0.95 || starved {
        format!("{held_rate} of {alone_rate} bit/s, {:?}; ", held.transfers)
    } else {
        String::new()
    }
}

/// This test is an ancestor of coroner, so its transfers would be exempt as those of whoever types.
const APPLY: &str = "apply --dev v0 --rate 1mbit --total 50mbit --dport 80,443 --no-own-connection";
/// 16 Mbit/s.
const FITTING: Sending = Sending::Paced(2_000_000);

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn the_flood_is_held_to_its_rate_and_other_traffic_keeps_its_own() {
    incident(&[22, 5001], FITTING, APPLY);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn transfers_that_fill_the_device_keep_it_beside_the_flood() {
    incident(&[22, 5001], Sending::Saturating, APPLY);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn syn_only_leaves_established_traffic_to_the_same_port_free() {
    let apply = &format!("{APPLY} --syn-only");
    incident(&[22, 443], FITTING, apply);
    incident(&[443], Sending::Saturating, apply);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn without_syn_only_all_traffic_to_the_port_is_held_and_its_neighbour_is_not() {
    let lab = Lab::new();
    count_syn(&lab);
    let stop = Arc::new(AtomicBool::new(false));
    let transfers = [443, 22].map(|port| transfer(&lab, port, Sending::Saturating, &stop));
    lab.must(APPLY);
    std::thread::sleep(Duration::from_secs(2));
    let arrived = watch(&lab, &transfers);
    stop.store(true, Ordering::Relaxed);
    let [held, free] = [0, 1].map(|n| real(arrived.transfers[n]) * 8.0 / arrived.seconds);
    // What waits in its queue is sent on for a while, so a little more can arrive than was allowed.
    assert!(held < RATE * 1.2 && free > TOTAL * 0.8, "{held} and {free} bit/s");
}

/// How many of some packets went to the class of the attack. The other class also has what the
/// two ends say to each other by themselves.
fn attack(lab: &Lab, packets: Vec<Vec<u8>>) -> u64 {
    let (attack, rest) = (lab.packets("attack"), lab.packets("rest"));
    let count = packets.len() as u64;
    inside(&lab.near, move || packets.iter().for_each(|packet| raw()(packet))).join().unwrap();
    let sent = || (lab.packets("attack") - attack, lab.packets("rest") - rest);
    lab.wait("all have passed", || sent().0 + sent().1 >= count);
    sent().0
}

/// The neighbour is asked for before anything is counted.
fn warm(lab: &Lab) {
    let ping = |to| {
        inside(&lab.near, move || {
            let any = if to == "10.65.0.2:9" { "0.0.0.0:0" } else { "[::]:0" };
            UdpSocket::bind(any).unwrap().send_to(&[0], to).unwrap();
        })
    };
    ping("10.65.0.2:9").join().unwrap();
    ping("[fd65::2]:9").join().unwrap();
    std::thread::sleep(Duration::from_millis(300));
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn options_fragments_and_flags_are_matched_as_documented() {
    let lab = Lab::new();
    must(Command::new("ip").args(["netns", "exec", &lab.far, "nft", "table ip count { chain in { type filter hook prerouting priority -300; ip daddr 10.66.0.0/16 drop; }; }"]));
    warm(&lab);
    lab.must("apply --dev v0 --rate 1mbit --dport 80,8000-8100 --syn-only --exempt 10.66.9.0/24");
    let to = [10, 66, 1, 1];
    let no_operation = [1_u8; 40];
    let with_options: Vec<_> =
        (0..=10).map(|n| ipv4(to, 6, 0, &no_operation[..n * 4], &tcp(80, 2))).collect();
    assert_eq!(attack(&lab, with_options), 11, "IP options of every length");
    let in_range = [8000, 8050, 8100].map(|port| ipv4(to, 6, 0, &[], &tcp(port, 2))).to_vec();
    assert_eq!(attack(&lab, in_range), 3, "a range of ports");
    let outside = [7999, 8101, 22, 443].map(|port| ipv4(to, 6, 0, &[], &tcp(port, 2))).to_vec();
    assert_eq!(attack(&lab, outside), 0, "other ports");
    let flags = [0x10, 0x12, 0x04, 0x01].map(|flags| ipv4(to, 6, 0, &[], &tcp(80, flags))).to_vec();
    assert_eq!(attack(&lab, flags), 0, "ACK, SYN and ACK, RST, FIN");
    let first = vec![ipv4(to, 6, 0x2000, &[], &tcp(80, 2))];
    assert_eq!(attack(&lab, first), 1, "the first fragment has ports");
    let later = vec![ipv4(to, 6, 0x0005, &[], &tcp(80, 2))];
    assert_eq!(attack(&lab, later), 0, "a later one has payload there");
    let udp = vec![ipv4(to, 17, 0, &[], &tcp(80, 2))];
    assert_eq!(attack(&lab, udp), 0, "UDP has no SYN");
    let exempt = vec![ipv4([10, 66, 9, 7], 6, 0, &[], &tcp(80, 2))];
    assert_eq!(attack(&lab, exempt), 0, "an exempt address");
}

/// UDP to an address and port; how many datagrams of three went to the class of the attack.
fn udp(lab: &Lab, to: &'static str, mark: Option<u32>) -> u64 {
    let (attack, rest) = (lab.packets("attack"), lab.packets("rest"));
    let sent = inside(&lab.near, move || {
        let any = if to.starts_with('[') { "[::]:0" } else { "0.0.0.0:0" };
        let socket = UdpSocket::bind(any).unwrap();
        if let Some(mark) = mark {
            nix::sys::socket::setsockopt(&socket, nix::sys::socket::sockopt::Mark, &mark).unwrap();
        }
        (0..3).for_each(|_| drop(socket.send_to(&[0; 20], to)));
    });
    sent.join().unwrap();
    let sent = || (lab.packets("attack") - attack, lab.packets("rest") - rest);
    lab.wait("all have passed", || sent().0 + sent().1 >= 3);
    sent().0
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn ipv6_is_matched() {
    let lab = Lab::new();
    warm(&lab);
    lab.must("apply --dev v0 --rate 1mbit --dport 80 --dst 10.66.0.0/16,fd65::/64");
    assert_eq!(udp(&lab, "[fd65::2]:80", None), 3, "IPv6");
    assert_eq!(udp(&lab, "[fd65::2]:81", None), 0, "another port");
    assert_eq!(udp(&lab, "10.66.0.1:80", None), 3, "IPv4");
    assert_eq!(udp(&lab, "10.65.0.2:80", None), 0, "another address");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn marks_are_matched_or_refused_by_kernels_that_cannot() {
    let lab = Lab::new();
    warm(&lab);
    let before = lab.dump();
    let applied = lab.throttle("apply --dev v0 --rate 1mbit --mark 0x10/0xf0");
    if !applied.status.success() {
        let errors = String::from_utf8_lossy(&applied.stderr);
        assert!(errors.contains("CONFIG_CLS_U32_MARK"), "{errors}");
        assert_eq!(applied.status.code(), Some(64));
        assert_eq!(lab.dump(), before);
        assert!(lab.leaves_no_trace());
        return;
    }
    assert_eq!(udp(&lab, "10.66.0.1:9", Some(0x13)), 3, "the mark");
    assert_eq!(udp(&lab, "10.66.0.1:9", Some(0x23)), 0, "another mark");
    assert_eq!(udp(&lab, "[fd65::2]:9", Some(0x1f)), 3, "the mark on IPv6");
}

/// Sends frames as they are over v0.
fn send_frames(lab: &Lab, frames: Vec<Vec<u8>>) {
    use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType};
    let sent = inside(&lab.near, move || {
        let all = nix::ifaddrs::getifaddrs().unwrap();
        let device = all
            .filter(|i| i.interface_name == "v0")
            .find_map(|i| i.address.and_then(|address| address.as_link_addr().copied()));
        let (flags, protocol) = (SockFlag::empty(), SockProtocol::EthAll);
        let socket =
            nix::sys::socket::socket(AddressFamily::Packet, SockType::Raw, flags, protocol)
                .unwrap();
        let fd = std::os::fd::AsRawFd::as_raw_fd(&socket);
        for frame in frames {
            nix::sys::socket::sendto(fd, &frame, &device.unwrap(), MsgFlags::empty()).unwrap();
        }
    });
    sent.join().unwrap();
}

/// Tagged frames to a port, three of each family; to a hardware address that nobody has.
fn tagged(port: u16) -> Vec<Vec<u8>> {
    let start = [[2, 0, 0, 0, 0, 9].as_slice(), &[2, 0, 0, 0, 0, 1, 0x81, 0, 0, 7]].concat();
    let mut six = vec![0x60, 0, 0, 0, 0, 20, 6, 64];
    six.extend([[0xfd; 16], [0xfe; 16]].concat());
    six.extend(tcp(port, 2));
    let mut four = ipv4([10, 66, 1, 1], 6, 0, &[1; 8], &tcp(port, 2));
    four[3] = 48;
    let four = [start.as_slice(), &[8, 0], &four].concat();
    let six = [start.as_slice(), &[0x86, 0xdd], &six].concat();
    vec![four.clone(), six.clone(), four.clone(), six.clone(), four, six]
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn frames_with_a_vlan_tag_are_looked_into_when_that_is_asked_for() {
    let lab = Lab::new();
    let attack = |port| {
        let (attack, rest) = (lab.packets("attack"), lab.packets("rest"));
        send_frames(&lab, tagged(port));
        let sent = || (lab.packets("attack") - attack, lab.packets("rest") - rest);
        lab.wait("all have passed", || sent().0 + sent().1 >= 6);
        sent().0
    };
    lab.must("apply --dev v0 --rate 1mbit --dport 80");
    assert_eq!(attack(80), 0, "not asked for, and the device has no VLANs");
    lab.must("apply --replace --dev v0 --rate 1mbit --dport 80 --vlan");
    assert_eq!(attack(80), 6, "IPv4 with options and IPv6");
    assert_eq!(attack(81), 0, "another port");
}
