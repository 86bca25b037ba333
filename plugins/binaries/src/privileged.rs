//! Files that are ordinarily set-uid, set-gid or carry capabilities, in one place.
//!
//! dpkg's database does not say modes, so this list stands in for it: the distributions' own
//! packages (Debian, Ubuntu, Fedora, SUSE, Arch, Alpine) by file name.

/// Set-uid in a distribution's package.
pub static SET_UID: &[&str] = &[
    "Xorg.wrap", "at", "authopen", "bbsuid", "bwrap", "chage", "change-passwd", "check_dhcp", "check_icmp",
    "chfn", "chkpwd", "chrome-sandbox", "chrome_sandbox", "chsh", "cockpit-session", "cockpit-wsinstance-factory",
    "crontab", "dbus-daemon-launch-helper", "doas", "dma", "dma-mbox-create", "eject", "exim", "exim4", "expiry",
    "firejail", "fping", "fping6", "fusermount", "fusermount3", "gnome-control-center-search-provider",
    "gpasswd", "grub2-set-bootflag", "helper", "incidents", "kcheckpass", "keybase-redirector", "krb5_child",
    "ksu", "ldap_child", "lppasswd", "lxc-user-nic", "mail-dotlock", "mount", "mount.cifs", "mount.davfs", "mount.ecryptfs_private",
    "mount.nfs", "mount.nfs4", "mount.smb3", "mtr-packet", "ndisc6", "netreport", "newgidmap", "newgrp", "newuidmap", "newrole",
    "nullmailer-queue", "ntfs-3g", "opiepasswd", "pam-tmpdir-helper", "pam_timestamp_check", "passwd", "pcscd", "ping",
    "ping4", "ping6", "pkexec", "pmount", "polkit-agent-helper-1", "postdrop", "pppd", "procmail", "proxy_child", "pumount",
    "qemu-bridge-helper", "rdisc6", "rltraceroute6", "rcp", "rlogin", "rsh", "s-nail-dotlock", "s-nail-privsep",
    "screen", "selinux_child", "sg", "smbmnt", "snap-confine", "spice-client-glib-usb-acl-helper", "ssh-keysign", "staprun",
    "start-suid", "starter-suid", "su", "sudo", "sudo-rs", "sudoedit", "suexec", "suexec2", "suexec-custom", "suexec-pristine", "svrole",
    "tcptraceroute", "traceroute6.iputils", "ubuntu-core-launcher", "umount", "umount.cifs", "umount.nfs", "umount.nfs4",
    "uml_net", "unix2_chkpwd", "unix_chkpwd", "usbmount", "userhelper", "usernetctl", "utempter", "vmware-user-suid-wrapper",
    "VBoxHeadless", "VBoxNetAdpCtl", "VBoxNetDHCP", "VBoxNetNAT", "VBoxSDL", "VirtualBox", "VirtualBoxVM", "VBoxVolInfo", "vncserver-x11", "wall", "xtables-legacy-multi", "zabbix_fping",
];

/// Set-gid in a distribution's package.
pub static SET_GID: &[&str] = &[
    "at", "bsd-write", "chage", "crontab", "cronjob", "dotlockfile", "expiry", "gnome-pty-helper", "lockdev", "lockfile", "mail-lock",
    "mail-touchlock", "mail-unlock", "mailq", "mlocate", "locate", "locate.plocate", "nethack", "pam_extrausers_chkpwd", "plocate", "postdrop", "postqueue",
    "screen", "sendmail", "sendmail.sendmail", "smtpctl", "ssh-agent", "ssh-keysign", "tmux", "unix_chkpwd", "utempter", "wall", "write", "write.ul",
    "xlock", "xterm", "Xorg.wrap", "camel-lock-helper-1.2", "exim4", "dma", "newgidmap", "newuidmap", "crack_attack", "procmail", "lockspool", "netreport", "pam_timestamp_check", "vlock-main",
];

/// With file capabilities in a distribution's package.
pub static CAPABLE: &[&str] = &[
    "arping", "clockdiff", "dumpcap", "fping", "gnome-keyring-daemon", "gst-ptp-helper", "i3status", "iftop", "kwin_wayland",
    "mtr-packet", "mtr", "newgidmap", "newuidmap", "nmap", "ping", "ping4", "ping6", "rcp", "rlogin", "rsh", "suexec", "snap-confine",
    "tracepath", "traceroute", "traceroute6", "traceroute6.iputils", "traceroute.db", "systemd-detect-virt", "wodim", "cdda2wav", "cdrecord", "readcd", "slock",
    "sssd_pam", "krb5_child", "ldap_child", "selinux_child", "polkit-agent-helper-1", "gamescope", "sunshine", "nethogs", "intel_gpu_top", "unix_chkpwd", "ntpd", "chronyd", "redis-server", "caddy",
    "mosh-server", "bwrap", "fusermount3", "vlc-cache-gen", "named", "dhcpcd", "sudo-rs",
];

