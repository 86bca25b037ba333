//! The rules, as data.

use coroner_core::Rule;
use coroner_core::{
    Confidence::{Certain, Likely, Possible},
    Severity::{Critical, High, Info, Low, Medium},
};

const KEEP: &str =
    "Copy the file off the host before anything is reinstalled, with its times and its SHA-256";
const REINSTALL: &str =
    "Do not trust what this program prints; look again with programs from a clean medium";
const COMPARE: &str = "Compare it with the file in the package, fetched on another host";

pub(crate) static TOOL_MODIFIED: Rule = Rule {
    id: "binaries/tool-modified",
    severity: Critical,
    confidence: Certain,
    title: "A program or library that responders rely on is not the package's",
    why: "Intruders replace ps, ss, lsof, ls, sshd, the PAM modules or the C library, so that the host itself hides them or collects passwords. The content differs from the digest that the package brought, and packages replace these files only together with their digests.",
    benign: "Prelinking on EL 6 and 7, or a package upgrade that was cut off half way.",
    attack: &["T1554", "T1014", "T1556"],
    next: &[
        KEEP,
        REINSTALL,
        COMPARE,
        "Look for other files that changed in the same minutes (ctime)",
    ],
};

pub(crate) static FORGED: Rule = Rule {
    id: "binaries/forged",
    severity: Critical,
    confidence: Certain,
    title: "A file was replaced, and the package's list of digests was edited to agree with it",
    why: "The file agrees with the host's own list, so that debsums, dpkg -V and everything else that believes the list stay silent. The pack that came with the auditor says what the vendor shipped under this very version, and it is another file. Nobody edits a list of digests by accident.",
    benign: "A package that was rebuilt locally under the vendor's own version; all its files show it then.",
    attack: &["T1554", "T1565.001", "T1070"],
    next: &[
        KEEP,
        REINSTALL,
        "Look for other files that changed in the same minutes as the list (ctime)",
    ],
};

pub(crate) static LIST_EDITED: Rule = Rule {
    id: "binaries/list-edited",
    severity: Medium,
    confidence: Likely,
    title: "A package's list of files or digests is not as the vendor made it",
    why: "The files themselves are the vendor's, and the host's list says something else of them: it was edited, as one does before or after a file is swapped.",
    benign: "A tool that repairs or rewrites package databases; a package that was rebuilt locally under the vendor's own version.",
    attack: &["T1565.001", "T1070"],
    next: &[
        "Keep a copy of /var/lib/dpkg/info with its times",
        "Look at what else changed when the list did (ctime)",
    ],
};

pub(crate) static LIST_NEWER: Rule = Rule {
    id: "binaries/list-newer-than-package",
    severity: Medium,
    confidence: Likely,
    title: "A package's list of digests was written after the package was installed",
    why: "dpkg takes the list of digests out of the package, with the time at which the package was built, and writes the list of files when it installs. Digests that are younger than the installation were written by somebody else. Lists that a copy of the whole system wrote anew are known and left out.",
    benign: "A clock that was wrong while the package was installed; tools that generate missing digests (debsums -g).",
    attack: &["T1565.001", "T1070"],
    next: &[COMPARE, "Keep a copy of /var/lib/dpkg/info with its times"],
};

pub(crate) static LINK_CHANGED: Rule = Rule {
    id: "binaries/link-changed",
    severity: High,
    confidence: Likely,
    title: "A link that a package brought leads to another place",
    why: "The package's link was replaced. Every call of its name runs, or loads, something else, and no packaged file had to be changed for it: package databases do not even say where their links lead.",
    benign: "An administrator who made a link of the system lead to another version of a program.",
    attack: &["T1574", "T1554"],
    next: &["Look at what it leads to now", "Ask who changed it"],
};

pub(crate) static PROGRAM_MODIFIED: Rule = Rule {
    id: "binaries/program-modified",
    severity: Critical,
    confidence: Certain,
    title: "A packaged program or library differs from its package",
    why: "Code that a package installed was changed in place. An intruder does it to be started by what is started anyway.",
    benign: "Prelinking on EL 6 and 7, or a package upgrade that was cut off half way.",
    attack: &["T1554"],
    next: &[KEEP, COMPARE, "Look for other files that changed in the same minutes (ctime)"],
};

