//! Whether a flow is an attack on others.

use crate::result::Flow;

/// What a flow looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// SYN without end that nobody answers.
    SynFlood,
    /// Connections to many addresses, most of them refused or dead: somebody looks for victims.
    Scan,
    /// Packets with source addresses that belong to nobody here.
    Forged,
    /// Packets without a connection to one place or to many, at a rate that fills links.
    PacketFlood,
}

/// SYN in a second: a busy proxy opens some hundreds, and they are answered.
const FLOOD_SYN: u64 = 100;
/// SYN in a second of a scan.
const SCAN_SYN: u64 = 20;
/// SYN that were looked at: fewer tell nothing.
const ENOUGH: u64 = 50;
/// Addresses that make a spread.
const SPREAD: u64 = 50;
/// Packets in a second of UDP and others that no client sends unasked.
const FLOOD_PACKETS: u64 = 20_000;

impl Attack {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::SynFlood => "SYN flood",
            Self::Scan => "scan",
            Self::Forged => "forged sources",
            Self::PacketFlood => "packet flood",
        }
    }
}

/// Of a hundred SYN, how many were answered by SYN-ACK; 100 when there was none.
pub fn answered_percent(flow: &Flow) -> u64 {
    (flow.syn_ack.min(flow.syn) * 100).checked_div(flow.syn).unwrap_or(100)
}

/// Judges a flow by its own numbers.
///
/// A SYN flood is not answered, because its sources are forged or its victims overwhelmed, and goes at a rate
/// that no client has; a scan is slower, to many addresses, refused or dead. Ports can be chosen so that an
/// attack looks like a server's answers (`Direction::From`), but answers follow questions.
pub fn attack(flow: &Flow) -> Option<Attack> {
    let unanswered = 100 - answered_percent(flow);
    let forged = flow.forged * 10 >= flow.packets && flow.forged >= ENOUGH;
    let syn_rate = flow.rate(flow.syn);
    let mostly_syn = flow.syn * 2 >= flow.packets;
    if flow.syn >= ENOUGH && mostly_syn && unanswered >= 70 {
        let fast = syn_rate >= FLOOD_SYN && flow.rst * 2 < flow.syn;
        if fast && (flow.addresses >= SPREAD || forged || syn_rate >= 10 * FLOOD_SYN) {
            return Some(Attack::SynFlood);
        }
        if syn_rate >= SCAN_SYN && flow.addresses >= SPREAD {
            return Some(Attack::Scan);
        }
    }
    let one_way = flow.packets_back * 20 < flow.packets;
    if flow.protocol != "tcp" && flow.rate(flow.packets) >= FLOOD_PACKETS && one_way {
        return Some(Attack::PacketFlood);
    }
    forged.then_some(Attack::Forged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::Direction;
    use coroner_parse::Text;

    fn flow(syn: u64, syn_ack: u64, rst: u64, addresses: u64) -> Flow {
        Flow {
            device: Text::from("eth0"),
            protocol: "tcp".into(),
            port: 80,
            direction: Direction::To,
            ms: 10_000,
            packets: syn,
            bytes: syn * 54,
            packets_back: syn_ack + rst,
            bytes_back: 0,
            addresses,
            sources: 1,
            forged: 0,
            syn,
            syn_ack,
            rst,
            senders: Vec::new(),
        }
    }

    #[test]
    fn syn_that_nobody_answers_at_a_rate_no_client_has_is_a_flood() {
        assert_eq!(attack(&flow(30_000, 0, 0, 25_000)), Some(Attack::SynFlood));
        let one_victim = Flow { forged: 30_000, sources: 30_000, ..flow(30_000, 0, 0, 1) };
        assert_eq!(attack(&one_victim), Some(Attack::SynFlood));
        assert_eq!(attack(&flow(20_000, 0, 0, 1)), Some(Attack::SynFlood));
    }

    #[test]
    fn a_busy_proxy_a_dead_backend_and_a_server_are_none() {
        let mut proxy = flow(30_000, 29_000, 200, 900);
        proxy.packets = 400_000;
        assert_eq!(attack(&proxy), None);
        assert_eq!(attack(&flow(600, 0, 0, 3)), None, "health checks of dead backends");
        assert_eq!(attack(&flow(40, 0, 0, 40)), None, "too few to say");
        let mut server = Flow { direction: Direction::From, ..flow(0, 0, 0, 25_000) };
        (server.packets, server.packets_back) = (900_000, 500_000);
        assert_eq!(attack(&server), None);
    }

    #[test]
    fn many_refused_connections_are_a_scan() {
        assert_eq!(attack(&flow(2_000, 20, 1_500, 1_900)), Some(Attack::Scan));
        assert_eq!(attack(&flow(500, 0, 0, 480)), Some(Attack::Scan));
    }

    #[test]
    fn a_stream_of_datagrams_that_nothing_answers_is_a_flood_and_a_call_is_none() {
        let mut udp = flow(0, 0, 0, 1);
        udp.protocol = "udp".into();
        (udp.packets, udp.packets_back) = (400_000, 0);
        assert_eq!(attack(&udp), Some(Attack::PacketFlood));
        udp.packets_back = 300_000;
        assert_eq!(attack(&udp), None);
        (udp.packets, udp.packets_back) = (500, 0);
        assert_eq!(attack(&udp), None);
        udp.forged = 400;
        assert_eq!(attack(&udp), Some(Attack::Forged));
    }
}
