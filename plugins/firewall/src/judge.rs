//! Items to findings.

use std::collections::BTreeMap;

use coroner_core::{Confidence, Findings, HostPath, Items, PackageState, Severity, Text};
use coroner_parse::firewall::{Hook, Verdict};

use crate::items::{FirewallChain, FirewallKernel, FirewallRule, Queue, Source};
use crate::suspicion;
use crate::{rules, vendors};

pub(crate) fn judge(items: &Items, out: &mut Findings) {
    let kernel: Option<FirewallKernel> = items.all::<FirewallKernel>().next();
    for rule in items.all::<FirewallRule>() {
        answers(&rule, out);
        redirects(&rule, out);
        doors(&rule, out);
        blocks(&rule, out);
        if let Some(kernel) = &kernel {
            queue(&rule, kernel, items, out);
        }
    }
    let chains: Vec<FirewallChain> = items.all::<FirewallChain>().collect();
    if let Some(kernel) = &kernel {
        lacking(kernel, &chains, out);
    }
    mixed(&chains, out);
}

/// Raises `rule` for a firewall rule, with what every finding of this plugin shows.
fn raise<'f>(
    rule: &'static coroner_core::Rule,
    found: &FirewallRule,
    out: &'f mut Findings,
) -> &'f mut coroner_core::Draft {
    let draft = out.raise(rule, found);
    if let Some(file) = &found.file {
        draft.at(file, found.rule.line);
    }
    draft.evidence("rule", found.rule.text.clone());
    let place = format!("{} {} {}", found.rule.family.as_str(), found.rule.table, found.rule.chain);
    draft.evidence("chain", place);
    if let Some(counters) = found.rule.counters.filter(|_| found.source != Source::Saved) {
        draft.evidence("seen", format!("{} packets, {} bytes", counters.packets, counters.bytes));
    }
    draft
}

fn answers(rule: &FirewallRule, out: &mut Findings) {
    let Some(dropped) = suspicion::dropped_answers(rule) else { return };
    let which =
        if rule.is_outgoing() { &rules::OUTGOING_ANSWERS } else { &rules::INCOMING_ANSWERS };
    if rule.is_outgoing() || rule.is_incoming() {
        raise(which, rule, out).evidence("dropped", dropped.join(" "));
    }
}

fn redirects(rule: &FirewallRule, out: &mut Findings) {
    if !suspicion::redirects_one_source(rule) {
        return;
    }
    let elsewhere = suspicion::dnat_elsewhere(rule);
    let inner = elsewhere
        .and_then(|peer| peer.range())
        .is_some_and(|range| !coroner_core::Network::is_public(range.first));
    let outer = rule.one_foreign_source && !inner;
    let which = if outer { &rules::REDIRECT } else { &rules::INNER_REDIRECT };
    let draft = raise(which, rule, out);
    if let Some(source) = suspicion::single_source(rule) {
        draft.evidence("source", source.to_string());
    }
    if outer && elsewhere.is_some() {
        draft.graded(Severity::Medium, Confidence::Possible);
    }
}

fn doors(rule: &FirewallRule, out: &mut Findings) {
    if suspicion::opens_by_magic(rule) {
        raise(&rules::MAGIC, rule, out);
    }
    if suspicion::lone_accept(rule) {
        let draft = raise(&rules::LONE_ACCEPT, rule, out);
        if let Some(source) = suspicion::single_source(rule) {
            draft.evidence("source", source.to_string());
        }
    }
    if suspicion::rewrites_early(rule) {
        let priority = rule.priority.map_or_else(|| "none".to_owned(), |p| p.to_string());
        raise(&rules::EARLY, rule, out).evidence("priority", priority);
    }
}

fn blocks(rule: &FirewallRule, out: &mut Findings) {
    if let Some(vendor) = vendors::blocked(rule) {
        raise(&rules::VENDOR, rule, out).evidence("vendor", vendor);
    }
    if suspicion::blocks_web(rule) {
        raise(&rules::WEB, rule, out);
    }
}

/// A listener from a package is a network filter like suricata; anything else is worth a look.
fn queue(rule: &FirewallRule, kernel: &FirewallKernel, items: &Items, out: &mut Findings) {
    let Verdict::Queue(number) = &rule.rule.verdict else { return };
    let first = number.as_bytes().split(|byte| !byte.is_ascii_digit()).next().unwrap_or_default();
    let first = std::str::from_utf8(first).ok().and_then(|digits| digits.parse::<u16>().ok());
    let listener = kernel.queues.iter().find(|queue| Some(queue.number) == first);
    if listener.is_some_and(|queue| is_packaged(queue, items)) {
        return;
    }
    let program = listener.and_then(|queue| queue.program.as_ref());
    let shown = program.map_or_else(|| Text::from("not found"), |path| path.text().clone());
    raise(&rules::QUEUE, rule, out).evidence("program", shown);
}

fn is_packaged(queue: &Queue, items: &Items) -> bool {
    let facts = queue.program.as_ref().and_then(|program| items.file(program));
    facts.is_some_and(|facts| matches!(facts.state, PackageState::Vendor | PackageState::Local))
}

/// Files that are loaded as they stand; ufw's and firewalld's depend on more.
fn closes_host(chain: &FirewallChain) -> bool {
    let loaded = |file: &HostPath| !file.is_under("/etc/ufw") && !file.is_under("/etc/firewalld");
    let named_input = chain.chain.hook == Some(Hook::Input);
    chain.source == Source::Saved
        && chain.file.as_ref().is_some_and(loaded)
        && named_input
        && chain.chain.policy == Some(Verdict::Drop)
}

fn lacking(kernel: &FirewallKernel, chains: &[FirewallChain], out: &mut Findings) {
    if !kernel.whole || kernel.guards_input > 0 {
        return;
    }
    for chain in chains.iter().filter(|chain| closes_host(chain)) {
        let draft = out.raise(&rules::LACKING, chain);
        if let Some(file) = &chain.file {
            draft.at(file, chain.chain.line);
        }
        draft.evidence("saved rules", chain.rules.to_string());
    }
}

/// Rules of both systems in the kernel, or saved for both.
fn mixed(chains: &[FirewallChain], out: &mut Findings) {
    let mut counts: BTreeMap<&str, (u32, &FirewallChain)> = BTreeMap::new();
    for chain in chains.iter().filter(|chain| chain.rules > 0) {
        if let Some(system) = system_of(chain) {
            counts.entry(system).or_insert((0, chain)).0 += chain.rules;
        }
    }
    for (old, new) in [("legacy", "nft"), ("saved legacy", "saved nft")] {
        if let (Some((old, chain)), Some((new, _))) = (counts.get(old), counts.get(new)) {
            let draft = out.raise(&rules::MIXED, *chain);
            if let Some(file) = &chain.file {
                draft.in_file(file);
            }
            draft.evidence("rules", format!("{old} of iptables, {new} of nftables"));
            return;
        }
    }
}

fn system_of(chain: &FirewallChain) -> Option<&'static str> {
    match (chain.source, &chain.file) {
        (Source::KernelLegacy, _) => Some("legacy"),
        (Source::KernelNft, _) => Some("nft"),
        (Source::Saved, Some(file)) if file.as_str()?.contains("nft") => Some("saved nft"),
        (Source::Saved, Some(file))
            if file.is_under("/etc/firewalld") || file.is_under("/etc/ufw") =>
        {
            None
        }
        _ => Some("saved legacy"),
    }
}