pub(crate) static FILE_MODIFIED: Rule = Rule {
    id: "binaries/packaged-file-modified",
    severity: High,
    confidence: Likely,
    title: "A packaged script or other file differs from its package",
    why: "It is not a configuration file, so nothing but its package should write it. Scripts, units and modules of interpreters are changed to be run by what runs them anyway.",
    benign: "Someone mended a packaged script in place; a program that rewrites its own data.",
    attack: &["T1554"],
    next: &[KEEP, COMPARE],
};

pub(crate) static DATA_MODIFIED: Rule = Rule {
    id: "binaries/packaged-data-modified",
    severity: Low,
    confidence: Possible,
    title: "Documentation, translations or caches of a package differ from it",
    why: "Nothing runs these files; many of them changed at once tell of a damaged disk or of a changed database.",
    benign: "Compressed or stripped documentation, rebuilt caches, compiled Python files.",
    attack: &[],
    next: &["Check the disk (dmesg, SMART) when there are many"],
};

pub(crate) static TOOL_MISSING: Rule = Rule {
    id: "binaries/tool-missing",
    severity: Medium,
    confidence: Likely,
    title: "A packaged program is gone",
    why: "Its package is installed, and the file is not there. Intruders delete the tools that would show them, or move them aside.",
    benign: "Minimised images that delete programs; an administrator who removed one by hand.",
    attack: &["T1070.004", "T1685"],
    next: &[
        "Look for the file under another name (same directory, same size)",
        "Ask who removed it",
    ],
};

pub(crate) static FILES_MISSING: Rule = Rule {
    id: "binaries/packaged-files-missing",
    severity: Low,
    confidence: Possible,
    title: "Files of a package are gone",
    why: "The package lists them and they are not there.",
    benign: "Images made small by deleting documentation and translations without telling dpkg.",
    attack: &[],
    next: &["Reinstall the package when the host is trusted again"],
};

pub(crate) static TOOL_UNOWNED: Rule = Rule {
    id: "binaries/tool-unowned",
    severity: High,
    confidence: Likely,
    title: "A program of this name in a system directory belongs to no package",
    why: "Distributions install this program only from packages. One that no package owns was put there by hand: a trojan, or a real package whose list was edited.",
    benign: "An administrator who installed a program into /usr/bin by hand; images built without a package manager.",
    attack: &["T1554", "T1036.005"],
    next: &[
        KEEP,
        "Find out whether its usual package is installed, and reinstall it from a clean medium",
        REINSTALL,
    ],
};

pub(crate) static TOOL_WITHOUT_DIGEST: Rule = Rule {
    id: "binaries/tool-without-digest",
    severity: Medium,
    confidence: Possible,
    title: "The package database has no digest for a program that responders rely on",
    why: "All distributions ship digests for these programs. Removing one line or list makes every check of the file say nothing.",
    benign: "A package built by hand without digests.",
    attack: &["T1554", "T1070"],
    next: &[COMPARE, "Look at the times of the package's files in the database"],
};

pub(crate) static SCRIPT_FOR_PROGRAM: Rule = Rule {
    id: "binaries/script-in-place-of-program",
    severity: Critical,
    confidence: Certain,
    title: "A script stands where every distribution has a compiled program",
    why: "A wrapper runs the intruder's command and then the real program, which was moved aside.",
    benign: "None for a file that a package owns; an administrator's own wrapper belongs in /usr/local.",
    attack: &["T1554"],
    next: &[KEEP, "Read the script: it names the real program and what runs before it"],
};

pub(crate) static RENAMED_ORIGINAL: Rule = Rule {
    id: "binaries/renamed-original",
    severity: High,
    confidence: Likely,
    title: "A renamed program or library lies beside the one of its name",
    why: "Whoever replaces ps or a PAM module keeps the original beside it, since the replacement runs it.",
    benign: "A copy that an administrator made before trying a new version; diversions by dpkg are known and left out.",
    attack: &["T1554", "T1036"],
    next: &[
        "Compare it with the package's digest of the plain name: if it agrees, the plain one was replaced",
        KEEP,
    ],
};

