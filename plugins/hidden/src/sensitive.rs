//! Functions of the kernel through which programs list files, processes, connections and messages.

use coroner_core::Text;

/// What system calls are called in the kernel and in tracepoints, before their own name.
const OF_CALLS: [&str; 9] = [
    "__x64_sys_",
    "__ia32_sys_",
    "__ia32_compat_sys_",
    "__arm64_sys_",
    "__se_sys_",
    "__do_sys_",
    "sys_enter_",
    "sys_exit_",
    "sys_",
];

/// System calls that rootkits change the answers of; those that all tracers watch (openat, execve,
/// connect) are not among them.
const CALLS: [&str; 9] = [
    "getdents",
    "getdents64",
    "kill",
    "tgkill",
    "bpf",
    "syslog",
    "pidfd_open",
    "init_module",
    "finit_module",
];

/// Functions of the kernel that rootkits replace.
const FUNCTIONS: [&str; 19] = [
    "iterate_dir",
    "filldir",
    "filldir64",
    "compat_filldir",
    "fillonedir",
    "next_tgid",
    "proc_pid_readdir",
    "find_task_by_vpid",
    "tcp4_seq_show",
    "tcp6_seq_show",
    "udp4_seq_show",
    "udp6_seq_show",
    "raw_seq_show",
    "packet_seq_show",
    "tpacket_rcv",
    "packet_rcv",
    "do_syslog",
    "m_show",
    "bpf_prog_get_fd_by_id",
];

/// Whether a rootkit would take this function or tracepoint over.
pub(crate) fn hides(name: &Text) -> bool {
    let Some(name) = name.as_str() else { return false };
    let call = OF_CALLS.iter().find_map(|start| name.strip_prefix(start));
    FUNCTIONS.contains(&name) || call.is_some_and(|call| CALLS.contains(&call))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_known_by_all_their_names_and_others_are_not() {
        for name in ["__x64_sys_getdents64", "sys_enter_kill", "tcp4_seq_show", "sys_bpf"] {
            assert!(hides(&name.into()), "{name}");
        }
        for name in ["vfs_read", "__x64_sys_openat", "killer", "getdents64x", "tcp_v4_rcv"] {
            assert!(!hides(&name.into()), "{name}");
        }
    }
}
