//! The programs and libraries whose word a responder takes, in one place.
//!
//! Package names are Debian's first, then Fedora's where they differ. All of these are ELF files
//! wherever they are packaged, except those marked [`Form::Any`].

/// What a program is relied on for. It decides how bad a second one of the same name is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Shows processes, sockets, files, users: what an intruder wants to be missing from.
    Look,
    /// Lets people in or makes them root: what an intruder wants passwords from.
    Login,
    /// A shell.
    Shell,
    /// An interpreter, which set-uid turns into a root shell.
    Interpreter,
    /// Sets up network, packet filter, kernel modules, services, jobs, accounts, packages.
    Administer,
    /// Fetches or copies.
    Fetch,
    /// Runs all the time.
    Daemon,
}

/// What a packaged program is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An ELF file in every distribution.
    Elf,
    /// A script in some.
    Any,
}

/// A program by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tool {
    /// The file's name.
    pub name: &'static str,
    /// What it is relied on for.
    pub purpose: Purpose,
    /// What it is made of.
    pub form: Form,
    /// The packages that usually bring it.
    pub packages: &'static [&'static str],
}

const fn elf(name: &'static str, purpose: Purpose, packages: &'static [&'static str]) -> Tool {
    Tool { name, purpose, form: Form::Elf, packages }
}

const fn any(name: &'static str, purpose: Purpose, packages: &'static [&'static str]) -> Tool {
    Tool { name, purpose, form: Form::Any, packages }
}

use Purpose::{Administer, Daemon, Fetch, Interpreter, Login, Look, Shell};

/// Every program, sorted by name.
pub static TOOLS: &[Tool] = &[
    elf("NetworkManager", Daemon, &["network-manager", "NetworkManager"]),
    elf("agetty", Login, &["util-linux"]),
    elf("apk", Administer, &["apk-tools"]),
    elf("apt", Administer, &["apt"]),
    elf("apt-get", Administer, &["apt"]),
    elf("arp", Look, &["net-tools"]),
    elf("at", Administer, &["at"]),
    elf("atd", Daemon, &["at"]),
    elf("auditctl", Administer, &["auditd", "audit"]),
    elf("auditd", Daemon, &["auditd", "audit"]),
    elf("awk", Interpreter, &["mawk", "gawk", "original-awk"]),
    elf("base64", Fetch, &["coreutils"]),
    elf("bash", Shell, &["bash"]),
    elf("bpftool", Look, &["bpftool", "linux-tools-common"]),
    elf("busybox", Shell, &["busybox", "busybox-static"]),
    elf("cat", Look, &["coreutils"]),
    elf("chage", Administer, &["passwd", "shadow-utils"]),
    elf("chattr", Administer, &["e2fsprogs"]),
    elf("chfn", Login, &["passwd", "util-linux-user"]),
    elf("chmod", Administer, &["coreutils"]),
    elf("chown", Administer, &["coreutils"]),
    elf("chsh", Login, &["passwd", "util-linux-user"]),
    elf("containerd", Daemon, &["containerd", "containerd.io"]),
    elf("cp", Fetch, &["coreutils"]),
    elf("cron", Daemon, &["cron"]),
    elf("crond", Daemon, &["cronie", "busybox"]),
    elf("crontab", Administer, &["cron", "cronie"]),
    elf("csh", Shell, &["csh", "bsd-csh"]),
    elf("curl", Fetch, &["curl"]),
    elf("dash", Shell, &["dash"]),
    elf("date", Look, &["coreutils"]),
    elf("dbus-daemon", Daemon, &["dbus", "dbus-daemon"]),
    elf("dd", Fetch, &["coreutils"]),
    elf("df", Look, &["coreutils"]),
    elf("dig", Look, &["bind9-dnsutils", "bind-utils"]),
    elf("dir", Look, &["coreutils"]),
    elf("dmesg", Look, &["util-linux"]),
    elf("docker", Daemon, &["docker.io", "docker-ce-cli"]),
    elf("dockerd", Daemon, &["docker.io", "docker-ce"]),
    elf("dpkg", Administer, &["dpkg"]),
    elf("dpkg-query", Administer, &["dpkg"]),
    elf("du", Look, &["coreutils"]),
    any("dnf", Administer, &["dnf"]),
    any("egrep", Look, &["grep"]),
    elf("env", Administer, &["coreutils"]),
    elf("ethtool", Look, &["ethtool"]),
    any("fgrep", Look, &["grep"]),
    elf("file", Look, &["file"]),
    elf("find", Look, &["findutils"]),
    any("firewalld", Daemon, &["firewalld"]),
    elf("free", Look, &["procps", "procps-ng"]),
    elf("fuser", Look, &["psmisc"]),
    elf("gawk", Interpreter, &["gawk"]),
    elf("gdb", Look, &["gdb"]),
    elf("getent", Look, &["libc-bin", "glibc-common"]),
    elf("getty", Login, &["util-linux"]),
    elf("gpasswd", Administer, &["passwd", "shadow-utils"]),
    elf("grep", Look, &["grep"]),
    elf("groupadd", Administer, &["passwd", "shadow-utils"]),
    elf("head", Look, &["coreutils"]),
    elf("hexdump", Look, &["bsdextrautils", "util-linux"]),
    elf("htop", Look, &["htop"]),
    elf("id", Look, &["coreutils"]),
    elf("ifconfig", Look, &["net-tools"]),
    elf("iftop", Look, &["iftop"]),
    elf("init", Daemon, &["systemd-sysv", "sysvinit-core", "systemd"]),
    elf("insmod", Administer, &["kmod"]),
    elf("iotop", Look, &["iotop-c", "iotop"]),
    elf("ip", Administer, &["iproute2", "iproute"]),
    elf("ip6tables", Administer, &["iptables", "iptables-nft"]),
    elf("iptables", Administer, &["iptables", "iptables-nft"]),
    elf("iptables-restore", Administer, &["iptables", "iptables-nft"]),
    elf("iptables-save", Administer, &["iptables", "iptables-nft"]),
    elf("journalctl", Look, &["systemd"]),
    elf("kill", Administer, &["procps", "util-linux"]),
    elf("killall", Administer, &["psmisc"]),
    elf("kmod", Administer, &["kmod"]),
    elf("ksh", Shell, &["ksh93u+m", "ksh"]),
    elf("kubelet", Daemon, &["kubelet"]),
    elf("last", Look, &["util-linux", "wtmpdb"]),
    elf("lastb", Look, &["util-linux"]),
    elf("lastlog", Look, &["login", "shadow-utils"]),
    any("ldd", Look, &["libc-bin", "glibc-common"]),
    elf("ldconfig", Administer, &["libc-bin", "glibc"]),
    elf("less", Look, &["less"]),
    elf("libvirtd", Daemon, &["libvirt-daemon"]),
    elf("logger", Administer, &["bsdutils", "util-linux"]),
    elf("login", Login, &["login", "util-linux"]),
    elf("loginctl", Look, &["systemd"]),
    elf("ls", Look, &["coreutils"]),
    elf("lsattr", Look, &["e2fsprogs"]),
    elf("lsblk", Look, &["util-linux"]),
    elf("lsmod", Look, &["kmod"]),
    elf("lsns", Look, &["util-linux"]),
    elf("lsof", Look, &["lsof"]),
    elf("ltrace", Look, &["ltrace"]),
    elf("lua", Interpreter, &["lua5.4", "lua"]),
    elf("mawk", Interpreter, &["mawk"]),
    elf("md5sum", Look, &["coreutils"]),
    elf("modinfo", Look, &["kmod"]),
    elf("modprobe", Administer, &["kmod"]),
    elf("more", Look, &["util-linux"]),
    elf("mount", Administer, &["mount", "util-linux"]),
    elf("mv", Fetch, &["coreutils"]),
    elf("nc", Fetch, &["netcat-openbsd", "netcat-traditional", "nmap-ncat"]),
    elf("netstat", Look, &["net-tools"]),
    elf("newgrp", Login, &["login", "passwd", "util-linux-user"]),
    elf("nft", Administer, &["nftables"]),
    elf("node", Interpreter, &["nodejs"]),
    elf("nologin", Login, &["login", "util-linux"]),
    elf("nsenter", Administer, &["util-linux"]),
    elf("openssl", Fetch, &["openssl"]),
    elf("pacman", Administer, &["pacman"]),
    elf("passwd", Login, &["passwd"]),
    elf("perl", Interpreter, &["perl-base", "perl-interpreter"]),
    elf("pgrep", Look, &["procps", "procps-ng"]),
    elf("php", Interpreter, &["php-cli"]),
    elf("pidof", Look, &["sysvinit-utils", "procps-ng"]),
    elf("pidstat", Look, &["sysstat"]),
    elf("ping", Fetch, &["iputils-ping", "iputils"]),
    elf("pkexec", Login, &["pkexec", "policykit-1", "polkit"]),
    elf("pkill", Administer, &["procps", "procps-ng"]),
    elf("pmap", Look, &["procps", "procps-ng"]),
    elf("polkitd", Daemon, &["polkitd", "policykit-1", "polkit"]),
    elf("ps", Look, &["procps", "procps-ng"]),
    elf("pstree", Look, &["psmisc"]),
    elf("pwdx", Look, &["procps", "procps-ng"]),
    elf("python", Interpreter, &["python-is-python3"]),
    elf("python2", Interpreter, &["python2-minimal"]),
    elf("python3", Interpreter, &["python3-minimal", "python3"]),
    elf("qemu-system-x86_64", Daemon, &["qemu-system-x86", "qemu-kvm"]),
    elf("rbash", Shell, &["bash"]),
    elf("readlink", Look, &["coreutils"]),
    elf("rm", Administer, &["coreutils"]),
    elf("rmmod", Administer, &["kmod"]),
    elf("route", Look, &["net-tools"]),
    elf("rpm", Administer, &["rpm"]),
    elf("rsyslogd", Daemon, &["rsyslog"]),
    elf("ruby", Interpreter, &["ruby"]),
    elf("runc", Daemon, &["runc", "containerd.io"]),
    elf("runuser", Login, &["util-linux"]),
    elf("scp", Fetch, &["openssh-client", "openssh-clients"]),
    elf("sed", Interpreter, &["sed"]),
    elf("sh", Shell, &["dash", "bash", "busybox"]),
    elf("sha1sum", Look, &["coreutils"]),
    elf("sha256sum", Look, &["coreutils"]),
    elf("sha512sum", Look, &["coreutils"]),
    elf("slabtop", Look, &["procps", "procps-ng"]),
    elf("socat", Fetch, &["socat"]),
    elf("ss", Look, &["iproute2", "iproute"]),
    elf("ssh", Login, &["openssh-client", "openssh-clients"]),
    elf("ssh-add", Login, &["openssh-client", "openssh-clients"]),
    elf("ssh-agent", Login, &["openssh-client", "openssh-clients"]),
    elf("ssh-keygen", Login, &["openssh-client", "openssh"]),
    elf("sshd", Login, &["openssh-server"]),
    elf("sshd-auth", Login, &["openssh-server"]),
    elf("sshd-session", Login, &["openssh-server"]),
    elf("stat", Look, &["coreutils"]),
    elf("strace", Look, &["strace"]),
    elf("strings", Look, &["binutils"]),
    elf("su", Login, &["util-linux"]),
    elf("sudo", Login, &["sudo", "sudo-ldap"]),
    elf("sudoedit", Login, &["sudo"]),
    elf("sudoreplay", Look, &["sudo"]),
    elf("sulogin", Login, &["util-linux"]),
    elf("sysctl", Administer, &["procps", "procps-ng"]),
    elf("systemctl", Administer, &["systemd"]),
    elf("systemd", Daemon, &["systemd"]),
    elf("systemd-journald", Daemon, &["systemd"]),
    elf("systemd-logind", Daemon, &["systemd"]),
    elf("systemd-resolved", Daemon, &["systemd-resolved", "systemd"]),
    elf("systemd-udevd", Daemon, &["udev", "systemd-udev"]),
    elf("tail", Look, &["coreutils"]),
    elf("tar", Fetch, &["tar"]),
    elf("tc", Administer, &["iproute2", "iproute-tc"]),
    elf("tcpdump", Look, &["tcpdump"]),
    elf("tcsh", Shell, &["tcsh"]),
    elf("top", Look, &["procps", "procps-ng"]),
    elf("touch", Administer, &["coreutils"]),
    elf("udevadm", Administer, &["udev", "systemd-udev"]),
    elf("umount", Administer, &["mount", "util-linux"]),
    elf("unix_chkpwd", Login, &["libpam-modules-bin", "pam"]),
    elf("unshare", Administer, &["util-linux"]),
    elf("uptime", Look, &["procps", "procps-ng"]),
    elf("useradd", Administer, &["passwd", "shadow-utils"]),
    elf("userdel", Administer, &["passwd", "shadow-utils"]),
    elf("usermod", Administer, &["passwd", "shadow-utils"]),
    elf("users", Look, &["coreutils"]),
    elf("utmpdump", Look, &["util-linux", "util-linux-extra"]),
    elf("vdir", Look, &["coreutils"]),
    elf("vi", Interpreter, &["vim-tiny", "vim-minimal", "nvi"]),
    elf("vim", Interpreter, &["vim"]),
    elf("virsh", Administer, &["libvirt-clients", "libvirt-client"]),
    elf("visudo", Administer, &["sudo"]),
    elf("vmstat", Look, &["procps", "procps-ng"]),
    elf("w", Look, &["procps", "procps-ng"]),
    elf("wall", Administer, &["bsdutils", "util-linux"]),
    elf("watch", Look, &["procps", "procps-ng"]),
    elf("wg", Administer, &["wireguard-tools"]),
    elf("wget", Fetch, &["wget", "wget2-wget"]),
    any("which", Look, &["debianutils", "which"]),
    elf("who", Look, &["coreutils"]),
    elf("whoami", Look, &["coreutils"]),
    elf("xxd", Look, &["xxd", "vim-common"]),
    any("yum", Administer, &["yum"]),
    elf("zsh", Shell, &["zsh"]),
];

/// The program with this name. Versioned interpreters (`python3.11`, `perl5.36.0`) are found by
/// their plain name.
pub(crate) fn tool(name: &[u8]) -> Option<&'static Tool> {
    let exact = |name: &[u8]| TOOLS.iter().find(|tool| tool.name.as_bytes() == name);
    exact(name).or_else(|| {
        let digits = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
        let cut = name.iter().rposition(|byte| !digits(byte)).map_or(0, |last| last + 1);
        let version = name.get(cut..)?;
        let tool = name.get(..=cut).and_then(exact).or_else(|| exact(name.get(..cut)?))?;
        (!version.is_empty() && matches!(tool.purpose, Interpreter | Shell)).then_some(tool)
    })
}

/// Where packages put programs.
pub(crate) static PROGRAM_DIRS: &[&str] = &["/bin", "/sbin", "/usr/bin", "/usr/sbin"];

/// Where packages put programs that are not meant to be typed.
pub(crate) static HELPER_DIRS: &[&str] = &[
    "/usr/lib/systemd",
    "/lib/systemd",
    "/usr/lib/openssh",
    "/usr/libexec",
    "/usr/libexec/openssh",
];

/// Where packages put libraries; multiarch directories below `/lib` and `/usr/lib` come to these.
pub(crate) static LIBRARY_DIRS: &[&str] =
    &["/lib", "/lib64", "/lib32", "/usr/lib", "/usr/lib64", "/usr/lib32"];

/// How much a library of the same name in another place means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Nobody builds a second one by hand: C library, loader, PAM, NSS, systemd.
    Core,
    /// Self-built ones are ordinary: OpenSSL, zlib, xz.
    Common,
}