/// Programs that hand a shell, or any file, to whoever may run them as another user. Set-uid or with
/// a strong capability they are a back door, whatever package they come from.
pub static GIVE_EVERYTHING: &[&str] = &[
    "ash", "awk", "bash", "base64", "busybox", "bzip2", "cat", "chmod", "chown", "chroot", "cp", "cpio", "csh", "cut", "dash", "dd", "diff", "docker",
    "ed", "emacs", "env", "expect", "file", "find", "flock", "gawk", "gdb", "git", "grep", "gzip", "head", "install", "ionice", "ip", "jq", "ksh", "less",
    "ln", "ls", "lua", "make", "man", "mawk", "mksh", "more", "mv", "nano", "nawk", "nc", "ncat", "nft", "nice", "node", "nohup", "nsenter", "openssl",
    "perl", "php", "pico", "python", "python2", "python3", "rbash", "rlwrap", "rsync", "rpm", "ruby", "run-parts", "scp", "script", "sed", "setarch", "sftp", "sh",
    "socat", "sort", "ssh", "stdbuf", "strace", "systemctl", "tac", "tail", "tar", "taskset", "tclsh", "tcsh", "tee", "time", "timeout", "unshare", "vi", "vim",
    "vim.basic", "vim.tiny", "view", "watch", "wget", "curl", "xargs", "xxd", "xz", "zip", "zsh",
];

/// Whether `name` is in one of the lists above; a version at the end (`python3.11`) is let go.
pub fn listed(list: &[&str], name: &[u8]) -> bool {
    let plain = name.trim_ascii_end();
    let digits = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    let end = plain.iter().rposition(|byte| !digits(byte)).map_or(0, |last| last + 1);
    let stem = plain.get(..end).unwrap_or(plain);
    list.iter().any(|known| known.as_bytes() == plain || (end > 1 && known.as_bytes() == stem))
}

/// Capabilities that make root of whoever has them, by bit (linux/capability.h).
static STRONG: &[(u32, &str)] = &[
    (0, "cap_chown"),
    (1, "cap_dac_override"),
    (2, "cap_dac_read_search"),
    (3, "cap_fowner"),
    (6, "cap_setgid"),
    (7, "cap_setuid"),
    (8, "cap_setpcap"),
    (16, "cap_sys_module"),
    (17, "cap_sys_rawio"),
    (18, "cap_sys_chroot"),
    (19, "cap_sys_ptrace"),
    (21, "cap_sys_admin"),
    (31, "cap_setfcap"),
    (39, "cap_bpf"),
];

/// The permitted capabilities of a stored `security.capability` attribute (hex of `vfs_cap_data`,
/// linux/capability.h: magic, then pairs of permitted and inheritable words, little endian).
pub fn permitted(stored: &str) -> Option<u64> {
    let word = |index: usize| {
        let hex = stored.get(index * 8..index * 8 + 8)?;
        u32::from_str_radix(hex, 16).ok().map(u32::swap_bytes)
    };
    let low = word(1)?;
    Some(u64::from(word(3).unwrap_or(0)) << 32 | u64::from(low))
}

/// The names of those that make root of whoever has them.
pub fn strong(permitted: u64) -> Vec<&'static str> {
    STRONG.iter().filter(|(bit, _)| permitted >> bit & 1 == 1).map(|(_, name)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read_as_the_kernel_stores_them() {
        // setcap cap_net_raw+ep, revision 2; cap_setuid+ep with a root id, revision 3.
        assert_eq!(permitted("0100000200200000000000000000000000000000"), Some(1 << 13));
        let setuid = permitted("010000038000000000000000000000000000000000000000").unwrap();
        assert_eq!(strong(setuid), ["cap_setuid"]);
        assert_eq!(strong(1 << 13), Vec::<&str>::new());
        assert_eq!(permitted("01"), None);
        assert_eq!(permitted("zz"), None);
    }

    #[test]
    fn versions_at_the_end_of_a_name_are_let_go() {
        assert!(listed(GIVE_EVERYTHING, b"python3.11"));
        assert!(listed(GIVE_EVERYTHING, b"perl5.36.0"));
        assert!(listed(SET_UID, b"ping6"));
        assert!(!listed(GIVE_EVERYTHING, b"pythonish"));
        assert!(!listed(SET_UID, b"7"));
    }
}
