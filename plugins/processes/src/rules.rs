//! The rules, as data.

use coroner_core::Confidence::{Certain, Likely, Possible};
use coroner_core::Rule;
use coroner_core::Severity::{Critical, High, Low, Medium};

/// Every rule of this plugin.
pub(crate) static ALL: &[&Rule] = &[
    &CODE_CHANGED,
    &SHELL_ON_SOCKET,
    &FALSE_KERNEL_THREAD,
    &COVERED_PROCESS,
    &COVERED_PROGRAM,
    &BORROWED_NAME,
    &MEMORY_PROGRAM,
    &SWAPPED_BACK,
    &PRIVATE_PROGRAM,
    &UNOWNED_IN_ODD_PLACE,
    &DELETED_PROGRAM,
    &PROGRAM_IN_MEMORY,
    &NOT_ITS_PROGRAM,
    &TRACED,
    &PRELOADED,
    &ODD_LIBRARY,
    &UNOWNED_BPF_HOLDER,
    &ANONYMOUS_CODE,
    &LOGIN_ON_DAEMON,
];

/// What to do about a process that is an intruder's, before it is gone.
const KEEP: &str = "keep it before it ends: copy /proc/PID/exe, and its memory and open files (gcore, or /proc/PID/mem by \
                    /proc/PID/maps), then stop it with SIGSTOP rather than killing it";

pub(crate) static CODE_CHANGED: Rule = Rule {
    id: "processes/code-changed",
    severity: Critical,
    confidence: Likely,
    title: "The code in a process's memory is not the code of its file",
    why: "The page was copied for this process alone and its bytes differ from the file's. An intruder writes into a \
          running service by ptrace or /proc/PID/mem: the file on disk stays the vendor's and every digest agrees, \
          while the process does something else.",
    benign: "live patching of user programs (libpulp, Ksplice), instrumentation (Frida, DynamoRIO), a debugger's breakpoints",
    attack: &["T1055.008", "T1055", "T1554"],
    next: &[
        KEEP,
        "disassemble the bytes at the address: a jump leads to the rest of the code, often anonymous memory",
        "look for who could do it: the process's tracer, logins at the time, programs of the same user",
    ],
};

pub(crate) static SHELL_ON_SOCKET: Rule = Rule {
    id: "processes/shell-on-socket",
    severity: Critical,
    confidence: Likely,
    title: "A shell's input or output is a connection to another host",
    why: "A reverse or bind shell has a socket where a terminal belongs. ssh gives a shell a terminal or a pipe, never \
          the connection itself.",
    benign: "a script that inetd or a socket unit with Accept=yes starts on each connection",
    attack: &["T1059.004", "T1071"],
    next: &[
        KEEP,
        "note the peer, look for it in the logs and on other hosts, and see what started the shell: its parents",
    ],
};

pub(crate) static FALSE_KERNEL_THREAD: Rule = Rule {
    id: "processes/false-kernel-thread",
    severity: High,
    confidence: Certain,
    title: "A process with a program calls itself a thread of the kernel",
    why: "The kernel marks its own threads with a flag, and they have no program. A process that has one and is called \
          [kworker/0:1] wants to be overlooked in a list.",
    benign: "for names that the kernel does not use: programs that write their title in brackets",
    attack: &["T1036.004", "T1036.009"],
    next: &[KEEP, "see what started it and what it is connected to"],
};

pub(crate) static COVERED_PROCESS: Rule = Rule {
    id: "processes/covered-process",
    severity: High,
    confidence: Certain,
    title: "Something is mounted over a process's directory in /proc",
    why: "A mount over /proc/PID makes ps, top and lsof see another directory there, or none: the process runs on, \
          hidden from every program that reads /proc.",
    benign: "none known",
    attack: &["T1564.013"],
    next: &["look at the process without the mount: a new mount of proc elsewhere shows it", KEEP],
};

