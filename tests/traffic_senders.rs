//! Bounded senders for the tests of attribution, each a process of its own: the test's own program, started
//! again, sends for at most half a minute to addresses of the lab alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(dead_code)] // each test binary uses its part

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, Protocol, SendFlags, SocketType, sendto, socket};

use crate::throttle_lab::{Lab, inside, must};

const LONGEST: Duration = Duration::from_secs(30);
const A_SECOND: u64 = 400;
const KIND: &str = "CORONER_TEST_SENDER";

/// A sender that runs; it is ended when the test is.
pub(crate) struct Child(std::process::Child);

impl Child {
    pub(crate) fn of(process: std::process::Child) -> Self {
        Self(process)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn end(self) {
        drop(self);
    }

    /// Waits until it says that it sends.
    fn ready(mut self) -> Self {
        let mut lines = BufReader::new(self.0.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "sending"), "it does not start");
        self
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts one of the senders below in a network namespace. `ip netns exec` becomes the program it is given,
/// so the child's pid is the sender's.
pub(crate) fn sender(namespace: &str, kind: &str) -> Child {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "traffic_senders::sends", "--ignored", "--nocapture"]);
    command.env(KIND, kind).stdout(Stdio::piped()).stderr(Stdio::null());
    Child(command.spawn().unwrap()).ready()
}

#[test]
#[ignore = "started by the other tests, as a process of its own"]
fn sends() {
    let kind = std::env::var(KIND).expect("started by another test");
    let mut act: Box<dyn FnMut(u64)> = match kind.as_str() {
        "raw" => raw(),
        "packet" => packet(),
        "udp" => udp(),
        "tcp" => tcp(),
        other => panic!("{other}"),
    };
    #[allow(clippy::disallowed_macros)] // a pipe to the test that started it
    {
        println!("\nsending");
    }
    let start = Instant::now();
    let mut done = 0;
    while start.elapsed() < LONGEST {
        let due = u64::try_from(start.elapsed().as_micros()).unwrap() * A_SECOND / 1_000_000;
        // Time that was lost is not made up for by a burst.
        done = done.max(due.saturating_sub(A_SECOND / 20));
        while done < due {
            act(done);
            done += 1;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn ipv4(from: [u8; 4], to: [u8; 4], protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let mut packet = vec![0x45, 0, length[0], length[1], 0, 9, 0, 0, 64, protocol, 0, 0];
    packet.extend(from);
    packet.extend(to);
    let sum: u32 = packet.chunks(2).map(|two| u32::from(two[0]) << 8 | u32::from(two[1])).sum();
    let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend(payload);
    packet
}

/// SYN to port 80 of many addresses, from sources that are not ours.
fn raw() -> Box<dyn FnMut(u64)> {
    let whole = Protocol::from_raw(std::num::NonZero::new(255).unwrap());
    let socket = socket(AddressFamily::INET, SocketType::RAW, Some(whole)).unwrap();
    Box::new(move |n| {
        let [.., c, d] = (n.wrapping_mul(2_654_435_761) >> 8).to_be_bytes();
        let mut syn = 40_000_u16.to_be_bytes().to_vec();
        syn.extend([0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0]);
        let packet = ipv4([203, 0, 113, d], [10, 66, c, d], 6, &syn);
        let to = SocketAddr::V4(SocketAddrV4::new([10, 66, c, d].into(), 0));
        let _ = sendto(&socket, &packet, SendFlags::empty(), &to);
    })
}

/// Whole frames through a packet socket, of the very length of the SYN above.
fn packet() -> Box<dyn FnMut(u64)> {
    let socket = socket(AddressFamily::PACKET, SocketType::RAW, None).unwrap();
    let all = nix::ifaddrs::getifaddrs().unwrap();
    let link = |one: nix::ifaddrs::InterfaceAddress| one.address?.as_link_addr().copied();
    let v0 = all.filter(|one| one.interface_name == "v0").find_map(link).unwrap();
    let mut datagram = 40_001_u16.to_be_bytes().to_vec();
    datagram.extend(7777_u16.to_be_bytes());
    datagram.extend([0, 20, 0, 0]);
    datagram.extend([0; 12]);
    let header = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 0];
    let frame = [&header[..], &ipv4([10, 65, 0, 1], [10, 66, 1, 1], 17, &datagram)].concat();
    Box::new(move |_| {
        let flags = nix::sys::socket::MsgFlags::empty();
        let _ = nix::sys::socket::sendto(socket.as_raw_fd(), &frame, &v0, flags);
    })
}

fn udp() -> Box<dyn FnMut(u64)> {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    Box::new(move |_| drop(socket.send_to(&[7; 12], "10.65.0.2:5000")))
}

/// Connections, one after another, each with a few bytes.
fn tcp() -> Box<dyn FnMut(u64)> {
    Box::new(move |_| {
        let timeout = Duration::from_secs(1);
        let to = "10.65.0.2:8080".parse().unwrap();
        if let Ok(mut stream) = TcpStream::connect_timeout(&to, timeout) {
            let _ = std::io::Write::write_all(&mut stream, b"hello");
            let _ = stream.set_read_timeout(Some(timeout));
            let _ = stream.read(&mut [0; 8]);
        }
    })
}

/// Answers every connection to a port with what it sent.
pub(crate) fn hold_port(namespace: &str, port: u16) -> std::thread::JoinHandle<()> {
    let listener = inside(namespace, move || TcpListener::bind(("10.65.0.2", port)).unwrap());
    let listener = listener.join().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut buffer = [0; 8];
            if let Ok(length) = stream.read(&mut buffer) {
                let _ = std::io::Write::write_all(&mut stream, &buffer[..length]);
            }
        }
    })
}

