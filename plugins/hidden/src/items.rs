//! What this plugin tells.

use coroner_core::{HostPath, ItemKind, Nature, Text};
use coroner_host::views::{BpfTable, PidView};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// Processor time in one window, in clock ticks (a hundredth of a second of one processor).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// What the kernel counts for tasks.
    pub busy: u64,
    /// What processes have, those that ended and were waited for included.
    pub accounted: u64,
    /// What processes may have had that ended unseen and for which nobody waited.
    pub doubt: u64,
    /// Processes that were seen.
    pub processes: u32,
    /// Processors.
    pub processors: u32,
}

impl Window {
    /// Ticks that neither a process has nor any that ended unseen could have had.
    pub fn missing(&self) -> u64 {
        self.busy.saturating_sub(self.accounted).saturating_sub(self.doubt)
    }

    /// Less than this is the coarseness of the two counts: half a processor (the kernel counts whole
    /// ticks of whoever runs at their end), one hundredth of all, and the parts of ticks that each
    /// process keeps to itself.
    pub fn least_told(&self) -> u64 {
        50_u64.saturating_add(self.processors.into()).saturating_add(u64::from(self.processes) / 10)
    }

    /// There is too little to be coarseness.
    pub fn is_short(&self) -> bool {
        self.missing() >= self.least_told()
    }

    /// Ticks that a hidden process could use without being noticed: what the answer is worth. A
    /// processor has some hundred in a window.
    pub fn blind(&self) -> u64 {
        self.doubt.saturating_add(self.least_told())
    }
}

/// Processor time that the kernel counts, beside what processes have: one window in which they
/// agree, or three.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcessorTime {
    /// Of about a second each.
    pub windows: Vec<Window>,
}

impl ItemKind for ProcessorTime {
    const KIND: &'static str = "hidden.processor-time";
    const NATURE: Nature = Nature::RUNNING.moving(&["windows"]);

    fn key(&self) -> Text {
        Text::from("/proc/stat")
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

/// A BPF program, as the kernel lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BpfItem {
    /// Its number.
    pub id: u32,
    /// Its type (`enum bpf_prog_type`, linux/bpf.h).
    #[serde(rename = "type")]
    pub kind: u32,
    /// Its name.
    pub name: Text,
    /// Who loaded it.
    pub uid: u32,
    /// Processes that hold it open.
    pub holders: Vec<u32>,
    /// Names in the BPF file system that keep it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<HostPath>,
    /// It is attached to a network device and neither a process nor a name nor a link keeps it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ownerless: bool,
}

/// A process that keeps a BPF object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BpfOwner {
    /// Its number.
    pub pid: u32,
    /// Its short name.
    pub name: Text,
    /// What it runs, in its own root.
    pub program: Option<HostPath>,
    /// That file lies, or lay, in the host's own root.
    pub of_host: bool,
    /// That file is memory.
    pub in_memory: bool,
}

/// A BPF link: a program's attachment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BpfLinkItem {
    /// Its number.
    pub id: u32,
    /// Its type (`enum bpf_link_type`, linux/bpf.h).
    #[serde(rename = "type")]
    pub kind: u32,
    /// Its program's number.
    pub program: u32,
    /// Its program's type, when it could be asked.
    pub program_kind: Option<u32>,
    /// The function or tracepoint that it hangs on, where the kernel says so.
    pub hook: Text,
    /// Processes that keep it.
    pub owners: Vec<BpfOwner>,
    /// Names in the BPF file system that keep it.
    pub pins: Vec<HostPath>,
    /// Nobody keeps it, three times over.
    pub ownerless: bool,
}

impl BpfLinkItem {
    /// It watches or decides what calls and functions of the kernel do: tracepoints, probes, tracing
    /// and security modules.
    pub fn is_of_kernel(&self) -> bool {
        // BPF_LINK_TYPE_RAW_TRACEPOINT, TRACING, PERF_EVENT, KPROBE_MULTI
        matches!(self.kind, 1 | 2 | 7 | 8)
    }
}

