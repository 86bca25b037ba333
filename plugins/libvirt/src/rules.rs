//! The rules, as data.

use coroner_core::Confidence::{Likely, Possible};
use coroner_core::Rule;
use coroner_core::Severity::{High, Info, Low, Medium};

/// Every rule of this plugin.
pub(crate) static ALL: &[&Rule] = &[
    &CONSOLE_OPEN,
    &CONSOLE_OPEN_INSIDE,
    &CONSOLE_WITHOUT_TLS,
    &PUBLIC_PEER,
    &PASSWORD_EXPIRED,
    &CONSOLE_BEHIND_LIBVIRT,
    &REVERSE_CONSOLE,
    &UNLISTED_CONSOLE,
    &DISGUISED_EMULATOR,
    &MONITOR_OPEN,
    &DAEMON_OPEN,
    &EMULATOR_UNPACKAGED,
    &HOST_DIRECTORY_SHARED,
    &ODD_DISK,
];

pub(crate) static CONSOLE_OPEN: Rule = Rule {
    id: "libvirt/console-open",
    severity: High,
    confidence: Possible,
    title: "A guest's console is open to every address and asks for nothing",
    why: "Whoever reaches the port sits at the guest's keyboard: a reboot into a rescue shell makes them root in \
          it, without a login record anywhere. Such ports are found by scanners within hours.",
    benign: "a console opened for a remote viewer by mistake, behind a firewall that keeps strangers out",
    attack: &["T1133", "T1021.005"],
    next: &[
        "see the vnc.peer items of this guest: who is connected now",
        "treat the guest as entered: audit its disk offline (coroner audit --root DIR on a mounted copy)",
        "look for the port in the firewall's logs and in flow records: who came before",
    ],
};

pub(crate) static CONSOLE_OPEN_INSIDE: Rule = Rule {
    id: "libvirt/console-open-inside",
    severity: Low,
    confidence: Possible,
    title: "A guest's console asks for nothing on a private network",
    why: "Every host of that network, and every intruder on one of them, can take the guest over.",
    benign: "a management network that only viewers can enter",
    attack: &["T1021.005"],
    next: &[
        "set a password, or let the console listen on 127.0.0.1 and tunnel viewers through ssh",
    ],
};

pub(crate) static CONSOLE_WITHOUT_TLS: Rule = Rule {
    id: "libvirt/console-weakly-guarded",
    severity: Medium,
    confidence: Possible,
    title: "A guest's console is open to every address behind a password alone",
    why: "A VNC password has at most 8 characters, is checked by a method that can be broken from one recorded \
          login, and is guessed at full speed by scanners; what is typed afterwards travels in clear text.",
    benign: "a console that a firewall keeps from strangers",
    attack: &["T1133", "T1110.001", "T1021.005"],
    next: &["see the vnc.peer items of this guest: who is connected now"],
};

pub(crate) static PUBLIC_PEER: Rule = Rule {
    id: "libvirt/public-peer",
    severity: High,
    confidence: Likely,
    title: "An address on the internet is connected to a guest's console",
    why: "Consoles are for administrators, who come through a tunnel, a proxy or a known network. A stranger on a \
          console types at the guest's keyboard now, and no login record says so.",
    benign: "an administrator at an address that --trusted-net did not name",
    attack: &["T1133", "T1021.005"],
    next: &[
        "look for the same address in the logins, in the firewall's logs, and in the reports of the other hosts",
        "treat the guest as entered: audit its disk offline, and watch what it sends",
    ],
};

pub(crate) static PASSWORD_EXPIRED: Rule = Rule {
    id: "libvirt/password-expired",
    severity: Info,
    confidence: Likely,
    title: "A console's password is past its date",
    why: "Nobody can open the console any more: whoever is connected came before, and an administrator who needs \
          the console may be tempted to open it in a hurry.",
    benign: "a password that was meant for one session",
    attack: &[],
    next: &["set passwdValidTo anew, or take it out, with virsh edit"],
};

pub(crate) static CONSOLE_BEHIND_LIBVIRT: Rule = Rule {
    id: "libvirt/console-behind-libvirt",
    severity: Medium,
    confidence: Likely,
    title: "A guest has a console that libvirt's own description does not tell",
    why: "Arguments handed to qemu past libvirt, or a process started with other arguments than its state file \
          says, make a second way to the keyboard that virsh does not show.",
    benign: "an administrator's <qemu:commandline> for a second viewer",
    attack: &["T1564.006", "T1133"],
    next: &[
        "compare virsh dumpxml with the process's command line in /proc/PID/cmdline",
        "take the <qemu:arg> lines out with virsh edit, and restart the guest",
    ],
};

