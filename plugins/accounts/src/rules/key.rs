//! The rules about keys.

use coroner_core::{Confidence, Rule, Severity};

pub(crate) static SYSTEM_ACCOUNT_KEY: Rule = Rule {
    id: "accounts/system-account-key",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A distribution's own account has authorized keys",
    why: "Nobody logs in as news, nobody or daemon. Keys there are a way back in that no list \
        of people shows.",
    benign: "An admin who copies files as that account; then the key is known by name.",
    attack: &["T1098.004"],
    next: &[
        "Ask whose key the fingerprint is; save the file, then remove it.",
        "Look for logins with that fingerprint on every host.",
    ],
};

pub(crate) static KEY_FILE_OPEN: Rule = Rule {
    id: "accounts/key-file-open",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Others may write a file of authorized keys",
    why: "Whoever may write the file, or its directory, may log in as the account.",
    benign: "A wrong umask or a copied home; sshd refuses such files while StrictModes is on.",
    attack: &["T1098.004", "T1222.002"],
    next: &["Set owner and mode; look for keys that were added."],
};

pub(crate) static KEY_ON_ROOT_AND_SYSTEM_ACCOUNT: Rule = Rule {
    id: "accounts/key-on-root-and-system-account",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "One key opens root and a system account",
    why: "A key kept twice survives the first clean-up.",
    benign: "None that is common.",
    attack: &["T1098.004"],
    next: &["Ask whose key it is; look for it on every host."],
};

pub(crate) static OWN_PRIVATE_KEY: Rule = Rule {
    id: "accounts/own-private-key",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A private key without passphrase opens the very account it lies in",
    why: "The key pair was made on this host and authorised for itself: the intruder carries a \
        copy away and comes back with it.",
    benign: "Clusters that log in to themselves (MPI, Hadoop).",
    attack: &["T1098.004", "T1552.004"],
    next: &[
        "Ask who made the pair; remove it from authorized_keys.",
        "Look for logins with that fingerprint.",
    ],
};

pub(crate) static KEY_ADDED_BESIDE_COPY: Rule = Rule {
    id: "accounts/key-added-beside-copy",
    severity: Severity::Low,
    confidence: Confidence::Possible,
    title: "A key was added since a copy of the file was made",
    why: "The file has a copy beside it that lacks this key: somebody saved the old state \
        before adding it.",
    benign: "An admin who copies a file before changing it.",
    attack: &["T1098.004"],
    next: &["Ask whose key it is."],
};
