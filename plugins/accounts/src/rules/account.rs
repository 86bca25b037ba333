//! The rules about accounts.

use coroner_core::{Confidence, Rule, Severity};

pub(crate) static SECOND_UID_0: Rule = Rule {
    id: "accounts/second-uid-0",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A second account has uid 0",
    why: "Uid 0 is root whatever the name. An intruder gives it to a new or an existing \
        account and comes back as root with a password of their own.",
    benign: "BSD habits (toor) or an agreed emergency account; those have group 0 and somebody \
        knows them.",
    attack: &["T1136.001", "T1098"],
    next: &[
        "Ask who made the account and when; compare with a backup of /etc/passwd.",
        "List its logins, keys and processes, then lock it.",
    ],
};

pub(crate) static UID_0_WITHOUT_SHADOW: Rule = Rule {
    id: "accounts/uid-0-without-shadow",
    severity: Severity::High,
    confidence: Confidence::Certain,
    title: "An account with uid 0 has no line in shadow",
    why: "useradd and passwd always write both files. A line put into /etc/passwd by hand, \
        with its own hash or none, is how root access is planted in one write.",
    benign: "None known.",
    attack: &["T1136.001", "T1098"],
    next: &[
        "Save /etc/passwd with its times, then remove the line.",
        "Look for what could write /etc/passwd: root shells, writable files, backups.",
    ],
};

pub(crate) static HASH_IN_PASSWD: Rule = Rule {
    id: "accounts/hash-in-passwd",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A password hash stands in the world-readable passwd",
    why: "Every current system keeps hashes in shadow. A hash in /etc/passwd is written by \
        hand: one line makes a login, and no tool that watches shadow sees it.",
    benign: "Systems of the nineties, and pwunconv.",
    attack: &["T1098", "T1136.001"],
    next: &["Ask who wrote the line; lock the account.", "Look for logins of that account."],
};

pub(crate) static EMPTY_PASSWORD: Rule = Rule {
    id: "accounts/empty-password",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "An account opens without a password",
    why: "The password field is empty and the shell works: su, the console and any service \
        that accepts empty passwords let everybody in.",
    benign: "Live images and kiosks.",
    attack: &["T1078.003", "T1098"],
    next: &["Lock the password (a `!` in its field).", "Look for logins of that account."],
};

pub(crate) static WEAK_PASSWORD: Rule = Rule {
    id: "accounts/weak-password",
    severity: Severity::Medium,
    confidence: Confidence::Certain,
    title: "A password was guessed",
    why: "The name of the account, a common word or a word of the given list opens the \
        account. Floods and miners spread by exactly these guesses over SSH.",
    benign: "A test machine that nobody can reach.",
    attack: &["T1110.001", "T1078.003"],
    next: &[
        "Change the password and look for logins from unknown addresses.",
        "Turn password logins off in sshd where keys are used.",
    ],
};

pub(crate) static SYSTEM_ACCOUNT_PASSWORD: Rule = Rule {
    id: "accounts/system-account-password",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A distribution's own account has a password",
    why: "Accounts such as news, games or nobody are made without a password and nobody logs \
        in to them. One that has a password was opened on purpose.",
    benign: "An old mail or news server whose admin logs in as the service.",
    attack: &["T1098", "T1078.003"],
    next: &[
        "Lock the password; look for logins of that account.",
        "Look at its home, its keys and its processes.",
    ],
};

pub(crate) static LOGIN_WITHOUT_HOME: Rule = Rule {
    id: "accounts/login-without-home",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A person's account has a password and no home",
    why: "Accounts made in a hurry (useradd -M) have a password and a shell, and no home \
        directory. People have one.",
    benign: "Homes on another file system that is not mounted here, or an account for file \
        transfer alone.",
    attack: &["T1136.001"],
    next: &[
        "Ask who made the account; its line is among the last of /etc/passwd.",
        "Look for its logins and for the day its password was set.",
    ],
};

pub(crate) static REPEATED_NAME: Rule = Rule {
    id: "accounts/repeated-name",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A name stands twice in passwd",
    why: "Programs that look for the name take the first line, those that look for the uid may \
        take the second: a second line gives a known name other rights.",
    benign: "A merge of two files by hand.",
    attack: &["T1136.001", "T1564.002"],
    next: &["Compare both lines with a backup; remove the wrong one."],
};

pub(crate) static SHARED_SYSTEM_UID: Rule = Rule {
    id: "accounts/shared-system-uid",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Two system accounts share a uid and one has a shell",
    why: "A second name for a service's uid reads all that the service owns, and hides behind \
        its name in every listing.",
    benign: "A service renamed by its package that kept its old line.",
    attack: &["T1136.001", "T1036.010"],
    next: &["Find out which package made which line; remove the other."],
};

pub(crate) static ODD_LINE: Rule = Rule {
    id: "accounts/odd-line",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A line of the account files was not written by a tool",
    why: "Missing fields, blanks, signs, NUL and control characters are accepted by the C \
        library, and hide an account from people and from scripts that list accounts.",
    benign: "A typing error; the line is then useless to everybody.",
    attack: &["T1136.001", "T1564.002"],
    next: &["Show the line byte by byte (od -c) and compare with a backup."],
};

pub(crate) static NIS_LINE: Rule = Rule {
    id: "accounts/nis-line",
    severity: Severity::Medium,
    confidence: Confidence::Possible,
    title: "passwd asks NIS for accounts",
    why: "A `+` line lets a directory service add accounts, and on old libraries `+::0:0` was \
        an account itself. Few hosts use NIS.",
    benign: "A host that really is a NIS client.",
    attack: &["T1136.002", "T1556"],
    next: &["Ask whether this host uses NIS; if not, remove the line."],
};

pub(crate) static SHADOW_DISAGREES: Rule = Rule {
    id: "accounts/shadow-disagrees",
    severity: Severity::Low,
    confidence: Confidence::Possible,
    title: "passwd and shadow do not agree",
    why: "One file has a line that the other has not. Tools change both, people and intruders one.",
    benign: "An account removed by hand.",
    attack: &["T1098"],
    next: &["Run pwck -r on a copy of both files."],
};

pub(crate) static FILE_OPEN: Rule = Rule {
    id: "accounts/file-open",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "An account file is writable, or its hashes readable, by others",
    why: "Whoever writes /etc/passwd makes themselves root; whoever reads /etc/shadow guesses \
        passwords at leisure.",
    benign: "A restore from a backup without modes.",
    attack: &["T1222.002", "T1003.008"],
    next: &["Set the modes back; then look for lines that were added."],
};