pub(crate) static COVERED_PROGRAM: Rule = Rule {
    id: "processes/covered-program",
    severity: High,
    confidence: Possible,
    title: "A file is mounted over a program or a library",
    why: "Programs run what is mounted there, while the file below, which a package check from another system sees, is \
          unchanged. Or the other way round: a process runs a file that is not deleted, and whoever looks at its path \
          is shown another.",
    benign: "vendors' tools that mount a driver's files (NVIDIA, WSL), a container's own first program",
    attack: &["T1564.013", "T1574"],
    next: &[
        "compare the mounted file with the one below: a bind mount of the directory elsewhere shows the latter",
    ],
};

pub(crate) static BORROWED_NAME: Rule = Rule {
    id: "processes/borrowed-name",
    severity: High,
    confidence: Likely,
    title: "A process calls itself a system service and runs another program",
    why: "A process may write any name over its own. Bots in Perl call themselves apache2, shells call themselves sshd, \
          so that a list of processes looks as always.",
    benign: "a service built on the host under another file name, a script that sets its title to that of the service it stands for",
    attack: &["T1036.004", "T1036.011"],
    next: &[
        KEEP,
        "see what started it, and the script that an interpreter has open or in its working directory",
    ],
};

pub(crate) static MEMORY_PROGRAM: Rule = Rule {
    id: "processes/program-from-memory",
    severity: High,
    confidence: Likely,
    title: "A process runs a program that never was a file",
    why: "memfd_create(2) gives a file without a name; a program run from it leaves nothing on the disk to be found.",
    benign: "container engines run themselves so for a moment (runc, crun), and some sandboxes seal their own program",
    attack: &["T1620", "T1027.011"],
    next: &[KEEP, "its start time and parent say which program brought it"],
};

pub(crate) static SWAPPED_BACK: Rule = Rule {
    id: "processes/swapped-program",
    severity: High,
    confidence: Likely,
    title: "A process runs a deleted file in the place of a packaged program that is older than the process",
    why: "An upgrade leaves a file that is newer than the process. Here the package's file was there before the \
          process started, and the process runs another one: a program was put in its place, started, and the vendor's \
          file was put back.",
    benign: "a program on a file system whose clock is wrong, or restored with its old change time from a snapshot",
    attack: &["T1036.005", "T1070.004", "T1554"],
    next: &[KEEP, "compare /proc/PID/exe with the package's file: strings, size, digest"],
};

pub(crate) static PRIVATE_PROGRAM: Rule = Rule {
    id: "processes/program-in-private-mount",
    severity: Medium,
    confidence: Possible,
    title: "A process runs a program that it alone can see",
    why: "The process has the host's root, and in a mount namespace of its own something is mounted where its program \
          lies: for everybody else there is nothing, or another file, at that path.",
    benign: "services with PrivateTmp= or BindPaths= that run programs from there",
    attack: &["T1564.013", "T1564"],
    next: &["look at the file by /proc/PID/root and the path, and at /proc/PID/mountinfo", KEEP],
};

pub(crate) static UNOWNED_IN_ODD_PLACE: Rule = Rule {
    id: "processes/unowned-program-in-odd-place",
    severity: High,
    confidence: Likely,
    title: "A process runs a program from a temporary or hidden place that no package owns",
    why: "Everybody can write to /tmp, /var/tmp and /dev/shm, and hidden directories are overlooked: programs of \
          intruders start there.",
    benign: "installers, test runs, programs that unpack themselves (AppImage, PyInstaller)",
    attack: &["T1036.005", "T1564.001"],
    next: &[KEEP, "look for what starts it again: coroner audit lists launches"],
};

pub(crate) static DELETED_PROGRAM: Rule = Rule {
    id: "processes/deleted-program",
    severity: Medium,
    confidence: Possible,
    title: "A process runs a program that was deleted and that no package brings back",
    why: "Deleting the file after it was started leaves nothing to scan. An upgrade leaves the package's new file at the \
          same path; here is none.",
    benign: "a package that was removed while its service runs, a program that was built anew",
    attack: &["T1070.004"],
    next: &["the program can still be copied from /proc/PID/exe", KEEP],
};

pub(crate) static PROGRAM_IN_MEMORY: Rule = Rule {
    id: "processes/program-image-in-memory",
    severity: High,
    confidence: Possible,
    title: "A whole program lies in executable memory that no file is behind",
    why: "The memory starts as an ELF file does: it was loaded by hand, from the network or from a packed file, and the \
          loader knows nothing of it.",
    benign: "programs packed with UPX, emulators and sandboxes that load guest programs themselves",
    attack: &["T1620", "T1055", "T1027.002"],
    next: &[KEEP],
};

