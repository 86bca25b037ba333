//! Addresses of names, asked by coroner itself: glibc's own way would load the machine's libraries.
//!
//! /etc/hosts, then the name servers of /etc/resolv.conf over UDP. No TCP, no DNSSEC: who answers for the name is
//! told by the certificate, where there is one.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};

const LONGEST_FILE: u64 = 1 << 20;
const MOST_SERVERS: usize = 3;
const MOST_SUFFIXES: usize = 6;
const MOST_ADDRESSES: usize = 8;
const PATIENCE: Duration = Duration::from_secs(2);
const TRIES: usize = 2;
const LARGEST_ANSWER: usize = 4096;

/// What this machine's files say about names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolver {
    hosts: Vec<(IpAddr, String)>,
    servers: Vec<SocketAddr>,
    suffixes: Vec<String>,
}

/// What a name server says to one question.
enum Said {
    Addresses(Vec<IpAddr>),
    NoSuchName,
}

impl Resolver {
    /// Reads this machine's files; those that are not there say nothing.
    pub fn of_this_machine() -> Self {
        Self::of(&text("/etc/hosts"), &text("/etc/resolv.conf"))
    }

    /// The same from the texts of hosts and resolv.conf.
    pub fn of(hosts: &str, configuration: &str) -> Self {
        let mut resolver =
            Self { hosts: hosts.lines().flat_map(host).collect(), ..Self::default() };
        for line in configuration.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => {
                    let server = words.next().and_then(|word| word.parse::<IpAddr>().ok());
                    resolver.servers.extend(server.map(|server| SocketAddr::new(server, 53)));
                }
                Some("search" | "domain") => {
                    resolver.suffixes = words.take(MOST_SUFFIXES).map(str::to_owned).collect();
                }
                _ => {}
            }
        }
        resolver.servers.truncate(MOST_SERVERS);
        resolver
    }

    /// The addresses of a name.
    ///
    /// # Errors
    /// Why there are none, in words.
    pub fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        if name.eq_ignore_ascii_case("localhost") {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        let known = self.hosts.iter().filter(|(_, host)| host.eq_ignore_ascii_case(name));
        let known: Vec<IpAddr> = known.map(|(address, _)| *address).take(MOST_ADDRESSES).collect();
        if !known.is_empty() {
            return Ok(known);
        }
        if self.servers.is_empty() {
            return Err("/etc/hosts does not have it and /etc/resolv.conf names no server".into());
        }
        for full in self.full_names(name) {
            let found = self.asked(&full)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Err("the name servers know no address of it".to_owned())
    }

    /// As it is first when it has a dot, with the suffixes first when it has none.
    fn full_names(&self, name: &str) -> Vec<String> {
        let bare = name.trim_end_matches('.').to_owned();
        if name.ends_with('.') {
            return vec![bare];
        }
        let mut names: Vec<_> =
            self.suffixes.iter().map(|suffix| format!("{bare}.{suffix}")).collect();
        let place = if bare.contains('.') { 0 } else { names.len() };
        names.insert(place, bare);
        names
    }

    fn asked(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        let mut found = Vec::new();
        for kind in [TYPE::A, TYPE::AAAA] {
            match self.first_answer(name, kind)? {
                Said::Addresses(addresses) => found.extend(addresses),
                Said::NoSuchName => break,
            }
        }
        found.truncate(MOST_ADDRESSES);
        Ok(found)
    }

    fn first_answer(&self, name: &str, kind: TYPE) -> Result<Said, String> {
        let mut why = String::new();
        for _ in 0..TRIES {
            for server in &self.servers {
                match ask(*server, name, kind, PATIENCE) {
                    Ok(said) => return Ok(said),
                    Err(error) => why = format!("the name server {}: {error}", server.ip()),
                }
            }
        }
        Err(why)
    }
}

fn text(path: &str) -> String {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path);
    let _ = file.and_then(|file| file.take(LONGEST_FILE).read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

fn host(line: &str) -> Vec<(IpAddr, String)> {
    let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
    let Some(address) = words.next().and_then(|word| word.parse().ok()) else { return Vec::new() };
    words.map(|name| (address, name.to_owned())).collect()
}

fn ask(server: SocketAddr, name: &str, kind: TYPE, patience: Duration) -> io::Result<Said> {
    let any: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    // Connected: the kernel gives a random port, and lets through what comes from the server alone.
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(server)?;
    let number = random();
    socket.send(&question(number, name, kind)?)?;
    let end = Instant::now() + patience;
    let mut buffer = [0; LARGEST_ANSWER];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "no answer"));
        }
        socket.set_read_timeout(Some(left))?;
        let length = match socket.recv(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            other => other?,
        };
        // What does not fit the question may be forged: the true answer may still come.
        if let Some(said) = answer(buffer.get(..length).unwrap_or_default(), number, name) {
            return said;
        }
    }
}

