//! `/proc/PID/status` (`proc_pid_status(5)`).

use super::{hexadecimal, number, words};

/// What `status` says beyond `stat`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProcessStatus {
    /// The thread group: the process that this thread belongs to.
    pub group: i32,
    /// The process that traces it; 0 for none.
    pub tracer: i32,
    /// Real, effective, saved and file-system user.
    pub uids: [u32; 4],
    /// Real, effective, saved and file-system group.
    pub gids: [u32; 4],
    /// Effective capabilities.
    pub capabilities: u64,
    /// Its number in each pid namespace it is seen from, the outermost first.
    pub pids: Vec<i32>,
}

/// Reads the fields. The kernel escapes the name, so no line can be forged by it.
pub fn process_status(content: &[u8]) -> Option<ProcessStatus> {
    let mut status = ProcessStatus::default();
    let mut has_uids = false;
    for line in content.split(|&byte| byte == b'\n') {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default();
        match name {
            b"Tgid" => status.group = number(value.trim_ascii())?,
            b"TracerPid" => status.tracer = number(value.trim_ascii())?,
            b"Uid" => {
                status.uids = four(value)?;
                has_uids = true;
            }
            b"Gid" => status.gids = four(value)?,
            b"CapEff" => status.capabilities = hexadecimal(value.trim_ascii())?,
            b"NSpid" => status.pids = words(value).filter_map(number).collect(),
            _ => {}
        }
    }
    has_uids.then_some(status)
}

fn four(value: &[u8]) -> Option<[u32; 4]> {
    let numbers: Option<Vec<u32>> = words(value).map(number).collect();
    numbers?.try_into().ok()
}
