//! Where intruders leave files that start something, let somebody in, or hide something.

use coroner_core::{Cx, FileType, HostPath};

/// What the plugin reads, for its description.
pub(crate) static READS: &[&str] = &[
    "/proc",
    "/proc/*",
    "/proc/loadavg",
    "/proc/*/net/*",
    "/proc/*/fd/*",
    "/proc/modules",
    "/proc/kallsyms",
    "/sys/kernel/livepatch",
    "/sys/kernel/tracing/enabled_functions",
    "/sys/kernel/debug/tracing/enabled_functions",
    "/proc/stat",
    "/proc/sys/kernel/pid_max",
    "/proc/self/mountinfo",
    "/proc/self/mounts",
    "/sys/module",
    "/sys/dev/block/*/uevent",
    "/sys/fs/cgroup/**",
    "/dev/*",
    "/etc/**",
    "/root/**",
    "/home/*/**",
    "/var/spool/cron/**",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/lib/**",
    "/tmp",
    "/var/tmp",
    "/dev/shm",
    "/opt",
];

/// Directories whose records are read one by one.
pub(crate) static DIRECTORIES: &[&str] = &[
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/dev/shm",
    "/etc",
    "/etc/cron.d",
    "/etc/cron.daily",
    "/etc/cron.hourly",
    "/etc/init.d",
    "/etc/ld.so.conf.d",
    "/etc/modprobe.d",
    "/etc/modules-load.d",
    "/etc/pam.d",
    "/etc/profile.d",
    "/etc/rc.d",
    "/etc/security",
    "/etc/ssh",
    "/etc/sudoers.d",
    "/etc/systemd/system",
    "/etc/systemd/system/multi-user.target.wants",
    "/etc/udev/rules.d",
    "/etc/update-motd.d",
    "/etc/xdg/autostart",
    "/lib/modules",
    "/lib/modules-load.d",
    "/lib/security",
    "/lib/systemd/system",
    "/lib/systemd/system-generators",
    "/lib/udev/rules.d",
    "/lib64/security",
    "/opt",
    "/root",
    "/root/.ssh",
    "/run",
    "/run/systemd/system",
    "/sbin",
    "/srv",
    "/sys/fs/bpf",
    "/sys/module",
    "/tmp",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib/x86_64-linux-gnu/security",
    "/usr/local/bin",
    "/usr/local/lib",
    "/usr/local/lib/systemd/system",
    "/usr/local/sbin",
    "/usr/sbin",
    "/usr/share",
    "/var/lib",
    "/var/log",
    "/var/spool/cron",
    "/var/spool/cron/atjobs",
    "/var/spool/cron/crontabs",
    "/var/tmp",
    "/var/www",
    "/proc",
];

/// Directories all of whose files are read by several calls.
pub(crate) static FOLDERS: &[&str] = &[
    "/etc/cron.d",
    "/etc/ld.so.conf.d",
    "/etc/modules-load.d",
    "/etc/pam.d",
    "/etc/profile.d",
    "/etc/ssh/sshd_config.d",
    "/etc/sudoers.d",
    "/etc/systemd/system",
    "/etc/udev/rules.d",
    "/etc/update-motd.d",
    "/var/spool/cron",
    "/var/spool/cron/crontabs",
];

/// Files that are read by several calls.
pub(crate) static FILES: &[&str] = &[
    "/etc/anacrontab",
    "/etc/bash.bashrc",
    "/etc/bashrc",
    "/etc/crontab",
    "/etc/environment",
    "/etc/fstab",
    "/etc/group",
    "/etc/gshadow",
    "/etc/hosts",
    "/etc/inittab",
    "/etc/ld.so.conf",
    "/etc/ld.so.preload",
    "/etc/modules",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/profile",
    "/etc/rc.local",
    "/etc/rc.d/rc.local",
    "/etc/resolv.conf",
    "/etc/security/pam_env.conf",
    "/etc/shadow",
    "/etc/shells",
    "/etc/ssh/sshd_config",
    "/etc/sudoers",
    "/etc/sysctl.conf",
    "/etc/systemd/system.conf",
    "/etc/zsh/zshrc",
];

/// The same in each home.
pub(crate) static HOME_FILES: &[&str] = &[
    ".bash_login",
    ".bash_logout",
    ".bash_profile",
    ".bashrc",
    ".profile",
    ".ssh/authorized_keys",
    ".ssh/authorized_keys2",
    ".ssh/config",
    ".ssh/rc",
    ".zshrc",
];

/// More homes than this are a file server's.
const MOST_HOMES: usize = 50;

/// Root's home and those below /home.
pub(crate) fn homes(cx: &mut Cx<'_>) -> Vec<HostPath> {
    let below = cx.list(&HostPath::new("/home"));
    let dirs = below.into_iter().filter(|entry| entry.kind == FileType::Directory);
    let mut homes = vec![HostPath::new("/root")];
    homes.extend(dirs.map(|entry| entry.path).take(MOST_HOMES));
    homes
}