/// The beginnings of the names of libraries that programs of [`TOOLS`] believe.
/// `libkeyutils` is where the Ebury backdoor lives, `liblzma` where the xz one did.
pub(crate) static LIBRARIES: &[(&str, Weight)] = &[
    ("ld-", Weight::Core),
    ("libaudit.so", Weight::Core),
    ("libc-2.", Weight::Core),
    ("libc.musl-", Weight::Core),
    ("libc.so.6", Weight::Core),
    ("libcap.so", Weight::Common),
    ("libcrypt.so", Weight::Core),
    ("libcrypto.so", Weight::Common),
    ("libdl.so", Weight::Core),
    ("libgssapi_krb5.so", Weight::Common),
    ("libkeyutils.so", Weight::Core),
    ("liblzma.so", Weight::Common),
    ("libm.so.6", Weight::Core),
    ("libnftables.so", Weight::Common),
    ("libnss_", Weight::Core),
    ("libpam.so", Weight::Core),
    ("libpam_misc.so", Weight::Core),
    ("libpcap.so", Weight::Common),
    ("libproc2.so", Weight::Core),
    ("libprocps.so", Weight::Core),
    ("libpthread.so", Weight::Core),
    ("libresolv.so", Weight::Core),
    ("librt.so", Weight::Core),
    ("libselinux.so", Weight::Core),
    ("libssl.so", Weight::Common),
    ("libsystemd.so", Weight::Core),
    ("libtinfo.so", Weight::Common),
    ("libudev.so", Weight::Core),
    ("libwrap.so", Weight::Core),
    ("libz.so", Weight::Common),
    ("libzstd.so", Weight::Common),
];