impl ItemKind for BpfLinkItem {
    const KIND: &'static str = "bpf.link";
    const NATURE: Nature = Nature::KERNEL.moving(&["owners", "program"]);

    fn key(&self) -> Text {
        Text::from(self.id.to_string())
    }

    fn normal(&self) -> Option<Text> {
        Some(Text::from(format!("{} {}", self.kind, self.hook.lossy())))
    }
}

impl ItemKind for BpfItem {
    const KIND: &'static str = "bpf.program";
    const NATURE: Nature = Nature::KERNEL.moving(&["holders", "pins"]);

    fn key(&self) -> Text {
        Text::from(self.id.to_string())
    }

    fn normal(&self) -> Option<Text> {
        Some(Text::from(format!("{} {} {}", self.kind, self.name.lossy(), self.uid)))
    }
}

/// A BPF object that opens and is in no list, three times over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HiddenBpf {
    /// What it is.
    pub table: BpfTable,
    /// Its number.
    pub id: u32,
    /// A process holds it open.
    pub held: bool,
}

impl ItemKind for HiddenBpf {
    const KIND: &'static str = "hidden.bpf";
    const NATURE: Nature = Nature::KERNEL;

    fn key(&self) -> Text {
        Text::from(format!("{:?} {}", self.table, self.id))
    }
}

/// Whose code a diverted function calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HookOwner {
    /// The kernel's own: tracers, BPF, live patching; or the kernel does not say.
    #[default]
    Kernel,
    /// A listed module of the kernel's tree.
    Module,
    /// A listed module that was built elsewhere or is unsigned.
    Foreign,
    /// A module that the list of modules lacks.
    Unlisted,
    /// Code that no symbol stands for.
    Nameless,
}

/// A function of the kernel that calls something else first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DivertedFunction {
    /// The function.
    pub function: Text,
    /// Whoever is called may return to somewhere else.
    pub replaced: bool,
    /// A BPF program is called.
    pub direct: bool,
    /// Who is called, as far as the kernel says.
    pub callee: Text,
    /// The kernel has live patches, which replace functions.
    pub live_patch: bool,
    /// Whose code that is, three times over where it is odd.
    #[serde(default)]
    pub owner: HookOwner,
    /// The module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<Text>,
}

impl DivertedFunction {
    /// It calls code that the kernel does not account for.
    pub fn is_odd(&self) -> bool {
        matches!(self.owner, HookOwner::Foreign | HookOwner::Unlisted | HookOwner::Nameless)
    }
}

impl ItemKind for DivertedFunction {
    const KIND: &'static str = "kernel.diverted";
    const NATURE: Nature = Nature::KERNEL;

    fn key(&self) -> Text {
        self.function.clone()
    }
}

/// A function that lists things, and that was diverted since the boot and is not now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TouchedFunction {
    /// The function.
    pub function: Text,
}

impl ItemKind for TouchedFunction {
    const KIND: &'static str = "kernel.touched";
    const NATURE: Nature = Nature::KERNEL;

    fn key(&self) -> Text {
        self.function.clone()
    }
}

/// A place in the kernel where a probe stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProbedFunction {
    /// The function.
    pub function: Text,
    /// Bytes from its start.
    pub offset: Text,
    /// It is called when the function returns.
    pub on_return: bool,
    /// It does nothing now.
    pub disabled: bool,
    /// An event of tracefs stands in this function.
    pub by_event: bool,
    /// Loaded modules that were built elsewhere or are unsigned: the kernel does not say whose a
    /// probe is.
    pub foreign_modules: Vec<Text>,
}

impl ItemKind for ProbedFunction {
    const KIND: &'static str = "kernel.probe";
    const NATURE: Nature = Nature::KERNEL;

    fn key(&self) -> Text {
        let way = if self.on_return { "return" } else { "call" };
        let parts = [self.function.as_bytes(), self.offset.as_bytes(), way.as_bytes()];
        Text::new(parts.join(&b' '))
    }
}
