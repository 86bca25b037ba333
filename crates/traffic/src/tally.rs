//! Counting: by protocol and port, by destination, by sender. Every table is bounded.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use coroner_parse::packet::{LocalNets, Packet};

use crate::distinct::Distinct;
use crate::join::{Origin, UNCUT};
use crate::result::Direction;

/// Protocol and port at one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) device: u32,
    /// The IP protocol; none for what is not IP.
    pub(crate) protocol: Option<u8>,
    pub(crate) port: u16,
    pub(crate) direction: Direction,
}

/// Who sent, as far as it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Who {
    /// A process.
    Process(u32),
    /// A process, by the address of the packet alone.
    Forwarded(u32),
    /// It came in by this device, behind which nobody was seen.
    Behind(u32),
    /// The kernel: answers, forwarding, timers.
    Kernel,
    /// No sample was found.
    Unknown,
}

/// Packets and bytes are counted in parts of this size, because what a captured packet stands for need
/// not be whole.
pub(crate) const WHOLE: u64 = 256;

/// A number of parts, in whole packets or bytes.
pub(crate) fn whole(parts: u64) -> u64 {
    (parts + WHOLE / 2) / WHOLE
}

/// See [`WHOLE`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
}

impl Count {
    fn add(&mut self, packets: u64, bytes: u64) {
        self.packets += packets;
        self.bytes += bytes;
    }
}

/// One row.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) out: Count,
    pub(crate) back: Count,
    pub(crate) addresses: Distinct<IpAddr>,
    pub(crate) sources: Distinct<IpAddr>,
    pub(crate) forged: u64,
    pub(crate) syn: u64,
    pub(crate) syn_ack: u64,
    pub(crate) rst: u64,
    /// By sender, of the packets whose sender was asked for.
    pub(crate) senders: HashMap<Who, Count>,
}

/// Rows, destinations, flows and senders of a row that are kept.
const MOST_ROWS: usize = 2_048;
const MOST_DESTINATIONS: usize = 8_192;
const MOST_FLOWS: usize = 32_768;
const MOST_SENDERS: usize = 128;
/// Votes on who sends a flow: by a task's own sample, by the address of a packet alone, and how many are
/// kept, so that what a flow remembers can be outvoted.
pub(crate) const SURE: u8 = 3;
pub(crate) const UNSURE: u8 = 1;
const MOST_VOTES: u8 = 20;

/// Both ends of a flow, as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Ends {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    source_port: u16,
    destination_port: u16,
}

impl Ends {
    fn of(packet: &Packet) -> Self {
        Self {
            source: packet.source,
            destination: packet.destination,
            protocol: packet.protocol,
            source_port: packet.ports.map_or(0, |ports| ports.source),
            destination_port: packet.ports.map_or(0, |ports| ports.destination),
        }
    }
}

/// A frame, with what is known of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sighting {
    pub(crate) device: u32,
    pub(crate) packet: Option<Packet>,
    pub(crate) length: u32,
    /// How many packets it stands for, in parts ([`WHOLE`]).
    pub(crate) weight: u64,
    /// Who sent it; none when nobody was asked.
    pub(crate) who: Option<Who>,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) rows: HashMap<Key, Row>,
    pub(crate) destinations: HashMap<(Key, IpAddr), (Count, u64)>,
    /// Who sent a flow's other packets.
    flows: HashMap<Ends, (Origin, u8)>,
    /// By which device a flow came in.
    entered: HashMap<Ends, u32>,
    pub(crate) captured: HashMap<u32, Count>,
    /// Devices that were handed frames longer than any Ethernet carries: who cuts them counts the pieces.
    pub(crate) cuts: HashSet<u32>,
}

/// Whose service it is: the lower port's, with the other side's before ours when that tells nothing.
fn service(packet: &Packet) -> (u16, Direction) {
    match packet.ports {
        None => (0, Direction::To),
        Some(_) if packet.tcp.is_syn() => {
            (packet.ports.map_or(0, |ports| ports.destination), Direction::To)
        }
        Some(ports) if ports.source < ports.destination => (ports.source, Direction::From),
        Some(ports) => (ports.destination, Direction::To),
    }
}

