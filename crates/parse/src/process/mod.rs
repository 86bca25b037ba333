//! `/proc/PID`: what a process is, where it belongs, what it has mapped and holds open.
//!
//! The kernel writes these texts, but names in them (commands, paths, cgroups) are the intruder's:
//! a command may hold spaces, brackets and newlines, a path may end in ` (deleted)` by itself.
//! Formats: proc(5), `proc_pid_stat(5)` and its neighbours, `fs/proc/` in the kernel.

mod cgroup;
mod descriptor;
mod environment;
mod executable;
mod fdinfo;
mod io;
mod maps;
mod mountinfo;
pub mod net;
mod placement;
mod stat;
mod status;
mod times;

pub use cgroup::{CgroupPath, cgroup_paths};
pub use descriptor::Descriptor;
pub use environment::interesting_variables;
pub use executable::ExecutableName;
pub use fdinfo::{BpfKind, BpfObject, bpf_object, tun_interface};
pub use io::bytes_written;
pub use maps::{Mapping, mappings};
pub use mountinfo::{Mount, mounts};
pub use placement::{Engine, Placement};
pub use stat::{ProcessStat, process_stat};
pub use status::{ProcessStatus, process_status};
pub use times::{ProcessorTimes, processor_times};

/// A number in decimal digits and nothing else.
fn number<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| plain)?.parse().ok()
}

/// A number in hexadecimal digits and nothing else.
fn hexadecimal(digits: &[u8]) -> Option<u64> {
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    u64::from_str_radix(std::str::from_utf8(digits).ok().filter(|_| plain)?, 16).ok()
}

/// The words of a line, however many blanks stand between them.
fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;
