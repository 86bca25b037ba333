//! A kernel that lies, without any hiding code in a kernel: coroner runs under ptrace(2), and the
//! results of its own system calls are edited before it sees them. x86-64 alone.

mod call;
mod content;
mod directory;
mod lookup;
mod socket;
mod trace;

pub(crate) use content::{EVERY_READ, READ, READS, rewrite, shorten, without_lines};
pub(crate) use directory::{Hide, hide, processes_less};
pub(crate) use lookup::{BY_NUMBER, BY_PATH, BY_TASK, deny};
pub(crate) use socket::untold;
pub(crate) use trace::{Lie, Told, audit};
