//! What makes a rule odd. Pure: both collecting (which rules stand by themselves) and judging ask.

use coroner_core::Text;
use coroner_parse::firewall::{
    Condition, Hook, Match, Peer, PortRange, Verdict, is_well_known_port,
};

use crate::items::FirewallRule;
use crate::vendors;

/// Port of VXLAN: Docker tells its encrypted overlay networks apart by u32 and bpf there.
const VXLAN: u16 = 4789;

/// Flags of packets that every connection has after its first one.
const ANSWERS: [(u8, &str); 6] = [
    (0x04, "RST"),
    (0x14, "RST,ACK"),
    (0x11, "FIN,ACK"),
    (0x10, "ACK"),
    (0x18, "PSH,ACK"),
    (0x12, "SYN,ACK"),
];

/// Any reason to show the rule by itself.
pub(crate) fn is_notable(rule: &FirewallRule) -> bool {
    dropped_answers(rule).is_some()
        || redirects_one_source(rule)
        || opens_by_magic(rule)
        || lone_accept(rule)
        || matches!(rule.rule.verdict, Verdict::Queue(_))
        || rewrites_early(rule)
        || vendors::blocked(rule).is_some()
        || blocks_web(rule)
}

fn conditions(rule: &FirewallRule) -> impl Iterator<Item = &Match> {
    rule.rule.choosing()
}

/// Which ordinary answers of TCP the rule throws away. Rules against scans drop only combinations
/// that no connection has, and say nothing here.
pub(crate) fn dropped_answers(rule: &FirewallRule) -> Option<Vec<&'static str>> {
    if !rule.outcome.discards() || is_flood_protection(rule) {
        return None;
    }
    let flags: Vec<&Match> = conditions(rule)
        .filter(|found| matches!(found.condition, Condition::TcpFlags { .. }))
        .collect();
    let negated = flags.iter().any(|found| found.negated);
    let shielded = rule.after_established && (negated || !rule.is_outgoing());
    if flags.is_empty() || shielded || flags.iter().all(|found| matches_flags(found, 0x02)) {
        return None;
    }
    let dropped = ANSWERS.iter().filter(|(bits, _)| flags.iter().all(|f| matches_flags(f, *bits)));
    let dropped: Vec<&str> = dropped.map(|(_, name)| *name).collect();
    (!dropped.is_empty()).then_some(dropped)
}

fn matches_flags(found: &Match, bits: u8) -> bool {
    let Condition::TcpFlags { mask, values } = &found.condition else { return true };
    values.contains(&(bits & mask)) != found.negated
}

/// Only packets that belong to no connection, or more of them than there should be.
fn is_flood_protection(rule: &FirewallRule) -> bool {
    let counted = rule.rule.matches.iter().any(|found| match &found.condition {
        Condition::Limit(_) => true,
        Condition::Other(text) => {
            let text = text.lossy();
            ["--hitcount", "--update", "--rcheck", "--connlimit", "ct count"]
                .iter()
                .any(|word| text.contains(word))
        }
        _ => false,
    });
    counted || conditions(rule).any(only_unknown_connections)
}

fn only_unknown_connections(found: &Match) -> bool {
    let Condition::State(states) = &found.condition else { return false };
    let known = |state: &Text| *state == "established" || *state == "related";
    if found.negated { states.iter().any(known) } else { !states.iter().any(known) }
}

/// The one address that the rule is for, when there is just one.
pub(crate) fn single_source(rule: &FirewallRule) -> Option<&Peer> {
    let mut sources = conditions(rule).filter_map(|found| match &found.condition {
        Condition::Source(peers) if !found.negated => Some(peers.as_slice()),
        _ => None,
    });
    let only = sources.next().filter(|_| sources.next().is_none())?;
    match only {
        [peer]
            if peer
                .range()
                .is_some_and(|range| range.is_single() && !range.first.is_loopback()) =>
        {
            Some(peer)
        }
        _ => None,
    }
}

fn destination_ports(rule: &FirewallRule) -> Option<&[PortRange]> {
    conditions(rule).find_map(|found| match &found.condition {
        Condition::DestinationPort(ports) | Condition::EitherPort(ports) if !found.negated => {
            Some(ports.as_slice())
        }
        _ => None,
    })
}

