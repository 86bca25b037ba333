//! The rules about sshd.

use coroner_core::{Confidence, Rule, Severity};

pub(crate) static SSHD_EMPTY_PASSWORDS: Rule = Rule {
    id: "accounts/sshd-empty-passwords",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "sshd accepts empty passwords",
    why: "An account without a password is then open to the network.",
    benign: "None on a server.",
    attack: &["T1556", "T1078.003"],
    next: &["Turn it off; look for accounts with empty passwords."],
};

pub(crate) static SSHD_FILE_PLACE: Rule = Rule {
    id: "accounts/sshd-file-place",
    severity: Severity::Medium,
    confidence: Confidence::Possible,
    title: "sshd reads keys or authorities from an odd place",
    why: "A second place for keys, outside of homes and /etc, is a list of doors that nobody \
        looks at.",
    benign: "A directory service or a deployment tool with its own directory.",
    attack: &["T1098.004", "T1556"],
    next: &["Read the named files; ask who set this."],
};

pub(crate) static SSHD_KEYS_COMMAND_UNOWNED: Rule = Rule {
    id: "accounts/sshd-keys-command-unowned",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "sshd asks a program of no package for keys",
    why: "The program decides who logs in, at every login.",
    benign: "A site's own look-up script.",
    attack: &["T1098.004", "T1556"],
    next: &["Read the program; run nothing."],
};

pub(crate) static SSHD_OPENS_FOR_ADDRESS: Rule = Rule {
    id: "accounts/sshd-opens-for-address",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "sshd is laxer towards one address on the internet",
    why: "A Match block that allows root, passwords or other keys for a public address is a \
        private entrance.",
    benign: "An office or a monitoring host with a fixed address.",
    attack: &["T1556", "T1098.004"],
    next: &["Find out whose address it is; look for logins from it."],
};

pub(crate) static SSHD_LOG_QUIET: Rule = Rule {
    id: "accounts/sshd-log-quiet",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "sshd does not log",
    why: "Logins leave no line.",
    benign: "None on a server.",
    attack: &["T1562.001", "T1070"],
    next: &["Set LogLevel back to INFO; look at wtmp and the journal for the time since."],
};

pub(crate) static SSHD_EXTRA_PORT: Rule = Rule {
    id: "accounts/sshd-extra-port",
    severity: Severity::Low,
    confidence: Confidence::Possible,
    title: "sshd listens on more than one port",
    why: "A second port may be open in the firewall for the intruder alone.",
    benign: "A move from one port to another.",
    attack: &["T1021.004"],
    next: &["Ask what the second port is for; look at the firewall's rule for it."],
};

pub(crate) static SSHD_PAM_OFF: Rule = Rule {
    id: "accounts/sshd-pam-off",
    severity: Severity::Low,
    confidence: Confidence::Possible,
    title: "sshd does not use PAM",
    why: "Account expiry, lockouts and session logs of PAM do not hold for SSH.",
    benign: "A minimal system without PAM.",
    attack: &["T1556.003"],
    next: &["Turn it on unless the system has no PAM."],
};

pub(crate) static SSHD_INCLUDE_ELSEWHERE: Rule = Rule {
    id: "accounts/sshd-include-elsewhere",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "sshd includes a file outside of /etc",
    why: "The first value wins: an included file beats the rest of the configuration from a \
        place where nobody looks.",
    benign: "A vendor's agent.",
    attack: &["T1556", "T1564.001"],
    next: &["Read the included file; remove the include."],
};

pub(crate) static SSHD_USER_ENVIRONMENT: Rule = Rule {
    id: "accounts/sshd-user-environment",
    severity: Severity::Low,
    confidence: Confidence::Possible,
    title: "sshd takes environment variables from users",
    why: "A key's environment= or ~/.ssh/environment may set LD_PRELOAD for the login.",
    benign: "Old build hosts.",
    attack: &["T1574.006"],
    next: &["Turn PermitUserEnvironment off."],
};
