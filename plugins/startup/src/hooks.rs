//! Directories whose files are run or sourced when something happens.
//!
//! An intruder drops a script in one of them, and the distribution's own machinery runs it as
//! root. Most of these have no format of their own: the file is the command.

use std::collections::HashSet;

use coroner_core::{
    Confidence, Cx, DirEntry, FileType, Findings, HostPath, ItemKind, Items, Launch, Severity,
    Text, Trigger,
};
use coroner_parse::startup::search;
use serde::{Deserialize, Serialize};

use crate::{place, rules};

/// What runs the files of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is named for what runs it")]
pub enum HookKind {
    Generator,
    PowerHook,
    Motd,
    NetworkManager,
    Ifupdown,
    Dhclient,
    Ppp,
    NetworkdDispatcher,
    KernelInstall,
    GrubConfig,
    Initramfs,
    Dracut,
    PackagePlugin,
    Acpi,
    DesktopSession,
    LocalStart,
}

/// A file of such a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Hook {
    /// The file.
    pub file: HostPath,
    /// What runs it.
    pub runs_it: HookKind,
    /// The directory is one that only packages write to.
    pub vendor_place: bool,
}

impl ItemKind for Hook {
    const KIND: &'static str = "startup.hook";

    fn key(&self) -> Text {
        Text::from(&self.file)
    }
}

#[derive(Clone, Copy)]
struct Place {
    dir: &'static str,
    kind: HookKind,
    trigger: Trigger,
    /// Only packages write there.
    vendor: bool,
    /// Run only when executable; otherwise sourced or run by a shell.
    needs_execute: bool,
    depth: usize,
}

const fn run(dir: &'static str, kind: HookKind, trigger: Trigger) -> Place {
    Place { dir, kind, trigger, vendor: false, needs_execute: true, depth: 1 }
}

const fn sourced(dir: &'static str, kind: HookKind, trigger: Trigger) -> Place {
    Place { needs_execute: false, ..run(dir, kind, trigger) }
}

const fn vendor(place: Place) -> Place {
    Place { vendor: true, ..place }
}

const fn deep(place: Place, depth: usize) -> Place {
    Place { depth, ..place }
}

#[rustfmt::skip]
const PLACES: &[Place] = {
    use HookKind as K;
    use Trigger::{Boot, Device, Login, Network, PackageRun};
    &[
        run("/etc/update-motd.d", K::Motd, Login),
        vendor(run("/usr/share/update-motd.d", K::Motd, Login)),
        deep(run("/etc/NetworkManager/dispatcher.d", K::NetworkManager, Network), 2),
        vendor(deep(run("/usr/lib/NetworkManager/dispatcher.d", K::NetworkManager, Network), 2)),
        run("/etc/network/if-up.d", K::Ifupdown, Network),
        run("/etc/network/if-down.d", K::Ifupdown, Network),
        run("/etc/network/if-pre-up.d", K::Ifupdown, Network),
        run("/etc/network/if-post-down.d", K::Ifupdown, Network),
        sourced("/etc/dhcp/dhclient-enter-hooks.d", K::Dhclient, Network),
        sourced("/etc/dhcp/dhclient-exit-hooks.d", K::Dhclient, Network),
        sourced("/etc/dhcp/dhclient.d", K::Dhclient, Network),
        vendor(sourced("/lib/dhcpcd/dhcpcd-hooks", K::Dhclient, Network)),
        vendor(sourced("/usr/lib/dhcpcd/dhcpcd-hooks", K::Dhclient, Network)),
        run("/etc/ppp/ip-up.d", K::Ppp, Network),
        run("/etc/ppp/ip-down.d", K::Ppp, Network),
        run("/etc/ppp/ipv6-up.d", K::Ppp, Network),
        run("/etc/ppp/ipv6-down.d", K::Ppp, Network),
        deep(run("/etc/networkd-dispatcher", K::NetworkdDispatcher, Network), 2),
        vendor(deep(run("/usr/lib/networkd-dispatcher", K::NetworkdDispatcher, Network), 2)),
        run("/etc/kernel/postinst.d", K::KernelInstall, PackageRun),
        run("/etc/kernel/preinst.d", K::KernelInstall, PackageRun),
        run("/etc/kernel/postrm.d", K::KernelInstall, PackageRun),
        run("/etc/kernel/prerm.d", K::KernelInstall, PackageRun),
        run("/etc/kernel/install.d", K::KernelInstall, PackageRun),
        vendor(run("/usr/lib/kernel/install.d", K::KernelInstall, PackageRun)),
        run("/etc/grub.d", K::GrubConfig, PackageRun),
        deep(run("/etc/initramfs-tools/hooks", K::Initramfs, PackageRun), 2),
        deep(run("/etc/initramfs-tools/scripts", K::Initramfs, Boot), 2),
        vendor(deep(run("/usr/share/initramfs-tools/hooks", K::Initramfs, PackageRun), 2)),
        vendor(deep(run("/usr/share/initramfs-tools/scripts", K::Initramfs, Boot), 2)),
        vendor(deep(sourced("/usr/lib/dracut/modules.d", K::Dracut, Boot), 2)),
        vendor(run("/usr/lib/yum-plugins", K::PackagePlugin, PackageRun)),
        run("/etc/apk/commit_hooks.d", K::PackagePlugin, PackageRun),
        run("/etc/local.d", K::LocalStart, Boot),
        run("/etc/acpi", K::Acpi, Device),
        sourced("/etc/X11/Xsession.d", K::DesktopSession, Login),
        sourced("/etc/X11/xinit/xinitrc.d", K::DesktopSession, Login),
        sourced("/etc/xdg/plasma-workspace/env", K::DesktopSession, Login),
    ]
};

