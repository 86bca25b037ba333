//! The rules about name services and PAM.

use coroner_core::{Confidence, Rule, Severity};

pub(crate) static NSS_UNOWNED_LIBRARY: Rule = Rule {
    id: "accounts/nss-unowned-library",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A name service library belongs to no package",
    why: "nsswitch.conf has it loaded into every program that looks up a user, sshd and sudo \
        included.",
    benign: "A directory agent installed outside of the package system.",
    attack: &["T1556", "T1574.001"],
    next: &["Save the library; take its service out of nsswitch.conf."],
};

pub(crate) static NSS_UNUSUAL_SERVICE: Rule = Rule {
    id: "accounts/nss-unusual-service",
    severity: Severity::Low,
    confidence: Confidence::Possible,
    title: "nsswitch.conf names a service that nobody knows",
    why: "A service is a library to load. One with a slash in its name is loaded from where it \
        points to.",
    benign: "The service of a removed package.",
    attack: &["T1556"],
    next: &["Ask what the service is for; remove it."],
};

pub(crate) static PAM_LETS_EVERYONE_IN: Rule = Rule {
    id: "accounts/pam-lets-everyone-in",
    severity: Severity::High,
    confidence: Confidence::Certain,
    title: "A PAM stack succeeds whatever the password is",
    why: "Followed step by step with every password check failing, the stack still ends in \
        success: anyone logs in as anyone.",
    benign: "None known for a service that people log in by.",
    attack: &["T1556.003"],
    next: &[
        "Restore the file from its package or from pam-auth-update; then look for logins.",
        "Treat every account as known to the intruder.",
    ],
};

pub(crate) static PAM_EXCEPTION: Rule = Rule {
    id: "accounts/pam-exception",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A PAM stack lets some users in before any password is checked",
    why: "pam_succeed_if or pam_listfile ends the stack with success for a name or a group.",
    benign: "Automatic logins of a desktop.",
    attack: &["T1556.003"],
    next: &["Ask who wrote the line."],
};
