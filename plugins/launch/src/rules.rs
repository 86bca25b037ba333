//! The rules of the shared judge. A rule says how grave the likely case is; what is certain is graded
//! up where it is raised.

use coroner_core::{Confidence, Rule, Severity};

/// Every rule, for the plugin's description.
pub(crate) static ALL: &[&Rule] = &[
    &REVERSE_SHELL,
    &BIND_SHELL,
    &WEB_SHELL,
    &FETCH_AND_RUN,
    &DECODE_AND_RUN,
    &HIDDEN_PLACE,
    &TEMPORARY_PLACE,
    &ODD_PLACE,
    &PRELOAD,
    &LOG_REMOVAL,
    &HISTORY_OFF,
    &ACCOUNT_CHANGE,
    &KEY_CHANGE,
    &FIREWALL_OFF,
    &SECURITY_OFF,
    &IMMUTABLE,
    &PRIVILEGE,
    &KERNEL_MODULE,
    &SCHEDULE_CHANGE,
    &MINER,
    &FLOOD,
    &KILL_RIVALS,
    &CONTAINER_ESCAPE,
    &FILE_MODIFIED,
    &FILE_WRITABLE,
    &FILE_IN_ODD_PLACE,
    &PROGRAM_MODIFIED,
    &PROGRAM_MISSING,
    &PROGRAM_WRITABLE,
    &PROGRAM_OF_ANOTHER,
    &RENAMED_SHELL,
    &NAME_SQUATS_VENDOR,
];

pub(crate) static REVERSE_SHELL: Rule = Rule {
    id: "launch/reverse-shell",
    severity: Severity::Critical,
    confidence: Confidence::Certain,
    title: "A shell is given to another host whenever this starts",
    why: "The command ties a shell's input and output to a connection that it opens itself: \
         whoever answers types commands here. It comes back after every restart, which is the \
         point of putting it here.",
    benign: "None is known for a command that starts by itself; a penetration test that nobody \
         ended looks the same.",
    attack: &["T1059.004", "T1071", "T1095"],
    next: &[
        "Note the address and port and look for connections to it, here and on other hosts",
        "Cut that address off at the network's edge",
        "Keep the file and its times, then remove it",
        "Look at what else was changed at the same time and by whom",
    ],
};

pub(crate) static BIND_SHELL: Rule = Rule {
    id: "launch/bind-shell",
    severity: Severity::Critical,
    confidence: Confidence::Certain,
    title: "A shell waits for whoever connects whenever this starts",
    why: "The command listens on a port and gives a shell to whoever connects, without a password.",
    benign: "None is known for a command that starts by itself.",
    attack: &["T1059.004", "T1571"],
    next: &[
        "Find the listening process and who is connected",
        "Close the port at the firewall",
        "Keep the file, then remove it",
    ],
};

pub(crate) static WEB_SHELL: Rule = Rule {
    id: "launch/web-shell",
    severity: Severity::Critical,
    confidence: Confidence::Certain,
    title: "A started script runs what a web request sends",
    why: "The script hands a part of the request to a shell or to eval, so anyone who reaches \
         it runs commands.",
    benign: "None is known.",
    attack: &["T1505.003"],
    next: &[
        "Search the web server's logs for requests of this file",
        "Keep the file, then remove it",
    ],
};

pub(crate) static FETCH_AND_RUN: Rule = Rule {
    id: "launch/fetch-and-run",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "Something is fetched from elsewhere and run whenever this starts",
    why: "What the other host sends today is run, so an intruder changes the payload at will \
         and nothing stays on the disk. A bare public address, a paste site or a tunnel as \
         the source leaves no doubt.",
    benign: "An admin who updates a tool by the vendor's own install script.",
    attack: &["T1105", "T1059.004"],
    next: &[
        "Fetch the address from a safe place and keep what it sends",
        "Look for files and processes that it left",
        "Cut the address off",
    ],
};

