//! The throttle that would hold what was seen.

use std::fmt::Write;

use coroner_core::shell_word;
use coroner_traffic::{Attack, Direction, Flow, attack};

/// The command that would hold down what looks like an attack, or else the largest flow.
pub(crate) fn throttle(flows: &[Flow]) -> Option<String> {
    let asks = |flow: &&Flow| flow.direction == Direction::To && flow.protocol != "other";
    let attacks: Vec<&Flow> = flows.iter().filter(|flow| attack(flow).is_some()).collect();
    let chosen = match attacks.first() {
        Some(worst) => {
            let like =
                |flow: &&&Flow| flow.device == worst.device && flow.protocol == worst.protocol;
            attacks.iter().filter(like).copied().collect()
        }
        None => vec![flows.iter().find(asks)?],
    };
    let first = chosen.first()?;
    let mut command =
        format!("coroner throttle plan --dev {} --rate 1mbit", shell_word(first.device.as_bytes()));
    let mut ports: Vec<u16> =
        chosen.iter().map(|flow| flow.port).filter(|&port| port > 0).collect();
    ports.sort_unstable();
    ports.truncate(16);
    if first.protocol != "tcp" || ports.is_empty() {
        let protocol = first.protocol.strip_prefix("protocol ").unwrap_or(&first.protocol);
        let _ = write!(command, " --proto {protocol}");
    }
    if !ports.is_empty() {
        let list: Vec<String> = ports.iter().map(u16::to_string).collect();
        let _ = write!(command, " --dport {}", list.join(","));
    }
    if chosen.iter().all(|flow| attack(flow) == Some(Attack::SynFlood)) {
        command.push_str(" --syn-only");
    }
    Some(command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use coroner_core::Text;

    fn flow(port: u16, protocol: &str, syn: u64) -> Flow {
        Flow {
            device: Text::from("eth0"),
            protocol: protocol.into(),
            port,
            direction: Direction::To,
            ms: 10_000,
            packets: 50_000,
            bytes: 2_700_000,
            packets_back: 0,
            bytes_back: 0,
            addresses: 40_000,
            sources: 1,
            forged: 0,
            syn,
            syn_ack: 0,
            rst: 0,
            senders: Vec::new(),
        }
    }

    #[test]
    fn the_throttle_holds_all_ports_of_the_attack_and_nothing_else() {
        let flows = [flow(443, "tcp", 50_000), flow(80, "tcp", 50_000), flow(53, "udp", 0)];
        let command = throttle(&flows).unwrap();
        assert_eq!(
            command,
            "coroner throttle plan --dev eth0 --rate 1mbit --dport 80,443 --syn-only"
        );
    }

    #[test]
    fn without_an_attack_the_largest_flow_is_offered() {
        let mut large = flow(5_000, "udp", 0);
        large.packets = 500;
        assert_eq!(
            throttle(&[large]).unwrap(),
            "coroner throttle plan --dev eth0 --rate 1mbit --proto udp --dport 5000"
        );
        assert_eq!(throttle(&[]), None);
    }
}
