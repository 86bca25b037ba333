//! Interfaces that take what is not for them.

use coroner_core::{Cx, HostPath, Text};

use crate::items::{PromiscuousInterface, RawKind, RawSocket};

/// `IFF_PROMISC`, linux/if.h.
const PROMISCUOUS: u32 = 0x100;

pub(super) fn promiscuous(cx: &mut Cx<'_>, raw: &[RawSocket]) {
    for interface in cx.list(&HostPath::new("/sys/class/net")) {
        let Some(flags) = cx.read(&interface.path.join("flags")) else { continue };
        if flags_of(&flags.bytes).is_none_or(|flags| flags & PROMISCUOUS == 0) {
            continue;
        }
        let in_use = is_in_use(cx, &interface.path);
        cx.emit(PromiscuousInterface { name: interface.name, in_use, listeners: listeners(raw) });
    }
}

/// `0x1103`
fn flags_of(text: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(text).ok()?.trim().strip_prefix("0x")?;
    u32::from_str_radix(digits, 16).ok()
}

/// A port of a bridge or a bond, a bridge or a tap itself, or one that a macvlan or a VLAN stands on
/// (sysfs-class-net in the kernel's documentation).
fn is_in_use(cx: &mut Cx<'_>, dir: &HostPath) -> bool {
    cx.list(dir).iter().any(|entry| {
        let name = entry.name.as_bytes();
        let known: [&[u8]; 5] = [b"master", b"brport", b"bridge", b"tun_flags", b"bonding"];
        known.contains(&name) || name.starts_with(b"upper_")
    })
}

fn listeners(raw: &[RawSocket]) -> Vec<HostPath> {
    let packet =
        raw.iter().filter(|socket| socket.kind_of == RawKind::Packet && socket.network.is_none());
    let programs = packet.filter_map(|socket| socket.owner.as_ref()?.program.clone());
    let mut programs: Vec<HostPath> = programs.collect();
    programs.sort_by(|a, b| Text::from(a).cmp(&Text::from(b)));
    programs.dedup();
    programs
}