pub(crate) static REVERSE_CONSOLE: Rule = Rule {
    id: "libvirt/reverse-console",
    severity: High,
    confidence: Likely,
    title: "A guest's console calls a viewer on the internet",
    why: "qemu itself connects to the viewer (reverse VNC): it passes every firewall that only looks at what comes \
          in, and gives the far end the guest's keyboard.",
    benign: "none known on a server; a support session of a vendor",
    attack: &["T1572", "T1133"],
    next: &["stop the guest's process after recording its command line, memory and connections"],
};

pub(crate) static UNLISTED_CONSOLE: Rule = Rule {
    id: "libvirt/unlisted-console",
    severity: High,
    confidence: Possible,
    title: "A virtual machine that libvirt does not know has a console open to every address",
    why: "A guest started past libvirt is in no list, no backup and no inventory: intruders run their tools in \
          one, with the host's network and without a trace on the host's disk.",
    benign: "a virtual machine that an administrator or a build job started by hand",
    attack: &["T1564.006"],
    next: &[
        "see who started the process: its parent, its unit in /proc/PID/cgroup, its user, its start time",
        "keep its disk image and its memory before it is stopped",
    ],
};

pub(crate) static DISGUISED_EMULATOR: Rule = Rule {
    id: "libvirt/disguised-emulator",
    severity: High,
    confidence: Likely,
    title: "A process runs a virtual machine under another program's name",
    why: "The options are qemu's, the name is not: a virtual machine that is meant to be overlooked.",
    benign: "a vendor's build of qemu with a name of its own",
    attack: &["T1564.006", "T1036.005"],
    next: &[
        "compare /proc/PID/exe with the program that the name belongs to, and see who started it",
        "keep its disk image and its memory before it is stopped",
    ],
};

pub(crate) static MONITOR_OPEN: Rule = Rule {
    id: "libvirt/monitor-open",
    severity: High,
    confidence: Likely,
    title: "A guest's monitor or debugger listens on the network",
    why: "A monitor reads and writes the guest's memory, changes its media, and opens any file of the host that \
          qemu may open; it never asks for a password.",
    benign: "a laboratory machine being debugged",
    attack: &["T1133", "T1564.006"],
    next: &[
        "start the guest with its monitor on a Unix socket (libvirt does), or bound to 127.0.0.1",
    ],
};

pub(crate) static DAEMON_OPEN: Rule = Rule {
    id: "libvirt/daemon-without-authentication",
    severity: High,
    confidence: Likely,
    title: "libvirt takes commands from the network and asks for nothing",
    why: "virsh -c qemu+tcp://HOST/system is root on the host: a domain can be defined with any emulator program, \
          any disk of the host, and any hook.",
    benign: "a migration network that only hypervisors can enter",
    attack: &["T1133", "T1190"],
    next: &[
        "close it: systemctl disable --now libvirtd-tcp.socket virtproxyd-tcp.socket, set listen_tcp = 0 and \
         auth_tcp = \"sasl\", and use qemu+ssh:// instead",
        "list what was defined through it: virsh list --all, net-list, pool-list, and /etc/libvirt by change time",
    ],
};

pub(crate) static EMULATOR_UNPACKAGED: Rule = Rule {
    id: "libvirt/emulator-unpackaged",
    severity: High,
    confidence: Likely,
    title: "A guest is run by a program that is not its packaged emulator",
    why: "libvirt starts the named program whenever the guest starts: another program there runs with the guest's \
          rights at each boot, and can look like qemu.",
    benign: "a wrapper script or an own build of qemu",
    attack: &["T1554", "T1546"],
    next: &["look at the program; set <emulator> back with virsh edit and restart the guest"],
};

pub(crate) static HOST_DIRECTORY_SHARED: Rule = Rule {
    id: "libvirt/host-directory-shared",
    severity: Medium,
    confidence: Possible,
    title: "A guest can write to the host's own system directories",
    why: "Root in the guest is root on the host then: cron jobs, keys and programs can be written from inside.",
    benign: "a guest that keeps the host's backups",
    attack: &["T1611"],
    next: &[
        "take the <filesystem> out with virsh edit, or make it <readonly/>, and restart the guest",
    ],
};

pub(crate) static ODD_DISK: Rule = Rule {
    id: "libvirt/odd-disk",
    severity: Medium,
    confidence: Possible,
    title: "A guest's disk lies in a temporary or hidden place",
    why: "Images belong into a pool that is backed up and watched. One in /dev/shm, /tmp or a hidden directory is \
          meant to vanish, or not to be found.",
    benign: "a guest for a test, or an installer's live image",
    attack: &["T1564.006", "T1564.001"],
    next: &["keep a copy of the image and audit it offline before the guest is stopped"],
};
