//! Brings the views of each guest together: definition, state, process, sockets.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use coroner_core::{Cx, HostPath, Text};
use coroner_parse::virt::{
    Console, Control, Listen, Protocol, QemuCommand, QemuConf, qemu_command,
};

use crate::consoles::View;
use crate::guests::{Guest, Guests};
use crate::items::{ConsoleState, Emulator, VmDomain, VncPeer};
use crate::processes::{QemuProcess, qemu_processes};
use crate::sockets::{SocketTables, read_tables};
use crate::{daemons, hooks};

/// All that this plugin looks at.
pub(crate) fn everything(cx: &mut Cx<'_>) {
    let conf = daemons::qemu_conf(cx);
    let guests = Guests::read(cx);
    let live = cx.live();
    let processes = if live { qemu_processes(cx) } else { Vec::new() };
    let tables = SocketTables::of(cx, &processes);
    let own = if live && guests.libvirt_here { read_tables(cx, 1) } else { Vec::new() };
    daemons::daemons(cx, &own);
    hooks::hooks(cx);
    // The first process lives in the host's network.
    let first = if live { cx.processes().and_then(|all| all.get(1)) } else { None };
    let host_network = first.and_then(|first| first.namespaces.network);
    let mut scene = Scene { cx, conf, guests, tables, host_network };
    scene.tell(&processes);
}

struct Scene<'a, 'h> {
    cx: &'a mut Cx<'h>,
    conf: QemuConf,
    guests: Guests,
    tables: SocketTables,
    host_network: Option<u64>,
}