pub(crate) static DECODE_AND_RUN: Rule = Rule {
    id: "launch/decode-and-run",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "Encoded text is decoded and run whenever this starts",
    why: "Encoding hides a command from people and from simple searches. What the text decodes \
         to, as far as it can be worked out, is judged and shown too.",
    benign: "A deployment tool that encodes a script to spare itself quoting.",
    attack: &["T1027", "T1140"],
    next: &["Decode the text in a safe place and read it"],
};

pub(crate) static HIDDEN_PLACE: Rule = Rule {
    id: "launch/hidden-place",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A program with a hidden name starts by itself",
    why: "Directories and files whose names start with a dot, or consist of dots and blanks, \
         are not shown by ls. Droppers keep their programs there.",
    benign: "A tool that installs itself below a home; the well-known ones are left out.",
    attack: &["T1564.001"],
    next: &["Keep the program and its hash", "Look for processes that run it"],
};

pub(crate) static TEMPORARY_PLACE: Rule = Rule {
    id: "launch/temporary-place",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A program in a temporary directory starts by itself",
    why: "Everybody may write to /tmp, /var/tmp and /dev/shm, and no package installs programs \
         there. Intruders who are not root yet have no better place.",
    benign: "An installer that was interrupted, or an admin's quick test.",
    attack: &["T1036.005", "T1059.004"],
    next: &[
        "Keep the program before the next restart removes it",
        "Look for processes that run it",
    ],
};

pub(crate) static ODD_PLACE: Rule = Rule {
    id: "launch/odd-place",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A program starts from a directory where no programs belong",
    why: "Directories of logs, mail and devices hold data. A program among them is there to be \
         overlooked.",
    benign: "A log tool that keeps its helper beside the logs.",
    attack: &["T1036.005"],
    next: &["Keep the program and its hash", "Find out which other files came at the same time"],
};

pub(crate) static PRELOAD: Rule = Rule {
    id: "launch/preload",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A library is put under a program that starts by itself",
    why: "LD_PRELOAD and LD_AUDIT load a library before all others, which lets it replace any \
         function: that is how user-space rootkits hide files and read passwords. A library \
         in a temporary or hidden place, or a written /etc/ld.so.preload, leaves no doubt.",
    benign: "Memory allocators and test helpers are loaded so; the usual ones are left out.",
    attack: &["T1574.006"],
    next: &[
        "Keep the library and look at what it replaces",
        "Look at which running processes have it mapped",
    ],
};

pub(crate) static LOG_REMOVAL: Rule = Rule {
    id: "launch/log-removal",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Logs of logins or security are removed whenever this starts",
    why: "wtmp, btmp, lastlog, the authentication and audit logs are what shows an intruder; \
         nobody else has a reason to empty or edit them again and again.",
    benign: "An image that is cleaned before it is cloned.",
    attack: &["T1070.002", "T1685.006"],
    next: &[
        "Look for copies of the logs on a log server",
        "Compare what the other login records still hold",
    ],
};

pub(crate) static HISTORY_OFF: Rule = Rule {
    id: "launch/history-off",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "The shell is kept from remembering commands whenever this starts",
    why: "Without a history nobody sees later what was typed.",
    benign: "A hardening rule for shared accounts.",
    attack: &["T1070.003", "T1562.003", "T1690"],
    next: &["Ask whose setting it is", "Look at process accounting and audit logs instead"],
};

pub(crate) static ACCOUNT_CHANGE: Rule = Rule {
    id: "launch/account-change",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Accounts, passwords or rights are changed whenever this starts",
    why: "The command makes an account or gives rights again and again, so that cleaning up \
         does not help. A second account with uid 0 leaves no doubt.",
    benign: "First-boot scripts of images, and configuration tools.",
    attack: &["T1136.001", "T1098", "T1548.003"],
    next: &["Look at the accounts and rights that it names", "Remove it before the accounts"],
};

pub(crate) static KEY_CHANGE: Rule = Rule {
    id: "launch/key-change",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A key is authorised for logging in whenever this starts",
    why: "The key comes back after every clean-up.",
    benign: "Images of cloud providers fetch the owner's key at boot this way.",
    attack: &["T1098.004"],
    next: &[
        "Look at the authorised keys of that account",
        "Search the logs for logins with that key",
    ],
};

