//! Items to findings.

use std::collections::BTreeSet;

use coroner_core::{
    Confidence, Draft, FileFacts, Findings, HostPath, Items, PackageState, Severity, Text,
};
use coroner_parse::virt::{DiskSource, Listen, Protocol};

use crate::items::{ConsoleState, Emulator, LibvirtDaemon, VmDomain, VncConsole, VncPeer};
use crate::reach::Reach;
use crate::{rules, steps};

/// What is never shared with a guest that should stay one.
const SYSTEM_DIRS: [&str; 9] =
    ["/", "/etc", "/root", "/boot", "/usr", "/var", "/home", "/dev", "/var/lib"];
const TEMPORARY: [&str; 4] = ["/tmp", "/var/tmp", "/dev/shm", "/run/shm"];
/// Hidden directories in which desktop tools keep images.
const USUAL_HIDDEN: [&[u8]; 7] =
    [b".local", b".cache", b".lima", b".vagrant.d", b".minikube", b".var", b".config"];
/// Packages that bring emulators.
const EMULATOR_PACKAGES: [&[u8]; 8] =
    [b"qemu", b"xen", b"kvm", b"pve-qemu", b"libvirt", b"cloud-hypervisor", b"virtualbox", b"edk2"];

pub(crate) fn everything(items: &Items, out: &mut Findings) {
    consoles(items, out);
    for peer in items.all::<VncPeer>().filter(|peer| peer.foreign) {
        public_peer(items, &peer, out);
    }
    for domain in items.all::<VmDomain>() {
        emulator(items, &domain, out);
        monitors(&domain, out);
        shared(&domain, out);
        disks(&domain, out);
    }
    for daemon in items.all::<LibvirtDaemon>() {
        daemon_open(&daemon, out);
    }
}

/// What runs is told before what is on file, and the same weakness of one guest only once.
fn consoles(items: &Items, out: &mut Findings) {
    let mut consoles: Vec<_> = items.all::<VncConsole>().collect();
    consoles.sort_by_key(|console| console.state);
    let mut told = BTreeSet::new();
    for console in &consoles {
        let weakness = (
            console.domain.clone(),
            console.protocol.clone(),
            console.address(),
            console.is_guarded(),
            console.tls,
            matches!(console.state, ConsoleState::Argument),
        );
        if told.insert(weakness) {
            console_weakness(console, out);
        }
        if console.password_expired && console.state <= ConsoleState::Process {
            let valid_to = console.password_valid_to.clone().unwrap_or_default();
            about(out.raise(&rules::PASSWORD_EXPIRED, console), console)
                .evidence("valid to", valid_to);
        }
    }
}

fn console_weakness(console: &VncConsole, out: &mut Findings) {
    if matches!(console.listen, Listen::Reverse(_)) && console.calls_foreign {
        with_steps(
            about(out.raise(&rules::REVERSE_CONSOLE, console), console),
            steps::close(console),
        );
        return;
    }
    if matches!(console.protocol, Protocol::Other(_)) {
        return;
    }
    if !console.listed && console.reach.is_open() {
        unlisted(console, out);
        return;
    }
    let behind = match console.state {
        ConsoleState::Process | ConsoleState::Argument => console.listed,
        ConsoleState::Running | ConsoleState::Defined => false,
    };
    if behind && console.reach > Reach::Host {
        about(out.raise(&rules::CONSOLE_BEHIND_LIBVIRT, console), console);
    }
    let rule = match (console.is_guarded(), console.reach) {
        (false, Reach::Public | Reach::Everywhere) => &rules::CONSOLE_OPEN,
        (false, Reach::Private | Reach::Unknown) => &rules::CONSOLE_OPEN_INSIDE,
        (true, Reach::Public | Reach::Everywhere) if !console.tls => &rules::CONSOLE_WITHOUT_TLS,
        _ => return,
    };
    with_steps(about(out.raise(rule, console), console), steps::close(console));
}

