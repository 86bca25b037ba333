//! The rules, as data.

use coroner_core::Confidence::{Certain, Likely, Possible};
use coroner_core::Rule;
use coroner_core::Severity::{Critical, High, Info, Low, Medium};

/// Every rule of this plugin.
pub(crate) static ALL: &[&Rule] = &[
    &HIDDEN_MODULE,
    &NOT_IN_SYSFS,
    &TAINT_UNEXPLAINED,
    &UNOWNED_FILE,
    &UNOWNED_AUTOLOADED,
    &UNOWNED_LOADED,
    &LOADED_WITHOUT_FILE,
    &OWN_KERNEL,
    &PROTECTION_OFF,
];

pub(crate) static HIDDEN_MODULE: Rule = Rule {
    id: "modules/hidden-module",
    severity: Critical,
    confidence: Certain,
    title: "A kernel module is loaded and hides from the list of modules",
    why: "A rootkit takes itself out of the kernel's list so that lsmod does not show it; its directory below \
          /sys/module, its symbols, its memory, or its place in the link count of /sys/module stay. Three readings agreed, so it is not one that was just coming or going.",
    benign: "none known",
    attack: &["T1014", "T1547.006"],
    next: &[
        "trust no answer of this kernel: processes, files and connections can be missing from all of them",
        "take the machine off its network at the switch, keep its memory (LiME, or the hypervisor), power it off hard",
        "audit its disk from another system: coroner audit --root DIR",
        "look for the module's file by name below /lib/modules, /dev/shm, /var and /tmp, and for what loads it",
    ],
};

pub(crate) static NOT_IN_SYSFS: Rule = Rule {
    id: "modules/not-in-sysfs",
    severity: High,
    confidence: Likely,
    title: "A loaded module has taken itself out of /sys/module",
    why: "The kernel makes a directory for each module it loads; only code in the kernel can take it away while the \
          module stays.",
    benign: "a kernel built without sysfs entries for modules, or a container's own /sys",
    attack: &["T1014"],
    next: &[
        "treat the kernel as the intruder's: keep its memory, power off, audit the disk from another system",
        "keep the module's file and see what loads it",
    ],
};

pub(crate) static TAINT_UNEXPLAINED: Rule = Rule {
    id: "modules/taint-unexplained",
    severity: Low,
    confidence: Possible,
    title: "The kernel is tainted by a module that is not listed any more",
    why: "The taint stays until the next boot. A module that is gone, or that hides, leaves it behind.",
    benign: "a driver or a test module that was unloaded",
    attack: &["T1547.006", "T1014"],
    next: &[
        "search the kernel's log since the boot for 'taints kernel' and 'module verification failed': it names the module",
    ],
};

pub(crate) static UNOWNED_FILE: Rule = Rule {
    id: "modules/unowned-module-file",
    severity: High,
    confidence: Possible,
    title: "A module file lies in the kernel's own tree and no package owns it",
    why: "Only packages put files below kernel/; administrators' and DKMS's modules go to updates/ and extra/. A \
          rootkit's module is put among thousands of packaged ones, where modprobe finds it.",
    benign: "a vendor's installer that copies its driver over the packaged one's place",
    attack: &["T1547.006"],
    next: &[
        "look at the file (modinfo is read from the file: strings, .modinfo) and at what names it: modules-load.d, \
         /etc/modules, modules.dep, modprobe.d",
        "keep the file before it is moved away",
    ],
};

pub(crate) static UNOWNED_AUTOLOADED: Rule = Rule {
    id: "modules/unowned-module-autoloaded",
    severity: High,
    confidence: Likely,
    title: "A module that no package owns is loaded at every boot",
    why: "A rootkit comes back after a boot by a line in modules-load.d or /etc/modules and a file that modprobe \
          finds.",
    benign: "a vendor's driver that was installed by hand",
    attack: &["T1547.006", "T1014"],
    next: &[
        "keep the module's file and the line that names it, then take the line out and boot from a known kernel",
        "compare the times of both with logins and with other files changed then",
    ],
};

pub(crate) static UNOWNED_LOADED: Rule = Rule {
    id: "modules/unowned-module-loaded",
    severity: High,
    confidence: Likely,
    title: "A foreign module is loaded from the kernel's own tree, and no package owns its file",
    why: "The kernel marks the module as built elsewhere or unsigned, and its file lies where only packages put files.",
    benign: "a vendor's installer that copies its driver over the packaged one's place",
    attack: &["T1547.006", "T1014"],
    next: &[
        "keep the file and the kernel's memory; unloading it by hand may trigger what it guards",
    ],
};

pub(crate) static LOADED_WITHOUT_FILE: Rule = Rule {
    id: "modules/loaded-without-file",
    severity: Medium,
    confidence: Likely,
    title: "A foreign module is loaded and has no file below the running kernel's modules",
    why: "insmod loads a file from anywhere, and the file may be deleted afterwards: so do rootkits that are loaded \
          by hand or from a script.",
    benign: "endpoint protection that loads its modules from its own directory; live patches",
    attack: &["T1547.006", "T1014"],
    next: &[
        "search the disk for a file of the module's name (find / -xdev -name 'NAME.ko*'), deleted ones in /proc/*/fd too",
        "keep the kernel's memory: the module's code is in it",
    ],
};

pub(crate) static OWN_KERNEL: Rule = Rule {
    id: "modules/own-kernel",
    severity: Info,
    confidence: Likely,
    title: "The modules of a kernel release belong to no package",
    why: "A kernel built on the host has no package to compare its modules with: they are not judged.",
    benign: "an administrator's own kernel",
    attack: &[],
    next: &["compare the directory with the place where the kernel was built"],
};

pub(crate) static PROTECTION_OFF: Rule = Rule {
    id: "modules/protection-off",
    severity: Low,
    confidence: Possible,
    title: "The kernel's command line switches a protection off",
    why: "Without it, unsigned modules, foreign code or forged records meet less resistance.",
    benign: "an administrator's choice, for a driver or for speed",
    attack: &["T1562.001"],
    next: &["ask who wants it, and since when: the boot loader's file has a change time"],
};
