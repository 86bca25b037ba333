//! What this plugin says of what starts by itself. Payloads and plain ownership are the shared
//! judge's; these are special to one mechanism.

use coroner_core::Rule;
use coroner_core::{Confidence, Severity};

/// All of them.
pub(crate) static ALL: &[&Rule] = &[
    &VENDOR_NAME_TAKEN,
    &GUARD_COMMAND_REPLACED,
    &FOREIGN_GENERATOR,
    &UNEXPLAINED_RUNTIME_UNIT,
    &UNIT_FROM_HIDDEN_PLACE,
    &UDEV_STARTS_SCHEDULER,
    &UDEV_ON_EVERY_HOST,
    &INIT_SCRIPT_CLAIMS_SERVICE,
    &PAM_SCRIPT_GETS_PASSWORD,
    &POLKIT_ALLOWS_EVERYTHING,
    &FIRST_PROGRAM_REPLACED,
    &LIBRARY_PRELOADED,
    &BUS_NAME_OPEN_TO_ALL,
    &KERNEL_HELPER_FOREIGN,
    &FORMAT_TAKES_CREDENTIALS,
    &PYTHON_STARTUP_PAYLOAD,
    &INITRAMFS_MODULE_FOREIGN,
    &FOREIGN_HOOK_IN_VENDOR_PLACE,
    &AUTOSTART_FROM_CONFIGURATION,
];

pub(crate) static VENDOR_NAME_TAKEN: Rule = Rule {
    id: "startup/vendor-unit-name-taken",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A unit of nobody's carries a name that belongs to a vendor",
    why: "A unit called like one of the distribution's is passed over by everyone who reads a list of units. Names \
          that begin with dbus-org. are only ever links that packages make; a file of that name pretends to be one.",
    benign: "An administrator's unit whose name happens to differ from a packaged one in a letter.",
    attack: &["T1543.002", "T1036.004"],
    next: &[
        "Read the unit's commands and the program they start",
        "Compare its times with the logins of that day",
    ],
};

pub(crate) static GUARD_COMMAND_REPLACED: Rule = Rule {
    id: "startup/guard-command-replaced",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A drop-in makes a login, logging or security service run another program",
    why: "With a drop-in or a unit of the same name, the packaged service keeps its name and its file while another \
          program runs: a changed sshd, a logger that forgets, a login that lets one more person in.",
    benign: "A site that builds its own sshd or logger and starts it under the packaged unit's name.",
    attack: &["T1543.002", "T1574"],
    next: &[
        "Hash and keep the program that runs instead",
        "Remove the drop-in and restart the packaged service",
    ],
};

pub(crate) static FOREIGN_GENERATOR: Rule = Rule {
    id: "startup/foreign-generator",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "systemd runs a generator that no package brought",
    why: "Generators run as root before any unit, at each boot and each reload, and what they write is gone from the \
          disk afterwards. Packages bring them; people hardly ever write one, and hardly ever as a script.",
    benign: "An appliance or a cloud image that adds its own generator without a package.",
    attack: &["T1543.002"],
    next: &["Read the generator", "Look at the units it wrote below /run/systemd"],
};

pub(crate) static UNEXPLAINED_RUNTIME_UNIT: Rule = Rule {
    id: "startup/unexplained-runtime-unit",
    severity: Severity::Medium,
    confidence: Confidence::Possible,
    title: "A unit that exists only until the next boot runs a program of nobody's",
    why: "Units in /run/systemd/system leave nothing on the disk. Software writes there through generators, transient \
          units and netplan, each in its own place or under its own name; this one is in none of them.",
    benign: "An administrator who tries out a unit there, or software that configures itself at boot.",
    attack: &["T1543.002"],
    next: &[
        "Copy the unit before a reboot removes it",
        "Find the generator or process that wrote it",
    ],
};

