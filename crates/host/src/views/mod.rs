//! Several ways to ask the kernel one question.
//!
//! Code that hides something hooks the calls that programs usually make. The kernel answers the
//! same question elsewhere, and hooking every place is more than rootkits do: what one way shows
//! and another does not is hidden. Nothing here sends a signal, changes a setting or starts
//! anything.

mod blocks;
mod bpf;
mod content;
mod directory;
mod log;
mod pids;
mod probe;

pub use blocks::{BlockDevice, DiskFiles};
pub use bpf::{BpfLink, BpfPin, BpfProgram, BpfTable, bpf_link, bpf_pins, bpf_program};
pub use directory::{OpenDir, RawListing, Withheld};
pub use log::kernel_log;
pub use pids::{Answer, Family, PidView};
pub use probe::{Prober, Scan};
