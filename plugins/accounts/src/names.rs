//! Names that every distribution knows.

/// Accounts that distributions make for their own daemons and files, to which nobody logs in:
/// Debian's base-passwd, Fedora's setup, and the users of systemd, D-Bus, sshd and mail.
const DISTRIBUTION: &[&str] = &[
    "daemon",
    "bin",
    "sys",
    "sync",
    "games",
    "man",
    "lp",
    "mail",
    "news",
    "uucp",
    "proxy",
    "list",
    "irc",
    "gnats",
    "nobody",
    "adm",
    "shutdown",
    "halt",
    "operator",
    "ftp",
    "_apt",
    "messagebus",
    "dbus",
    "sshd",
    "ntp",
    "_ntp",
    "chrony",
    "_chrony",
    "polkitd",
    "avahi",
    "avahi-autoipd",
    "rtkit",
    "colord",
    "geoclue",
    "tss",
    "uuidd",
    "tcpdump",
    "dnsmasq",
    "rpc",
    "rpcuser",
    "_rpc",
    "statd",
    "syslog",
    "postfix",
    "Debian-exim",
    "_smtpd",
    "exim",
    "nscd",
    "nslcd",
    "sssd",
    "libvirt-qemu",
    "libvirt-dnsmasq",
    "qemu",
    "usbmux",
    "landscape",
    "pollinate",
    "fwupd-refresh",
    "cups-pk-helper",
    "saned",
    "pulse",
    "speech-dispatcher",
    "hplip",
    "gdm",
    "Debian-gdm",
    "sddm",
    "lightdm",
    "kernoops",
    "whoopsie",
    "unscd",
    "mysql",
    "named",
    "bind",
    "dhcpd",
    "systemd-coredump",
    "systemd-network",
    "systemd-oom",
    "systemd-resolve",
    "systemd-timesync",
    "systemd-bus-proxy",
];

/// A distribution's account that web shops do log in to, for deploying.
const DEPLOYED_TO: &[&str] = &["www-data", "apache", "nginx", "http"];

/// Groups whose members can become root or read what only root should.
const POWERFUL: &[&str] = &[
    "root",
    "sudo",
    "wheel",
    "admin",
    "docker",
    "lxd",
    "incus",
    "incus-admin",
    "libvirt",
    "disk",
    "shadow",
    "kmem",
    "podman",
];

/// Shells that let nobody in.
const CLOSED: &[&str] = &[
    "/usr/sbin/nologin",
    "/sbin/nologin",
    "/bin/nologin",
    "/usr/bin/nologin",
    "/bin/false",
    "/usr/bin/false",
    "/bin/true",
    "/usr/bin/true",
    "/bin/sync",
    "/usr/bin/sync",
    "/sbin/shutdown",
    "/usr/sbin/shutdown",
    "/sbin/halt",
    "/usr/sbin/halt",
    "/usr/bin/git-shell",
    "/bin/git-shell",
];

/// The first user of cloud and vagrant images, who may become root without a password there.
const IMAGE_USERS: &[&str] = &[
    "ubuntu",
    "debian",
    "admin",
    "ec2-user",
    "centos",
    "fedora",
    "rocky",
    "almalinux",
    "alma",
    "opensuse",
    "cloud-user",
    "cloud",
    "arch",
    "alpine",
    "vagrant",
    "azureuser",
    "core",
    "opc",
    "pi",
    "user",
    "runner",
    "packer",
];

fn listed(list: &[&str], name: &[u8]) -> bool {
    list.iter().any(|known| known.as_bytes() == name)
}

/// What kind of account a name and uid stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// uid 0.
    Root,
    /// A distribution's own, to which nobody logs in.
    Distribution,
    /// A web server's, to which some deploy.
    Web,
    /// Another service's: git, postgres, backup.
    Service,
    /// A person's.
    Person,
}

/// Tells what kind of account this is.
pub(crate) fn kind(name: &[u8], uid: u32, system: bool) -> Kind {
    if uid == 0 {
        Kind::Root
    } else if listed(DISTRIBUTION, name) || name.starts_with(b"systemd-") {
        Kind::Distribution
    } else if listed(DEPLOYED_TO, name) {
        Kind::Web
    } else if system {
        Kind::Service
    } else {
        Kind::Person
    }
}

/// Whether the group gives power over the host.
pub(crate) fn is_powerful_group(name: &[u8]) -> bool {
    listed(POWERFUL, name)
}

/// Whether this shell, as written in passwd, lets nobody in.
pub(crate) fn is_closed_shell(shell: &[u8]) -> bool {
    listed(CLOSED, shell)
}

/// Whether images make this user and let it become root.
pub(crate) fn is_image_user(name: &[u8]) -> bool {
    listed(IMAGE_USERS, name)
}

/// Whether a path lies where anyone may write, or in memory only.
pub(crate) fn is_temporary(path: &[u8]) -> bool {
    const PLACES: &[&[u8]] =
        &[b"/tmp/", b"/var/tmp/", b"/dev/", b"/run/user/", b"/run/shm/", b"/run/lock/"];
    PLACES.iter().any(|place| path.starts_with(place))
}

/// Whether a directory or file of the path is hidden, those of a home that belong there aside.
pub(crate) fn is_hidden(path: &[u8]) -> bool {
    const USUAL: &[&[u8]] = &[b".ssh", b".config", b".local", b".nix-profile", b".linuxbrew"];
    let hidden = |part: &&[u8]| part.starts_with(b".") && !matches!(*part, b"." | b"..");
    path.split(|&b| b == b'/').filter(hidden).any(|part| !USUAL.contains(&part))
}

/// Whether admins put their own programs there.
pub(crate) fn is_local_place(path: &[u8]) -> bool {
    const PLACES: &[&[u8]] = &[
        b"/usr/local/",
        b"/opt/",
        b"/nix/",
        b"/run/current-system/",
        b"/home/linuxbrew/",
        b"/snap/",
        b"/srv/",
    ];
    PLACES.iter().any(|place| path.starts_with(place))
}
