//! The rules, as data.

use coroner_core::Confidence::{Certain, Likely, Possible};
use coroner_core::Rule;
use coroner_core::Severity::{Critical, High, Medium};

/// Every rule of this plugin.
pub(crate) static ALL: &[&Rule] = &[
    &PROCESS,
    &COUNT,
    &PROCESSOR_TIME,
    &SOCKET_COUNT,
    crate::sockets::SOCKET,
    crate::sockets::SOCKET_DESCRIPTOR,
    &DIRECTORY_RECORD,
    &DIRECTORY_ENTRY,
    &DIRECTORY_LINKS,
    &CONTENT,
    &BPF_OBJECT,
    &REPLACED_FUNCTION,
    &HOOKED_FUNCTION,
    &BPF_HOOK,
    &BPF_OWNERLESS,
];

pub(crate) static PROCESS: Rule = Rule {
    id: "hidden/process",
    severity: Critical,
    confidence: Certain,
    title: "The kernel's answers about a process contradict each other",
    why: "A rootkit hides a process from listings and from the calls that programs ask with; other calls look the \
          number up elsewhere in the kernel and still find it. Each question was asked three times, before and after a \
          listing, so the process did not just come or go.",
    benign: "none known",
    attack: &["T1014", "T1564"],
    next: &[
        "trust no answer of this kernel: files and connections can be missing too",
        "take the machine off its network at the switch, keep its memory (LiME, or the hypervisor), power it off hard",
        "audit its disk from another system: coroner audit --root DIR",
    ],
};

pub(crate) static COUNT: Rule = Rule {
    id: "hidden/count",
    severity: High,
    confidence: Likely,
    title: "The kernel counts more processes or threads than it shows",
    why: "Rootkits edit listings and forget the counters beside them: the link count of /proc counts processes, \
          /proc/loadavg counts threads, pids.current those in control groups. In twenty readings there was not one in which the two met.",
    benign: "a host that starts and ends thousands of threads in a second",
    attack: &["T1014", "T1564"],
    next: &[
        "run the audit again when the host is quiet; a difference that stays is a hidden process",
        "keep the machine's memory before it is restarted, and audit its disk from another system",
    ],
};

pub(crate) static PROCESSOR_TIME: Rule = Rule {
    id: "hidden/processor-time",
    severity: High,
    confidence: Possible,
    title: "The processors work for something that is no process",
    why: "The kernel counts the time in which tasks run; each process has its own time and that of the children it \
          waited for. In three windows in a row more than half a processor's time belonged to nobody, even if every \
          process that ended unseen had run all the while. A miner or a flood that is hidden looks like this.",
    benign: "a program that ignores the end of its children and starts short ones of many threads all the time",
    attack: &["T1014", "T1564", "T1496"],
    next: &[
        "run the audit again when the host is quiet; time that stays unaccounted is a hidden process",
        "compare with cpu.stat of the control groups below /sys/fs/cgroup: it says which one uses the time",
        "keep the machine's memory before it is restarted, and audit its disk from another system",
    ],
};

pub(crate) static DIRECTORY_RECORD: Rule = Rule {
    id: "hidden/directory-record",
    severity: Critical,
    confidence: Certain,
    title: "A directory's records were edited after the kernel wrote them",
    why: "The kernel gives each record the length that its name needs. A rootkit, or a BPF program that writes to the \
          reader's memory, hides a name by making the record before it longer; what it hid still lies in the gap.",
    benign: "none known",
    attack: &["T1014", "T1564.001"],
    next: &[
        "the names in the gap are what is hidden: look for them on the disk from another system",
        "trust no listing of this kernel; keep its memory, then power it off hard",
    ],
};

pub(crate) static DIRECTORY_ENTRY: Rule = Rule {
    id: "hidden/directory-entry",
    severity: Critical,
    confidence: Certain,
    title: "A name is taken out of a directory while it is read",
    why: "The kernel announces a record and gives none, says that the directory is over and then goes on, shows a name \
          to one way of reading and not to another, or opens a name that its listing lacks: a filter stands between.",
    benign: "none known on a local file system; a network or FUSE file system with a broken directory",
    attack: &["T1014", "T1564.001"],
    next: &[
        "look at the directory from another system, on the mounted disk: coroner audit --root DIR",
        "trust no listing of this kernel; keep its memory, then power it off hard",
    ],
};

pub(crate) static DIRECTORY_LINKS: Rule = Rule {
    id: "hidden/directory-links",
    severity: High,
    confidence: Likely,
    title: "A directory has more subdirectories than it shows",
    why: "On ext4, xfs, tmpfs and sysfs a directory has one link for each subdirectory and two more. Rootkits take the \
          name of a directory out of the listing and leave the count.",
    benign: "a damaged file system",
    attack: &["T1014", "T1564.001"],
    next: &[
        "look at the directory from another system, on the mounted disk: coroner audit --root DIR",
        "if the disk shows no more than the host did, check the file system (fsck -n)",
    ],
};

