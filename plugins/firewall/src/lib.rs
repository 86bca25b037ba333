//! Packet filter rules, in the kernel and saved.
//!
//! An intruder uses the packet filter to hide a raw-packet flood (the kernel's own RST answers are
//! dropped), to reach a hidden listener (one source is redirected from a service's port, or let in
//! above all other rules, or a magic packet opens the door), and to keep updates and security
//! vendors away. Rules are collected from iptables-legacy and nftables in the running kernel and
//! from the files that are loaded at boot. Thousands of rules of Kubernetes, Docker and CNI plugins
//! are folded into a few items; a rule among them that looks odd still stands by itself.
//!
//! Not seen: eBPF programs at XDP and tc, ebtables, arptables, rules of other network namespaces.

mod collect;
mod generated;
mod graph;
mod items;
mod judge;
mod rules;
mod saved;
mod suspicion;
mod vendors;

use coroner_core::{Cx, Findings, ItemType, Items, Meta, Needs, Plugin, Skip};

pub use items::{FirewallChain, FirewallKernel, FirewallRule, Queue, Source};

/// The plugin.
pub struct Firewall;

coroner_core::submit!(Firewall);

static META: Meta = Meta {
    id: "firewall",
    summary: "packet filter rules in the kernel and saved: hidden answers, redirects and doors",
    reads: &[
        "/etc/iptables/*",
        "/etc/iptables.rules",
        "/etc/iptables.up.rules",
        "/etc/sysconfig/iptables",
        "/etc/sysconfig/ip6tables",
        "/etc/sysconfig/nftables.conf",
        "/etc/nftables.conf",
        "/etc/nftables/*",
        "/etc/ufw/*",
        "/etc/firewalld/*",
        "/proc/1/net/*",
        "/proc/modules",
        "/proc/kallsyms",
        "/sys/module/nf_tables",
        "/proc/*/exe",
    ],
    needs: Needs::Files,
    rules: rules::ALL,
    items: &[
        ItemType::of::<FirewallRule>(),
        ItemType::of::<FirewallChain>(),
        ItemType::of::<FirewallKernel>(),
    ],
};

impl Plugin for Firewall {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn collect(&self, cx: &mut Cx<'_>) -> Result<(), Skip> {
        saved::collect(cx);
        if cx.live() {
            collect::kernel(cx);
        }
        Ok(())
    }

    fn judge(&self, items: &Items, out: &mut Findings) {
        judge::judge(items, out);
    }
}
