//! Rule sets that files load at boot.

use std::collections::BTreeSet;

use coroner_core::{Cx, HostPath};
use coroner_parse::Text;
use coroner_parse::firewall::{
    Family, RuleSet, Statement, parse_firewalld_direct, parse_firewalld_zone, parse_iptables_save,
    parse_nft_script,
};

use crate::collect;
use crate::items::Source;

/// Files in iptables-save's words that are read wherever they are.
const IPTABLES: [(&str, Family); 12] = [
    ("/etc/iptables.rules", Family::Ip),
    ("/etc/iptables.up.rules", Family::Ip),
    ("/etc/iptables/iptables.rules", Family::Ip),
    ("/etc/iptables/ip6tables.rules", Family::Ip6),
    ("/etc/sysconfig/iptables", Family::Ip),
    ("/etc/sysconfig/ip6tables", Family::Ip6),
    ("/etc/ufw/user.rules", Family::Ip),
    ("/etc/ufw/user6.rules", Family::Ip6),
    ("/etc/ufw/before.rules", Family::Ip),
    ("/etc/ufw/before6.rules", Family::Ip6),
    ("/etc/ufw/after.rules", Family::Ip),
    ("/etc/ufw/after6.rules", Family::Ip6),
];

/// Includes that are followed in all, so that they cannot go on for ever.
const MOST_INCLUDES: usize = 200;

pub(crate) fn collect(cx: &mut Cx<'_>) {
    for (path, family) in IPTABLES {
        iptables(cx, &HostPath::new(path), family);
    }
    for entry in cx.list(&HostPath::new("/etc/iptables")) {
        let family = match entry.name.as_bytes() {
            name if name.ends_with(b".v6") => Family::Ip6,
            name if name.ends_with(b".v4") => Family::Ip,
            _ => continue,
        };
        iptables(cx, &entry.path, family);
    }
    nftables(cx);
    firewalld(cx);
}

fn iptables(cx: &mut Cx<'_>, path: &HostPath, family: Family) {
    if let Some(content) = cx.read(path) {
        take(cx, path, &parse_iptables_save(&content.bytes, family));
    }
}

fn take(cx: &mut Cx<'_>, path: &HostPath, set: &RuleSet) {
    for bad in &set.bad {
        cx.bad_line(path, bad);
    }
    collect::emit(cx, Source::Saved, Some(path), set);
}

/// The main scripts, what they include, and everything in /etc/nftables.
fn nftables(cx: &mut Cx<'_>) {
    let mut waiting: Vec<HostPath> =
        ["/etc/nftables.conf", "/etc/sysconfig/nftables.conf"].map(HostPath::new).to_vec();
    let scripts = cx.list(&HostPath::new("/etc/nftables"));
    waiting.extend(
        scripts
            .into_iter()
            .filter(|entry| entry.name.as_bytes().ends_with(b".nft"))
            .map(|entry| entry.path),
    );
    let mut seen = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        if seen.len() >= MOST_INCLUDES || !seen.insert(path.clone()) {
            continue;
        }
        let Some(content) = cx.read(&path) else { continue };
        let set = parse_nft_script(&content.bytes);
        for include in &set.includes {
            waiting.extend(included(cx, include));
        }
        take(cx, &path, &set);
    }
}

/// The files of one `include "pattern"`. Other directories than /etc are not read: nothing loads
/// rules from there by itself. A `*` stands for any name with that beginning and end.
fn included(cx: &mut Cx<'_>, include: &Statement) -> Vec<HostPath> {
    let pattern = include.text.as_bytes().trim_ascii();
    let pattern = pattern.strip_prefix(b"\"").unwrap_or(pattern);
    let pattern = pattern.strip_suffix(b"\"").unwrap_or(pattern);
    let path = if pattern.starts_with(b"/") {
        HostPath::new(pattern)
    } else {
        HostPath::new("/etc").join(pattern)
    };
    if !path.is_under("/etc") {
        return Vec::new();
    }
    let name = path.name().to_vec();
    let Some(star) = name.iter().position(|byte| *byte == b'*') else { return vec![path] };
    let (start, end) =
        (name.get(..star).unwrap_or_default(), name.get(star + 1..).unwrap_or_default());
    let Some(dir) = path.parent() else { return Vec::new() };
    let entries = cx.list(&dir).into_iter();
    let fits = |name: &[u8]| {
        name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
    };
    entries.filter(|entry| fits(entry.name.as_bytes())).map(|entry| entry.path).collect()
}

fn firewalld(cx: &mut Cx<'_>) {
    let direct = HostPath::new("/etc/firewalld/direct.xml");
    if let Some(content) = cx.read(&direct) {
        take(cx, &direct, &parse_firewalld_direct(&content.bytes));
    }
    for entry in cx.list(&HostPath::new("/etc/firewalld/zones")) {
        let Some(zone) = entry.name.as_bytes().strip_suffix(b".xml") else { continue };
        let zone = Text::from(zone);
        if let Some(content) = cx.read(&entry.path) {
            take(cx, &entry.path, &parse_firewalld_zone(&content.bytes, &zone));
        }
    }
}
