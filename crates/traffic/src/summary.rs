//! From counts to what is told.

use std::collections::{BTreeMap, HashMap};

use coroner_parse::Text;

use crate::flood::attack;
use crate::pcapng::{Kept, pcapng};
use crate::result::{Destination, Direction, Flow, Observation, Sender, Share, Unseen};
use crate::senders::{Views, nobody};
use crate::tally::{Count, Key, Row, Who, whole};
use crate::watch::Watch;

/// Rows that are told; senders beyond are joined.
const MOST_FLOWS: usize = 200;
const MOST_DESTINATIONS: usize = 100;
const MOST_SENDERS: usize = 100;
const MOST_SHARES: usize = 20;
const MOST_NAMED_FLOWS: usize = 10;
/// Packets that a device must have sent past the capture before it is said.
const UNSEEN: u64 = 1_000;

impl Watch<'_> {
    /// What was seen since the start, or since the last [`Watch::restart`].
    pub fn observation(&self) -> Observation {
        let seen = self.looked_at();
        let senders = self.sender_table();
        let names: HashMap<Who, (Text, Option<u32>)> = senders
            .iter()
            .map(|(who, (sender, _))| (*who, (sender.who.clone(), sender.pid)))
            .collect();
        let mut flows: Vec<Flow> = self
            .tally
            .rows
            .iter()
            .map(|(key, row)| self.flow(*key, row, &names, seen.ms))
            .collect();
        flows.sort_by(|a, b| b.packets.cmp(&a.packets).then_with(|| order(a).cmp(&order(b))));
        flows.truncate(MOST_FLOWS);
        Observation {
            destinations: self.destinations(),
            senders: told(senders),
            suspects: self.suspects.as_ref().map(|s| s.now(self.host())).unwrap_or_default(),
            namespaces: self
                .namespaces
                .as_ref()
                .map(|before| before.now(self.host(), self.network, seen.ms))
                .unwrap_or_default(),
            missing: self.missing(),
            unseen: self.unseen(seen.ms),
            flows,
            seen,
        }
    }

    fn device(&self, index: u32) -> Text {
        self.names.get(&index).cloned().unwrap_or_else(|| Text::from(format!("#{index}").as_str()))
    }

    fn flow(
        &self,
        key: Key,
        row: &Row,
        names: &HashMap<Who, (Text, Option<u32>)>,
        ms: u64,
    ) -> Flow {
        let mut senders: Vec<Share> = row
            .scaled()
            .into_iter()
            .map(|(who, count)| {
                let (name, pid) = names.get(&who).cloned().unwrap_or_default();
                Share { who: name, pid, packets: whole(count.packets) }
            })
            .collect();
        senders.sort_by(|a, b| b.packets.cmp(&a.packets).then_with(|| a.pid.cmp(&b.pid)));
        senders.truncate(MOST_SHARES);
        Flow {
            device: self.device(key.device),
            protocol: protocol(key.protocol),
            port: key.port,
            direction: key.direction,
            ms,
            packets: whole(row.out.packets),
            bytes: whole(row.out.bytes),
            packets_back: whole(row.back.packets),
            bytes_back: whole(row.back.bytes),
            addresses: row.addresses.count(),
            sources: row.sources.count(),
            forged: whole(row.forged),
            syn: whole(row.syn),
            syn_ack: whole(row.syn_ack),
            rst: whole(row.rst),
            senders,
        }
    }

    /// Every sender with what it sent, by flow.
    fn sender_table(&self) -> BTreeMap<Who, (Sender, Vec<(String, u64)>)> {
        let views = Views::read(self.host());
        let mut table: BTreeMap<Who, (Sender, Vec<(String, u64)>)> = BTreeMap::new();
        for (key, row) in &self.tally.rows {
            let name = self.in_words(*key);
            for (who, count) in row.scaled() {
                let (sender, flows) =
                    table.entry(who).or_insert_with(|| (self.sender(&views, who), Vec::new()));
                sender.packets += count.packets;
                sender.bytes += count.bytes;
                flows.push((name.clone(), count.packets));
            }
        }
        table
    }

    fn in_words(&self, key: Key) -> String {
        let protocol = protocol(key.protocol);
        let device = self.device(key.device);
        match (key.port, key.direction) {
            (0, _) => format!("{protocol} by {device}"),
            (port, Direction::To) => format!("{protocol} to port {port} by {device}"),
            (port, Direction::From) => format!("{protocol} from port {port} by {device}"),
        }
    }

    fn sender(&self, views: &Views, who: Who) -> Sender {
        match who {
            Who::Process(pid) | Who::Forwarded(pid) => {
                self.senders.describe(self.host(), views, pid)
            }
            Who::Behind(index) => self.behind(index),
            Who::Kernel => nobody("the kernel (answers, forwarding, timers)"),
            Who::Unknown => nobody("not known"),
        }
    }

    /// What came in by a device: the process that holds the other end of a tap, or the device's name.
    fn behind(&self, index: u32) -> Sender {
        let name = self.device(index);
        let holder = self.host().processes().ok().and_then(|processes| {
            let holds = |tap: &Text| *tap == name;
            let taps = |p: &&coroner_host::Process| {
                p.descriptors.as_ref().is_some_and(|held| held.taps.iter().any(holds))
            };
            processes.iter().find(taps)
        });
        match holder {
            Some(process) => {
                let mut sender = crate::senders::describe(self.host(), process);
                sender.pid = u32::try_from(process.pid()).ok();
                sender
            }
            None => nobody(&format!("behind device {name}")),
        }
    }

    fn destinations(&self) -> Vec<Destination> {
        let mut found: Vec<Destination> = self
            .tally
            .destinations
            .iter()
            .map(|((key, address), (count, back))| Destination {
                device: self.device(key.device),
                address: address.to_string(),
                protocol: protocol(key.protocol),
                port: key.port,
                direction: key.direction,
                packets: whole(count.packets),
                bytes: whole(count.bytes),
                bytes_back: whole(*back),
            })
            .collect();
        found.sort_by(|a, b| {
            (b.bytes + b.bytes_back, &a.address, a.port).cmp(&(
                a.bytes + a.bytes_back,
                &b.address,
                b.port,
            ))
        });
        found.truncate(MOST_DESTINATIONS);
        found
    }

    /// Devices that counted far more packets than passed the capture.
    fn unseen(&self, ms: u64) -> Vec<Unseen> {
        let now = crate::counters::Counters::read(self.host());
        let found = now.since(&self.counters).into_iter().filter_map(|(device, counted)| {
            let (&index, _) = self.names.iter().find(|(_, known)| **known == device)?;
            let captured = self.tally.captured.get(&index).copied().unwrap_or_default();
            let (packets, bytes) = (whole(captured.packets), whole(captured.bytes));
            let past = self.watches(index) && went_past(counted, packets, bytes);
            past.then_some(Unseen { device, ms, counted, captured: packets })
        });
        found.collect()
    }

    /// The headers of flows that look like an attack, as a pcapng file; none when there are none.
    pub fn evidence(&self) -> Option<Vec<u8>> {
        let none = HashMap::new();
        let ms = self.looked_at().ms;
        let kept: Vec<Kept> = self.headers(|key| {
            let row = self.tally.rows.get(key);
            row.is_some_and(|row| attack(&self.flow(*key, row, &none, ms)).is_some())
        });
        (!kept.is_empty()).then(|| pcapng(&kept))
    }
}