pub(crate) static TOOL_DIVERTED: Rule = Rule {
    id: "binaries/tool-diverted",
    severity: Medium,
    confidence: Possible,
    title: "dpkg was told to install a relied-on program under another name",
    why: "A diversion moves the package's file aside for good, and whatever lies at its usual place is in no package. Checks of the package then still pass.",
    benign: "An administrator's wrapper around a program. Diversions made by packages are ordinary and left out.",
    attack: &["T1554", "T1564"],
    next: &[
        "Look at what lies at the usual place now",
        "dpkg-divert --list on a trusted system shows who asked for it",
    ],
};

pub(crate) static SHADOWED: Rule = Rule {
    id: "binaries/tool-shadowed",
    severity: High,
    confidence: Likely,
    title: "A program earlier in PATH takes the place of a system tool",
    why: "Without touching a packaged file, a ps or sudo in a directory that PATH names first is run instead of the real one. Nobody builds these tools by hand for daily use.",
    benign: "A newer version built by an administrator; a link to the packaged program, which is left out.",
    attack: &["T1574.007"],
    next: &[KEEP, "Call tools by their whole path until it is explained"],
};

pub(crate) static ODD_PATH: Rule = Rule {
    id: "binaries/odd-path-directory",
    severity: High,
    confidence: Likely,
    title: "PATH names a directory where anybody may put programs, or a hidden one",
    why: "Programs there are run by name. Temporary, hidden and relative directories let an unprivileged or past intruder choose what is run.",
    benign: "A developer's `.` in PATH, which is a weakness all the same.",
    attack: &["T1574.007"],
    next: &["List the directory", "Find out who wrote the line"],
};

pub(crate) static SET_UID_SHELL: Rule = Rule {
    id: "binaries/set-uid-gives-root",
    severity: Critical,
    confidence: Certain,
    title: "A set-uid shell, interpreter or tool that hands out root",
    why: "Whoever runs it is root: the simplest back door there is. No distribution ships shells, interpreters, find, cp or editors set-uid.",
    benign: "None on a server.",
    attack: &["T1548.001"],
    next: &[
        KEEP,
        "Take the bit away (chmod u-s) as soon as the evidence is safe",
        "Find out which account was meant to use it",
    ],
};

pub(crate) static SET_UID_UNOWNED: Rule = Rule {
    id: "binaries/set-uid-unowned",
    severity: High,
    confidence: Likely,
    title: "A set-uid program that no package brought",
    why: "It runs as its owner for everyone, and nothing says where it came from.",
    benign: "Software installed by hand that needs it (a self-built sudo, a vendor's installer under /opt).",
    attack: &["T1548.001"],
    next: &[KEEP, "Look at its strings and imports on another machine"],
};

pub(crate) static SET_UID_UNUSUAL: Rule = Rule {
    id: "binaries/set-uid-unusual",
    severity: Low,
    confidence: Possible,
    title: "A packaged program is set-uid or set-gid and is not known to be so",
    why: "The package's database does not say modes, and no known package ships this program with the bit.",
    benign: "A package that coroner's list does not know.",
    attack: &["T1548.001"],
    next: &["Compare the mode with the package's on another host"],
};

pub(crate) static SET_UID_ADDED: Rule = Rule {
    id: "binaries/set-uid-added",
    severity: High,
    confidence: Likely,
    title: "A packaged program was made set-uid or set-gid after it was installed",
    why: "The vendor ships it without the bit, and no statoverride of dpkg's asks for it. Whoever may run it acts as its owner or group now.",
    benign: "An administrator's chmod, which the next upgrade takes back; dpkg-statoverride is how it is meant to be done, and is left out.",
    attack: &["T1548.001"],
    next: &[
        "Find out who set it (ctime of the file) and what for",
        "Take the bit away (chmod) as soon as the evidence is safe",
    ],
};

