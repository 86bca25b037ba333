//! What is told of sockets.

use coroner_core::{HostPath, ItemKind, Nature, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who holds a socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SocketHolder {
    /// The process.
    pub pid: i32,
    /// Its short name.
    pub name: Text,
    /// Its program, in its own root.
    pub program: Option<HostPath>,
}

/// A socket that one way shows and another does not, three times over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HiddenSocket {
    /// Its inode.
    pub inode: u64,
    /// Its table, and for internet sockets both its ends.
    pub socket: Text,
    /// Who holds it; nobody when its process is hidden too.
    pub holders: Vec<SocketHolder>,
}

/// A table of the host's own network, beside what `sock_diag` tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SocketView {
    /// The table.
    pub source: HostPath,
    /// Sockets that both show.
    pub compared: u32,
    /// Sockets that the table alone lacks.
    pub unlisted: Vec<HiddenSocket>,
    /// Sockets that `sock_diag` alone lacks.
    pub untold: Vec<HiddenSocket>,
}

impl ItemKind for SocketView {
    const KIND: &'static str = "hidden.socket-view";
    const NATURE: Nature = Nature::KERNEL.moving(&["compared"]);

    fn key(&self) -> Text {
        Text::from(&self.source)
    }
}

/// A raw or packet socket that a process holds and no table lists, three times over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldSocket {
    /// Its inode.
    pub inode: u64,
    /// Its protocol, in the kernel's own words.
    pub protocol: Text,
    /// A process that holds it.
    pub holder: Option<SocketHolder>,
    /// There are network namespaces that no process lives in, whose tables could not be read.
    pub elsewhere: bool,
}

impl ItemKind for HeldSocket {
    const KIND: &'static str = "hidden.held-socket";
    const NATURE: Nature = Nature::RUNNING;

    fn key(&self) -> Text {
        Text::from(self.inode.to_string())
    }
}
