//! How packets get from hooks to rules, and what becomes of them. Linear in chains and rules.

use std::collections::{BTreeSet, HashMap};

use coroner_core::Text;
use coroner_parse::firewall::{Condition, Family, Hook, Rule, RuleSet, Verdict};

/// Jumps that are followed to find an outcome.
const DEEPEST: u8 = 8;

type ChainKey = (Family, Text, Text);

/// What is known of one chain.
#[derive(Debug, Default)]
pub(crate) struct ChainFacts {
    /// Its rules, by their place in the set.
    pub(crate) rules: Vec<usize>,
    /// Hooks from which packets get here.
    pub(crate) hooks: BTreeSet<Hook>,
    /// The lowest priority of the base chains that lead here.
    pub(crate) priority: Option<i32>,
    /// A base chain that lets through what no rule decides leads here.
    pub(crate) open: bool,
    /// It is hooked itself.
    pub(crate) base: bool,
    /// What it does to every packet.
    outcome: Option<Verdict>,
}

/// Chains of one rule set.
pub(crate) struct Graph<'s> {
    set: &'s RuleSet,
    chains: HashMap<ChainKey, ChainFacts>,
}

fn key_of(rule: &Rule) -> ChainKey {
    (rule.family, rule.table.clone(), rule.chain.clone())
}

impl<'s> Graph<'s> {
    pub(crate) fn new(set: &'s RuleSet) -> Self {
        let mut chains: HashMap<ChainKey, ChainFacts> = HashMap::new();
        for chain in &set.chains {
            let key = (chain.family, chain.table.clone(), chain.name.clone());
            let facts = chains.entry(key).or_default();
            facts.hooks.extend(chain.hook);
            facts.base |= chain.hook.is_some();
            facts.priority = lower(facts.priority, chain.priority);
            facts.open |= chain.policy == Some(Verdict::Accept);
        }
        for (index, rule) in set.rules.iter().enumerate() {
            chains.entry(key_of(rule)).or_default().rules.push(index);
        }
        for ((family, _, name), facts) in &mut chains {
            if facts.hooks.is_empty() {
                let implied = implied_hook(*family, name.as_bytes());
                facts.base |= implied.is_some() && name.as_bytes().first() != Some(&b'u');
                facts.hooks.extend(implied);
            }
        }
        let mut graph = Self { set, chains };
        graph.spread();
        graph.settle();
        graph
    }

    /// Carries hooks along jumps until nothing new comes; each chain takes a hook once.
    fn spread(&mut self) {
        let mut waiting: Vec<ChainKey> = self
            .chains
            .iter()
            .filter(|(_, facts)| !facts.hooks.is_empty())
            .map(|(key, _)| key.clone())
            .collect();
        waiting.sort();
        while let Some(key) = waiting.pop() {
            let Some(from) = self.chains.get(&key) else { continue };
            let (hooks, priority, open) = (from.hooks.clone(), from.priority, from.open);
            let rules = from.rules.iter().filter_map(|index| self.set.rules.get(*index));
            let targets: BTreeSet<Text> =
                rules.flat_map(|rule| rule.verdict.targets()).cloned().collect();
            for target in targets {
                let next = (key.0, key.1.clone(), target);
                let Some(facts) = self.chains.get_mut(&next) else { continue };
                let before = (facts.hooks.len(), facts.priority, facts.open);
                facts.hooks.extend(&hooks);
                facts.priority = lower(facts.priority, priority);
                facts.open |= open;
                if before != (facts.hooks.len(), facts.priority, facts.open) {
                    waiting.push(next);
                }
            }
        }
    }

    pub(crate) fn facts(&self, rule: &Rule) -> Option<&ChainFacts> {
        self.chains.get(&key_of(rule))
    }

    /// What becomes of a packet that the rule matches.
    pub(crate) fn outcome(&self, rule: &Rule) -> Verdict {
        let (Verdict::Jump(chain) | Verdict::Goto(chain)) = &rule.verdict else {
            return rule.verdict.clone();
        };
        let key = (rule.family, rule.table.clone(), chain.clone());
        let inside = self.chains.get(&key).and_then(|facts| facts.outcome.clone());
        inside.unwrap_or_else(|| rule.verdict.clone())
    }

    /// Finds what chains do to every packet: a round looks one jump deeper than the one before.
    fn settle(&mut self) {
        for _ in 0..DEEPEST {
            let settled: Vec<(ChainKey, Verdict)> = self
                .chains
                .iter()
                .filter(|(_, facts)| facts.outcome.is_none())
                .filter_map(|(key, facts)| Some((key.clone(), self.outcome_of(facts)?)))
                .collect();
            if settled.is_empty() {
                return;
            }
            for (key, outcome) in settled {
                if let Some(facts) = self.chains.get_mut(&key) {
                    facts.outcome = Some(outcome);
                }
            }
        }
    }

    /// The first verdict that stands whatever the packet. A chain that sorts packets further has
    /// none; a few rules tell that.
    fn outcome_of(&self, facts: &ChainFacts) -> Option<Verdict> {
        let rules = facts.rules.iter().take(16).filter_map(|index| self.set.rules.get(*index));
        for rule in rules.filter(|rule| rule.choosing().next().is_none()) {
            match self.outcome(rule) {
                Verdict::Continue | Verdict::Log | Verdict::Other(_) => {}
                Verdict::Return | Verdict::Jump(_) | Verdict::Goto(_) | Verdict::Map(_) => {
                    return None;
                }
                outcome => return Some(outcome),
            }
        }
        None
    }
}

fn lower(a: Option<i32>, b: Option<i32>) -> Option<i32> {
    a.into_iter().chain(b).min()
}

/// Chains that a file fills without declaring: the kernel's own, and those that ufw hooks in.
fn implied_hook(family: Family, name: &[u8]) -> Option<Hook> {
    if !matches!(family, Family::Ip | Family::Ip6 | Family::Inet) {
        return None;
    }
    if name.iter().all(u8::is_ascii_uppercase) {
        return Hook::from_name(name);
    }
    let rest = name.strip_prefix(b"ufw-").or_else(|| name.strip_prefix(b"ufw6-"))?;
    let word = rest.rsplit(|&byte| byte == b'-').next()?;
    Hook::from_name(word)
}

/// An earlier rule of the same chain that takes known connections, or some of the same packets,
/// out of the way.
pub(crate) fn shields(earlier: &Rule, rule: &Rule) -> bool {
    if earlier.verdict != Verdict::Accept && earlier.verdict != Verdict::Return {
        return false;
    }
    let mut choosing = earlier.choosing();
    let known = choosing.all(|found| match &found.condition {
        Condition::State(states) => {
            !found.negated && states.iter().any(|state| *state == "established")
        }
        _ => false,
    });
    known && earlier.choosing().next().is_some() || thins(earlier, rule)
}

/// `--tcp-flags RST RST -m limit ... -j ACCEPT` before the same without the limit.
fn thins(earlier: &Rule, rule: &Rule) -> bool {
    let limited =
        earlier.matches.iter().any(|found| matches!(found.condition, Condition::Limit(_)));
    limited && earlier.choosing().eq(rule.choosing())
}
