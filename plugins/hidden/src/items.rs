//! What this plugin tells.

mod kernel;
mod time;

use coroner_core::{HostPath, ItemKind, Nature, Text};
use coroner_host::views::PidView;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use kernel::{
    BpfItem, BpfLinkItem, BpfOwner, DivertedFunction, HiddenBpf, HookOwner, ProbedFunction,
    TouchedFunction,
};
pub use time::{ProcessorTime, Window};

/// Which ways of asking for a process worked at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PidViews {
    /// They call this process alive, and a number that no process can have dead.
    pub working: Vec<PidView>,
    /// They do not.
    pub silent: Vec<PidView>,
    /// Ways by which every number was asked for.
    pub scanned: Vec<PidView>,
    /// The highest number that was asked for.
    pub highest: u32,
}

impl ItemKind for PidViews {
    const KIND: &'static str = "hidden.pid-views";
    const NATURE: Nature = Nature::KERNEL.moving(&["highest"]);

    fn key(&self) -> Text {
        Text::from("pids")
    }
}

/// A process that some ways show and others do not, three times over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HiddenProcess {
    /// Its number.
    pub pid: u32,
    /// When it started, in clock ticks since the boot, where /proc/PID/stat still says so.
    pub started: Option<u64>,
    /// Its short name, where /proc/PID/comm still says so.
    pub name: Option<Text>,
    /// Its program, where /proc/PID/exe still says so.
    pub program: Option<Text>,
    /// The control group that lists it, or what /proc/PID/cgroup says.
    pub group: Option<Text>,
    /// A process, not one thread of one.
    pub whole: bool,
    /// The listing of /proc (for a thread: that of its process) names it.
    pub listed: bool,
    /// Calls that find it.
    pub alive: Vec<PidView>,
    /// Calls that say there is no such process.
    pub dead: Vec<PidView>,
}

impl ItemKind for HiddenProcess {
    const KIND: &'static str = "hidden.process";
    const NATURE: Nature = Nature::KERNEL;

    fn key(&self) -> Text {
        Text::from(self.pid.to_string())
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CountedThing {
    /// By the link count of /proc.
    Processes,
    /// By /proc/loadavg.
    Threads,
    /// Tasks, by `pids.current` of the control groups.
    GroupTasks,
    /// By `protocols` and `sockstat` of a network namespace.
    Sockets,
}

/// A number that the kernel keeps, beside what it shows one by one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shortfall {
    /// What is counted.
    pub thing: CountedThing,
    /// The file that says the number.
    pub source: HostPath,
    /// How many were not shown, the least of up to twenty readings; 0 when one of them met.
    pub missing: u32,
}

impl ItemKind for Shortfall {
    const KIND: &'static str = "hidden.count";
    const NATURE: Nature = Nature::RUNNING.moving(&["missing"]);

    fn key(&self) -> Text {
        Text::from(&self.source)
    }
}

/// A record of a directory that is longer than its name needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Oversized {
    /// The name that the record shows.
    pub name: Text,
    /// Its length.
    pub length: u32,
    /// The length that its name needs.
    pub needed: u32,
    /// Names of the records that still lie in the rest of it.
    pub inside: Vec<Text>,
    /// The first bytes of that rest.
    pub bytes: Text,
}

/// A directory by its records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DirectoryView {
    /// The directory.
    pub dir: HostPath,
    /// Names in it.
    pub names: u32,
    /// Records that are too long, three times over.
    pub oversized: Vec<Oversized>,
    /// Buffers held bytes that are no records, three times over.
    pub malformed: bool,
    /// Names that came after the kernel had said that the directory is over.
    pub after_end: Vec<Text>,
    /// Records that the kernel announced and did not give, by the name before each and the length
    /// that it needs.
    pub withheld: Vec<(Text, u32)>,
    /// Names that only a large buffer shows.
    pub large_alone: Vec<Text>,
    /// Names that only reading one by one shows.
    pub small_alone: Vec<Text>,
    /// Names that can be opened and are not in the listing.
    pub unlisted: Vec<Text>,
    /// Names that the directory's blocks on the disk hold and the listing does not.
    #[serde(default)]
    pub on_disk_alone: Vec<Text>,
    /// Subdirectories by the link count, where the file system counts.
    pub counted: Option<u32>,
    /// Subdirectories by name.
    pub shown: u32,
    /// There are more by the link count than by name, three times over.
    pub links_differ: bool,
}

impl ItemKind for DirectoryView {
    const KIND: &'static str = "hidden.directory";
    const NATURE: Nature = Nature::KERNEL.moving(&["names", "counted", "shown"]);

    fn key(&self) -> Text {
        Text::from(&self.dir)
    }
}

/// A way to read a file.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ContentView {
    /// `read`(2)
    Read,
    /// `preadv2`(2)
    Vectored,
    /// `mmap`(2), copied by `process_vm_readv`(2)
    Mapped,
    /// The blocks of the disk
    Blocks,
}

/// Where two ways of reading part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// The way that `read`(2) was compared with.
    pub view: ContentView,
    /// The first byte that differs.
    pub offset: u64,
    /// What `read`(2) gave from there, at most 200 bytes.
    pub read: Text,
    /// What the other way gave from there, at most 200 bytes.
    pub other: Text,
}

/// A file by several ways of reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileView {
    /// The file.
    pub path: HostPath,
    /// Bytes that were compared.
    pub bytes: u64,
    /// Ways that gave an answer.
    pub views: Vec<ContentView>,
    /// Where they part, three times over.
    pub differences: Vec<Difference>,
}

impl ItemKind for FileView {
    const KIND: &'static str = "hidden.file";
    const NATURE: Nature = Nature::KERNEL.moving(&["bytes"]);

    fn key(&self) -> Text {
        Text::from(&self.path)
    }
}
