//! The rules about sudo and doas.

use coroner_core::{Confidence, Rule, Severity};

pub(crate) static SUDOERS_ALL_WITHOUT_PASSWORD: Rule = Rule {
    id: "accounts/sudoers-all-without-password",
    severity: Severity::Medium,
    confidence: Confidence::Possible,
    title: "sudo gives everything without a password",
    why: "Whoever runs anything as this user is root. A drop-in with NOPASSWD: ALL is the \
        smallest way back to root.",
    benign: "Automation accounts; images of cloud providers and vagrant.",
    attack: &["T1548.003"],
    next: &[
        "Ask who wrote the line; compare the file's times with the installation.",
        "List what the user ran by sudo.",
    ],
};

pub(crate) static SUDOERS_EVERYONE: Rule = Rule {
    id: "accounts/sudoers-everyone",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "sudo lets every account run everything",
    why: "With its own password, any account becomes root, services included.",
    benign: "openSUSE, together with Defaults targetpw.",
    attack: &["T1548.003"],
    next: &["Name the group that is meant instead."],
};

pub(crate) static SUDOERS_NUMBER: Rule = Rule {
    id: "accounts/sudoers-number",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A sudoers rule names a user by number",
    why: "`#1000 ALL=(ALL) ALL` looks like a comment and is a rule for uid 1000.",
    benign: "Generated files for containers.",
    attack: &["T1548.003", "T1036"],
    next: &["Find the account of that uid; remove the line if nobody knows it."],
};

pub(crate) static SUDOERS_SHELL_WITHOUT_PASSWORD: Rule = Rule {
    id: "accounts/sudoers-shell-without-password",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "sudo runs a shell or an interpreter without a password",
    why: "A shell as root is everything as root, whatever else the rule leaves out.",
    benign: "A lazy rule for automation.",
    attack: &["T1548.003"],
    next: &["Replace the rule by the one command that is meant."],
};

pub(crate) static SUDOERS_WEAK_PROGRAM: Rule = Rule {
    id: "accounts/sudoers-weak-program",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A program that sudo runs as root can be changed by others",
    why: "Whoever may write the program, or the place it lies in, runs what they like as root.",
    benign: "A script in a developer's home.",
    attack: &["T1548.003", "T1574.010"],
    next: &["Move the program to a directory of root; look at what it does now."],
};

pub(crate) static SUDOERS_FILE_OPEN: Rule = Rule {
    id: "accounts/sudoers-file-open",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A sudoers file is not root's alone",
    why: "sudo refuses files that others may write, until the mode is set back: a door kept ajar.",
    benign: "A file copied by a deployment tool.",
    attack: &["T1548.003", "T1222.002"],
    next: &["Set owner root and mode 0440; read the file first."],
};

pub(crate) static SUDOERS_INCLUDE_ELSEWHERE: Rule = Rule {
    id: "accounts/sudoers-include-elsewhere",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "sudoers includes a file outside of /etc",
    why: "Rules kept where nobody looks for them.",
    benign: "A deployment tool with its own directory.",
    attack: &["T1548.003", "T1564.001"],
    next: &["Read the included file; remove the include."],
};

pub(crate) static SUDOERS_NO_AUTHENTICATION: Rule = Rule {
    id: "accounts/sudoers-no-authentication",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "sudo is told to ask nobody for a password",
    why: "`!authenticate` is NOPASSWD for every rule, in a line that does not say so.",
    benign: "None that is common.",
    attack: &["T1548.003"],
    next: &["Remove the setting; ask who wrote it."],
};

pub(crate) static SUDOERS_ENVIRONMENT: Rule = Rule {
    id: "accounts/sudoers-environment",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "sudo passes loader or interpreter variables on to root",
    why: "With LD_PRELOAD or PYTHONPATH kept, any allowed command runs the caller's code as root.",
    benign: "A developer's machine.",
    attack: &["T1574.006", "T1548.003"],
    next: &["Remove the variable from env_keep."],
};

pub(crate) static SUDOERS_LOGGING_OFF: Rule = Rule {
    id: "accounts/sudoers-logging-off",
    severity: Severity::Medium,
    confidence: Confidence::Possible,
    title: "sudo does not log",
    why: "What was run as root leaves no line.",
    benign: "Noise from monitoring, when it is for one user or command; here it is for everyone.",
    attack: &["T1562.001", "T1548.003"],
    next: &["Turn logging on; ask who turned it off."],
};

pub(crate) static DOAS_WITHOUT_PASSWORD: Rule = Rule {
    id: "accounts/doas-without-password",
    severity: Severity::Medium,
    confidence: Confidence::Possible,
    title: "doas gives everything without a password",
    why: "As NOPASSWD: ALL in sudoers.",
    benign: "A personal machine.",
    attack: &["T1548.003"],
    next: &["Ask who wrote the line."],
};
