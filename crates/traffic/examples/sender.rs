//! Sends packets at a steady rate for the measurements of benches/traffic.sh: to 10.66.0.0/16 alone, which
//! stands for "anybody" inside the network namespaces that the script makes, and for at most four minutes.
//!
//! `sender raw|udp|frames RATE SECONDS`. `frames` hands whole frames to device v0, 64 in one system call, which
//! a processor does several hundred thousand times a second.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a tool of measurements

use std::io::{IoSlice, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use rustix::net::{
    AddressFamily, MMsgHdr, Protocol, SendAncillaryBuffer, SendFlags, SocketType, sendmmsg, sendto,
    socket,
};

const MOST_SECONDS: u64 = 240;
/// Frames that one system call takes.
const AT_ONCE: usize = 64;
/// Frames that differ.
const DIFFERENT: u64 = 16_384;

/// A SYN from a documentation address to port 80 of 10.66.x.y; the kernel fills in checksum and length.
fn syn(n: u64) -> ([u8; 40], SocketAddr) {
    let [.., c, d] = (n.wrapping_mul(2_654_435_761) >> 8).to_be_bytes();
    let mut packet = [0; 40];
    packet[..12].copy_from_slice(&[0x45, 0, 0, 40, 0, 9, 0, 0, 64, 6, 0, 0]);
    packet[12..16].copy_from_slice(&[203, 0, 113, d]);
    packet[16..20].copy_from_slice(&[10, 66, c, d]);
    packet[20..24].copy_from_slice(&[0x9c, 0x40, 0, 80]);
    packet[32..36].copy_from_slice(&[0x50, 2, 0xff, 0xff]);
    (packet, SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(10, 66, c, d), 0)))
}

/// Sends so many packets, counted on from a number.
type Act = Box<dyn FnMut(u64, u64)>;

fn sender(kind: &str) -> Act {
    match kind {
        "raw" => raw(),
        "udp" => udp(),
        "frames" => frames(),
        other => panic!("no such sender: {other}"),
    }
}

fn raw() -> Act {
    let whole = Protocol::from_raw(std::num::NonZero::new(255).unwrap());
    let socket = socket(AddressFamily::INET, SocketType::RAW, Some(whole)).expect("root");
    Box::new(move |from, count| {
        for n in from..from + count {
            let (packet, to) = syn(n);
            let _ = sendto(&socket, &packet, SendFlags::empty(), &to);
        }
    })
}

fn udp() -> Act {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    socket.connect("10.66.1.1:5000").expect("a route");
    Box::new(move |_, count| (0..count).for_each(|_| drop(socket.send(&[7; 60]))))
}

/// The same SYN as whole frames for a neighbour that is not there, so that the other side drops them at once.
fn frames() -> Act {
    let socket = socket(AddressFamily::PACKET, SocketType::RAW, None).expect("root");
    let link = |one: nix::ifaddrs::InterfaceAddress| one.address?.as_link_addr().copied();
    let all = nix::ifaddrs::getifaddrs().expect("devices");
    let v0 = all.filter(|one| one.interface_name == "v0").find_map(link).expect("device v0");
    nix::sys::socket::bind(socket.as_raw_fd(), &v0).expect("device v0");
    let frames: Vec<Vec<u8>> = (0..DIFFERENT).map(frame).collect();
    Box::new(move |from, count| {
        let numbers: Vec<u64> = (from..from + count).collect();
        for some in numbers.chunks(AT_ONCE) {
            let bytes = some.iter().map(|&n| &frames[usize::try_from(n % DIFFERENT).unwrap()]);
            let slices: Vec<[IoSlice; 1]> = bytes.map(|bytes| [IoSlice::new(bytes)]).collect();
            let mut controls: Vec<_> =
                some.iter().map(|_| SendAncillaryBuffer::default()).collect();
            let pairs = slices.iter().zip(&mut controls);
            let mut messages: Vec<_> = pairs.map(|(one, none)| MMsgHdr::new(one, none)).collect();
            let _ = sendmmsg(&socket, &mut messages, SendFlags::empty());
        }
    })
}

fn frame(n: u64) -> Vec<u8> {
    let mut packet = syn(n).0;
    packet[2..4].copy_from_slice(&[0, 40]);
    let words = packet[..20].chunks(2).map(|two| u32::from(two[0]) << 8 | u32::from(two[1]));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let sum = !u16::try_from(sum).unwrap();
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    [&[2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 7, 8, 0][..], &packet].concat()
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let rate: u64 = words[2].parse().expect("packets a second");
    let seconds: u64 = words[3].parse::<u64>().expect("seconds").min(MOST_SECONDS);
    let mut act = sender(&words[1]);
    let start = Instant::now();
    let (mut sent, mut next) = (0_u64, 0);
    while start.elapsed() < Duration::from_secs(seconds) {
        let due = u64::try_from(start.elapsed().as_micros()).unwrap() * rate / 1_000_000;
        // Time that was lost is not made up for by a burst.
        next = next.max(due.saturating_sub(rate / 5));
        act(next, due - next);
        (sent, next) = (sent + due - next, due);
        std::thread::sleep(Duration::from_micros(200));
    }
    let _ = writeln!(std::io::stdout(), "{sent}");
}