pub(crate) static NOT_ITS_PROGRAM: Rule = Rule {
    id: "processes/not-its-program",
    severity: Medium,
    confidence: Possible,
    title: "None of a process's code comes from its own program",
    why: "The program's code was taken out of memory and other code put in its place: the process keeps the name and \
          the file of a program that it does not run any more.",
    benign: "emulators, packed programs that unpack over themselves",
    attack: &["T1055.012"],
    next: &[KEEP],
};

pub(crate) static TRACED: Rule = Rule {
    id: "processes/traced",
    severity: High,
    confidence: Likely,
    title: "A process is traced by a program that is no debugger of this host",
    why: "A tracer reads and writes another process's memory and sees all it does: passwords, keys, sessions.",
    benign: "an agent or a debugger that was installed without a package, sandboxes that trace their children",
    attack: &["T1055.008", "T1056"],
    next: &["see the tracer's program, parent and connections", KEEP],
};

pub(crate) static PRELOADED: Rule = Rule {
    id: "processes/preloaded-code",
    severity: Medium,
    confidence: Possible,
    title: "A process's environment makes it load code that no package owns",
    why: "LD_PRELOAD and LD_AUDIT put a library before all others of a program, BASH_ENV and its like a script before \
          any command; such a library hides files or keeps passwords.",
    benign: "allocators (jemalloc, tcmalloc), monitoring agents in /opt, libfaketime, eatmydata",
    attack: &["T1574.006"],
    next: &[
        "look at the file: what it defines, who owns it, when it came",
        "see where the variable is set: unit, profile, parent",
    ],
};

pub(crate) static ODD_LIBRARY: Rule = Rule {
    id: "processes/odd-library",
    severity: Medium,
    confidence: Possible,
    title: "A process runs code of a file that is deleted or lies where no library belongs, and no package owns it",
    why: "A library is loaded into a running process or a service by a changed configuration, then deleted, so that no \
          scan of the disk finds it.",
    benign: "plugins and bindings that programs unpack into a temporary directory, a library that was built anew",
    attack: &["T1574.006", "T1055", "T1070.004"],
    next: &["copy it from /proc/PID/map_files before the process ends", KEEP],
};

pub(crate) static UNOWNED_BPF_HOLDER: Rule = Rule {
    id: "processes/unowned-bpf-holder",
    severity: Medium,
    confidence: Possible,
    title: "A program that no package owns holds BPF objects",
    why: "BPF programs see and change packets and system calls. Rootkits of this kind keep a program running that holds \
          them.",
    benign: "network plugins and monitoring agents that are installed without a package",
    attack: &["T1014", "T1205.002"],
    next: &[
        "list the program's type and where it is attached (bpftool prog show id ID, from a clean copy)",
        KEEP,
    ],
};

pub(crate) static ANONYMOUS_CODE: Rule = Rule {
    id: "processes/anonymous-code",
    severity: Low,
    confidence: Possible,
    title: "A program that is no compiler runs code that comes from no file",
    why: "Injected code lives in memory that can be written and run. Programs that compile as they run need it too; \
          this one is not known as such.",
    benign: "regular expressions and closures compiled in memory (PCRE, libffi), agents and emulators that are not known here",
    attack: &["T1055", "T1620"],
    next: &[
        "compare with the same program on another host",
        "dump the stretch and look for ELF headers, addresses and system calls",
    ],
};

pub(crate) static LOGIN_ON_DAEMON: Rule = Rule {
    id: "processes/login-on-daemon",
    severity: Low,
    confidence: Possible,
    title: "A process of the system was started by somebody who was logged in",
    why: "The kernel keeps who logged in for everything that the login starts. Services that the system starts have \
          nobody; this one came from a person's session, or from cron, and left it.",
    benign: "a service that was started by hand or from a job of cron, without systemd",
    attack: &["T1543", "T1036"],
    next: &[
        "compare its start time with the logins",
        "see what it is: its program, its connections",
    ],
};