/// On a host without libvirt, machines started by hand are the only ones there are.
fn unlisted(console: &VncConsole, out: &mut Findings) {
    let draft = about(out.raise(&rules::UNLISTED_CONSOLE, console), console);
    if !console.libvirt_here {
        draft.graded(Severity::Medium, Confidence::Possible);
    }
    with_steps(draft, steps::close(console));
}

fn about<'a>(draft: &'a mut Draft, console: &VncConsole) -> &'a mut Draft {
    let guard = match (console.password, console.is_guarded()) {
        (true, _) => "password",
        (false, true) => "SASL or a client certificate",
        (false, false) => "nothing",
    };
    let port = console
        .port
        .or(console.tls_port)
        .map_or("chosen at start".to_owned(), |port| port.to_string());
    draft
        .at(&console.file, console.line)
        .evidence("domain", &console.domain)
        .evidence("listens on", console.address())
        .evidence("port", port)
        .evidence("asks for", guard)
        .evidence("encrypted", if console.tls { "yes" } else { "no" });
    if console.by_default {
        draft.evidence("said by", "/etc/libvirt/qemu.conf");
    }
    if let Some(pid) = console.pid {
        draft.evidence("process", pid.to_string());
    }
    draft
}

/// Steps come out in their own order, before those of the rule.
fn with_steps(draft: &mut Draft, steps: Vec<String>) {
    for step in steps.into_iter().rev() {
        draft.next_step(step);
    }
}

fn public_peer(items: &Items, peer: &VncPeer, out: &mut Findings) {
    let draft = out.raise(&rules::PUBLIC_PEER, peer);
    let other = std::net::SocketAddr::new(peer.remote, peer.remote_port);
    let own = std::net::SocketAddr::new(peer.local, peer.local_port);
    draft
        .in_file(&peer.file)
        .evidence("domain", &peer.domain)
        .evidence("peer", other.to_string())
        .evidence("console", own.to_string())
        .evidence("channel", &peer.channel)
        .evidence("process", peer.pid.to_string());
    let of_peer = items.all::<VncConsole>().filter(|console| {
        let ports = [console.port, console.tls_port, console.websocket];
        console.domain == peer.domain && ports.contains(&Some(peer.local_port))
    });
    let console = of_peer.min_by_key(|console| console.state);
    let mut steps = steps::cut_off(peer);
    if let Some(console) = console {
        draft.at(&console.file, console.line);
        draft.evidence("asks for", if console.is_guarded() { "a password" } else { "nothing" });
        steps.extend(steps::close(&console));
    }
    with_steps(draft, steps);
}

fn emulator(items: &Items, domain: &VmDomain, out: &mut Findings) {
    if !domain.named {
        let draft = out.raise(&rules::DISGUISED_EMULATOR, domain);
        draft.in_file(&domain.file).evidence("name", &domain.name);
        if let Some(emulator) = &domain.emulator {
            draft.evidence("program", &emulator.path);
        }
    }
    let Some(emulator) = &domain.emulator else { return };
    let Some(facts) = items.file(&emulator.path) else { return };
    let Some((severity, why)) = grade_emulator(emulator, &facts) else { return };
    let draft = out.raise(&rules::EMULATOR_UNPACKAGED, domain);
    draft
        .at(&emulator.file, emulator.line)
        .graded(
            severity,
            if severity >= Severity::High { Confidence::Likely } else { Confidence::Possible },
        )
        .evidence("emulator", &emulator.path)
        .evidence("reason", why)
        .evidence("sha256", facts.sha256.unwrap_or_default());
}

