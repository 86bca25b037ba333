//! Virtual machine consoles and who is connected to them.
//!
//! A guest's screen on the network is a keyboard at the guest: whoever reaches it reboots the guest
//! into a rescue shell and is root in it, and no login record of host or guest says so. libvirt
//! gives each console 127.0.0.1 unless told otherwise; one `listen='0.0.0.0'` for a remote viewer
//! is how strangers get in. A VNC password has 8 characters and travels by a broken method, so it
//! is no door on the internet.
//!
//! Read are the defined domains (`/etc/libvirt/qemu`), the running ones (`/run/libvirt/qemu`), the
//! defaults of `qemu.conf`, the daemons' own listeners, hook scripts, and on a live host every qemu
//! process with its command line and its sockets. What the views say apart from each other is told.
//!
//! It cannot see consoles that a proxy on another host leads to, viewers behind websockify (their
//! peer is this host itself), or a password's strength: passwords are never kept.

mod collect;
mod consoles;
mod daemons;
mod guests;
mod hooks;
mod items;
mod judge;
mod processes;
mod reach;
mod rules;
mod sockets;
mod steps;

use coroner_core::{Cx, Findings, ItemType, Items, Meta, Needs, Plugin, Skip};

pub use items::{ConsoleState, Emulator, LibvirtDaemon, VmDomain, VncConsole, VncPeer};
pub use reach::Reach;

/// The plugin.
pub struct Libvirt;

coroner_core::submit!(Libvirt);

static META: Meta = Meta {
    id: "libvirt",
    summary: "virtual machines, where their consoles listen, and who is connected to them",
    reads: &[
        "/etc/libvirt/**",
        "/run/libvirt/qemu/*",
        "~/.config/libvirt/qemu/*",
        "/etc/default/*",
        "/etc/sysconfig/*",
        "/etc/systemd/system/sockets.target.wants/*",
        "/proc/*/cmdline",
        "/proc/*/exe",
        "/proc/*/fd/*",
        "/proc/*/net/tcp",
        "/proc/*/net/tcp6",
        "/proc/*/ns/net",
    ],
    needs: Needs::Files,
    rules: rules::ALL,
    items: &[
        ItemType::of::<VmDomain>(),
        ItemType::of::<VncConsole>(),
        ItemType::of::<VncPeer>(),
        ItemType::of::<LibvirtDaemon>(),
    ],
};

impl Plugin for Libvirt {
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