/// How much a library of this name is believed; `None` for any other library.
pub(crate) fn library(name: &[u8]) -> Option<Weight> {
    let known = LIBRARIES.iter().find(|(start, _)| name.starts_with(start.as_bytes()));
    known.filter(|_| is_shared_object(name)).map(|(_, weight)| *weight)
}

/// `.so` somewhere in the name, as in `libc.so.6` and `ld-linux-x86-64.so.2`.
fn is_shared_object(name: &[u8]) -> bool {
    name.windows(3).any(|part| part == b".so")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_one_row_and_a_package() {
        let mut names: Vec<_> = TOOLS.iter().map(|tool| tool.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(TOOLS.iter().all(|tool| !tool.packages.is_empty()));
    }

    #[test]
    fn versioned_interpreters_are_known_by_their_plain_name() {
        assert_eq!(tool(b"python3.11").unwrap().name, "python3");
        assert_eq!(tool(b"perl5.36.0").unwrap().name, "perl");
        assert_eq!(tool(b"ps2"), None);
        assert_eq!(tool(b"").map(|tool| tool.name), None);
    }

    #[test]
    fn libraries_are_known_by_the_start_of_their_names() {
        assert_eq!(library(b"libc.so.6"), Some(Weight::Core));
        assert_eq!(library(b"ld-linux-x86-64.so.2"), Some(Weight::Core));
        assert_eq!(library(b"libcrypto.so.3"), Some(Weight::Common));
        assert_eq!(library(b"libnss_files.so.2"), Some(Weight::Core));
        assert_eq!(library(b"libcurl.so.4"), None);
        assert_eq!(library(b"ld-notes.txt"), None);
    }
}