/// A guest's side of a tap, as qemu holds it: makes tap0 and writes UDP frames for 10.66.0.0/16 into it.
const TAP: &str = r#"
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
int main(void) {
    unsigned char frame[54] = {2,0,0,0,0,9, 2,0,0,0,0,7, 8,0, 0x45,0,0,40,0,9,0,0,64,17,0,0, 10,67,0,2, 10,66,1,1,
        0x9c,0x40, 9999>>8,9999&255, 0,20,0,0};
    struct ifreq wish;
    unsigned sum = 0;
    int tap = open("/dev/net/tun", O_RDWR), n, at;
    memset(&wish, 0, sizeof wish);
    strcpy(wish.ifr_name, "tap0");
    wish.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (tap < 0 || ioctl(tap, TUNSETIFF, &wish) < 0) return 1;
    for (at = 14; at < 34; at += 2) sum += frame[at] << 8 | frame[at + 1];
    sum = 0xffff ^ ((sum & 0xffff) + (sum >> 16));
    frame[24] = sum >> 8; frame[25] = sum & 255;
    puts("made"); fflush(stdout);
    if (getchar() != '\n') return 1;
    puts("sending"); fflush(stdout);
    for (n = 0; n < 400 * 30; n++) { if (write(tap, frame, sizeof frame) < 0) usleep(1000); usleep(2500); }
    return 0;
}
"#;

/// Sends past the device's queue, and so past every capture: some 2,000 packets a second.
const BYPASS: &str = r#"
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
int main(void) {
    unsigned char frame[60] = {2,0,0,0,0,9, 2,0,0,0,0,7, 0x88,0xb5};
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex("v0")};
    int one = 1, n, out = socket(AF_PACKET, SOCK_RAW, 0);
    if (out < 0 || setsockopt(out, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one) < 0) return 1;
    if (bind(out, (struct sockaddr *)&to, sizeof to) < 0) return 1;
    puts("sending"); fflush(stdout);
    for (n = 0; n < 2500 * 30; n++) { send(out, frame, sizeof frame, 0); if (n % 5 == 0) usleep(2000); }
    return 0;
}
"#;

fn compiled(lab: &Lab, name: &str, code: &str) -> std::path::PathBuf {
    let source = lab.state.path().join(format!("{name}.c"));
    let program = lab.state.path().join(name);
    std::fs::write(&source, code).unwrap();
    must(Command::new("cc").arg("-o").arg(&program).arg(&source));
    program
}

/// Starts it.
pub(crate) fn bypass(lab: &Lab) -> Child {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &lab.near]).arg(compiled(lab, "bypass", BYPASS));
    Child(command.stdout(Stdio::piped()).spawn().unwrap()).ready()
}

/// Starts it under the name and the arguments of a qemu that libvirt started.
pub(crate) fn tap(lab: &Lab, guest: &str) -> Child {
    let program = compiled(lab, "tap", TAP);
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &lab.near, "bash", "-c"]);
    command.arg("exec -a /usr/bin/qemu-system-x86_64 \"$0\" -name guest=\"$1\",debug-threads=on");
    command.arg(&program).arg(guest).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert_eq!(line, "made\n");
    let ip = |words: &str| must(Command::new("ip").args(words.split_whitespace()));
    ip(&format!("-n {} addr add 10.67.0.1/24 dev tap0", lab.near));
    ip(&format!("-n {} link set tap0 address 02:00:00:00:00:09 up", lab.near));
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"\n").unwrap();
    line.clear();
    lines.read_line(&mut line).unwrap();
    assert_eq!(line, "sending\n");
    Child(child)
}
