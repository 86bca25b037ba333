//! Running processes: what they run, what they say they are, and the code in their memory.
//!
//! Whoever has a program running on a host wants it to look like another one: its file is deleted or was
//! never a file, its name is a kernel thread's or a vendor's, its code was written into a process that was
//! there before. Each of these leaves a fact that the kernel keeps: the device and inode of the program, the
//! flag of kernel threads, pages of code that are not the file's.
//!
//! Ordinary are deleted programs after an upgrade (the package's file is there again and newer than the
//! process), JIT compilers' memory, debuggers with a terminal, container engines that run from memory, and
//! whatever a container runs: no package of the host speaks of its files, so only what is odd anywhere is
//! judged there.
//!
//! It cannot see a process that the kernel itself hides (the `hidden` plugin compares views for that), code
//! changed in the page cache for all processes at once (the package's digest tells), and what an interpreter
//! was fed: its program is the vendor's.

mod collect;
mod items;
mod judge;
mod names;
mod rules;

use coroner_core::{Cx, Findings, ItemType, Items, Meta, Needs, Plugin, Skip};

pub use items::{
    Anonymous, ChangedCode, Code, CoveringMount, Library, ProcessItem, Program, Remote, Tracer,
    Variable,
};

/// The plugin.
pub struct Processes;

coroner_core::submit!(Processes);

static META: Meta = Meta {
    id: "processes",
    summary: "running processes: what they run, what they say they are, and the code in their memory",
    reads: &[
        "/proc/*/stat",
        "/proc/*/status",
        "/proc/*/cgroup",
        "/proc/*/cmdline",
        "/proc/*/environ",
        "/proc/*/exe",
        "/proc/*/fd/*",
        "/proc/*/fdinfo/*",
        "/proc/*/loginuid",
        "/proc/*/maps",
        "/proc/*/map_files/*",
        "/proc/*/mem",
        "/proc/*/net/*",
        "/proc/*/ns/*",
        "/proc/*/pagemap",
        "/proc/1/mountinfo",
        "/proc/stat",
    ],
    needs: Needs::LiveKernel,
    rules: rules::ALL,
    items: &[ItemType::of::<ProcessItem>(), ItemType::of::<CoveringMount>()],
};

impl Plugin for Processes {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn collect(&self, cx: &mut Cx<'_>) -> Result<(), Skip> {
        collect::everything(cx);
        Ok(())
    }

    fn judge(&self, items: &Items, out: &mut Findings) {
        judge::everything(items, out);
    }
}
