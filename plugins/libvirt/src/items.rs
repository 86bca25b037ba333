//! What this plugin tells: guests, consoles, peers, daemons.

use std::net::IpAddr;

use coroner_core::{HostPath, ItemKind, Nature, Text};
use coroner_parse::virt::{Control, Disk, Interface, Listen, Protocol, SharedDirectory};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reach::Reach;

/// The program that runs a guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Emulator {
    /// Its path.
    pub path: HostPath,
    /// The file that names it.
    pub file: HostPath,
    /// The line that names it, 0 for a command line.
    pub line: u32,
}

/// A virtual machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct VmDomain {
    /// Its name.
    pub name: Text,
    /// Its identity that survives a rename; empty when nothing says it.
    pub uuid: Text,
    /// `kvm`, `qemu`, `xen`, `lxc`; empty when a command line alone speaks of it.
    pub hypervisor: Text,
    /// libvirt knows it; otherwise a process runs it on its own.
    pub listed: bool,
    /// This host has libvirt at all.
    pub libvirt_here: bool,
    /// Where it is defined, or the running process's command line.
    pub file: HostPath,
    /// Line of its name, 0 for a command line.
    pub line: u32,
    /// It starts with the host.
    pub autostart: bool,
    /// Its process while it runs.
    pub pid: Option<i32>,
    /// Its process goes by one of qemu's names; by another when false.
    pub named: bool,
    /// What runs it.
    pub emulator: Option<Emulator>,
    /// Disks.
    pub disks: Vec<Disk>,
    /// Network cards.
    pub interfaces: Vec<Interface>,
    /// Directories of the host that it can mount.
    pub shared: Vec<SharedDirectory>,
    /// Monitors and debuggers on the network.
    pub controls: Vec<Control>,
    /// Every TCP listener of its process, as `address:port`.
    pub listeners: Vec<Text>,
}

impl ItemKind for VmDomain {
    const KIND: &'static str = "vm.domain";
    const NATURE: Nature = Nature::STANDING.moving(&["pid", "listeners"]).live(&["named"]);

    fn key(&self) -> Text {
        if self.listed { self.name.clone() } else { joined(&[b"unlisted", self.name.as_bytes()]) }
    }
}

/// Which view speaks of a console.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ConsoleState {
    /// libvirt says that it is there now.
    Running,
    /// A process's command line has it, and libvirt says nothing of it.
    Process,
    /// It will be there when the domain starts.
    Defined,
    /// It will be there when the domain starts, through arguments handed to qemu past libvirt.
    Argument,
}

/// One listener of one screen of one guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct VncConsole {
    /// The guest.
    pub domain: Text,
    /// Its uuid, for commands where the name is not safe to type.
    pub uuid: Text,
    /// libvirt knows the guest.
    pub listed: bool,
    /// This host has libvirt at all.
    pub libvirt_here: bool,
    /// Which view says so.
    pub state: ConsoleState,
    /// VNC, SPICE or another.
    pub protocol: Protocol,
    /// Counted from 0 within the guest.
    pub position: u32,
    /// Where it listens, defaults filled in.
    pub listen: Listen,
    /// From how far away that can be reached.
    pub reach: Reach,
    /// The TCP port; none when it is chosen at start.
    pub port: Option<u16>,
    /// SPICE's port for TLS.
    pub tls_port: Option<u16>,
    /// The port for browsers.
    pub websocket: Option<u16>,
    /// A password is asked for.
    pub password: bool,
    /// Until when it is good, as written.
    pub password_valid_to: Option<Text>,
    /// That moment has passed when the audit ran.
    pub password_expired: bool,
    /// The connection is encrypted.
    pub tls: bool,
    /// A viewer must show a certificate.
    pub client_certificate: bool,
    /// SASL is asked for.
    pub sasl: bool,
    /// The address comes from `qemu.conf`.
    pub by_default: bool,
    /// A viewer that qemu itself calls, at an address that is foreign.
    pub calls_foreign: bool,
    /// The file that says so.
    pub file: HostPath,
    /// The line that says so, 0 for a command line.
    pub line: u32,
    /// The guest's process.
    pub pid: Option<i32>,
}