/// Whether a device counted far more packets than were captured. A card that cuts long packets itself
/// counts the pieces, of more than a thousand bytes each.
fn went_past(counted: u64, captured: u64, bytes: u64) -> bool {
    let explained = captured.max(bytes / 1_000);
    let past = counted.saturating_sub(explained);
    past > UNSEEN && past > counted / 2
}

fn order(flow: &Flow) -> (&Text, &str, u16) {
    (&flow.device, &flow.protocol, flow.port)
}

fn told(table: BTreeMap<Who, (Sender, Vec<(String, u64)>)>) -> Vec<Sender> {
    let mut senders: Vec<Sender> = table
        .into_values()
        .map(|(mut sender, mut flows)| {
            flows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            (sender.packets, sender.bytes) = (whole(sender.packets), whole(sender.bytes));
            sender.flows = flows.into_iter().take(MOST_NAMED_FLOWS).map(|(name, _)| name).collect();
            sender
        })
        .collect();
    senders.sort_by(|a, b| b.packets.cmp(&a.packets).then_with(|| a.pid.cmp(&b.pid)));
    senders.truncate(MOST_SENDERS);
    senders
}

impl Row {
    /// Its senders, as if all packets had been asked for.
    fn scaled(&self) -> BTreeMap<Who, Count> {
        let asked: u64 = self.senders.values().map(|count| count.packets).sum();
        let all = self.out;
        let share = move |part: u64, of: u64| {
            let scaled = u128::from(part) * u128::from(of) / u128::from(asked.max(1));
            u64::try_from(scaled).unwrap_or(u64::MAX)
        };
        let believed = self.believes_addresses();
        let mut table: BTreeMap<Who, Count> = BTreeMap::new();
        for (who, count) in &self.senders {
            let who = match who {
                Who::Forwarded(pid) if believed => Who::Process(*pid),
                Who::Forwarded(_) => Who::Kernel,
                other => *other,
            };
            let sum = table.entry(who).or_default();
            sum.packets += share(count.packets, all.packets);
            sum.bytes += share(count.packets, all.bytes);
        }
        table
    }

    /// Forwarded packets all have an address that was seen before; of the kernel's own, a few have one by
    /// chance, because addresses are used again.
    fn believes_addresses(&self) -> bool {
        let sum = |chosen: fn(&Who) -> bool| -> u64 {
            let chosen = self.senders.iter().filter(|(who, _)| chosen(who));
            chosen.map(|(_, count)| count.packets).sum()
        };
        let forwarded = sum(|who| matches!(who, Who::Forwarded(_)));
        forwarded >= sum(|who| matches!(who, Who::Kernel))
    }
}

/// Names of protocols (RFC 5237's registry).
fn protocol(number: Option<u8>) -> String {
    let name = match number {
        None => "other",
        Some(1) => "icmp",
        Some(2) => "igmp",
        Some(4) => "ipip",
        Some(6) => "tcp",
        Some(17) => "udp",
        Some(41) => "ipv6",
        Some(47) => "gre",
        Some(50) => "esp",
        Some(58) => "icmpv6",
        Some(132) => "sctp",
        Some(other) => return format!("protocol {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_past_the_capture_are_told_from_pieces_that_the_card_cut() {
        assert!(went_past(900_000, 100, 6_000));
        assert!(!went_past(900_000, 20_000, 20_000 * 64_000), "cut by the card");
        assert!(!went_past(900_000, 890_000, 60_000_000));
        assert!(!went_past(900, 0, 0), "a few that the kernel sends by itself");
    }
}