pub(crate) static CAPABLE_STRONG: Rule = Rule {
    id: "binaries/capability-gives-root",
    severity: Critical,
    confidence: Certain,
    title: "An interpreter or shell carries a capability that makes root of anyone",
    why: "cap_setuid on perl is a set-uid shell that find -perm does not show.",
    benign: "None on a server.",
    attack: &["T1548.001", "T1548"],
    next: &[
        "Remove the attribute (setcap -r) as soon as the evidence is safe",
        "Find out which account was meant to use it",
    ],
};

pub(crate) static CAPABLE_UNUSUAL: Rule = Rule {
    id: "binaries/capability-unusual",
    severity: Medium,
    confidence: Likely,
    title: "A program carries strong capabilities that its package is not known to give",
    why: "File capabilities give parts of root without a set-uid bit, and few look for them.",
    benign: "Monitoring agents and container tools that their installers equip so.",
    attack: &["T1548"],
    next: &["Compare with the same package on another host"],
};

pub(crate) static WRITABLE_TOOL: Rule = Rule {
    id: "binaries/tool-writable",
    severity: High,
    confidence: Likely,
    title: "A system program can be changed by somebody other than root",
    why: "Whoever may write it chooses what root runs. Intruders leave themselves this door after a clean-up.",
    benign: "A careless chmod, which is the same door.",
    attack: &["T1222.002", "T1574.010"],
    next: &["Check the content against the package", "Set owner and mode back"],
};

pub(crate) static SHELL_COPY: Rule = Rule {
    id: "binaries/shell-copy",
    severity: High,
    confidence: Likely,
    title: "A copy of a shell or interpreter under another name",
    why: "A copy named nologin or like a daemon gives a shell where the name promises none, and waits for a set-uid bit.",
    benign: "A chroot's or an initramfs's own shell, outside the directories looked at here.",
    attack: &["T1036.003", "T1036.005"],
    next: &["Find accounts whose shell it is (/etc/passwd, /etc/shells)", KEEP],
};

pub(crate) static MISLEADING_NAME: Rule = Rule {
    id: "binaries/misleading-name",
    severity: High,
    confidence: Certain,
    title: "A file in a system directory has a name made to be misread",
    why: "A name that ends with a blank, or holds invisible characters, looks like the real one in every listing.",
    benign: "None known in these directories.",
    attack: &["T1036.006", "T1036.005"],
    next: &[
        KEEP,
        "Search the configuration for the name with the blank (/etc/passwd, /etc/shells, units)",
    ],
};

pub(crate) static HIDDEN_FILE: Rule = Rule {
    id: "binaries/hidden-in-system-directory",
    severity: High,
    confidence: Likely,
    title: "A hidden program or library in a system directory belongs to no package",
    why: "A leading dot keeps it out of plain listings; packages put no hidden programs there.",
    benign: "A vendor's installer that marks its files so (FIPS .hmac files and build-ids are known and left out).",
    attack: &["T1564.001"],
    next: &[KEEP, "Find what starts or loads it"],
};

pub(crate) static UNOWNED_PROGRAM: Rule = Rule {
    id: "binaries/unowned-program",
    severity: Medium,
    confidence: Possible,
    title: "A compiled program in a system directory belongs to no package",
    why: "Distributions keep these directories to packages and give /usr/local and /opt to administrators; intruders prefer a place among a thousand other names.",
    benign: "An installer that copies into /usr/bin (container and cloud tools are known and left out).",
    attack: &["T1036.005"],
    next: &["Ask who installed it", "Look at what starts it and at its times (ctime, btime)"],
};

pub(crate) static UNOWNED_LIBRARY: Rule = Rule {
    id: "binaries/unowned-library",
    severity: Medium,
    confidence: Possible,
    title: "A library in a system directory belongs to no package",
    why: "The loader finds it by name for every program. PAM and NSS load whatever their configuration names from here.",
    benign: "A vendor's agent or driver (NVIDIA's installer, monitoring) that installs itself by hand.",
    attack: &["T1574.006", "T1556.003"],
    next: &[KEEP, "Find what loads it: ld.so.preload, PAM and NSS configuration, needed lists"],
};