pub(crate) static UNIT_FROM_HIDDEN_PLACE: Rule = Rule {
    id: "startup/unit-from-hidden-place",
    severity: Severity::High,
    confidence: Confidence::Certain,
    title: "A unit is linked from a temporary or hidden place",
    why: "A link in the unit directories brings in a unit that itself lies where anybody can write or nobody looks. \
          The directory of units then shows a link like any other.",
    benign: "None known: units that are linked lie in a package's or an application's directory.",
    attack: &["T1543.002", "T1564.001"],
    next: &["Keep the file the link leads to", "Disable the unit and end what it started"],
};

pub(crate) static UDEV_STARTS_SCHEDULER: Rule = Rule {
    id: "startup/udev-starts-scheduler",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A udev rule hands work to at or crontab",
    why: "udev kills what its rules start when it lasts. Handing the work to a scheduler gets around that, and is the \
          known way to keep a process alive from a rule.",
    benign: "An old recipe for long work on a device event, from before units could be pulled in.",
    attack: &["T1546.017", "T1053.002"],
    next: &["Look at the at spool and the crontabs", "Remove the rule and reload udev's rules"],
};

pub(crate) static UDEV_ON_EVERY_HOST: Rule = Rule {
    id: "startup/udev-on-every-host",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A udev rule runs a program of nobody's for a device that every host has",
    why: "A rule for one device names it. A rule for /dev/random or for any network interface is a start at boot that \
          no list of services shows.",
    benign: "A tuning script for all disks or all interfaces that was put among the distribution's programs.",
    attack: &["T1546.017"],
    next: &["Hash and keep the program", "Remove the rule and reload udev's rules"],
};

pub(crate) static INIT_SCRIPT_CLAIMS_SERVICE: Rule = Rule {
    id: "startup/init-script-claims-service",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "An init script of nobody's claims to provide another service",
    why: "The header of the script says that it provides a service which a package provides. What asks for that \
          service in the boot order then waits for, and starts, the intruder's script.",
    benign: "A site's own build of a service, started by a script with another name.",
    attack: &["T1037"],
    next: &["Read the script", "Remove its links in the rc directories"],
};

pub(crate) static PAM_SCRIPT_GETS_PASSWORD: Rule = Rule {
    id: "startup/pam-script-gets-password",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A program of nobody's is given the password of everybody who logs in",
    why: "With expose_authtok, pam_exec writes the password to the program's input. Written to a file or sent away, it \
          gives an intruder every account that is used.",
    benign: "A script that unlocks an encrypted home or mounts a share with the login password.",
    attack: &["T1556.003"],
    next: &[
        "Read the program and find where it writes",
        "Change every password that was typed since it is there",
    ],
};

pub(crate) static POLKIT_ALLOWS_EVERYTHING: Rule = Rule {
    id: "startup/polkit-allows-everything",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "polkit lets everybody do everything without a password",
    why: "A rule that says yes without a condition makes every account root through pkexec, systemctl and their kin, \
          and stands in no sudoers file.",
    benign: "A kiosk or a test machine on which nobody is meant to be kept out.",
    attack: &["T1556", "T1548"],
    next: &["Remove the rule", "Search the journal for pkexec by accounts that should not use it"],
};

pub(crate) static FIRST_PROGRAM_REPLACED: Rule = Rule {
    id: "startup/first-program-replaced",
    severity: Severity::Critical,
    confidence: Confidence::Likely,
    title: "The kernel is told to start a program of nobody's first",
    why: "What init= names runs before anything that could watch it, with all rights, and can start the usual first \
          program afterwards so that the host looks as always.",
    benign: "An appliance that sets up its root in a script of its own before it starts init.",
    attack: &["T1542", "T1037"],
    next: &[
        "Keep the program",
        "Start the host from other media; do not reboot it into this entry",
    ],
};

