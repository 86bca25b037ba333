//! The rules about groups.

use coroner_core::{Confidence, Rule, Severity};

pub(crate) static SYSTEM_ACCOUNT_IN_POWERFUL_GROUP: Rule = Rule {
    id: "accounts/system-account-in-powerful-group",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A system account is a member of a group that leads to root",
    why: "Members of sudo, docker, lxd, disk or shadow can become root. A web server or \
        another daemon there turns any hole in it into root.",
    benign: "A panel or a build service that was given docker on purpose.",
    attack: &["T1098.007", "T1098"],
    next: &["Ask who added the member; remove it and look at what the account ran since."],
};

pub(crate) static SECOND_GID_0: Rule = Rule {
    id: "accounts/second-gid-0",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A second group has gid 0",
    why: "Files that only root's group should reach are open to its members, under another name.",
    benign: "None that is common on Linux.",
    attack: &["T1098.007"],
    next: &["Compare with a backup of /etc/group."],
};

pub(crate) static GROUP_PASSWORD: Rule = Rule {
    id: "accounts/group-password",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A powerful group has a password",
    why: "Whoever knows it joins by newgrp, without being a listed member.",
    benign: "None that is common.",
    attack: &["T1098.007"],
    next: &["Lock it in /etc/gshadow."],
};
