//! Kernel modules and the views of them that must agree.
//!
//! A module is the kernel: it hides files, processes, connections and itself from every program on
//! the host, this one included. What gives it away is that it cannot be taken out of every view at
//! once: a module that leaves the kernel's list stays in `/sys/module`, a filter of
//! `/proc/modules` forgets the symbol table, a name taken out of a directory leaves its link count.
//! To come back after a boot it needs a file, and something that loads the file: both are on disk,
//! where no package owns them.
//!
//! Ordinary are DKMS modules (zfs, nvidia, wireguard), a vendor's endpoint protection, a kernel
//! built on the host, and the taint that a module leaves behind when it is unloaded.
//!
//! The memory that the loader asked for is counted too, and only code that frees or renames that as
//! well is in none of the views. It cannot see code that was loaded without being a module, and on
//! kernels since 6.10 the loader's memory cannot be told from other code's.

mod autoload;
mod boot;
mod items;
mod judge;
mod kernel;
mod memory;
mod place;
mod rules;
mod trees;
mod views;

use coroner_core::{Cx, Findings, ItemType, Items, Meta, Needs, Plugin, Skip};

pub use items::{
    Autoload, Disagreement, KernelModule, KernelState, LinkCount, LoaderMemory, ModprobeCommand,
    ModuleTree, StartParameter,
};
pub use place::Place;

/// The plugin.
pub struct Modules;

coroner_core::submit!(Modules);

static META: Meta = Meta {
    id: "modules",
    summary: "kernel modules, what loads them, and views of them that must agree",
    reads: &[
        "/proc/modules",
        "/proc/kallsyms",
        "/proc/vmallocinfo",
        "/proc/cmdline",
        "/proc/sys/kernel/*",
        "/sys/module/**",
        "/sys/kernel/security/lockdown",
        "/lib/modules/**",
        "/usr/lib/modules/**",
        "/var/lib/dkms/**",
        "/etc/modules",
        "/etc/modules-load.d/*",
        "/run/modules-load.d/*",
        "/usr/local/lib/modules-load.d/*",
        "/usr/lib/modules-load.d/*",
        "/lib/modules-load.d/*",
        "/etc/modprobe.d/*",
        "/run/modprobe.d/*",
        "/usr/local/lib/modprobe.d/*",
        "/usr/lib/modprobe.d/*",
        "/lib/modprobe.d/*",
        "/etc/modprobe.conf",
        "/etc/initramfs-tools/modules",
        "/etc/default/grub",
        "/etc/default/grub.d/*",
        "/etc/kernel/cmdline",
        "/boot/grub/grub.cfg",
        "/boot/grub2/grub.cfg",
        "/boot/loader/entries/*",
        "/boot/efi/loader/entries/*",
        "/opt/*",
    ],
    needs: Needs::Files,
    rules: rules::ALL,
    items: &[
        ItemType::of::<KernelModule>(),
        ItemType::of::<KernelState>(),
        ItemType::of::<LinkCount>(),
        ItemType::of::<LoaderMemory>(),
        ItemType::of::<ModuleTree>(),
        ItemType::of::<Autoload>(),
        ItemType::of::<ModprobeCommand>(),
        ItemType::of::<StartParameter>(),
    ],
};

impl Plugin for Modules {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn collect(&self, cx: &mut Cx<'_>) -> Result<(), Skip> {
        let release = kernel::release(cx);
        let files = trees::trees(cx, release.as_ref());
        autoload::autoloads(cx, &files);
        autoload::commands(cx);
        boot::configured(cx);
        if cx.live() {
            boot::running(cx, &files);
            let state = kernel::state(cx, release);
            views::modules(cx, &files, state);
        }
        Ok(())
    }

    fn judge(&self, items: &Items, out: &mut Findings) {
        judge::everything(items, out);
    }
}
