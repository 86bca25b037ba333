//! What starts by itself at boot, at login, by device or by activation.
//!
//! Everything found is a launch, which the shared judge weighs by what it runs and who owns it.
//! This plugin's own rules are about what only one mechanism can do: take a vendor's name, replace
//! a guard's command, run before everything else, read passwords. What it cannot see: units that
//! exist only in the memory of a running manager, and the content of initramfs images.

mod apt;
mod automount;
mod boot;
mod dbus;
mod desktop;
mod environment;
mod git;
mod homes;
mod hooks;
mod init;
mod kernel;
mod logrotate;
mod network;
mod pam;
mod place;
mod polkit;
mod python;
mod rules;
mod shell;
mod starts;
mod systemd;
mod udev;

use coroner_core::{Cx, Findings, ItemType, Items, Meta, Needs, Plugin, Skip};

pub use boot::BootProgram;
pub use dbus::{BusGrant, BusService};
pub use desktop::Autostart;
pub use environment::{Preload, Reach};
pub use hooks::{Hook, HookKind};
pub use init::InitScript;
pub use kernel::{Format, Helper};
pub use pam::PamProgram;
pub use polkit::PolkitGrant;
pub use python::PythonStart;
pub use systemd::{Unit, UnitCommand, UnitLink};
pub use udev::UdevStarter;

/// The plugin.
pub struct Startup;
coroner_core::submit!(Startup);

/// And what `EnvironmentFile=` of enabled units names.
static READS: &[&str] = &[
    "/etc/passwd",
    "/etc/systemd/*",
    "/run/systemd/*",
    "/usr/local/lib/systemd/*",
    "/usr/lib/systemd/*",
    "/lib/systemd/*",
    "/etc/xdg/*",
    "/run/user/*",
    "/var/lib/systemd/linger",
    "/etc/init.d/*",
    "/etc/rc*",
    "/etc/inittab",
    "/etc/local.d/*",
    "/etc/profile*",
    "/etc/bash*",
    "/etc/zsh*",
    "/etc/z*",
    "/etc/csh*",
    "/etc/fish/*",
    "/etc/ksh.kshrc",
    "/etc/mkshrc",
    "/etc/xprofile",
    "/etc/ssh/sshrc",
    "/etc/environment*",
    "/run/environment.d/*",
    "/usr/lib/environment.d/*",
    "/etc/update-motd.d/*",
    "/usr/share/update-motd.d/*",
    "/etc/udev/*",
    "/run/udev/rules.d/*",
    "/usr/lib/udev/*",
    "/lib/udev/*",
    "/usr/share/autostart/*",
    "/usr/share/gnome/autostart/*",
    "/etc/dbus-1/*",
    "/run/dbus-1/*",
    "/usr/share/dbus-1/*",
    "/usr/local/share/*",
    "/etc/NetworkManager/*",
    "/usr/lib/NetworkManager/*",
    "/etc/network/*",
    "/etc/dhcp*",
    "/etc/dhclient*",
    "/usr/lib/dhcpcd/*",
    "/lib/dhcpcd/*",
    "/etc/ppp/*",
    "/etc/networkd-dispatcher/*",
    "/usr/lib/networkd-dispatcher/*",
    "/etc/apt/*",
    "/usr/share/apt/*",
    "/etc/dpkg/*",
    "/etc/dnf/*",
    "/usr/lib/yum-plugins/*",
    "/etc/pacman.d/*",
    "/usr/share/libalpm/*",
    "/etc/apk/*",
    "/etc/kernel/*",
    "/usr/lib/kernel/*",
    "/etc/initramfs-tools/*",
    "/usr/share/initramfs-tools/*",
    "/usr/lib/dracut/*",
    "/boot/*",
    "/efi/*",
    "/etc/default/*",
    "/etc/grub.d/*",
    "/etc/pam.d/*",
    "/usr/lib/pam.d/*",
    "/usr/etc/pam.d/*",
    "/etc/pam.conf",
    "/etc/polkit-1/*",
    "/run/polkit-1/*",
    "/usr/share/polkit-1/*",
    "/var/lib/polkit-1/*",
    "/usr/lib/python*",
    "/usr/lib64/python*",
    "/usr/local/lib/python*",
    "/usr/local/lib64/python*",
    "/etc/python*",
    "/etc/gitconfig",
    "/etc/logrotate.conf",
    "/etc/logrotate.d/*",
    "/etc/sysctl.conf",
    "/etc/sysctl.d/*",
    "/run/sysctl.d/*",
    "/usr/local/lib/sysctl.d/*",
    "/usr/lib/sysctl.d/*",
    "/lib/sysctl.d/*",
    "/etc/binfmt.d/*",
    "/run/binfmt.d/*",
    "/usr/local/lib/binfmt.d/*",
    "/usr/lib/binfmt.d/*",
    "/etc/X11/*",
    "/etc/acpi/*",
    "/opt/*",
    "/srv/*",
    "/var/www/*",
    "/usr/src/*",
    "/home/*",
    "~/*",
    "/proc/1/mounts",
    "/proc/cmdline",
    "/proc/sys/kernel/*",
    "/proc/sys/fs/binfmt_misc/*",
    "/sys/kernel/uevent_helper",
];

static META: Meta = Meta {
    id: "startup",
    summary: "what starts by itself: units, init scripts, shell files, udev, D-Bus, desktops, hooks, the kernel's helpers",
    reads: READS,
    needs: Needs::Files,
    rules: rules::ALL,
    items: &[
        ItemType::of::<Unit>(),
        ItemType::of::<UnitLink>(),
        ItemType::of::<InitScript>(),
        ItemType::of::<UdevStarter>(),
        ItemType::of::<Autostart>(),
        ItemType::of::<BusService>(),
        ItemType::of::<BusGrant>(),
        ItemType::of::<Hook>(),
        ItemType::of::<Preload>(),
        ItemType::of::<PamProgram>(),
        ItemType::of::<PolkitGrant>(),
        ItemType::of::<BootProgram>(),
        ItemType::of::<PythonStart>(),
        ItemType::of::<Helper>(),
        ItemType::of::<Format>(),
    ],
};

impl Plugin for Startup {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn collect(&self, cx: &mut Cx<'_>) -> Result<(), Skip> {
        let mounts = automount::Mounts::of_first_process(cx);
        let homes = homes::of_accounts(cx, &mounts);
        systemd::collect(cx, &homes);
        init::collect(cx);
        environment::collect(cx, &homes);
        shell::collect(cx, &homes);
        hooks::collect(cx);
        udev::collect(cx);
        desktop::collect(cx, &homes);
        dbus::collect(cx, &homes);
        apt::collect(cx);
        network::collect(cx);
        boot::collect(cx, &mounts);
        pam::collect(cx);
        polkit::collect(cx);
        python::collect(cx, &homes);
        logrotate::collect(cx);
        kernel::collect(cx, &mounts);
        git::collect(cx, &homes, &mounts);
        Ok(())
    }

    fn judge(&self, items: &Items, out: &mut Findings) {
        systemd::judge(items, out);
        init::judge(items, out);
        environment::judge(items, out);
        hooks::judge(items, out);
        udev::judge(items, out);
        desktop::judge(items, out);
        dbus::judge(items, out);
        boot::judge(items, out);
        pam::judge(items, out);
        polkit::judge(items, out);
        python::judge(items, out);
        kernel::judge(items, out);
    }
}