pub(crate) static CODE_ADDED: Rule = Rule {
    id: "binaries/code-added",
    severity: High,
    confidence: Likely,
    title: "An ELF file shows that code was added to it after it was built",
    why: "A note segment turned into code, or an entry point outside the program's own code, is what file infectors leave.",
    benign: "Rare protectors of commercial programs.",
    attack: &["T1554", "T1055"],
    next: &[KEEP, "Disassemble from the entry point on another machine"],
};

pub(crate) static PACKED: Rule = Rule {
    id: "binaries/packed-program",
    severity: Medium,
    confidence: Likely,
    title: "A program in a system directory is packed",
    why: "Distributions never pack programs; malware does, to keep its strings from scanners.",
    benign: "A vendor's small self-contained tool.",
    attack: &["T1027.002"],
    next: &[KEEP, "Unpack and compare on another machine (upx -d on a copy)"],
};

pub(crate) static ODD_BUILD: Rule = Rule {
    id: "binaries/odd-build",
    severity: Medium,
    confidence: Possible,
    title: "A program in a system directory is built as no compiler builds it",
    why: "Hand-made payloads have no sections, code that can be written to, or another file hanging on their end.",
    benign: "Programs that carry their own data at the end (self-extracting and bundled ones).",
    attack: &["T1027", "T1027.009"],
    next: &[KEEP, "Look at its strings on another machine"],
};

pub(crate) static ODD_LOADER: Rule = Rule {
    id: "binaries/odd-loader",
    severity: High,
    confidence: Likely,
    title: "A program asks for a loader or libraries from an odd place",
    why: "The loader and the libraries that a program names run inside it. One in a temporary, hidden or private directory is the intruder's.",
    benign: "Programs built by Nix, Guix or Homebrew (known and left out), or badly built ones with a left-over path.",
    attack: &["T1574.006", "T1574"],
    next: &["Take the named loader or directory with you as evidence"],
};

pub(crate) static PRELOAD: Rule = Rule {
    id: "binaries/preload-library",
    severity: Critical,
    confidence: Likely,
    title: "/etc/ld.so.preload loads a library into every program",
    why: "User-space rootkits live here: the library hides its files and processes from every program that lists them.",
    benign: "Monitoring agents and small machines' tuned libraries; those that are known or packaged are graded lower.",
    attack: &["T1574.006", "T1014"],
    next: &[
        KEEP,
        "Use only statically linked programs on this host until it is explained",
        "Look at the functions it defines: readdir hides files, accept and pam_authenticate open doors",
    ],
};

pub(crate) static PRELOAD_MISSING: Rule = Rule {
    id: "binaries/preload-target-missing",
    severity: Medium,
    confidence: Likely,
    title: "/etc/ld.so.preload names a library that is not there",
    why: "The remains of a removed rootkit, or a library that hides itself.",
    benign: "An uninstalled agent that left its line behind.",
    attack: &["T1574.006"],
    next: &["Look at the disk from outside: a rootkit hides its own library"],
};

pub(crate) static ODD_LIBRARY_PATH: Rule = Rule {
    id: "binaries/odd-library-directory",
    severity: High,
    confidence: Likely,
    title: "The loader is told to look for libraries in a temporary, hidden or private directory",
    why: "Whoever may write there puts code into every program.",
    benign: "A developer's machine.",
    attack: &["T1574.006"],
    next: &["List the directory", "Find out who wrote the line"],
};

pub(crate) static LIBRARY_SHADOWED: Rule = Rule {
    id: "binaries/library-shadowed",
    severity: High,
    confidence: Likely,
    title: "A library of the system's core is taken from another place",
    why: "Directories in ld.so.conf and the cache made from it come before the system's own, so a second libc or libpam there is loaded instead of the packaged one.",
    benign: "A self-built OpenSSL, zlib or xz in /usr/local/lib is graded lower.",
    attack: &["T1574.006", "T1574.001"],
    next: &[KEEP, "Compare what it defines with the packaged library"],
};