pub(crate) static LIBRARY_PRELOADED: Rule = Rule {
    id: "startup/library-preloaded",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A library of nobody's is put into programs by an environment variable",
    why: "The loader puts what LD_PRELOAD or LD_AUDIT names into every program that inherits the variable: it can hide \
          files and processes from them and read what is typed.",
    benign: "A memory allocator or a monitoring agent that was installed by hand.",
    attack: &["T1574.006"],
    next: &["Keep the library", "Look at which processes have it mapped"],
};

pub(crate) static BUS_NAME_OPEN_TO_ALL: Rule = Rule {
    id: "startup/bus-name-open-to-all",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "Everybody may own the bus name of a root service of nobody's",
    why: "The bus starts this program as root when anyone calls its name, and the policy beside it lets any account own \
          that name. Packaged services leave that to root.",
    benign: "A service under development, with the policy of an example.",
    attack: &["T1543"],
    next: &["Read the program that the bus starts", "Remove the service file and the policy"],
};

pub(crate) static KERNEL_HELPER_FOREIGN: Rule = Rule {
    id: "startup/kernel-helper-foreign",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "The kernel is told to start a program of nobody's",
    why: "The kernel starts the handlers of core dumps, modules and devices as root and outside every container. \
          Writing one is the classic way out of a container, and a start that no service shows.",
    benign: "A site's own collector of core dumps.",
    attack: &["T1611", "T1546"],
    next: &["Keep the program", "Find the container or process that wrote the setting"],
};

pub(crate) static FORMAT_TAKES_CREDENTIALS: Rule = Rule {
    id: "startup/binary-format-takes-credentials",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A program of nobody's is run with the rights of set-uid files",
    why: "A binary format with the flag C gives its interpreter the rights of the file it is called for. Matched to the \
          first bytes of one set-uid program, that is a hidden way to root.",
    benign: "An emulator for foreign programs that was built by hand and registered with credentials.",
    attack: &["T1546", "T1548.001"],
    next: &["See which set-uid programs the format matches", "Unregister the format"],
};

pub(crate) static PYTHON_STARTUP_PAYLOAD: Rule = Rule {
    id: "startup/python-startup-payload",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "Code that every start of Python runs reaches out or decodes itself",
    why: "Lines in .pth files and the customize modules run in every Python program, those of the system included. \
          Packages use them to find modules, not for shells, sockets or encoded code.",
    benign: "A debugger or tracer installed by hand that connects at start.",
    attack: &["T1546.018", "T1546"],
    next: &["Decode the code and keep it", "Find what wrote the file and when"],
};

pub(crate) static INITRAMFS_MODULE_FOREIGN: Rule = Rule {
    id: "startup/initramfs-module-foreign",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A part of the initramfs was put among the packages' own by nobody",
    why: "What lies in these directories is built into the initramfs and runs before the root is mounted: it can add \
          an account to the real root at each boot and leave no file there.",
    benign: "A driver or disk encryption that was installed by a script and not by a package.",
    attack: &["T1542"],
    next: &["Read the module", "Unpack the initramfs and compare it with a freshly built one"],
};

pub(crate) static FOREIGN_HOOK_IN_VENDOR_PLACE: Rule = Rule {
    id: "startup/foreign-hook-in-vendor-place",
    severity: Severity::Low,
    confidence: Confidence::Possible,
    title: "A hook that no package brought lies where only packages put theirs",
    why: "Administrators have their own place for each of these under /etc; a file among the packages' own is seen by \
          fewer people.",
    benign: "Software installed by a script or by make install.",
    attack: &["T1546"],
    next: &["Find out what installed it"],
};

pub(crate) static AUTOSTART_FROM_CONFIGURATION: Rule = Rule {
    id: "startup/autostart-from-configuration",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A desktop session starts a program that lies among configuration",
    why: "Programs do not lie in /etc, beside autostart entries or under a name that begins with a dot. An entry that \
          looks like a helper of the desktop starts one there at each login.",
    benign: "A user's own script, kept beside the entry that starts it.",
    attack: &["T1547.013"],
    next: &["Read the program", "Remove the entry"],
};
