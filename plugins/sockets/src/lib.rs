//! Listeners, connections, raw and packet sockets, with the processes that hold them.
//!
//! A flood of forged packets needs no connection: it leaves by a raw or a packet socket, which `ss -tnp` does
//! not list. Backdoors of the `BPFDoor` kind listen on a packet socket and open no port at all. Both must hold
//! a socket, in some network namespace, by some process: every namespace is read through a process that lives
//! in it, and each socket is joined with whoever has it open.
//!
//! Ordinary are DHCP clients, network managers, lldpd, keepalived, tcpdump, the agents of container networks:
//! known by their package and not by their name alone. In containers every program may have one.
//!
//! What a packet socket waits for is told by its filter, which `packet_diag` shows; ports that are bound and not
//! listened on by `tcp_diag`. Both are asked only where the kernel has them already, and speak of the host's own
//! network alone.
//!
//! It cannot see filters of extended BPF, sockets that the kernel keeps out of its tables (the `hidden` plugin counts them in other
//! ways), nor what was sent.

mod collect;
mod items;
mod judge;
mod rules;

use coroner_core::{Cx, Findings, ItemType, Items, Meta, Needs, Plugin, Skip};

pub use items::{
    Bound, Connection, Filter, Listener, Owner, PromiscuousInterface, RawKind, RawSocket,
};

/// The plugin.
pub struct Sockets;

coroner_core::submit!(Sockets);

static META: Meta = Meta {
    id: "sockets",
    summary: "listeners, connections, raw and packet sockets, with the processes that hold them",
    reads: &[
        "/proc/*/exe",
        "/proc/*/fd/*",
        "/proc/*/ns/*",
        "/proc/*/net/tcp",
        "/proc/*/net/tcp6",
        "/proc/*/net/udp",
        "/proc/*/net/udp6",
        "/proc/*/net/raw",
        "/proc/*/net/raw6",
        "/proc/*/net/packet",
        "/proc/1/net/netlink",
        "/proc/modules",
        "/proc/kallsyms",
        "/sys/module/*",
        "/sys/class/net/*",
    ],
    needs: Needs::LiveKernel,
    rules: rules::ALL,
    items: &[
        ItemType::of::<Listener>(),
        ItemType::of::<Bound>(),
        ItemType::of::<Connection>(),
        ItemType::of::<RawSocket>(),
        ItemType::of::<PromiscuousInterface>(),
    ],
};

impl Plugin for Sockets {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn collect(&self, cx: &mut Cx<'_>) -> Result<(), Skip> {
        collect::everything(cx);
        Ok(())
    }

    fn judge(&self, items: &Items, out: &mut Findings) {
        judge::everything(items, out);
    }
}
