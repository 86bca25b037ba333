//! What this plugin tells: modules, the kernel's state, and what makes it load more.

use coroner_core::{HostPath, ItemKind, Nature, Text};
use coroner_parse::module::Taint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::place::Place;

/// How the views of a module contradict each other, read three times over.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Disagreement {
    /// `/sys/module` has it as loaded, `/proc/modules` has not.
    NotListed,
    /// The symbol table has its symbols, `/proc/modules` has not.
    SymbolsOnly,
    /// `/proc/modules` has it for `preadv2`(2) and not for `read`(2).
    NotRead,
    /// `/proc/modules` has it as live, `/sys/module` has not.
    NotInSysfs,
}

/// A module in the running kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KernelModule {
    /// Its name.
    pub name: Text,
    /// In `/proc/modules`.
    pub listed: bool,
    /// In `/sys/module`, as a loaded one; absent when that could not be read.
    pub in_sysfs: Option<bool>,
    /// Its symbols in `/proc/kallsyms`; absent when that could not be read.
    pub symbols: Option<u32>,
    /// How these contradict each other.
    pub disagreement: Option<Disagreement>,
    /// Bytes in memory.
    pub size: u64,
    /// Modules that use it.
    pub used_by: Vec<Text>,
    /// `Live`, `Loading`, `Unloading`.
    pub state: Text,
    /// Its own taint letters: `O` out of tree, `E` unsigned, `P` proprietary, `K` a live patch.
    pub taint: Text,
    /// Its file below the running release, when there is one.
    pub file: Option<HostPath>,
    /// Who puts files there.
    pub place: Option<Place>,
    /// The release's directory was there to look for it.
    pub tree_seen: bool,
    /// A vendor's directory that explains a module without a file.
    pub vendor: Option<HostPath>,
    /// Its file carries a signature (which only the kernel can check).
    pub signed: Option<bool>,
    /// The licence its file names.
    pub license: Option<Text>,
    /// What its file says it is.
    pub description: Option<Text>,
}

impl ItemKind for KernelModule {
    const KIND: &'static str = "module";
    const NATURE: Nature = Nature::KERNEL.moving(&["size", "used_by", "symbols", "state"]);

    fn key(&self) -> Text {
        self.name.clone()
    }
}

/// What the running kernel says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KernelState {
    /// `uname -r`
    pub release: Text,
    /// The kernel can load modules at all.
    pub loads_modules: bool,
    /// What tainted it since the boot, whether or not the cause is still there.
    pub taints: Vec<Taint>,
    /// Of the letters that modules bring, those that no listed module has.
    pub unexplained: Vec<Taint>,
    /// Modules of which the kernel's log says that they tainted it, and which are not listed.
    #[serde(default)]
    pub tainted_by: Vec<Text>,
    /// `module.sig_enforce`: unsigned modules are refused.
    pub sig_enforce: Option<bool>,
    /// `none`, `integrity` or `confidentiality`.
    pub lockdown: Option<Text>,
    /// `kernel.modules_disabled`: no module is loaded any more until the next boot.
    pub modules_disabled: Option<bool>,
    /// `kernel.kptr_restrict`
    pub kptr_restrict: Option<u8>,
    /// The program that the kernel runs to load a module.
    pub modprobe: Option<Text>,
    /// The symbol table shows addresses.
    pub addresses_shown: Option<bool>,
}

impl ItemKind for KernelState {
    const KIND: &'static str = "kernel.state";
    const NATURE: Nature = Nature::KERNEL;

    fn key(&self) -> Text {
        Text::from("kernel")
    }
}

/// The link count of `/sys/module` beside the names it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LinkCount {
    /// The directory.
    pub dir: HostPath,
    /// Subdirectories by the link count (two less than it).
    pub counted: u32,
    /// Subdirectories by name.
    pub shown: u32,
    /// They differ, three times over.
    pub differ: bool,
}

impl ItemKind for LinkCount {
    const KIND: &'static str = "module.link-count";
    const NATURE: Nature = Nature::RUNNING.moving(&["counted", "shown"]);

    fn key(&self) -> Text {
        Text::from(&self.dir)
    }
}

/// The memory that the module loader holds, beside the modules that are listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoaderMemory {
    /// Bytes by `/proc/vmallocinfo`, without guard pages.
    pub held: u64,
    /// Bytes of all modules in `/proc/modules`.
    pub listed: u64,
    /// More is held than listed, three times over.
    pub differ: bool,
}

impl ItemKind for LoaderMemory {
    const KIND: &'static str = "module.memory";

    fn key(&self) -> Text {
        Text::from("/proc/vmallocinfo")
    }
}

/// The modules of one kernel release on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModuleTree {
    /// Its directory.
    pub dir: HostPath,
    /// The release.
    pub release: Text,
    /// This kernel is running.
    pub running: bool,
    /// Module files below `kernel/`.
    pub kernel_files: u32,
    /// Module files elsewhere, with their places.
    pub others: Vec<(HostPath, Place)>,
}

impl ItemKind for ModuleTree {
    const KIND: &'static str = "module.tree";
    const NATURE: Nature = Nature::STANDING.live(&["running"]);

    fn key(&self) -> Text {
        Text::from(&self.dir)
    }
}

/// A module that is loaded at boot because a file says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Autoload {
    /// The file that says so.
    pub file: HostPath,
    /// The line that says so.
    pub line: u32,
    /// The module.
    pub module: Text,
    /// Its files, one for each release that has it.
    pub paths: Vec<(HostPath, Place)>,
}

impl ItemKind for Autoload {
    const KIND: &'static str = "module.autoload";

    fn key(&self) -> Text {
        Text::new([self.file.as_bytes(), b" ", self.module.as_bytes()].concat())
    }
}

/// A command that modprobe runs instead of loading or unloading a module, or a module that it pulls in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModprobeCommand {
    /// The file that says so.
    pub file: HostPath,
    /// The line that says so.
    pub line: u32,
    /// `install`, `remove` or `softdep`.
    pub directive: Text,
    /// The module.
    pub module: Text,
    /// The command, or the modules.
    pub command: Text,
}

impl ItemKind for ModprobeCommand {
    const KIND: &'static str = "module.command";

    fn key(&self) -> Text {
        let parts = [self.file.as_bytes(), self.directive.as_bytes(), self.module.as_bytes()];
        Text::new(parts.join(&b' '))
    }
}

/// A parameter of the kernel's command line that decides what starts first or what is guarded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StartParameter {
    /// `/proc/cmdline`, or the boot loader's file.
    pub file: HostPath,
    /// The line that says so, 0 for the running kernel.
    pub line: u32,
    /// Its name.
    pub name: Text,
    /// Its value.
    pub value: Option<Text>,
    /// The kernel was started by a boot loader on the host's own disk; otherwise whoever runs the
    /// virtual machine wrote the line.
    pub by_boot_loader: bool,
}

impl StartParameter {
    /// The parameter is of this name.
    pub fn is(&self, name: &str) -> bool {
        self.name == name
    }
}

impl ItemKind for StartParameter {
    const KIND: &'static str = "kernel.parameter";
    const NATURE: Nature = Nature::STANDING.live(&["by_boot_loader"]);

    fn key(&self) -> Text {
        let line = self.line.to_string();
        Text::new([self.file.as_bytes(), line.as_bytes(), self.name.as_bytes()].join(&b' '))
    }
}