impl Tally {
    /// A frame that this host sent, and the row it belongs to. `device_name` and `nets` tell forged
    /// sources.
    pub(crate) fn sent(&mut self, seen: &Sighting, device_name: &[u8], nets: &LocalNets) -> Key {
        let bytes = u64::from(seen.length) * seen.weight;
        self.captured.entry(seen.device).or_default().add(seen.weight, bytes);
        if seen.length > UNCUT {
            self.cuts.insert(seen.device);
        }
        let (port, direction) = seen.packet.as_ref().map_or((0, Direction::To), service);
        let protocol = seen.packet.map(|packet| packet.protocol);
        let key = Key { device: seen.device, protocol, port, direction };
        let row = self.row(key);
        row.out.add(seen.weight, bytes);
        if let Some(who) = seen.who {
            row.sender(who).add(seen.weight, bytes);
        }
        let Some(packet) = seen.packet else { return key };
        row.addresses.add(packet.destination);
        row.sources.add(packet.source);
        row.syn += u64::from(packet.tcp.is_syn()) * seen.weight;
        if !nets.is_empty() && !nets.may_send(packet.source, device_name) {
            row.forged += seen.weight;
        }
        self.destination((key, packet.destination)).0.add(seen.weight, bytes);
        key
    }

    /// A frame that this host received: an answer, or what a guest sends.
    pub(crate) fn received(&mut self, seen: &Sighting) {
        let Some(packet) = seen.packet else { return };
        if self.entered.len() < MOST_FLOWS {
            self.entered.insert(Ends::of(&packet), seen.device);
        }
        let bytes = u64::from(seen.length) * seen.weight;
        let key = |port, direction| Key {
            device: seen.device,
            protocol: Some(packet.protocol),
            port,
            direction,
        };
        // The same service as of the packets that went out: source and destination change places.
        let ports = packet.ports.map_or((0, 0), |ports| (ports.source, ports.destination));
        let answer = [key(ports.0, Direction::To), key(ports.1, Direction::From)];
        let Some(key) = answer.into_iter().find(|key| self.rows.contains_key(key)) else { return };
        if let Some(row) = self.rows.get_mut(&key) {
            row.back.add(seen.weight, bytes);
            row.syn_ack += u64::from(packet.tcp.is_syn_ack()) * seen.weight;
            row.rst += u64::from(packet.tcp.is_rst()) * seen.weight;
        }
        if let Some((_, back)) = self.destinations.get_mut(&(key, packet.source)) {
            *back += bytes;
        }
    }

    /// Ports beyond the room share the row of port 0.
    fn row(&mut self, key: Key) -> &mut Row {
        let full = self.rows.len() >= MOST_ROWS && !self.rows.contains_key(&key);
        self.rows.entry(if full { Key { port: 0, ..key } } else { key }).or_default()
    }

    fn destination(&mut self, at: (Key, IpAddr)) -> &mut (Count, u64) {
        if self.destinations.len() >= MOST_DESTINATIONS {
            self.forget_small();
        }
        self.destinations.entry(at).or_default()
    }

    /// Lossy counting: the smaller half of the destinations makes room.
    fn forget_small(&mut self) {
        let mut packets: Vec<u64> =
            self.destinations.values().map(|(count, _)| count.packets).collect();
        let middle = packets.len() / 2;
        let (_, median, _) = packets.select_nth_unstable(middle);
        let median = *median;
        self.destinations.retain(|_, (count, _)| count.packets > median);
    }

    /// Remembers who sent a packet, for packets of its flow that the kernel sends for them. One packet that
    /// was taken for another's must not decide for a whole flow, so each has `votes`.
    pub(crate) fn remember(&mut self, packet: &Packet, origin: Origin, votes: u8) {
        if self.flows.len() >= MOST_FLOWS {
            self.flows.clear();
        }
        let (known, held) = self.flows.entry(Ends::of(packet)).or_insert((origin, 0));
        if *known == origin {
            *held = held.saturating_add(votes).min(MOST_VOTES);
        } else if *held > votes {
            *held -= votes;
        } else {
            (*known, *held) = (origin, votes);
        }
    }

    /// Who sent the other packets of its flow, when enough speaks for it.
    pub(crate) fn flow_of(&self, packet: &Packet) -> Option<Origin> {
        let (origin, votes) = self.flows.get(&Ends::of(packet))?;
        (*votes >= SURE).then_some(*origin)
    }

    /// By which device packets of this flow came in, when they are forwarded.
    pub(crate) fn entered_by(&self, packet: &Packet) -> Option<u32> {
        self.entered.get(&Ends::of(packet)).copied()
    }

