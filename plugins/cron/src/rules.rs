//! The rules about schedules and their files; what the commands do is the shared judge's matter.

use coroner_core::{Confidence, Rule, Severity};

/// Every rule, for the plugin's description.
pub(crate) static ALL: &[&Rule] = &[
    &NO_SUCH_USER,
    &SPOOL_OWNER,
    &NOT_ROOTS,
    &WRITABLE,
    &HIDDEN_FILE,
    &TERMINAL_CODES,
    &OUT_OF_SIGHT,
    &PACKAGE_SCRIPT,
    &ODD_ENVIRONMENT,
    &LINK_TO_ODD_PLACE,
];

pub(crate) static NO_SUCH_USER: Rule = Rule {
    id: "cron/no-such-user",
    severity: Severity::Low,
    confidence: Confidence::Possible,
    title: "A schedule of an account that does not exist",
    why: "It runs as soon as an account of that name is made again, and until then nobody looks \
          at it.",
    benign: "The account was removed and its crontab was left behind.",
    attack: &["T1053.003"],
    next: &["Ask when and why the account was removed", "Remove the schedule"],
};

pub(crate) static SPOOL_OWNER: Rule = Rule {
    id: "cron/spool-owner",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A user's crontab belongs to another account",
    why: "crontab(1) makes each file belong to its user. Another owner wrote it past that program, \
          and may change what runs as the user.",
    benign: "A backup was put back with the wrong owner, or uids were renumbered.",
    attack: &["T1053.003"],
    next: &["Look at what the crontab runs", "Give the file to its user"],
};

pub(crate) static NOT_ROOTS: Rule = Rule {
    id: "cron/not-roots",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A schedule that runs as root belongs to another account",
    why: "Whoever has that account decides what root runs.",
    benign: "A file was copied with the owner that it had elsewhere.",
    attack: &["T1053.003", "T1548"],
    next: &["Look at what the file runs and who that account is", "Give the file to root"],
};

pub(crate) static WRITABLE: Rule = Rule {
    id: "cron/writable",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Others may write a schedule or the directory that holds it",
    why: "Whoever may write there decides what runs next.",
    benign: "A careless chmod; a group of admins.",
    attack: &["T1053.003", "T1222.002"],
    next: &["Look at the content and the times of the file", "Take the right to write away"],
};

pub(crate) static HIDDEN_FILE: Rule = Rule {
    id: "cron/hidden-file",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A hidden file with content lies among the schedules",
    why: "No scheduler runs it by that name, and ls does not show it: it is a payload that another \
          entry starts, or one that is moved in and out.",
    benign: "An editor or a version control tool left it.",
    attack: &["T1564.001", "T1053.003"],
    next: &["Read the file", "Search for whatever refers to it"],
};

pub(crate) static TERMINAL_CODES: Rule = Rule {
    id: "cron/terminal-codes",
    severity: Severity::High,
    confidence: Confidence::Certain,
    title: "A schedule holds bytes that make a terminal show something else",
    why: "A carriage return, a backspace or an escape code inside a line hides a command from cat \
          and crontab -l, while cron runs it all the same.",
    benign: "None is known; carriage returns at the ends of lines are left out.",
    attack: &["T1053.003", "T1564"],
    next: &["Read the file with cat -v", "Keep the file, then remove the line"],
};

pub(crate) static OUT_OF_SIGHT: Rule = Rule {
    id: "cron/out-of-sight",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A scheduled command stands where no editor window shows it",
    why: "Dozens of blanks before a command, or of empty lines above it, push it out of the window \
          of whoever looks.",
    benign: "A file that a broken program wrote.",
    attack: &["T1053.003", "T1564"],
    next: &["Look at what the command does"],
};

pub(crate) static PACKAGE_SCRIPT: Rule = Rule {
    id: "cron/package-script",
    severity: Severity::High,
    confidence: Confidence::Certain,
    title: "A schedule runs a package's maintainer script or reinstalls a package from its database",
    why: "Maintainer scripts are run by the package manager alone. An intruder's package carries \
          the payload in one, and a schedule starts it over and over.",
    benign: "None is known.",
    attack: &["T1053.003", "T1546.016"],
    next: &[
        "Read the script and keep the package",
        "Find out where the package came from and what else it brought",
    ],
};

pub(crate) static ODD_ENVIRONMENT: Rule = Rule {
    id: "cron/odd-environment",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A schedule's environment puts a foreign shell, program or library first",
    why: "Every entry of the file then runs the intruder's program, and the entries themselves look \
          as they always did.",
    benign: "None is common.",
    attack: &["T1053.003", "T1574.006", "T1574.007"],
    next: &["Look at the file or directory that the variable names"],
};

pub(crate) static LINK_TO_ODD_PLACE: Rule = Rule {
    id: "cron/link-to-odd-place",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A schedule is a link to a hidden or temporary place",
    why: "Whoever may write there decides what runs.",
    benign: "None is common.",
    attack: &["T1053.003", "T1564.001"],
    next: &["Look at what the link leads to"],
};