pub(crate) static FIREWALL_OFF: Rule = Rule {
    id: "launch/firewall-off",
    severity: Severity::Medium,
    confidence: Confidence::Possible,
    title: "The firewall is emptied or turned off whenever this starts",
    why: "All rules are removed and none are added, so that what was blocked is open again.",
    benign: "A host that is filtered elsewhere, or a test that was left behind.",
    attack: &["T1562.004", "T1686"],
    next: &["Look at the rules that are there now", "Ask who wanted the host open"],
};

pub(crate) static SECURITY_OFF: Rule = Rule {
    id: "launch/security-off",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A guard of the host is turned off whenever this starts",
    why: "Audit, mandatory access control, logging or an agent is stopped, so that what \
         follows is not seen.",
    benign: "An admin who gave up on SELinux, or replaced one agent by another.",
    attack: &["T1562.001", "T1685"],
    next: &["Look at whether the service runs now", "Ask who wanted it off"],
};

pub(crate) static IMMUTABLE: Rule = Rule {
    id: "launch/immutable",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Files are made unremovable whenever this starts",
    why: "With the immutable attribute set even root fails to remove the file at first; \
         intruders protect their schedules, keys and programs so.",
    benign: "An admin who guards a file against a package's scripts.",
    attack: &["T1222.002"],
    next: &["List the attributes of the files that it names"],
};

pub(crate) static PRIVILEGE: Rule = Rule {
    id: "launch/privilege",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A program is given the rights of root whenever this starts",
    why: "Set-uid or a strong capability on a shell, an interpreter or a program in an odd \
         place lets every account become root.",
    benign: "None is known for such programs.",
    attack: &["T1548.001"],
    next: &[
        "Look at the mode and the capabilities of the program that it names",
        "Remove this before the bits",
    ],
};

pub(crate) static KERNEL_MODULE: Rule = Rule {
    id: "launch/kernel-module",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A kernel module is loaded from an odd place whenever this starts",
    why: "Modules live below /lib/modules. A rootkit brings its own and loads it from where it \
         was dropped.",
    benign: "A vendor's driver that is loaded from its own directory.",
    attack: &["T1547.006", "T1014"],
    next: &[
        "Keep the module file",
        "Distrust what the running kernel says and look at the disk from outside",
    ],
};

pub(crate) static SCHEDULE_CHANGE: Rule = Rule {
    id: "launch/schedule-change",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Something that starts by itself writes another schedule",
    why: "A crontab or an at job that is written by what starts at boot, at login or at a time \
         comes back after it was removed.",
    benign: "A deployment script that installs a crontab.",
    attack: &["T1053.002", "T1053.003"],
    next: &["Look at what is scheduled", "Remove this before the schedule"],
};

pub(crate) static MINER: Rule = Rule {
    id: "launch/miner",
    severity: Severity::Critical,
    confidence: Confidence::Certain,
    title: "A coin miner is started",
    why: "The command names a miner or a mining pool.",
    benign: "A machine whose owner mines on purpose.",
    attack: &["T1496"],
    next: &[
        "Look for the process and the connection to the pool",
        "Find out how it came: miners rarely come alone",
    ],
};

pub(crate) static FLOOD: Rule = Rule {
    id: "launch/flood",
    severity: Severity::Critical,
    confidence: Confidence::Certain,
    title: "A flooding tool is started",
    why: "The command starts a tool, or uses options, whose only use is to send more packets \
         than a victim can take.",
    benign: "A load test of one's own network.",
    attack: &["T1498", "T1499"],
    next: &["Limit the host's outgoing traffic first", "Look for the process that sends"],
};

pub(crate) static KILL_RIVALS: Rule = Rule {
    id: "launch/kill-rivals",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "Miners of others are killed whenever this starts",
    why: "Miners fight for processors: killing known names, or whatever uses the processor \
         most, is part of their start scripts.",
    benign: "A clean-up script of a host that was infected before.",
    attack: &["T1496", "T1489"],
    next: &["Look for the miner that this one makes room for"],
};

