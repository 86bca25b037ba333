//! Hosts that bring updates and protection, and that an intruder therefore blocks.

use coroner_core::Text;
use coroner_parse::firewall::{AddressRange, Condition, Peer};

use crate::items::FirewallRule;

/// Parts of names of update servers and security vendors, in lower case.
const NAMES: [&str; 34] = [
    "deb.debian.org",
    "security.debian.org",
    "ftp.debian.org",
    "archive.ubuntu.com",
    "security.ubuntu.com",
    "esm.ubuntu.com",
    "api.snapcraft.io",
    "mirrors.fedoraproject.org",
    "cdn.redhat.com",
    "subscription.rhsm.redhat.com",
    "mirrorlist.centos.org",
    "mirrors.rockylinux.org",
    "mirrors.almalinux.org",
    "dl-cdn.alpinelinux.org",
    "download.opensuse.org",
    "updates.suse.com",
    "geo.mirror.pkgbuild.com",
    "clamav.net",
    "crowdstrike",
    "sentinelone",
    "kaspersky",
    "eset.com",
    "sophos",
    "trendmicro",
    "malwarebytes",
    "bitdefender",
    "virustotal",
    "wazuh.com",
    "abuse.ch",
    "qualys",
    "rapid7",
    "aegis.aliyun",
    "yundun",
    "falco.org",
];

/// Networks of update servers and protection agents that are these vendors' own (no shared CDN):
/// Canonical's archive, and the agents of a cloud that miners are known to cut off.
const NETWORKS: [&str; 8] = [
    "91.189.88.0/21",
    "185.125.188.0/22",
    "140.205.201.0/28",
    "140.205.201.16/29",
    "140.205.201.32/28",
    "140.205.225.184/29",
    "140.205.225.192/29",
    "140.205.225.200/30",
];

/// The vendor's name or network that the rule blocks.
pub(crate) fn blocked(rule: &FirewallRule) -> Option<Text> {
    if !rule.outcome.discards() {
        return None;
    }
    let mut found = rule.rule.choosing().filter(|found| !found.negated);
    found.find_map(|found| match &found.condition {
        Condition::Content(text) => named(text),
        Condition::Destination(peers) if rule.is_outgoing() => peers.iter().find_map(peer),
        Condition::Source(peers) if rule.is_incoming() => peers.iter().find_map(peer),
        _ => None,
    })
}

fn named(text: &Text) -> Option<Text> {
    let lower = readable(text.as_bytes());
    NAMES.iter().find(|name| lower.contains(*name)).map(|name| Text::from(*name))
}

/// Lower case, with the lengths that stand before the labels of a name in a DNS packet as dots
/// (iptables writes them `|08|`).
fn readable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let mut parts = text.split('|');
    let mut out = String::from(parts.next().unwrap_or_default());
    for (index, part) in parts.enumerate() {
        out.push_str(if index % 2 == 0 { "." } else { part });
    }
    out.chars().map(|c| if c.is_control() { '.' } else { c }).collect()
}

fn peer(peer: &Peer) -> Option<Text> {
    match peer {
        Peer::Name(name) => named(name),
        Peer::Address(range) => {
            let inside = |network: &&&str| {
                let network: Option<AddressRange> = network.parse().ok();
                // A whole country's block holds vendors too, and means something else.
                network.is_some_and(|network| {
                    network.overlaps(range)
                        && range.prefix_length().is_none_or(|length| length >= 16)
                })
            };
            NETWORKS.iter().find(inside).map(|network| Text::from(*network))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_dns_packets_too() {
        assert_eq!(
            named(&Text::from("|03|deb|06|debian|03|org")),
            Some(Text::from("deb.debian.org"))
        );
        assert_eq!(
            named(&Text::from("\u{3}cdn\u{6}redhat\u{3}com")),
            Some(Text::from("cdn.redhat.com"))
        );
        assert_eq!(named(&Text::from("example.org")), None);
    }

    #[test]
    fn a_vendor_s_own_network_is_known_and_a_country_s_block_is_not() {
        let inside = NETWORKS[0].replace("/21", "/24");
        assert!(peer(&Peer::parse(inside.as_bytes())).is_some());
        assert_eq!(peer(&Peer::parse(b"80.0.0.0/4")), None);
        assert_eq!(peer(&Peer::parse(b"203.0.113.0/24")), None);
    }

    #[test]
    fn every_listed_network_is_one() {
        for network in NETWORKS {
            assert!(network.parse::<AddressRange>().is_ok(), "{network}");
        }
    }
}