/// An own build below /usr/local or /opt is ordinary life; elsewhere only packages put programs.
fn grade_emulator(emulator: &Emulator, facts: &FileFacts) -> Option<(Severity, &'static str)> {
    let package = facts.package.as_ref().map(Text::as_bytes).unwrap_or_default();
    let known = EMULATOR_PACKAGES.iter().any(|name| package.starts_with(name));
    match facts.state {
        PackageState::Modified | PackageState::Forged => {
            Some((Severity::High, "differs from what its package brought"))
        }
        PackageState::Unowned if is_own_place(facts.lies_at()) => {
            Some((Severity::Low, "no package owns it"))
        }
        // A user's own emulator (Android, a container tool) runs from the user's own directories.
        PackageState::Unowned if !emulator.file.is_under("/etc") && facts.uid != 0 => None,
        PackageState::Unowned => Some((Severity::High, "no package owns it")),
        PackageState::Vendor | PackageState::Local | PackageState::Unknown
            if !package.is_empty() && !known =>
        {
            Some((Severity::Medium, "a packaged program that is no emulator"))
        }
        _ => None,
    }
}

fn is_own_place(path: &HostPath) -> bool {
    path.is_under("/usr/local") || path.is_under("/opt") || path.is_under("/nix/store")
}

fn monitors(domain: &VmDomain, out: &mut Findings) {
    let open = domain.controls.iter().filter(|control| {
        let reach = Reach::of_address(&control.address);
        reach > Reach::Host
    });
    for control in open {
        let draft = out.raise(&rules::MONITOR_OPEN, domain);
        let address = if control.address.is_empty() {
            Text::from("all addresses")
        } else {
            control.address.clone()
        };
        draft
            .in_file(&domain.file)
            .evidence("option", &control.option)
            .evidence("listens on", address)
            .evidence("port", control.port.to_string());
        if !Reach::of_address(&control.address).is_open() {
            draft.graded(Severity::Medium, Confidence::Possible);
        }
    }
}

fn shared(domain: &VmDomain, out: &mut Findings) {
    let is_system = |source: &Text| {
        let path = HostPath::new(source.as_bytes());
        SYSTEM_DIRS.iter().any(|dir| path == *dir)
    };
    for directory in domain.shared.iter().filter(|dir| !dir.read_only && is_system(&dir.source)) {
        let draft = out.raise(&rules::HOST_DIRECTORY_SHARED, domain);
        draft.at(&domain.file, directory.line).evidence("directory", &directory.source);
    }
}

fn disks(domain: &VmDomain, out: &mut Findings) {
    for disk in &domain.disks {
        // Installer images come and go by way of /tmp.
        let DiskSource::File(file) = &disk.source else { continue };
        if matches!(disk.device.as_bytes(), b"disk" | b"lun")
            && is_odd(&HostPath::new(file.as_bytes()))
        {
            let draft = out.raise(&rules::ODD_DISK, domain);
            draft
                .at(&domain.file, domain.line)
                .evidence("disk", &disk.target)
                .evidence("image", file);
        }
    }
}

fn is_odd(path: &HostPath) -> bool {
    let hidden = path
        .components()
        .any(|part| part.starts_with(b".") && part != b".." && !USUAL_HIDDEN.contains(&part));
    hidden || TEMPORARY.iter().any(|dir| path.is_under(dir))
}

fn daemon_open(daemon: &LibvirtDaemon, out: &mut Findings) {
    let open = daemon.tcp && daemon.tcp_open || daemon.tls && daemon.tls_open;
    let reach = daemon.address.as_ref().map_or(Reach::Everywhere, Reach::of_address);
    if !open {
        return;
    }
    let address = daemon.address.clone().unwrap_or_else(|| Text::from("all addresses"));
    let draft = out.raise(&rules::DAEMON_OPEN, daemon);
    draft
        .at(&daemon.file, daemon.line)
        .evidence("port", daemon.port.to_string())
        .evidence("address", address)
        .evidence("listens now", if daemon.listening { "yes" } else { "not seen" });
    if reach <= Reach::Host {
        // Any local user becomes root.
        draft.graded(Severity::Medium, Confidence::Likely);
    }
}
