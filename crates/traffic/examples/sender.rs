//! Sends packets at a steady rate for the measurements of benches/traffic.sh: to 10.66.0.0/16 alone, which
//! stands for "anybody" inside the network namespaces that the script makes, and for at most a minute.
//!
//! `sender raw|udp RATE SECONDS`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // a tool of measurements

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, Protocol, SendFlags, SocketType, sendto, socket};

const MOST_SECONDS: u64 = 60;

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

fn sender(kind: &str) -> Box<dyn FnMut(u64)> {
    if kind == "raw" {
        let whole = Protocol::from_raw(std::num::NonZero::new(255).unwrap());
        let socket = socket(AddressFamily::INET, SocketType::RAW, Some(whole)).expect("root");
        return Box::new(move |n| {
            let (packet, to) = syn(n);
            let _ = sendto(&socket, &packet, SendFlags::empty(), &to);
        });
    }
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    socket.connect("10.66.1.1:5000").expect("a route");
    Box::new(move |_| drop(socket.send(&[7; 60])))
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
        while next < due {
            act(next);
            next += 1;
            sent += 1;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    let _ = writeln!(std::io::stdout(), "{sent}");
}
