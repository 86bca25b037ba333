//! Views of the live kernel that must agree.
//!
//! A rootkit in the kernel, or one that rewrites what system calls return, takes its processes,
//! files and lines out of what programs read. It hooks the calls that programs make; the kernel
//! answers the same questions in many more places, and the places it left alone contradict the
//! ones it edited. Every contradiction is read three times over before it is told, because
//! processes and files come and go while they are counted.
//!
//! Nothing ordinary makes these views differ for long. The verdict cannot be `clean` when too few
//! views answer at all.
//!
//! It cannot see what every one of its views hides alike, nor anything when the numbers of
//! processes are not the kernel's own (a container). Modules have their own views, in `modules`.

mod attached;
mod bpf;
mod content;
mod contents;
mod counts;
mod directories;
mod disks;
mod group_counts;
mod groups;
mod hooks;
mod items;
mod judge;
mod ledger;
mod places;
mod processes;
mod processor;
mod rules;
mod sensitive;
mod shown;
mod sockets;
mod steady;

use coroner_core::{Cx, Findings, ItemType, Items, Meta, Needs, Plugin, Skip};

pub use items::{
    BpfItem, BpfLinkItem, BpfOwner, ContentView, CountedThing, Difference, DirectoryView,
    DivertedFunction, FileView, HiddenBpf, HiddenProcess, HookOwner, Oversized, PidViews,
    ProbedFunction, ProcessorTime, Shortfall, TouchedFunction, Window,
};
pub use sockets::{HeldSocket, HiddenSocket, SocketHolder, SocketView};

/// The plugin.
pub struct Hidden;

coroner_core::submit!(Hidden);

static META: Meta = Meta {
    id: "hidden",
    summary: "processes, names and contents that one view of the kernel shows and another does not",
    reads: places::READS,
    needs: Needs::LiveKernel,
    rules: rules::ALL,
    items: &[
        ItemType::of::<PidViews>(),
        ItemType::of::<HiddenProcess>(),
        ItemType::of::<Shortfall>(),
        ItemType::of::<ProcessorTime>(),
        ItemType::of::<SocketView>(),
        ItemType::of::<HeldSocket>(),
        ItemType::of::<DirectoryView>(),
        ItemType::of::<FileView>(),
        ItemType::of::<BpfItem>(),
        ItemType::of::<BpfLinkItem>(),
        ItemType::of::<HiddenBpf>(),
        ItemType::of::<DivertedFunction>(),
        ItemType::of::<TouchedFunction>(),
        ItemType::of::<ProbedFunction>(),
    ],
};

impl Plugin for Hidden {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn collect(&self, cx: &mut Cx<'_>) -> Result<(), Skip> {
        let homes = places::homes(cx);
        let mut disks = disks::Disks::new(cx);
        directories::directories(cx, &homes, &mut disks);
        contents::contents(cx, &homes, &mut disks);
        disks.say(cx);
        processes::processes(cx);
        sockets::sockets(cx);
        bpf::bpf(cx);
        hooks::hooks(cx);
        Ok(())
    }

    fn judge(&self, items: &Items, out: &mut Findings) {
        judge::everything(items, out);
        sockets::judge(items, out);
    }
}
