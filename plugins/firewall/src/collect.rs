//! Rule sets to items: odd rules by themselves, the many of a maker folded.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use coroner_core::{Cx, HostPath, Options, Text, sha256_of};
use coroner_host::netfilter;
use coroner_parse::firewall::{Chain, Condition, Family, Hook, Rule, RuleSet, Verdict};

use crate::generated;
use crate::graph::{Graph, shields};
use crate::items::{FirewallChain, FirewallKernel, FirewallRule, Queue, Source, uncounted};
use crate::suspicion;

/// Rules of one chain that stand by themselves; the rest of a long one is folded.
const LONGEST_LISTED: usize = 200;
/// Earlier rules of a chain that are looked at for what they let through.
const LOOK_BACK: usize = 64;

/// What is folded into one chain item.
struct Folded {
    chain: Chain,
    chains: u32,
    rules: u32,
    hashes: Vec<String>,
}

type FoldKey = (Family, Text, Text);

/// Emits the items of one rule set.
pub(crate) fn emit(cx: &mut Cx<'_>, source: Source, file: Option<&HostPath>, set: &RuleSet) {
    let graph = Graph::new(set);
    let mut chains = chain_items(set);
    let mut copies: HashMap<Text, u32> = HashMap::new();
    for (index, rule) in set.rules.iter().enumerate() {
        let key = fold_key(rule.family, &rule.table, &rule.chain);
        let folded = chains.entry(key).or_insert_with(|| undeclared(rule));
        folded.rules += 1;
        let mut item = rule_item(cx.options(), &graph, set, (index, rule), source, file);
        let short = graph.facts(rule).is_none_or(|facts| {
            facts.rules.iter().take(LONGEST_LISTED).next_back().is_none_or(|last| index <= *last)
        });
        let listed = short && generated::family_of(rule.chain.as_bytes()).is_none();
        if listed || suspicion::is_notable(&item) {
            use coroner_core::ItemKind as _;
            let copy = copies.entry(item.key()).or_default();
            *copy += 1;
            item.copy = *copy;
            cx.emit(item);
        } else {
            let text = uncounted(&rule.text);
            folded.hashes.push(sha256_of(text.as_bytes()).hex());
        }
    }
    for folded in chains.into_values() {
        cx.emit(chain_item(folded, source, file));
    }
}

fn fold_key(family: Family, table: &Text, chain: &Text) -> FoldKey {
    let name = generated::family_of(chain.as_bytes()).map_or_else(|| chain.clone(), Text::new);
    (family, table.clone(), name)
}

fn chain_items(set: &RuleSet) -> BTreeMap<FoldKey, Folded> {
    let mut chains: BTreeMap<FoldKey, Folded> = BTreeMap::new();
    for chain in &set.chains {
        let key = fold_key(chain.family, &chain.table, &chain.name);
        let name = key.2.clone();
        let folded = chains.entry(key).or_insert_with(|| Folded {
            chain: Chain { name, ..chain.clone() },
            chains: 0,
            rules: 0,
            hashes: Vec::new(),
        });
        folded.chains += 1;
    }
    chains
}

/// A chain that is filled without being declared.
fn undeclared(rule: &Rule) -> Folded {
    let (_, _, name) = fold_key(rule.family, &rule.table, &rule.chain);
    let chain = Chain {
        family: rule.family,
        table: rule.table.clone(),
        name,
        hook: None,
        priority: None,
        kind: None,
        policy: None,
        line: rule.line,
    };
    Folded { chain, chains: 1, rules: 0, hashes: Vec::new() }
}

fn chain_item(mut folded: Folded, source: Source, file: Option<&HostPath>) -> FirewallChain {
    folded.hashes.sort();
    let count = u32::try_from(folded.hashes.len()).unwrap_or(u32::MAX);
    let sum = (count > 0).then(|| sha256_of(folded.hashes.concat().as_bytes()).hex());
    FirewallChain {
        source,
        file: file.cloned(),
        chain: folded.chain,
        chains: folded.chains,
        rules: folded.rules,
        folded: count,
        folded_sha256: sum.map(Text::from),
    }
}

fn rule_item(
    options: &Options,
    graph: &Graph<'_>,
    set: &RuleSet,
    (index, rule): (usize, &Rule),
    source: Source,
    file: Option<&HostPath>,
) -> FirewallRule {
    let facts = graph.facts(rule);
    let chain = facts.map(|facts| facts.rules.as_slice()).unwrap_or_default();
    FirewallRule {
        source,
        file: file.cloned(),
        hooks: facts.map(|facts| facts.hooks.iter().copied().collect()).unwrap_or_default(),
        priority: facts.and_then(|facts| facts.priority),
        outcome: graph.outcome(rule),
        one_foreign_source: has_foreign_source(options, rule),
        alone_on_top: facts.is_some_and(|facts| facts.base)
            && is_alone_on_top(set, chain, index, rule),
        after_established: is_shielded(set, chain, index, rule),
        open_policy: facts.is_some_and(|facts| facts.open),
        copy: 1,
        rule: rule.clone(),
    }
}

