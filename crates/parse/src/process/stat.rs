//! `/proc/PID/stat` (`proc_pid_stat(5)`).

use super::{number, words};
use crate::Text;

/// `PF_KTHREAD`, linux/sched.h: a thread of the kernel itself, whatever its name.
const PF_KTHREAD: u32 = 0x0020_0000;

/// One process, as the kernel's scheduler has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessStat {
    /// Its number.
    pub pid: i32,
    /// The name it goes by, at most 15 bytes of its own choice (64 for kernel workers).
    pub comm: Text,
    /// `R`, `S`, `D`, `Z`, `T`, ...
    pub state: u8,
    /// Its parent's number; 0 when the parent is outside the pid namespace.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// Its session.
    pub session: i32,
    /// Its controlling terminal as a device number; 0 when it has none.
    pub terminal: i32,
    /// `PF_*` of linux/sched.h.
    pub flags: u32,
    /// Processor time spent in it and in the kernel for it, in clock ticks.
    pub ticks: u64,
    /// The same of its children that have ended and that it has waited for, and of theirs.
    pub reaped: u64,
    /// Threads in it.
    pub threads: u32,
    /// When it started, in clock ticks since the boot; with the pid it names the process.
    pub started: u64,
}

impl ProcessStat {
    /// The kernel's own thread: it has no program.
    pub fn is_kernel_thread(&self) -> bool {
        self.flags & PF_KTHREAD != 0
    }

    /// It has ended and waits for its parent: it has no program any more.
    pub fn is_zombie(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x')
    }
}

/// Reads the line. The name ends at the last closing bracket: it may hold brackets itself.
pub fn process_stat(content: &[u8]) -> Option<ProcessStat> {
    let open = content.iter().position(|&byte| byte == b'(')?;
    let close = content.iter().rposition(|&byte| byte == b')')?;
    let pid = number(content.get(..open)?.trim_ascii())?;
    let comm = Text::from(content.get(open + 1..close)?);
    let fields: Vec<&[u8]> = words(content.get(close + 1..)?).collect();
    // proc_pid_stat(5) counts from 1 and the state is field 3.
    let field = |place: usize| fields.get(place - 3).copied();
    Some(ProcessStat {
        pid,
        comm,
        state: *field(3)?.first()?,
        parent: number(field(4)?)?,
        group: number(field(5)?).unwrap_or_default(),
        session: number(field(6)?).unwrap_or_default(),
        terminal: number(field(7)?).unwrap_or_default(),
        flags: number(field(9)?)?,
        ticks: number::<u64>(field(14)?)?.saturating_add(number(field(15)?)?),
        reaped: number::<u64>(field(16)?)
            .unwrap_or_default()
            .saturating_add(number(field(17)?).unwrap_or_default()),
        threads: number(field(20)?)?,
        started: number(field(22)?)?,
    })
}
