//! What the plugin tells of a host.

use coroner_core::{HostPath, ItemKind, Nature, Text};
use coroner_parse::firewall::{Chain, Hook, Rule, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a rule was read.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The kernel's iptables-legacy tables.
    KernelLegacy,
    /// The kernel's nftables, iptables-nft's rules among them.
    KernelNft,
    /// A file that is loaded at boot.
    Saved,
}

impl Source {
    fn as_str(self) -> &'static str {
        match self {
            Self::KernelLegacy => "kernel-legacy",
            Self::KernelNft => "kernel-nft",
            Self::Saved => "saved",
        }
    }
}

/// One rule that stands in the report by itself.
#[allow(clippy::struct_excessive_bools)] // each is a fact of its own about the rule's place
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FirewallRule {
    /// Where it was read.
    pub source: Source,
    /// The saved file.
    pub file: Option<HostPath>,
    /// The rule.
    pub rule: Rule,
    /// Hooks from which packets get to it.
    pub hooks: Vec<Hook>,
    /// The lowest priority among the chains that lead to it, where these have one.
    pub priority: Option<i32>,
    /// What becomes of a packet in the end, jumps followed.
    pub outcome: Verdict,
    /// Every source address that it names is one public host that nobody called trusted.
    pub one_foreign_source: bool,
    /// First in a chain for this host's own packets, and the only one there for a single source.
    pub alone_on_top: bool,
    /// Before it, its chain lets through what belongs to known connections, or some of the same.
    pub after_established: bool,
    /// Packets that no rule of its chain's base decides are let through.
    pub open_policy: bool,
    /// Counts rules with one text, from 1.
    pub copy: u32,
}

impl FirewallRule {
    /// Whether packets get to it from one of these hooks.
    pub(crate) fn has_hook(&self, hooks: &[Hook]) -> bool {
        self.hooks.iter().any(|hook| hooks.contains(hook))
    }

    /// Packets that this host sends.
    pub(crate) fn is_outgoing(&self) -> bool {
        self.has_hook(&[Hook::Output, Hook::Postrouting, Hook::Egress])
    }

    /// Packets that come to this host or through it.
    pub(crate) fn is_incoming(&self) -> bool {
        self.has_hook(&[Hook::Input, Hook::Prerouting, Hook::Ingress, Hook::Forward])
    }
}

/// A rule's text without what it has counted.
pub(crate) fn uncounted(text: &Text) -> Text {
    let mut words = Vec::new();
    let mut skip = 0;
    for word in text.as_bytes().split(|&byte| byte == b' ') {
        if skip > 0 {
            skip -= 1;
        } else if word == b"packets" || word == b"bytes" {
            skip = 1;
        } else {
            words.push(word);
        }
    }
    Text::new(words.join(&b' '))
}

fn place(source: Source, file: Option<&HostPath>) -> Vec<u8> {
    let file = file.map_or(b"".as_slice(), HostPath::as_bytes);
    [source.as_str().as_bytes(), b" ", file].concat().trim_ascii_end().to_vec()
}

impl ItemKind for FirewallRule {
    const KIND: &'static str = "firewall.rule";
    const NATURE: Nature = Nature::STANDING
        .moving(&["rule.text", "rule.counters", "rule.position"])
        .kernel_where("source", &["kernel-legacy", "kernel-nft"]);

    fn key(&self) -> Text {
        let place = place(self.source, self.file.as_ref());
        let family = self.rule.family.as_str().as_bytes();
        let text = uncounted(&self.rule.text);
        let copy = if self.copy > 1 { format!(" #{}", self.copy) } else { String::new() };
        let names = [
            &place,
            family,
            self.rule.table.as_bytes(),
            self.rule.chain.as_bytes(),
            text.as_bytes(),
        ];
        Text::new([names.join(&b' '), copy.into_bytes()].concat())
    }
}

/// A chain, or all chains of one maker (`KUBE-SVC-*`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FirewallChain {
    /// Where it was read.
    pub source: Source,
    /// The saved file.
    pub file: Option<HostPath>,
    /// The chain; for many chains of one maker, their common name with `*`.
    pub chain: Chain,
    /// How many chains this stands for.
    pub chains: u32,
    /// Rules in it.
    pub rules: u32,
    /// Rules that do not stand in the report by themselves.
    pub folded: u32,
    /// SHA-256 over the texts of the folded rules, whatever their order.
    pub folded_sha256: Option<Text>,
}

impl ItemKind for FirewallChain {
    const KIND: &'static str = "firewall.chain";
    const NATURE: Nature =
        Nature::STANDING.kernel_where("source", &["kernel-legacy", "kernel-nft"]);

    fn key(&self) -> Text {
        let place = place(self.source, self.file.as_ref());
        let family = self.chain.family.as_str().as_bytes();
        let names = [&place, family, self.chain.table.as_bytes(), self.chain.name.as_bytes()];
        Text::new(names.join(&b' '))
    }
}

/// A queue of packets to a program (`/proc/net/netfilter/nfnetlink_queue`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Queue {
    /// Its number.
    pub number: u16,
    /// The netlink port of the listener, mostly its process id.
    pub port: u32,
    /// The listener's program, when its process could be found.
    pub program: Option<HostPath>,
}

/// The kernel's packet filter as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FirewallKernel {
    /// All of it was seen.
    pub whole: bool,
    /// Rules of iptables-legacy.
    pub legacy_rules: u32,
    /// Rules of nftables.
    pub nft_rules: u32,
    /// Rules that look at packets for this host, and chains for them that drop by policy.
    pub guards_input: u32,
    /// Queues with listeners.
    pub queues: Vec<Queue>,
}

impl ItemKind for FirewallKernel {
    const KIND: &'static str = "firewall.kernel";
    const NATURE: Nature = Nature::KERNEL.moving(&["legacy_rules", "nft_rules", "queues"]);

    fn key(&self) -> Text {
        Text::from("kernel")
    }
}