fn single_host(rule: &Rule) -> Option<IpAddr> {
    rule.choosing().find_map(|found| match &found.condition {
        Condition::Source(peers) if !found.negated => match peers.as_slice() {
            [peer] => peer.range().filter(|range| range.is_single()).map(|range| range.first),
            _ => None,
        },
        _ => None,
    })
}

fn has_foreign_source(options: &Options, rule: &Rule) -> bool {
    single_host(rule).is_some_and(|address| options.is_foreign(address))
}

/// First of a base chain for this host, and no other rule near it accepts a single source.
fn is_alone_on_top(set: &RuleSet, chain: &[usize], index: usize, rule: &Rule) -> bool {
    let first = chain.first() == Some(&index) && rule.table != "firewalld";
    first && {
        let others = chain.iter().skip(1).take(LOOK_BACK).filter_map(|at| set.rules.get(*at));
        let mut same =
            others.filter(|other| other.verdict == Verdict::Accept && single_host(other).is_some());
        same.next().is_none()
    }
}

fn is_shielded(set: &RuleSet, chain: &[usize], index: usize, rule: &Rule) -> bool {
    if !rule.matches.iter().any(|found| matches!(found.condition, Condition::TcpFlags { .. })) {
        return false;
    }
    let at = chain.partition_point(|other| *other < index);
    let earlier = chain.get(at.saturating_sub(LOOK_BACK)..at).unwrap_or_default();
    let earlier = chain.iter().take(LOOK_BACK.min(at)).chain(earlier);
    earlier.filter_map(|at| set.rules.get(*at)).any(|earlier| shields(earlier, rule))
}

/// The running kernel's rules.
pub(crate) fn kernel(cx: &mut Cx<'_>) {
    let found = netfilter::read(cx.host());
    for unseen in &found.unseen {
        cx.gap_because(&unseen.path, unseen.reason, unseen.detail.clone());
    }
    let mut legacy = RuleSet::default();
    for table in found.legacy {
        legacy.append(table.rules);
    }
    let nft = found.nftables.unwrap_or_default();
    for set in [&legacy, &nft] {
        for bad in &set.bad {
            cx.bad_line(&HostPath::new("/proc/1/net/ip_tables_names"), bad);
        }
    }
    let count = |set: &RuleSet| u32::try_from(set.rules.len()).unwrap_or(u32::MAX);
    let item = FirewallKernel {
        whole: found.unseen.is_empty(),
        legacy_rules: count(&legacy),
        nft_rules: count(&nft),
        guards_input: guards(&legacy).saturating_add(guards(&nft)),
        queues: queues(cx),
    };
    cx.emit(item);
    emit(cx, Source::KernelLegacy, None, &legacy);
    emit(cx, Source::KernelNft, None, &nft);
}

fn guards(set: &RuleSet) -> u32 {
    let graph = Graph::new(set);
    let rules = set.rules.iter().filter_map(|rule| graph.facts(rule));
    let rules = rules.filter(|facts| facts.hooks.contains(&Hook::Input)).count();
    let dropping = set
        .chains
        .iter()
        .filter(|chain| chain.hook == Some(Hook::Input) && chain.policy == Some(Verdict::Drop));
    u32::try_from(rules + dropping.count()).unwrap_or(u32::MAX)
}

/// Lines are `queue port total copy range dropped ...` (`net/netfilter/nfnetlink_queue.c`,
/// `seq_show`).
fn queues(cx: &mut Cx<'_>) -> Vec<Queue> {
    let path = HostPath::new("/proc/1/net/netfilter/nfnetlink_queue");
    let Some(content) = cx.read(&path) else { return Vec::new() };
    let mut queues = Vec::new();
    for line in content.bytes.split(|&byte| byte == b'\n').take(1024) {
        let mut fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
        let mut number =
            || -> Option<u32> { std::str::from_utf8(fields.next()?).ok()?.parse().ok() };
        let (Some(queue), Some(port)) = (number(), number()) else { continue };
        let Ok(number) = u16::try_from(queue) else { continue };
        let exe = HostPath::new("/proc").join(port.to_string()).join("exe");
        let program = cx.read_link(&exe).map(HostPath::from);
        if let Some(program) = &program {
            cx.want(program);
        }
        queues.push(Queue { number, port, program });
    }
    queues
}