impl Scene<'_, '_> {
    fn tell(&mut self, processes: &[QemuProcess<'_>]) {
        let mut left: BTreeMap<i32, &QemuProcess<'_>> =
            processes.iter().map(|process| (process.pid(), process)).collect();
        let guests = std::mem::take(&mut self.guests.all);
        for guest in guests.values() {
            let process = guest.pid().and_then(|pid| left.remove(&pid));
            self.tell_guest(guest, process);
        }
        for process in left.into_values() {
            self.tell_process(process);
        }
    }

    fn tell_guest(&mut self, guest: &Guest, process: Option<&QemuProcess<'_>>) {
        let Some(told) = guest.told() else { return };
        let domain = &told.domain;
        // A user's own daemon reads its own qemu.conf, and hardly anybody writes one.
        let conf = if guest.of_session { QemuConf::default() } else { self.conf.clone() };
        let options = self.cx.options();
        let view = View {
            domain: domain.name.clone(),
            uuid: domain.uuid.clone(),
            listed: true,
            libvirt_here: true,
            pid: guest.pid(),
            conf: &conf,
            options,
            now: self.cx.now(),
        };
        let arguments = argument_command(&domain.qemu_arguments);
        let mut consoles = Vec::new();
        let mut known = arguments.consoles.clone();
        if let Some(running) = &guest.running {
            let told = &running.domain.consoles;
            known.extend_from_slice(told);
            consoles.extend(view.told(ConsoleState::Running, &running.file, told, process));
        }
        if let (Some(process), Some(_)) = (process, &guest.running) {
            let (file, started) = (process.process.file("cmdline"), &process.command.consoles);
            consoles.extend(view.started(ConsoleState::Process, &file, started, &known));
        }
        if let Some(defined) = &guest.defined {
            let told = &defined.domain.consoles;
            consoles.extend(view.told(ConsoleState::Defined, &defined.file, told, None));
        }
        let past = &arguments.consoles;
        consoles.extend(view.started(ConsoleState::Argument, &told.file, past, &[]));
        let item = self.guest_item(guest, process, arguments.controls);
        if let Some(process) = process {
            self.tell_peers(&item, process, &known);
        }
        self.tell_domain(item);
        for console in consoles {
            self.cx.emit(console);
        }
    }

    /// A process that no state file speaks of; libvirt may still know it by its pid file.
    fn tell_process(&mut self, process: &QemuProcess<'_>) {
        let item = self.process_item(process);
        let (conf, options) = (QemuConf::default(), self.cx.options());
        let view = View {
            domain: item.name.clone(),
            uuid: item.uuid.clone(),
            listed: item.listed,
            libvirt_here: item.libvirt_here,
            pid: Some(process.pid()),
            conf: &conf,
            options,
            now: self.cx.now(),
        };
        let started = &process.command.consoles;
        let state = if item.listed { ConsoleState::Running } else { ConsoleState::Process };
        let consoles = view.started(state, &item.file, started, &[]);
        for console in consoles {
            self.cx.emit(console);
        }
        self.tell_peers(&item, process, &[]);
        self.tell_domain(item);
    }

    fn tell_domain(&mut self, item: VmDomain) {
        // No launch: its file's text would go into the report, and definitions hold passwords.
        if let Some(emulator) = &item.emulator {
            self.cx.want(&emulator.path);
        }
        self.cx.emit(item);
    }

    fn guest_item(
        &self,
        guest: &Guest,
        process: Option<&QemuProcess<'_>>,
        mut controls: Vec<Control>,
    ) -> VmDomain {
        let (mut name, mut uuid) = (Text::default(), Text::default());
        let (mut hypervisor, mut file, mut line) = (Text::default(), HostPath::new("/"), 0);
        let (mut disks, mut interfaces, mut shared) = (Vec::new(), Vec::new(), Vec::new());
        let mut emulator = None;
        // The definition first, then what the running guest has beside it.
        for told in [&guest.running, &guest.defined].into_iter().flatten() {
            let domain = &told.domain;
            (name, uuid) = (domain.name.clone(), domain.uuid.clone());
            (hypervisor, file, line) = (domain.kind.clone(), told.file.clone(), domain.line);
            disks.extend_from_slice(&domain.disks);
            interfaces.extend_from_slice(&domain.interfaces);
            shared.extend_from_slice(&domain.shared);
            emulator = domain.emulator.as_ref().map(|path| Emulator {
                path: HostPath::new(path.as_bytes()),
                file: told.file.clone(),
                line: domain.emulator_line,
            });
        }
        controls.extend(process.into_iter().flat_map(|process| process.command.controls.clone()));
        disks.sort();
        disks.dedup();
        interfaces.sort();
        interfaces.dedup();
        shared.sort();
        shared.dedup_by(|a, b| a.source == b.source);
        controls.sort();
        controls.dedup();
        VmDomain {
            name,
            uuid,
            hypervisor,
            listed: true,
            libvirt_here: true,
            file,
            line,
            autostart: guest.autostart,
            pid: guest.pid(),
            named: process.is_none_or(|process| process.command.named),
            emulator,
            disks,
            interfaces,
            shared,
            controls,
            listeners: process.map(|process| self.listeners(process)).unwrap_or_default(),
        }
    }

    fn process_item(&self, process: &QemuProcess<'_>) -> VmDomain {
        let command = &process.command;
        let file = process.process.file("cmdline");
        // What it was started as stands in where the link to its program may not be read.
        let started = Some(&process.program).filter(|name| name.as_bytes().starts_with(b"/"));
        let started = || started.map(|name| HostPath::new(name.as_bytes()));
        let emulator = process.executable().cloned().or_else(started);
        let emulator = emulator.map(|path| Emulator { path, file: file.clone(), line: 0 });
        VmDomain {
            name: command.guest.clone().unwrap_or_else(|| process.program.clone()),
            uuid: command.uuid.clone().unwrap_or_default(),
            hypervisor: Text::default(),
            listed: self.guests.pids.contains(&process.pid()),
            libvirt_here: self.guests.libvirt_here,
            file,
            line: 0,
            autostart: false,
            pid: Some(process.pid()),
            named: command.named,
            emulator,
            disks: Vec::new(),
            interfaces: Vec::new(),
            shared: Vec::new(),
            controls: command.controls.clone(),
            listeners: self.listeners(process),
        }
    }

    fn listeners(&self, process: &QemuProcess<'_>) -> Vec<Text> {
        if process.sockets.is_none() {
            return Vec::new();
        }
        let listeners = self.tables.listeners(process);
        let mut found: Vec<_> =
            listeners.map(|socket| Text::from(socket.local.to_string())).collect();
        found.sort();
        found.dedup();
        found
    }

    fn tell_peers(&mut self, item: &VmDomain, process: &QemuProcess<'_>, known: &[Console]) {
        let channels = Channels::of(known, &process.command, &item.controls);
        let networks = self.host_network.zip(process.network());
        let own_network = networks.is_some_and(|(host, own)| host != own);
        for socket in self.tables.connections(process) {
            let Some(channel) = channels.of_connection(socket.local, socket.remote) else {
                continue;
            };
            self.cx.emit(VncPeer {
                domain: item.name.clone(),
                uuid: item.uuid.clone(),
                pid: process.pid(),
                channel: Text::from(channel),
                local: socket.local.ip(),
                local_port: socket.local.port(),
                remote: socket.remote.ip(),
                remote_port: socket.remote.port(),
                foreign: self.cx.options().is_foreign(socket.remote.ip()),
                own_network,
                by_socket: process.sockets.is_some(),
                file: process.process.file("cmdline"),
            });
        }
    }
}

/// Which port of a guest leads to what.
#[derive(Default)]
struct Channels {
    ports: BTreeMap<u16, &'static str>,
    /// Viewers that qemu itself calls.
    called: Vec<SocketAddr>,
}

impl Channels {
    fn of(known: &[Console], command: &QemuCommand, controls: &[Control]) -> Self {
        let mut channels = Self::default();
        for control in controls {
            channels.ports.insert(control.port, "monitor");
        }
        for console in known.iter().chain(&command.consoles) {
            channels.add(console);
        }
        channels
    }

    fn add(&mut self, console: &Console) {
        let name = match console.protocol {
            Protocol::Vnc => "vnc",
            Protocol::Spice => "spice",
            Protocol::Other(_) => "console",
        };
        let ports =
            [(console.port, name), (console.tls_port, name), (console.websocket, "websocket")];
        self.ports.extend(ports.into_iter().filter_map(|(port, name)| Some((port?, name))));
        let called = console.listens.iter().filter_map(|listen| match listen {
            Listen::Reverse(viewer) => viewer.lossy().parse::<SocketAddr>().ok(),
            _ => None,
        });
        self.called.extend(called);
    }

    fn of_connection(&self, local: SocketAddr, remote: SocketAddr) -> Option<&'static str> {
        let called = self.called.contains(&remote).then_some("vnc");
        self.ports.get(&local.port()).copied().or(called)
    }
}

/// What the arguments handed to qemu past libvirt ask for.
fn argument_command(arguments: &[Text]) -> QemuCommand {
    let program = Text::from("qemu");
    let line: Vec<Text> = [program].into_iter().chain(arguments.iter().cloned()).collect();
    qemu_command(&line).unwrap_or_default()
}