    /// Counts anew; who sent which flow is still known.
    pub(crate) fn restart(&mut self) {
        self.rows.clear();
        self.destinations.clear();
        self.captured.clear();
        self.cuts.clear();
    }

    /// Makes room for flows of the next seconds.
    pub(crate) fn forget_entries(&mut self) {
        if self.entered.len() >= MOST_FLOWS {
            self.entered.clear();
        }
    }
}

impl Row {
    fn sender(&mut self, who: Who) -> &mut Count {
        let full = self.senders.len() >= MOST_SENDERS && !self.senders.contains_key(&who);
        self.senders.entry(if full { Who::Unknown } else { who }).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use coroner_parse::packet::{Ports, TcpFlags};

    fn packet(source: &str, destination: &str, ports: (u16, u16), flags: u8) -> Packet {
        Packet {
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            protocol: 6,
            ports: Some(Ports { source: ports.0, destination: ports.1 }),
            tcp: TcpFlags(flags),
        }
    }

    fn sighting(packet: Packet) -> Sighting {
        Sighting { device: 2, packet: Some(packet), length: 54, weight: 2, who: None }
    }

    #[test]
    fn a_syn_and_its_answer_meet_in_one_row() {
        let mut tally = Tally::default();
        let nets = LocalNets::default();
        tally.sent(&sighting(packet("192.0.2.1", "203.0.113.9", (700, 8080), 2)), b"eth0", &nets);
        tally.received(&sighting(packet("203.0.113.9", "192.0.2.1", (8080, 700), 0x12)));
        tally.received(&sighting(packet("203.0.113.9", "192.0.2.1", (8080, 700), 0x14)));
        assert_eq!(tally.rows.len(), 1);
        let (key, row) = tally.rows.iter().next().unwrap();
        assert_eq!((key.port, key.direction), (8080, Direction::To));
        assert_eq!((row.syn, row.syn_ack, row.rst), (2, 2, 2));
        assert_eq!((row.out.packets, row.back.packets, row.out.bytes), (2, 4, 108));
    }

    #[test]
    fn a_server_s_answers_are_one_row_whatever_the_clients_ports() {
        let mut tally = Tally::default();
        for port in 40_000..50_000 {
            let answer = packet("192.0.2.1", "203.0.113.9", (443, port), 0x10);
            tally.sent(&sighting(answer), b"eth0", &LocalNets::default());
        }
        assert_eq!(tally.rows.len(), 1);
        assert_eq!(tally.rows.keys().next().unwrap().direction, Direction::From);
    }

    #[test]
    fn one_packet_taken_for_another_s_does_not_decide_for_its_flow() {
        let mut tally = Tally::default();
        let ours = packet("192.0.2.1", "203.0.113.9", (700, 8080), 0x10);
        let task = |pid| Origin { pid, tid: pid, cgroup: None };
        tally.remember(&ours, task(9), UNSURE);
        assert_eq!(tally.flow_of(&ours), None, "by an address alone");
        for pid in [1, 1, 9, 1] {
            tally.remember(&ours, task(pid), SURE);
        }
        assert_eq!(tally.flow_of(&ours), Some(task(1)));
        for _ in 0..20 {
            tally.remember(&ours, task(2), SURE);
        }
        assert_eq!(tally.flow_of(&ours), Some(task(2)));
    }

    #[test]
    fn tables_stay_bounded_and_the_heavy_destination_stays() {
        let mut tally = Tally::default();
        let nets = LocalNets::default();
        for n in 0..60_000_u32 {
            let to = std::net::Ipv4Addr::from(0xc633_6400 + n).to_string();
            let port = u16::try_from(n % 30_000).unwrap();
            tally.sent(&sighting(packet("192.0.2.1", &to, (60_000, port), 2)), b"eth0", &nets);
            tally.sent(
                &sighting(packet("192.0.2.1", "203.0.113.1", (60_000, 80), 2)),
                b"eth0",
                &nets,
            );
        }
        assert!(tally.rows.len() <= MOST_ROWS + 1);
        assert!(tally.destinations.len() <= MOST_DESTINATIONS + 1);
        let heavy: u64 = tally
            .destinations
            .iter()
            .filter(|((_, a), _)| a.to_string() == "203.0.113.1")
            .map(|(_, (count, _))| count.packets)
            .sum();
        assert_eq!(heavy, 120_000);
        let all: u64 = tally.rows.values().map(|row| row.out.packets).sum();
        assert_eq!(all, 240_000);
    }
}
