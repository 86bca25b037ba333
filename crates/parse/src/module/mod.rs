//! Kernel modules: the loaded list, sysfs, symbols, taint, modprobe configuration.

mod boot_entry;
mod index;
mod kernel_command;
mod loaded;
mod log;
mod memory;
mod modprobe;
mod name;
mod object;
mod probe;
mod symbols;
mod taint;
mod traced;

pub use boot_entry::{KernelLine, boot_entry, grub_config, grub_defaults};
pub use index::{IndexedModule, builtin_modules, indexed_modules};
pub use kernel_command::{KernelParameter, kernel_command};
pub use loaded::{LoadedModule, loaded_modules};
pub use log::tainting_modules;
pub use memory::{ModuleMemory, module_memory};
pub use modprobe::{Directive, DirectiveKind, modprobe_config, wanted_modules};
pub use name::{is_module_file, module_name};
pub use object::{ModuleObject, module_object};
pub use probe::{KernelProbe, kernel_probes, probe_events};
pub use symbols::SymbolTags;
pub use taint::{Taint, TaintBit, taint_bits};
pub use traced::{TracedFunction, traced_functions};