/// A port is turned aside for one source alone. A rule for one source *and* one destination other
/// than this host's own is what service meshes and libvirt write for their guests.
pub(crate) fn redirects_one_source(rule: &FirewallRule) -> bool {
    let turns = matches!(rule.outcome, Verdict::Redirect { .. } | Verdict::Dnat { .. });
    turns && single_source(rule).is_some() && destination_ports(rule).is_some()
}

/// Where a DNAT leads, when it leads to another host.
pub(crate) fn dnat_elsewhere(rule: &FirewallRule) -> Option<&Peer> {
    match &rule.outcome {
        Verdict::Dnat { to: Some(peer), .. } => {
            Some(peer).filter(|peer| !peer.range().is_some_and(|range| range.first.is_loopback()))
        }
        _ => None,
    }
}

/// Bytes of the packet decide that it is let in or turned aside.
pub(crate) fn opens_by_magic(rule: &FirewallRule) -> bool {
    let remembers = conditions(rule).any(|found| {
        matches!(&found.condition, Condition::Other(text) if text.as_bytes().starts_with(b"--set"))
    });
    let opens =
        matches!(rule.outcome, Verdict::Accept | Verdict::Redirect { .. } | Verdict::Dnat { .. })
            || (remembers && !rule.outcome.discards());
    let ports = destination_ports(rule).unwrap_or_default();
    let only = |port: u16| !ports.is_empty() && ports.iter().all(|p| *p == PortRange::one(port));
    let served = !ports.is_empty() && ports.iter().all(|ports| is_well_known_port(ports.first));
    let magic = conditions(rule).any(|found| match &found.condition {
        Condition::Payload(_) => !only(VXLAN),
        // A web or name server that is picky about its visitors names its port.
        Condition::Content(_) => !served,
        _ => false,
    });
    opens && magic && !found_negated(rule) && rule.is_incoming()
}

fn found_negated(rule: &FirewallRule) -> bool {
    conditions(rule).any(|found| {
        found.negated && matches!(found.condition, Condition::Payload(_) | Condition::Content(_))
    })
}

/// One public host is let in above all other rules, to every port or to an odd one.
pub(crate) fn lone_accept(rule: &FirewallRule) -> bool {
    let plain = conditions(rule).all(|found| {
        !found.negated
            && matches!(
                found.condition,
                Condition::Source(_) | Condition::Protocol(_) | Condition::DestinationPort(_)
            )
    });
    let odd = destination_ports(rule).is_none_or(|ports| {
        ports.iter().all(|ports| !is_well_known_port(ports.first) || *ports == everything())
    });
    rule.alone_on_top
        && rule.one_foreign_source
        && rule.outcome == Verdict::Accept
        && plain
        && odd
        && single_source(rule).is_some()
}

fn everything() -> PortRange {
    PortRange { first: 0, last: u16::MAX }
}

/// Packets are changed or sent elsewhere before connection tracking and all usual chains.
pub(crate) fn rewrites_early(rule: &FirewallRule) -> bool {
    /// Priority of the raw table; what nft's own names offer is not lower.
    const RAW: i32 = -300;
    let early = rule.priority.is_some_and(|priority| priority < RAW)
        || rule.hooks.iter().all(|hook| *hook == Hook::Ingress) && !rule.hooks.is_empty();
    let rewrites = match &rule.rule.verdict {
        Verdict::Redirect { .. } | Verdict::Dnat { .. } | Verdict::Snat(_) => true,
        Verdict::Other(text) => {
            let text = text.lossy();
            [
                "fwd",
                "dup",
                "set payload",
                "saddr set",
                "daddr set",
                "dport set",
                "sport set",
                "@th,",
            ]
            .iter()
            .any(|word| text.contains(word))
        }
        _ => false,
    };
    early && rewrites
}

/// The web, or names, cannot be reached by anybody on this host, while all else can.
pub(crate) fn blocks_web(rule: &FirewallRule) -> bool {
    let needed = [53, 80, 443];
    let ports = destination_ports(rule).unwrap_or_default();
    let blocks =
        ports.iter().any(|ports| needed.iter().any(|port| *ports == PortRange::one(*port)));
    let everybody = conditions(rule).all(|found| {
        matches!(found.condition, Condition::Protocol(_) | Condition::DestinationPort(_))
    });
    blocks
        && everybody
        && rule.open_policy
        && rule.outcome.discards()
        && rule.has_hook(&[Hook::Output])
}
