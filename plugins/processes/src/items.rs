//! What this plugin tells: processes, and mounts that cover them or their programs.

use std::net::SocketAddr;

use coroner_core::{HostPath, ItemKind, Nature, OnDisk, Text, Time, is_zero};
use coroner_parse::command::normal;
use coroner_parse::process::{BpfObject, Placement};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bytes of the command that name a process.
const LONGEST_IN_KEY: usize = 200;

/// A process that runs a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcessItem {
    /// Its number now.
    pub pid: i32,
    /// Its parent's.
    pub parent: i32,
    /// The name it goes by.
    pub name: Text,
    /// Its command line, arguments parted by blanks; at most 4 KiB.
    pub command: Text,
    /// The first argument alone: what it says it was started as.
    pub called: Text,
    /// There is one argument at most.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bare: bool,
    /// Tells processes with one program and one command apart; 0 for the first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub copy: u32,
    /// As whom it acts.
    pub uid: Option<u32>,
    /// When it started.
    pub started: Option<Time>,
    /// Who logged in when it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_uid: Option<u32>,
    /// It has a terminal.
    pub terminal: bool,
    /// Where it belongs.
    pub place: Placement,
    /// What it runs; absent where the kernel would not say.
    pub program: Option<Program>,
    /// Variables that may put code into a program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<Variable>,
    /// For shells and interpreters: whom their input or output goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<Remote>,
    /// Who traces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracer: Option<Tracer>,
    /// BPF objects that it holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bpf: Vec<BpfObject>,
    /// Code from files that are deleted or lie where programs do not belong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub libraries: Vec<Library>,
    /// What is odd about the code in its memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
}

impl ProcessItem {
    /// Its program and command, masked: the same on every run.
    pub(crate) fn class(&self) -> Text {
        let program = self.program.as_ref().map_or(&self.name, |program| program.path.text());
        let command = normal(self.command.as_bytes());
        let command = command.as_bytes().get(..LONGEST_IN_KEY).unwrap_or(command.as_bytes());
        Text::new([program.as_bytes(), b" ", command].concat())
    }

    /// The packages of the host speak of its files.
    pub fn is_of_host(&self) -> bool {
        self.program.as_ref().is_some_and(|program| program.of_host)
    }
}

impl ItemKind for ProcessItem {
    const KIND: &'static str = "process";
    const NATURE: Nature = Nature::RUNNING.moving(&["pid", "parent", "started"]);

    fn key(&self) -> Text {
        let class = self.class();
        if self.copy == 0 {
            return class;
        }
        Text::new([class.as_bytes(), b" #", (self.copy + 1).to_string().as_bytes()].concat())
    }

    fn normal(&self) -> Option<Text> {
        Some(self.class())
    }
}

/// The file that a process runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Program {
    /// Its path, in the process's own root.
    pub path: HostPath,
    /// No directory names it any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// It is memory of this name, and never was a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Text>,
    /// Another file lies at its path.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replaced: bool,
    /// It lies, or lay, in the host's own root.
    pub of_host: bool,
    /// The process alone sees it, by a mount of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
}

impl From<&coroner_core::Executable> for Program {
    fn from(executable: &coroner_core::Executable) -> Self {
        Self {
            path: executable.path.clone(),
            deleted: executable.deleted,
            memory: executable.memory.clone(),
            replaced: executable.on_disk == OnDisk::Other,
            of_host: executable.of_host,
            private: executable.private,
        }
    }
}

/// One variable of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Variable {
    /// Its name.
    pub name: Text,
    /// Its value.
    pub value: Text,
}

/// The other end of a process's input or output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remote {
    /// 0, 1 or 2.
    pub descriptor: u8,
    /// `tcp` or `udp`.
    pub protocol: Text,
    /// This end.
    pub local: SocketAddr,
    /// The other end.
    pub peer: SocketAddr,
}

/// Who traces a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tracer {
    /// Its number.
    pub pid: i32,
    /// Its program, when that is known.
    pub program: Option<HostPath>,
    /// The program is a file in the host's own root.
    pub of_host: bool,
    /// It has a terminal.
    pub terminal: bool,
}

/// A file with code in a process's memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Library {
    /// Its path, in the process's own root.
    pub path: HostPath,
    /// No directory names it any more.
    pub deleted: bool,
}

/// What is odd about the code in a process's memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Code {
    /// Code of files that is not what the file holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<ChangedCode>,
    /// Code that comes from no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous: Option<Anonymous>,
    /// None of the process's code comes from its own program.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_its_program: bool,
}

/// Code of a file that was changed in memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedCode {
    /// The file.
    pub path: HostPath,
    /// The first address that differs, in hexadecimal.
    pub address: Text,
    /// Its place in the file, in hexadecimal.
    pub offset: Text,
    /// The function it lies in, and how far.
    pub symbol: Option<Text>,
    /// What runs there, in hexadecimal.
    pub in_memory: Text,
    /// What the file holds there, in hexadecimal.
    pub in_file: Text,
    /// Pages that differ.
    pub pages: u32,
    /// All that differs is breakpoints.
    pub only_breakpoints: bool,
    /// The file asks for its code to be changed, or Wine changed it.
    pub expected: bool,
}

/// Code that comes from no file, taken together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Anonymous {
    /// Stretches of memory.
    pub stretches: u32,
    /// Their bytes.
    pub bytes: u64,
    /// Of these, bytes that can be written and run.
    pub writable: u64,
    /// The first address, in hexadecimal.
    pub address: Text,
    /// One of them starts as a program's file does, at this address in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program_at: Option<Text>,
}

/// A mount that covers a process's directory in /proc, or a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CoveringMount {
    /// Where it is mounted.
    pub point: HostPath,
    /// What is mounted: a device, a word.
    pub source: Text,
    /// What of it is mounted.
    pub root: Text,
    /// The type of its file system.
    pub file_system: Text,
    /// The process whose directory it covers; otherwise it covers a program.
    pub process: Option<i32>,
    /// What that process is, seen without the mount.
    pub covered: Option<Text>,
}

impl ItemKind for CoveringMount {
    const KIND: &'static str = "process.covering-mount";
    const NATURE: Nature = Nature::KERNEL.moving(&["process"]);

    fn key(&self) -> Text {
        Text::from(&self.point)
    }
}
