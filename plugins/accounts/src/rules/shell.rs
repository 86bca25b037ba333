//! The rules about login shells.

use coroner_core::{Confidence, Rule, Severity};

pub(crate) static SHELL_NAME_DISGUISED: Rule = Rule {
    id: "accounts/shell-name-disguised",
    severity: Severity::High,
    confidence: Confidence::Certain,
    title: "A shell's path ends in a blank or holds characters that cannot be seen",
    why: "`/usr/sbin/nologin ` with a blank looks like an account nobody can use, and is \
        another file: a shell.",
    benign: "None known.",
    attack: &["T1036.006", "T1098"],
    next: &[
        "Save the file behind the path with its hash, then restore the account's shell.",
        "Look for keys and passwords of the account.",
    ],
};

pub(crate) static SHELL_IS_A_COPY: Rule = Rule {
    id: "accounts/shell-is-a-copy",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A login shell is a copy of another shell under another name",
    why: "The same bytes as bash or dash under a name that no package owns: made so that a \
        closed account opens, or that logs show a harmless name.",
    benign: "An admin's own copy, kept in case of a broken update.",
    attack: &["T1036.005", "T1098"],
    next: &["Compare the copy's hash; remove it and restore the account's shell."],
};

pub(crate) static SHELL_IN_ODD_PLACE: Rule = Rule {
    id: "accounts/shell-in-odd-place",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A login shell lies in a temporary or hidden place",
    why: "What runs at login lies where anyone may write, or where nobody looks.",
    benign: "None that is common.",
    attack: &["T1564.001", "T1036.005"],
    next: &["Save the file; restore the account's shell."],
};

pub(crate) static SHELL_UNOWNED: Rule = Rule {
    id: "accounts/shell-unowned",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A login shell in a system directory belongs to no package",
    why: "System directories hold what packages bring. A shell put there by hand may be anything.",
    benign: "A shell built from source with prefix /usr.",
    attack: &["T1036.005"],
    next: &["Save the file and look at what it does; ask who put it there."],
};

pub(crate) static SHELL_MISSING: Rule = Rule {
    id: "accounts/shell-missing",
    severity: Severity::Low,
    confidence: Confidence::Possible,
    title: "An account with a password has a shell that is not there",
    why: "Nobody can log in now; whoever puts a program at that path opens the account.",
    benign: "A shell whose package was removed.",
    attack: &["T1098"],
    next: &["Set the shell to nologin or install it."],
};