pub(crate) static CONTENT: Rule = Rule {
    id: "hidden/content",
    severity: Critical,
    confidence: Certain,
    title: "A file has another content for read() than for other ways of reading it",
    why: "Rootkits cut their lines out of what read() returns, or add lines to what sudo or sshd reads. preadv2 and the \
          file's mapped pages go other ways. Nobody wrote the file meanwhile, and three readings agreed.",
    benign: "none known on a local file system",
    attack: &["T1014", "T1564"],
    next: &[
        "the bytes that differ are what is hidden or added: keep both",
        "trust no file that this kernel reads; keep its memory, then audit the disk from another system",
    ],
};

pub(crate) static SOCKET_COUNT: Rule = Rule {
    id: "hidden/socket-count",
    severity: High,
    confidence: Likely,
    title: "The kernel counts more sockets than it lists",
    why: "Rootkits take a port or a packet socket out of the tables below /proc/net and leave the counters of protocols \
          and sockstat. In twenty readings there was not one in which the two met.",
    benign: "a host that opens and closes thousands of sockets in a second",
    attack: &["T1014", "T1564"],
    next: &[
        "run the audit again when the host is quiet; a difference that stays is a hidden socket",
        "look from outside for the port: scan the host, or mirror its traffic at the switch",
        "keep the machine's memory before it is restarted",
    ],
};

pub(crate) static BPF_OBJECT: Rule = Rule {
    id: "hidden/bpf-object",
    severity: Critical,
    confidence: Certain,
    title: "A BPF object exists that the kernel's list does not name",
    why: "A rootkit made of BPF programs takes them out of what bpf(2) lists, so that bpftool does not show them; each \
          still opens by its number. Three readings agreed.",
    benign: "none known",
    attack: &["T1014"],
    next: &[
        "trust no answer of this kernel: processes and files can be missing too",
        "keep the machine's memory, power it off hard, audit its disk from another system: BPF programs do not survive, \
         what loads them does",
    ],
};

pub(crate) static REPLACED_FUNCTION: Rule = Rule {
    id: "hidden/replaced-function",
    severity: High,
    confidence: Likely,
    title: "Functions of the kernel are replaced, and it has no live patches",
    why: "ftrace can make a function of the kernel return into other code. Live patches need that, and so do rootkits: \
          they divert the calls that list files, processes and connections.",
    benign: "a live patch that was just taken out; a vendor's endpoint protection",
    attack: &["T1014"],
    next: &[
        "look at which functions they are: those of getdents64, kill, tcp4_seq_show or bpf are a rootkit's",
        "keep the machine's memory (LiME, or the hypervisor), then audit its disk from another system",
    ],
};

pub(crate) static HOOKED_FUNCTION: Rule = Rule {
    id: "hidden/hooked-function",
    severity: High,
    confidence: Likely,
    title: "A function that lists things calls foreign code first",
    why: "What programs see of files, processes, connections and modules goes through a few functions of the kernel. \
          Rootkits hang on them by ftrace or a probe, from a module that was built elsewhere, that the list of modules \
          lacks, or from code that no symbol stands for.",
    benign: "a vendor's endpoint protection with a module of its own; a probe set with perf or SystemTap",
    attack: &["T1014"],
    next: &[
        "find the module's file and what loads it: the report's module items name both",
        "trust no listing of this kernel until it is explained; keep its memory (LiME, or the hypervisor)",
    ],
};

pub(crate) static BPF_HOOK: Rule = Rule {
    id: "hidden/bpf-hook",
    severity: Medium,
    confidence: Possible,
    title: "A program that no package owns hangs a BPF program on the kernel",
    why: "A BPF program on a probe, a tracepoint or a security hook sees every call of the host and can change what its \
          caller reads. Systemd, Cilium and tracers do that from packaged files or containers; nothing but the file \
          named here speaks for this one.",
    benign: "a tracer or an agent that was installed by hand",
    attack: &["T1014"],
    next: &[
        "ask who installed the program; look at it, at what started it and since when it runs",
        "keep a copy of the BPF program before it ends: bpftool prog dump xlated id ID, from a clean copy",
    ],
};

pub(crate) static BPF_OWNERLESS: Rule = Rule {
    id: "hidden/bpf-ownerless",
    severity: High,
    confidence: Likely,
    title: "A BPF program is attached and nobody keeps it",
    why: "A link lasts as long as a process holds it or a name in the BPF file system does. In three readings this one \
          had neither: the process that holds it is hidden.",
    benign: "a descriptor on its way between two processes; for XDP and traffic control, a program that ip or tc loaded",
    attack: &["T1014"],
    next: &[
        "look at where it is attached (bpftool link show, bpftool net, from a clean copy)",
        "compare the findings about hidden processes; keep the machine's memory before it is restarted",
    ],
};