pub(crate) static SIGNATURE_BROKEN: Rule = Rule {
    id: "binaries/package-signature-broken",
    severity: Critical,
    confidence: Certain,
    title: "A package's entry in the rpm database is not what its vendor signed",
    why: "rpm keeps each package's signed header, with the digests of its files. This one was changed after it was signed, so that replaced files agree with it; its digests are not believed here. rpm -Va passes over such a header with one line of error that names neither package nor file.",
    benign: "A damaged disk; rpm then refuses the package as damaged too.",
    attack: &["T1554", "T1565.001", "T1070"],
    next: &[
        "Copy the whole of /var/lib/rpm (or /usr/lib/sysimage/rpm) off the host before anything is reinstalled",
        "Fetch the package of this version from the vendor on another host and compare its files (rpm2cpio)",
        "Distrust every file of this package",
    ],
};

pub(crate) static SIGNATURE_MISSING: Rule = Rule {
    id: "binaries/package-signature-missing",
    severity: Medium,
    confidence: Likely,
    title: "A package that calls itself a vendor's does not bear the vendor's signature",
    why: "The other packages of this vendor on the host are signed by a known key. Whoever edits a header cannot sign it again, and takes the signature away or signs with a key of his own.",
    benign: "A vendor's package rebuilt on the host or by a local build service under the vendor's name; signed by a key that this version of coroner does not know, it is graded low.",
    attack: &["T1554", "T1553.002"],
    next: &[
        "Fetch the package of this version from the vendor on another host and compare its files",
        "Ask who built it",
    ],
};

pub(crate) static NOT_SIGNED: Rule = Rule {
    id: "binaries/package-not-signed-by-a-known-key",
    severity: Info,
    confidence: Possible,
    title: "Packages that no known key vouches for",
    why: "Their files agree with the host's own database at best, which an intruder can edit.",
    benign: "Packages of other vendors and self-built ones: give their keys with --key.",
    attack: &[],
    next: &["Give the public keys of vendors that you trust with --key and audit again"],
};

pub(crate) static FOREIGN_KEY: Rule = Rule {
    id: "binaries/package-key-of-no-known-vendor",
    severity: Info,
    confidence: Possible,
    title: "The host installs packages that this key signed, and it is no known vendor's",
    why: "rpm takes packages signed by any key that was imported. An intruder who imports one can install packages that rpm calls good.",
    benign: "The key of a third party's repository, or of one's own.",
    attack: &["T1553.004"],
    next: &["Compare the fingerprint with the one that the repository's owner publishes"],
};

pub(crate) static ALL: &[&Rule] = &[
    &SIGNATURE_BROKEN,
    &SIGNATURE_MISSING,
    &NOT_SIGNED,
    &FOREIGN_KEY,
    &TOOL_MODIFIED,
    &FORGED,
    &LIST_EDITED,
    &LIST_NEWER,
    &LINK_CHANGED,
    &PROGRAM_MODIFIED,
    &FILE_MODIFIED,
    &DATA_MODIFIED,
    &TOOL_MISSING,
    &FILES_MISSING,
    &TOOL_UNOWNED,
    &TOOL_WITHOUT_DIGEST,
    &SCRIPT_FOR_PROGRAM,
    &RENAMED_ORIGINAL,
    &TOOL_DIVERTED,
    &SHADOWED,
    &ODD_PATH,
    &SET_UID_SHELL,
    &SET_UID_UNOWNED,
    &SET_UID_UNUSUAL,
    &SET_UID_ADDED,
    &CAPABLE_STRONG,
    &CAPABLE_UNUSUAL,
    &WRITABLE_TOOL,
    &SHELL_COPY,
    &MISLEADING_NAME,
    &HIDDEN_FILE,
    &UNOWNED_PROGRAM,
    &UNOWNED_LIBRARY,
    &CODE_ADDED,
    &PACKED,
    &ODD_BUILD,
    &ODD_LOADER,
    &PRELOAD,
    &PRELOAD_MISSING,
    &ODD_LIBRARY_PATH,
    &LIBRARY_SHADOWED,
];
