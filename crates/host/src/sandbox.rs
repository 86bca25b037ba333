//! Rights this process gives up before it reads the first byte of a host.
//!
//! Landlock takes writing and executing files, seccomp the system calls that run programs, load
//! modules, mount, send signals or change attributes (which Landlock does not cover).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus,
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
use serde::{Deserialize, Serialize};

/// How much of a protection the kernel granted.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Enforced {
    /// Nothing.
    None,
    /// Some of it: an older kernel.
    Partial,
    /// All of it.
    Full,
}

/// What this process can no longer do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restrictions {
    /// Writing files, by Landlock.
    pub writing: Enforced,
    /// Running programs and changing attributes, by seccomp.
    pub calls: Enforced,
}

/// Gives the rights up, for this thread and all it starts; directories in `writable` stay writable.
pub fn restrict(writable: &[PathBuf]) -> Restrictions {
    let writing = restrict_writing(writable).unwrap_or(Enforced::None);
    let calls = if restrict_calls().is_some() { Enforced::Full } else { Enforced::None };
    Restrictions { writing, calls }
}

fn restrict_writing(writable: &[PathBuf]) -> Option<Enforced> {
    let abi = ABI::V5;
    let denied = AccessFs::from_write(abi) | AccessFs::Execute;
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(denied)
        .ok()?
        .create()
        .ok()?;
    for dir in writable.iter().chain([&PathBuf::from("/dev/null"), &PathBuf::from("/dev/tty")]) {
        rules = allow_writing(rules, dir, abi)?;
    }
    let status = rules.restrict_self().ok()?;
    Some(match status.ruleset {
        RulesetStatus::FullyEnforced => Enforced::Full,
        RulesetStatus::PartiallyEnforced => Enforced::Partial,
        RulesetStatus::NotEnforced => Enforced::None,
    })
}

fn allow_writing(
    rules: landlock::RulesetCreated,
    path: &Path,
    abi: ABI,
) -> Option<landlock::RulesetCreated> {
    let Ok(fd) = PathFd::new(path) else { return Some(rules) };
    let access = if path.is_dir() {
        AccessFs::from_write(abi)
    } else {
        AccessFs::WriteFile | AccessFs::Truncate
    };
    rules.add_rule(PathBeneath::new(fd, access)).ok()
}

/// System calls that an auditor has no use for.
const REFUSED_CALLS: &[libc::c_long] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_ptrace,
    libc::SYS_kill,
    libc::SYS_fchmodat,
    libc::SYS_fchownat,
    libc::SYS_fchmod,
    libc::SYS_fchown,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_mknodat,
    libc::SYS_symlinkat,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_sethostname,
];

/// Older forms of the same calls, which only this architecture still has.
#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[libc::c_long] = &[
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
    libc::SYS_mknod,
    libc::SYS_symlink,
    libc::SYS_fork,
    libc::SYS_vfork,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[libc::c_long] = &[];

/// The seccomp half alone, for this thread and all it starts.
pub(crate) fn restrict_calls() -> Option<()> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).ok()?;
    let rules: BTreeMap<i64, Vec<seccompiler::SeccompRule>> =
        REFUSED_CALLS.iter().chain(REFUSED_HERE).map(|&call| (call, Vec::new())).collect();
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch).ok()?;
    let program: BpfProgram = filter.try_into().ok()?;
    seccompiler::apply_filter(&program).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restricted_process_cannot_write_run_or_touch_but_can_read() {
        // Landlock and seccomp bind the calling thread alone, so a thread is enough of a process.
        std::thread::spawn(|| {
            let dir = tempfile::tempdir().unwrap();
            let allowed = tempfile::tempdir().unwrap();
            let file = dir.path().join("file");
            std::fs::write(&file, "x").unwrap();
            let got = restrict(&[allowed.path().to_path_buf()]);
            assert_eq!(got.calls, Enforced::Full);
            assert!(std::process::Command::new("/bin/true").status().is_err());
            assert_eq!(std::fs::read(&file).unwrap(), b"x");
            if got.writing == Enforced::Full {
                assert!(std::fs::write(&file, "y").is_err());
                std::fs::write(allowed.path().join("report"), "z").unwrap();
            }
        })
        .join()
        .unwrap();
    }
}