pub(crate) static CONTAINER_ESCAPE: Rule = Rule {
    id: "launch/container-escape",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Something leaves a container, or starts one that owns the host",
    why: "Entering the namespaces of process 1, mounting the host's root into a privileged \
         container, or setting a program that the kernel starts, gives the whole host to \
         whoever controls a container.",
    benign: "Node agents of clusters do it on purpose.",
    attack: &["T1611", "T1610"],
    next: &["Look at the container's image and at who started it"],
};

pub(crate) static FILE_MODIFIED: Rule = Rule {
    id: "launch/file-modified",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A packaged file that starts programs was changed",
    why: "The file says what starts by itself, belongs to a package, is no configuration file, \
         and differs from what the package brought.",
    benign: "An admin who edited a unit in place instead of overriding it.",
    attack: &["T1543", "T1554"],
    next: &["Compare the file with the one in the package"],
};

pub(crate) static FILE_WRITABLE: Rule = Rule {
    id: "launch/file-writable",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Everybody may write a file that starts programs",
    why: "Any account can put its own command there and wait.",
    benign: "A careless chmod.",
    attack: &["T1222.002", "T1574"],
    next: &["Look at the content and the times of the file", "Take the right to write away"],
};

pub(crate) static FILE_IN_ODD_PLACE: Rule = Rule {
    id: "launch/file-in-odd-place",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A file that starts programs is hidden or lies in a temporary place",
    why: "The mechanism reads it all the same, and people overlook it.",
    benign: "None is common.",
    attack: &["T1564.001", "T1036.005"],
    next: &["Keep the file and look at what refers to it"],
};

pub(crate) static PROGRAM_MODIFIED: Rule = Rule {
    id: "launch/program-modified",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A packaged program that starts by itself was changed",
    why: "The program belongs to a package and differs from what the package brought.",
    benign: "A vendor's updater that replaces files of its own package.",
    attack: &["T1554"],
    next: &["Keep the file and compare it with the one in the package"],
};

pub(crate) static PROGRAM_MISSING: Rule = Rule {
    id: "launch/program-missing",
    severity: Severity::Low,
    confidence: Confidence::Possible,
    title: "A packaged program that is started by itself is gone",
    why: "Its package says that it is there.",
    benign: "An admin removed it to switch something off.",
    attack: &["T1070.004"],
    next: &["Ask who removed it"],
};

pub(crate) static PROGRAM_WRITABLE: Rule = Rule {
    id: "launch/program-writable",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Everybody may write a program that starts by itself",
    why: "Any account can replace it and wait until it starts, often as root.",
    benign: "A careless chmod.",
    attack: &["T1574.010", "T1222.002"],
    next: &["Look at the content and the times of the program", "Take the right to write away"],
};

pub(crate) static PROGRAM_OF_ANOTHER: Rule = Rule {
    id: "launch/program-of-another",
    severity: Severity::Info,
    confidence: Confidence::Possible,
    title: "root starts a program that belongs to another account",
    why: "Whoever has that account can become root by changing the program.",
    benign: "Applications below /opt and /srv are often installed so.",
    attack: &["T1574.010"],
    next: &["Give the program to root, or run it as its owner"],
};

pub(crate) static RENAMED_SHELL: Rule = Rule {
    id: "launch/renamed-shell",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A copy of a shell under another name starts by itself",
    why: "The program is byte for byte a packaged shell and has another name, which hides what \
         it is from lists of processes and from rules that go by name.",
    benign: "A chroot or rescue image with its own copy.",
    attack: &["T1036.003", "T1036.005"],
    next: &["Look at what is handed to it", "Look for other copies with the same hash"],
};

pub(crate) static NAME_SQUATS_VENDOR: Rule = Rule {
    id: "launch/name-squats-vendor",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Something that starts by itself is named like a part of the system and no package \
         owns it",
    why: "Names such as systemd- or dbus-org.freedesktop. belong to the system's makers; an \
         intruder takes one to be overlooked.",
    benign: "An admin's unit that extends a part of the system and is named after it.",
    attack: &["T1036.004", "T1036.005"],
    next: &["Look at what it starts and when the file came"],
};