fn random() -> u16 {
    let [first, second, ..] = RandomState::new().build_hasher().finish().to_ne_bytes();
    u16::from_ne_bytes([first, second])
}

fn question(number: u16, name: &str, kind: TYPE) -> io::Result<Vec<u8>> {
    let wrong = |error: simple_dns::SimpleDnsError| io::Error::other(error.to_string());
    let mut packet = Packet::new_query(number);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(name).map_err(wrong)?;
    packet.questions.push(Question::new(name, QTYPE::TYPE(kind), QCLASS::CLASS(CLASS::IN), false));
    packet.build_bytes_vec().map_err(wrong)
}

/// What an answer says; nothing when it is not one to this question.
fn answer(bytes: &[u8], number: u16, name: &str) -> Option<io::Result<Said>> {
    let packet = Packet::parse(bytes).ok()?;
    let asked = packet.questions.first()?.qname.to_string();
    if packet.id() != number
        || !packet.has_flags(PacketFlag::RESPONSE)
        || !asked.eq_ignore_ascii_case(name)
    {
        return None;
    }
    Some(match packet.rcode() {
        RCODE::NameError => Ok(Said::NoSuchName),
        RCODE::NoError => {
            let addresses = packet.answers.iter().filter_map(|record| address(&record.rdata));
            Ok(Said::Addresses(addresses.take(MOST_ADDRESSES).collect()))
        }
        other => Err(io::Error::other(format!("it answers {other:?}"))),
    })
}

fn address(data: &RData<'_>) -> Option<IpAddr> {
    match data {
        RData::A(a) => Some(Ipv4Addr::from(a.address).into()),
        RData::AAAA(a) => Some(Ipv6Addr::from(a.address).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use simple_dns::ResourceRecord;
    use simple_dns::rdata::A;

    #[test]
    fn the_machines_files_are_read_line_by_line() {
        let resolver = Resolver::of(
            "127.0.0.1 localhost\n192.0.2.7 prom prom.example # it\nbad line\n2001:db8::1 prom\n",
            "; comment\nsearch example a.example\nnameserver 192.0.2.53\nnameserver x\noptions ndots:5\n",
        );
        let addresses = resolver.addresses("PROM").unwrap();
        assert_eq!(
            addresses,
            ["192.0.2.7".parse::<IpAddr>().unwrap(), "2001:db8::1".parse().unwrap()]
        );
        assert_eq!(resolver.servers, ["192.0.2.53:53".parse().unwrap()]);
        assert_eq!(resolver.full_names("prom"), ["prom.example", "prom.a.example", "prom"]);
        assert_eq!(resolver.full_names("a.b")[0], "a.b");
        assert_eq!(resolver.full_names("a.b."), ["a.b"]);
        assert_eq!(resolver.addresses("localhost").unwrap().len(), 2);
        assert!(Resolver::default().addresses("x").unwrap_err().contains("names no server"));
    }

    /// A name server on loopback that first sends forgeries, then the answer.
    fn server(answers: impl Fn(&Packet<'_>) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let query = Packet::parse(&buffer[..length]).unwrap();
                for answer in answers(&query) {
                    socket.send_to(&answer, from).unwrap();
                }
            }
        });
        address
    }

    fn reply(query: &Packet<'_>, id: u16, name: &str, address: [u8; 4]) -> Vec<u8> {
        let mut reply = Packet::new_reply(id);
        let class = QCLASS::CLASS(CLASS::IN);
        let kind = query.questions[0].qtype;
        let name = Name::new(name).unwrap();
        reply.questions.push(Question::new(name.clone(), kind, class, false));
        if kind == QTYPE::TYPE(TYPE::A) {
            let data = RData::A(A { address: u32::from_be_bytes(address) });
            reply.answers.push(ResourceRecord::new(name, CLASS::IN, 60, data));
        }
        reply.build_bytes_vec().unwrap()
    }

    #[test]
    fn forged_answers_are_passed_over_and_the_true_one_is_taken() {
        let address = server(|query| {
            let id = query.id();
            vec![
                b"junk".to_vec(),
                reply(query, id.wrapping_add(1), "prom.example", [203, 0, 113, 1]),
                reply(query, id, "other.example", [203, 0, 113, 2]),
                reply(query, id, "prom.example", [192, 0, 2, 9]),
            ]
        });
        let resolver = Resolver { servers: vec![address], ..Resolver::default() };
        let found = resolver.addresses("prom.example").unwrap();
        assert_eq!(found, ["192.0.2.9".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn a_name_that_nobody_knows_is_said_so() {
        let address = server(|query| {
            let mut reply = Packet::new_reply(query.id());
            reply.questions.clone_from(&query.questions);
            *reply.rcode_mut() = RCODE::NameError;
            vec![reply.build_bytes_vec().unwrap()]
        });
        let resolver = Resolver { servers: vec![address], ..Resolver::default() };
        assert!(resolver.addresses("no.example").unwrap_err().contains("know no address"));
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = answer(&bytes, 1, "a");
        }
    }
}
