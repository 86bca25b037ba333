//! Names: of shells and interpreters, of programs that make code as they run, of services that intruders
//! borrow names from, and of the kernel's own threads.

use coroner_parse::command::shell::SHELLS;

/// Interpreters that reverse shells are written for.
const INTERPRETERS: &[&str] = &[
    "python",
    "perl",
    "php",
    "ruby",
    "node",
    "nodejs",
    "lua",
    "luajit",
    "tclsh",
    "expect",
    "awk",
    "gawk",
    "mawk",
    "nawk",
    "busybox",
    "java",
    "jrunscript",
    "guile",
    "deno",
    "bun",
];

/// Programs that compile as they run, or that hold code for closures: their memory is full of it.
const COMPILERS: &[&str] = &[
    "java",
    "node",
    "nodejs",
    "deno",
    "bun",
    "electron",
    "chrome",
    "chromium",
    "chromium-browser",
    "firefox",
    "firefox-esr",
    "thunderbird",
    "code",
    "slack",
    "teams",
    "python",
    "pypy",
    "ruby",
    "php",
    "php-fpm",
    "luajit",
    "lua",
    "nginx",
    "openresty",
    "apache2",
    "httpd",
    "git",
    "grep",
    "rg",
    "postgres",
    "mysqld",
    "mariadbd",
    "mongod",
    "beam.smp",
    "erl",
    "dotnet",
    "pwsh",
    "mono",
    "mono-sgen",
    "wine",
    "wine64",
    "wine-preloader",
    "wine64-preloader",
    "wineserver",
    "julia",
    "R",
    "gnome-shell",
    "gjs",
    "gjs-console",
    "polkitd",
    "plasmashell",
    "WebKitWebProcess",
    "Xorg",
    "Xwayland",
    "gnome-software",
    "suricata",
    "haproxy",
    "clickhouse",
    "valgrind",
    "memcheck-amd64-",
    "gdb",
    "rr",
    "box64",
    "rosetta",
    "runsc",
    "wasmtime",
    "wasmer",
    "ghc",
    "sbcl",
    "emacs",
    "racket",
    "elasticsearch",
    "scilab",
    "octave",
    "octave-cli",
    "gimp",
    "blender",
    "obs",
    "steam",
    "dart",
    "clamd",
    "clamscan",
];

/// Services whose names programs take to look like part of the system.
const BORROWED: &[&str] = &[
    "sshd",
    "sshd-session",
    "systemd",
    "init",
    "cron",
    "crond",
    "atd",
    "nginx",
    "apache2",
    "httpd",
    "rsyslogd",
    "syslogd",
    "dbus-daemon",
    "dbus-broker",
    "agetty",
    "getty",
    "login",
    "udevd",
    "systemd-udevd",
    "systemd-journald",
    "systemd-logind",
    "systemd-resolved",
    "systemd-networkd",
    "systemd-timesyncd",
    "NetworkManager",
    "dhclient",
    "polkitd",
    "snapd",
    "containerd",
    "dockerd",
    "kubelet",
    "libvirtd",
    "auditd",
    "chronyd",
    "ntpd",
    "postfix",
    "smartd",
    "acpid",
    "irqbalance",
    "accounts-daemon",
    "mysqld",
    "named",
    "vsftpd",
    "bash",
    "sh",
];

/// Threads of the kernel whose names no program has (`kthread_create` in the kernel's source). Others, such as
/// `md0_raid1` and `loop0`, are too near to what people call their scripts.
const KERNEL_THREADS: &[&str] = &[
    "kworker",
    "kthreadd",
    "ksoftirqd",
    "migration/",
    "rcu_sched",
    "rcu_preempt",
    "rcu_par_gp",
    "rcu_gp",
    "rcu_tasks",
    "rcub/",
    "rcuc/",
    "rcuog/",
    "rcuop/",
    "kswapd",
    "kcompactd",
    "khugepaged",
    "ksmd",
    "kauditd",
    "kdevtmpfs",
    "khungtaskd",
    "oom_reaper",
    "writeback",
    "kblockd",
    "kintegrityd",
    "watchdogd",
    "cpuhp/",
    "idle_inject/",
    "jbd2/",
    "xfsaild/",
    "scsi_eh_",
    "scsi_tmf_",
    "irq/",
    "kthrotld",
    "mm_percpu_wq",
    "inet_frag_wq",
    "ecryptfs-kthread",
    "pool_workqueue_release",
    "slub_flushwq",
    "kcryptd",
    "kmpath_rdacd",
    "kstrp",
    "zswap-shrink",
    "ext4-rsv-conver",
    "devfreq_wq",
    "charger_manager",
];

/// The last component of a path.
pub(crate) fn base(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
}

pub(crate) fn is_shell(name: &[u8]) -> bool {
    SHELLS.contains(&name)
}

/// By the name of its file, with a version or without.
pub(crate) fn is_interpreter(name: &[u8]) -> bool {
    among(INTERPRETERS, unversioned(name))
}

pub(crate) fn is_compiler(name: &[u8]) -> bool {
    let known = among(COMPILERS, name) || among(COMPILERS, unversioned(name));
    known || name.starts_with(b"qemu-") || name == b"kvm"
}

pub(crate) fn is_borrowed(name: &[u8]) -> bool {
    among(BORROWED, name)
}

/// `kworker/0:1`, `ksoftirqd/3`, `kthreadd`: a name that only threads of the kernel have.
pub(crate) fn is_of_kernel_thread(name: &[u8]) -> bool {
    KERNEL_THREADS.iter().any(|known| {
        let rest = name.strip_prefix(known.as_bytes());
        rest.is_some_and(|rest| match rest.first() {
            None => true,
            Some(byte) => {
                known.ends_with(['/', '_'])
                    || matches!(byte, b'/' | b':' | b'_')
                    || byte.is_ascii_digit()
            }
        })
    })
}

fn among(list: &[&str], name: &[u8]) -> bool {
    list.iter().any(|known| known.as_bytes() == name)
}

/// `python3.11` is `python`, `php-fpm8.2` is `php-fpm`, `perl5.36-x86_64-linux-gnu` is `perl`.
fn unversioned(name: &[u8]) -> &[u8] {
    let digit = name.iter().position(u8::is_ascii_digit).unwrap_or(name.len());
    let stem = name.get(..digit).unwrap_or(name);
    stem.strip_suffix(b"-").unwrap_or(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_do_not_hide_an_interpreter() {
        for name in ["python3.11", "perl", "perl5.36-x86_64-linux-gnu", "php8.2", "lua5.4"] {
            assert!(is_interpreter(name.as_bytes()), "{name}");
        }
        assert!(is_compiler(b"php-fpm8.2") && is_compiler(b"qemu-system-x86_64"));
        assert!(!is_interpreter(b"pythonista") && !is_compiler(b"sshd"));
    }

    #[test]
    fn names_of_kernel_threads_are_known_and_others_are_not() {
        for name in [
            "kworker/0:1",
            "kworker/u8:2-events",
            "kthreadd",
            "jbd2/vda1-8",
            "rcu_preempt",
            "irq/24-pciehp",
            "kswapd0",
        ] {
            assert!(is_of_kernel_thread(name.as_bytes()), "{name}");
        }
        for name in [
            "mdadm",
            "btrfs-scrub.sh",
            "md5_check.py",
            "migration-worker",
            "kwin_x11",
            "irqbalance",
            "watchdog",
            "loop",
        ] {
            assert!(!is_of_kernel_thread(name.as_bytes()), "{name}");
        }
    }
}
