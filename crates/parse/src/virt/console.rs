//! What a guest's screen listens on, in the words that XML and command lines share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Text;

/// How the screen is carried.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// RFC 6143.
    Vnc,
    /// The SPICE protocol.
    Spice,
    /// Anything else that libvirt names: `rdp`, `sdl`, `dbus`, `egl-headless`.
    Other(Text),
}

impl Protocol {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "vnc" => Self::Vnc,
            "spice" => Self::Spice,
            other => Self::Other(Text::from(other)),
        }
    }
}

/// Where a console waits for its viewers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Listen {
    /// Nothing is said: the default of `qemu.conf` (or of qemu) applies.
    Unsaid,
    /// An address or a host name, as written.
    Address(Text),
    /// All addresses: qemu's empty host (`-vnc :0`).
    AllAddresses,
    /// The address that a libvirt network has; known for running domains only.
    Network {
        /// The network's name.
        name: Text,
        /// What libvirt resolved it to.
        address: Option<Text>,
    },
    /// A Unix socket; libvirt chooses the path when none is said.
    Socket(Option<Text>),
    /// A viewer that qemu itself calls (`-vnc HOST:PORT,reverse=on`).
    Reverse(Text),
    /// No listener; viewers get a file descriptor from libvirt.
    Nothing,
}

/// One screen of one guest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate option of the format")]
pub struct Console {
    /// Line of the XML; 0 for a command line.
    pub line: u32,
    /// How it is carried.
    pub protocol: Protocol,
    /// Where it listens; never empty.
    pub listens: Vec<Listen>,
    /// The TCP port; `None` when chosen at start.
    pub port: Option<u16>,
    /// SPICE's port for TLS.
    pub tls_port: Option<u16>,
    /// The port for browsers (VNC over WebSocket).
    pub websocket: Option<u16>,
    /// The port is chosen at start.
    pub autoport: bool,
    /// A password is asked for.
    pub password: bool,
    /// `passwdValidTo`, as written: after this moment nobody gets in, even with the password.
    pub password_valid_to: Option<Text>,
    /// TLS is asked for on this console.
    pub tls: bool,
    /// SASL is asked for on this console.
    pub sasl: bool,
}

impl Console {
    pub(super) fn new(protocol: Protocol) -> Self {
        Self {
            line: 0,
            protocol,
            listens: Vec::new(),
            port: None,
            tls_port: None,
            websocket: None,
            autoport: false,
            password: false,
            password_valid_to: None,
            tls: false,
            sasl: false,
        }
    }

    /// The TCP ports that are known: of the protocol, of its TLS twin, of its WebSocket.
    pub fn ports(&self) -> impl Iterator<Item = u16> {
        [self.port, self.tls_port, self.websocket].into_iter().flatten()
    }
}

/// A monitor, debugger or serial line of a qemu process that listens on the network.
///
/// A monitor is the whole guest, and every file of the host that qemu may open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Control {
    /// The option that opened it: `-monitor`, `-qmp`, `-gdb`, `-serial`, `-chardev`.
    pub option: Text,
    /// The address, as written; empty for all addresses.
    pub address: Text,
    /// The TCP port.
    pub port: u16,
}
