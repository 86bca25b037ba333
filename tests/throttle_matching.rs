//! Which packets the throttle takes for the attack, on a real device.
// A test that cannot go on fails, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

#[path = "throttle_packets.rs"]
mod packets;
#[path = "throttle_tc.rs"]
mod tc;
#[path = "throttle_lab.rs"]
mod throttle_lab;

use std::net::UdpSocket;
use std::process::Command;
use std::time::Duration;

use packets::{ipv4, raw, tcp};
use throttle_lab::{Lab, inside, must};

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

/// TCP SYN to a port over IPv6, behind so many hop-by-hop headers.
fn ipv6(port: u16, extensions: u8) -> Vec<u8> {
    let length = 20 + 8 * extensions;
    let next = if extensions == 0 { 6 } else { 0 };
    let mut frame = vec![2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, 0x86, 0xdd];
    frame.extend([0x60, 0, 0, 0, 0, length, next, 64]);
    frame.extend([[0xfd; 16], [0xfe; 16]].concat());
    for left in (0..extensions).rev() {
        frame.extend([if left == 0 { 6 } else { 0 }, 0, 1, 4, 0, 0, 0, 0]);
    }
    frame.extend(tcp(port, 2));
    frame
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn extension_headers_of_ipv6_are_not_walked() {
    let lab = Lab::new();
    warm(&lab);
    let attack = |frames: Vec<Vec<u8>>| {
        let (attack, rest) = (lab.packets("attack"), lab.packets("rest"));
        let count = frames.len() as u64;
        send_frames(&lab, frames);
        let sent = || (lab.packets("attack") - attack, lab.packets("rest") - rest);
        lab.wait("all have passed", || sent().0 + sent().1 >= count);
        sent().0
    };
    lab.must("apply --dev v0 --rate 1mbit --dport 80");
    assert_eq!(attack(vec![ipv6(80, 0), ipv6(81, 0), ipv6(80, 0)]), 2, "none");
    assert_eq!(attack(vec![ipv6(80, 1), ipv6(80, 2)]), 0, "one and two: documented");
    lab.must("apply --replace --dev v0 --rate 1mbit --dst fefe::/16");
    assert_eq!(attack(vec![ipv6(80, 0), ipv6(80, 1), ipv6(80, 2)]), 3, "by address alone they are");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root and namespaces: tests/run")]
fn sources_protocols_and_exempt_ports_are_told_apart() {
    let lab = Lab::new();
    must(Command::new("ip").args(["netns", "exec", &lab.far, "nft", "table ip count { chain in { type filter hook prerouting priority -300; ip daddr 10.66.0.0/16 drop; }; }"]));
    warm(&lab);
    let to = [10, 66, 1, 1];
    let one = |protocol, fragment, port| vec![ipv4(to, protocol, fragment, &[], &tcp(port, 2))];
    lab.must("apply --dev v0 --rate 1mbit --src 10.65.0.1 --exempt 22");
    assert_eq!(attack(&lab, one(6, 0, 80)), 1, "a guest's address");
    assert_eq!(attack(&lab, one(6, 5, 80)), 1, "later fragments by address");
    assert_eq!(attack(&lab, one(6, 0, 22)), 0, "to an exempt port");
    lab.must("apply --dev v0 --rate 1mbit --src 10.65.0.9 --replace");
    assert_eq!(attack(&lab, one(6, 0, 80)), 0, "another guest's");
    lab.must("apply --dev v0 --rate 1mbit --proto gre --replace");
    assert_eq!(attack(&lab, one(47, 0, 80)), 1, "a protocol without ports");
    assert_eq!(attack(&lab, one(6, 0, 80)), 0, "another protocol");
}