/// Emits a launch and a hook for each file of each directory.
pub(crate) fn collect(cx: &mut Cx<'_>) {
    let mut seen = HashSet::new();
    for place in PLACES {
        directory(cx, place, &mut seen);
    }
    for dir in search::GENERATORS {
        let place = run(dir.path, HookKind::Generator, Trigger::Boot);
        directory(cx, &Place { vendor: dir.vendor, ..place }, &mut seen);
    }
    for dir in search::POWER_HOOKS {
        let place = run(dir.path, HookKind::PowerHook, Trigger::Boot);
        directory(cx, &Place { vendor: dir.vendor, ..place }, &mut seen);
    }
    python_package_plugins(cx, &mut seen);
}

/// dnf's plugins lie below each Python version's own directory.
fn python_package_plugins(cx: &mut Cx<'_>, seen: &mut HashSet<HostPath>) {
    for lib in ["/usr/lib", "/usr/lib64"] {
        for version in cx.list(&HostPath::new(lib)) {
            if !version.name.as_bytes().starts_with(b"python3") {
                continue;
            }
            let dir = version.path.join("site-packages/dnf-plugins");
            let place = vendor(sourced("", HookKind::PackagePlugin, Trigger::PackageRun));
            files_of(cx, &dir, &place, seen);
        }
    }
}

fn directory(cx: &mut Cx<'_>, place: &Place, seen: &mut HashSet<HostPath>) {
    files_of(cx, &HostPath::new(place.dir), place, seen);
}

fn files_of(cx: &mut Cx<'_>, dir: &HostPath, place: &Place, seen: &mut HashSet<HostPath>) {
    let Some(real) = cx.resolve(dir) else { return };
    if !seen.insert(real) {
        return;
    }
    for entry in cx.walk(dir, place.depth) {
        if is_started(&entry) {
            file(cx, place, &entry);
        }
    }
}

fn file(cx: &mut Cx<'_>, place: &Place, entry: &DirEntry) {
    let Some(stat) = cx.stat_followed(&entry.path) else { return };
    if !stat.is_file() {
        return;
    }
    let file = entry.path.clone();
    cx.emit(Hook { file: file.clone(), runs_it: place.kind, vendor_place: place.vendor });
    cx.launch(Launch {
        trigger: place.trigger,
        user: Some(Text::from("root")),
        command: Text::default(),
        file: file.clone(),
        line: 0,
        name: entry.name.clone(),
        enabled: !place.needs_execute || stat.is_executable(),
        programs: vec![file],
    });
}

/// Editors' leftovers, documentation and byte code are not run.
fn is_started(entry: &DirEntry) -> bool {
    const NOT: [&[u8]; 6] =
        [b".pyc", b".dpkg-old", b".dpkg-dist", b".dpkg-new", b"README", b".placeholder"];
    let file = matches!(entry.kind, FileType::Regular | FileType::Link | FileType::Unknown);
    file && !NOT.iter().any(|suffix| entry.name.as_bytes().ends_with(suffix))
}

pub(crate) fn judge(items: &Items, out: &mut Findings) {
    for hook in items.all::<Hook>().filter(|hook| place::is_unowned(items, &hook.file)) {
        match hook.runs_it {
            HookKind::Generator => generator(items, &hook, out),
            HookKind::Initramfs | HookKind::Dracut if hook.vendor_place => {
                let draft = out.raise(&rules::INITRAMFS_MODULE_FOREIGN, &hook);
                place::show(draft.in_file(&hook.file), items, "file", &hook.file);
            }
            _ if hook.vendor_place => {
                let draft = out.raise(&rules::FOREIGN_HOOK_IN_VENDOR_PLACE, &hook);
                place::show(draft.in_file(&hook.file), items, "file", &hook.file);
            }
            _ => {}
        }
    }
}

/// A script, or anything among the packages' own, is worse than a program in /etc.
fn generator(items: &Items, hook: &Hook, out: &mut Findings) {
    let script = items.file(&hook.file).is_some_and(|file| file.elf.is_none());
    let draft = out.raise(&rules::FOREIGN_GENERATOR, hook);
    place::show(draft.in_file(&hook.file), items, "file", &hook.file);
    if !script && !hook.vendor_place {
        draft.graded(Severity::Medium, Confidence::Possible);
    }
}
