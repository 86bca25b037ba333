//! Packets that the tests of the throttle send, made by hand.

// A test that cannot go on fails, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::{SocketAddr, SocketAddrV4};

use rustix::net::{AddressFamily, Protocol, SendFlags, SocketType, sendto, socket};

/// An IPv4 packet with its options and payload; the kernel fills in checksum and length.
pub(crate) fn ipv4(
    to: [u8; 4],
    protocol: u8,
    fragment: u16,
    options: &[u8],
    payload: &[u8],
) -> Vec<u8> {
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
pub(crate) fn tcp(port: u16, flags: u8) -> Vec<u8> {
    let mut header = 40_000_u16.to_be_bytes().to_vec();
    header.extend(port.to_be_bytes());
    header.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    header
}

/// A socket for whole packets, and a way to send one.
pub(crate) fn raw() -> impl Fn(&[u8]) {
    let whole = Protocol::from_raw(std::num::NonZero::new(255).unwrap());
    let socket = socket(AddressFamily::INET, SocketType::RAW, Some(whole)).unwrap();
    move |packet| {
        let to: [u8; 4] = packet[16..20].try_into().unwrap();
        let to = SocketAddr::V4(SocketAddrV4::new(to.into(), 0));
        // A full queue drops, which is what it is for.
        let _ = sendto(&socket, packet, SendFlags::empty(), &to);
    }
}