impl VncConsole {
    /// Something is asked of a viewer before the screen is shown.
    pub fn is_guarded(&self) -> bool {
        self.password || self.sasl || self.client_certificate
    }

    /// The address as a responder would type it.
    pub fn address(&self) -> Text {
        match &self.listen {
            Listen::Address(address) | Listen::Network { address: Some(address), .. } => {
                address.clone()
            }
            Listen::AllAddresses => Text::from("all addresses"),
            Listen::Network { name, address: None } => joined(&[b"network", name.as_bytes()]),
            Listen::Socket(path) => joined(&[b"socket", path.as_ref().map_or(b"", Text::as_bytes)]),
            Listen::Reverse(viewer) => joined(&[b"calls", viewer.as_bytes()]),
            Listen::Nothing => Text::from("none"),
            Listen::Unsaid => Text::from("not said"),
        }
    }
}

impl ItemKind for VncConsole {
    const KIND: &'static str = "vnc.console";
    const NATURE: Nature =
        Nature::STANDING.moving(&["pid"]).kernel_where("state", &["running", "process"]);

    fn key(&self) -> Text {
        let state: &[u8] = match self.state {
            ConsoleState::Running => b"running",
            ConsoleState::Process => b"process",
            ConsoleState::Defined => b"defined",
            ConsoleState::Argument => b"argument",
        };
        let protocol = match &self.protocol {
            Protocol::Vnc => Text::from("vnc"),
            Protocol::Spice => Text::from("spice"),
            Protocol::Other(name) => name.clone(),
        };
        let position = self.position.to_string();
        let address = self.address();
        let parts = [self.domain.as_bytes(), state, protocol.as_bytes(), position.as_bytes()];
        joined(&[&parts[..], &[address.as_bytes()]].concat())
    }
}

/// Somebody who is connected to a console or a monitor right now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VncPeer {
    /// The guest.
    pub domain: Text,
    /// Its uuid, for commands where the name is not safe to type.
    pub uuid: Text,
    /// The guest's process.
    pub pid: i32,
    /// `vnc`, `spice`, `websocket` or `monitor`.
    pub channel: Text,
    /// This end.
    pub local: IpAddr,
    /// This end's port.
    pub local_port: u16,
    /// The other end.
    pub remote: IpAddr,
    /// The other end's port.
    pub remote_port: u16,
    /// The other end is on the internet and in no trusted network.
    pub foreign: bool,
    /// The guest's process lives in a network namespace that is not the host's own.
    pub own_network: bool,
    /// Known by the socket in the process's hands; otherwise by the port alone.
    pub by_socket: bool,
    /// The process's command line.
    pub file: HostPath,
}

impl ItemKind for VncPeer {
    const KIND: &'static str = "vnc.peer";
    const NATURE: Nature = Nature::RUNNING.moving(&["pid", "local_port", "remote_port", "file"]);

    fn key(&self) -> Text {
        let remote = self.remote.to_string();
        joined(&[self.domain.as_bytes(), self.channel.as_bytes(), remote.as_bytes()])
    }
}

/// A libvirt daemon's own listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct LibvirtDaemon {
    /// Its configuration.
    pub file: HostPath,
    /// The line that leaves authentication out, 0 when none does.
    pub line: u32,
    /// Of plain TCP, or of TLS when only that is open.
    pub port: u16,
    /// The address it is bound to, when one is given.
    pub address: Option<Text>,
    /// `listen_tcp`, a systemd socket or a listener says that plain TCP is on.
    pub tcp: bool,
    /// `listen_tls` or a systemd socket says that TLS is on.
    pub tls: bool,
    /// Plain TCP asks for nothing.
    pub tcp_open: bool,
    /// TLS asks neither for a certificate nor for SASL.
    pub tls_open: bool,
    /// The port listens now.
    pub listening: bool,
}

impl ItemKind for LibvirtDaemon {
    const KIND: &'static str = "vm.daemon";
    const NATURE: Nature = Nature::STANDING.live(&["listening"]);

    fn key(&self) -> Text {
        Text::from(&self.file)
    }
}

fn joined(parts: &[&[u8]]) -> Text {
    Text::new(parts.join(&b' '))
}
