//! Code that hangs on the kernel: BPF, diverted functions, probes.

use coroner_core::{HostPath, ItemKind, Nature, Text};
use coroner_host::views::BpfTable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
