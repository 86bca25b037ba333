//! What is said of logins and of their records.

use coroner_core::Confidence::{Likely, Possible};
use coroner_core::Rule;
use coroner_core::Severity::{High, Info, Low, Medium};

/// All rules.
pub(crate) static ALL: &[&Rule] = &[
    &SUCCESS_AFTER_FAILURES,
    &ROOT_PASSWORD_FROM_PUBLIC,
    &OUTSIDE_TRUSTED_NETS,
    &FROM_PUBLIC_ADDRESS,
    &BASE_ACCOUNT_LOGIN,
    &SERVICE_ACCOUNT_LOGIN,
    &UNKNOWN_ACCOUNT_LOGIN,
    &RECORDS_ZEROED,
    &RECORDS_LOST,
    &RECORDS_ODD,
    &RECORDS_CUT_SHORT,
    &TIME_BACKWARDS,
    &ROWS_MISSING,
    &LOG_EMPTIED,
    &LOG_TO_NOWHERE,
    &LASTLOG_TO_NOWHERE,
    &ROTATION_MISSING,
    &MISSING_IN_OTHER_SOURCE,
    &LOG_HOLE,
    &JOURNAL_ALTERED,
    &JOURNAL_ENTRIES_HIDDEN,
    &JOURNAL_NUMBERS_MISSING,
    &JOURNAL_CUT,
    &HISTORY_NOT_KEPT,
    &HISTORY_EMPTIED,
    &CREATED_AND_GONE,
    &WEB_ACCOUNT_ROOT_SHELL,
    &WEB_ACCOUNT_SUDO,
];

const BRUTE_FORCE: &[&str] = &["T1110", "T1110.001", "T1078"];
const VALID_ACCOUNT: &[&str] = &["T1078", "T1021.004"];
const CLEAR_LOGS: &[&str] = &["T1685.006", "T1070.002"];
const CLEAR_HISTORY: &[&str] = &["T1070.003", "T1690", "T1562.003"];

const WHO_WAS_IT: &[&str] = &[
    "Ask the account's owner whether they logged in then and from there",
    "If not: end the sessions of the account, change its password, remove its keys",
    "Look at what changed on the host since the first of these logins",
];
const LOOK_ELSEWHERE: &[&str] = &[
    "Compare with copies of the log outside the host: a log server, backups, snapshots",
    "Take the time of the change as a time when the intruder was root",
    "Save the file as it is, with its times, before anything writes to it",
];

pub(crate) static SUCCESS_AFTER_FAILURES: Rule = Rule {
    id: "logins/success-after-failures",
    severity: High,
    confidence: Likely,
    title: "A password login succeeded after many failures from the same address",
    why: "Programs that guess passwords fail hundreds of times and then are in. Twenty or more \
          failures from one address in the hours before its login is such a success.",
    benign: "Many people behind one address, or a script with an old password that was mended.",
    attack: BRUTE_FORCE,
    next: WHO_WAS_IT,
};

pub(crate) static ROOT_PASSWORD_FROM_PUBLIC: Rule = Rule {
    id: "logins/root-password-from-public",
    severity: Medium,
    confidence: Likely,
    title: "Root came in with a password from an address of the internet",
    why: "Guessed root passwords are the most common way in; administrators use keys or come from \
          their own networks.",
    benign: "An administrator without a key at home. Name the networks with --trusted-net.",
    attack: BRUTE_FORCE,
    next: WHO_WAS_IT,
};

pub(crate) static OUTSIDE_TRUSTED_NETS: Rule = Rule {
    id: "logins/outside-trusted-nets",
    severity: Medium,
    confidence: Likely,
    title: "A login from the internet, from outside the trusted networks",
    why: "Logins are expected from the networks named with --trusted-net only. One from elsewhere \
          used a password or a key that somebody else has.",
    benign: "Somebody travels, or a network is missing from the list.",
    attack: VALID_ACCOUNT,
    next: WHO_WAS_IT,
};

pub(crate) static FROM_PUBLIC_ADDRESS: Rule = Rule {
    id: "logins/from-public-address",
    severity: Info,
    confidence: Possible,
    title: "A login from an address of the internet",
    why: "No trusted networks were named, so nothing can be said of it but that it happened. \
          Name them with --trusted-net to have the others found.",
    benign: "Most logins to hosts on the internet.",
    attack: VALID_ACCOUNT,
    next: &["Audit again with --trusted-net for each network that logins are expected from"],
};

pub(crate) static BASE_ACCOUNT_LOGIN: Rule = Rule {
    id: "logins/base-account-login",
    severity: High,
    confidence: Likely,
    title: "Somebody logged in as an account that nobody uses",
    why: "daemon, bin, games, news, www-data and their like exist on every system, have no password \
          and are never logged in to. Intruders give them a password, a key or a shell because \
          their names raise no question.",
    benign: "A site that has deliberately given such an account a key.",
    attack: &["T1078.003", "T1098.004"],
    next: &[
        "Look at the account's shell, password and authorized keys",
        "Lock the account and end its sessions",
    ],
};

pub(crate) static SERVICE_ACCOUNT_LOGIN: Rule = Rule {
    id: "logins/service-account-login",
    severity: Medium,
    confidence: Possible,
    title: "Somebody logged in as a service account without a shell",
    why: "A package made the account for a daemon and gave it no shell. A login with it means that \
          it was given a password or a key.",
    benign: "Accounts for transfers only (sftp, backup) that are set up so on purpose.",
    attack: &["T1078.003"],
    next: &["Look at the account's password and authorized keys, and who gave them to it"],
};

pub(crate) static UNKNOWN_ACCOUNT_LOGIN: Rule = Rule {
    id: "logins/unknown-account-login",
    severity: Medium,
    confidence: Likely,
    title: "Somebody logged in as an account that does not exist",
    why: "The account was there when it was used and is not in the password file now, and no log \
          tells of its removal. Intruders edit their account in and out of the file.",
    benign: "An account that was removed before the oldest log begins, or by an editor.",
    attack: &["T1136.001", "T1070"],
    next: &[
        "Look for files owned by uids that no account has",
        "Compare /etc/passwd with /etc/passwd- and with backups",
    ],
};

pub(crate) static RECORDS_ZEROED: Rule = Rule {
    id: "logins/records-zeroed",
    severity: High,
    confidence: Likely,
    title: "Login records were overwritten with zeros",
    why: "Programs that clean wtmp overwrite single records with zeros, or mark them empty and \
          leave the rest. Nothing that writes these files does either.",
    benign: "A damaged disk or file system; a power cut leaves whole blocks and is told apart.",
    attack: CLEAR_LOGS,
    next: LOOK_ELSEWHERE,
};

pub(crate) static RECORDS_LOST: Rule = Rule {
    id: "logins/records-lost",
    severity: Low,
    confidence: Possible,
    title: "Login records are zeros over whole blocks",
    why: "The records of a time are missing. It looks as it does after a power cut, and an intruder \
          could make it look so.",
    benign: "A power cut or a crash.",
    attack: CLEAR_LOGS,
    next: &["See whether the host went down at that time"],
};

pub(crate) static RECORDS_ODD: Rule = Rule {
    id: "logins/records-odd",
    severity: Low,
    confidence: Possible,
    title: "Login records are not as programs write them",
    why: "Text behind the end of a name, or a type that does not exist: an editor of records leaves \
          such traces when it puts a shorter name over a longer one.",
    benign: "A program that does not clear its buffers.",
    attack: CLEAR_LOGS,
    next: &["Read the records around it"],
};

pub(crate) static RECORDS_CUT_SHORT: Rule = Rule {
    id: "logins/records-cut-short",
    severity: Medium,
    confidence: Possible,
    title: "A file of login records ends inside a record",
    why: "Records are written whole, and writers mend a file that does not end with one. A size \
          that no number of records has was made by something else.",
    benign: "A full disk, or a copy that broke off.",
    attack: CLEAR_LOGS,
    next: LOOK_ELSEWHERE,
};

pub(crate) static TIME_BACKWARDS: Rule = Rule {
    id: "logins/time-backwards",
    severity: Medium,
    confidence: Possible,
    title: "Login records run backwards in time",
    why: "Records are appended as things happen. One that is older than the record before it, away \
          from a boot or a change of the clock, was put there or had its neighbours changed.",
    benign: "A clock that was set by hand, or by hours when time synchronisation began late.",
    attack: CLEAR_LOGS,
    next: &["Read the records around it and compare them with the journal"],
};

pub(crate) static ROWS_MISSING: Rule = Rule {
    id: "logins/rows-missing",
    severity: Medium,
    confidence: Likely,
    title: "Rows were deleted from the database of logins",
    why: "wtmpdb gives each login the next number, and rotation removes the oldest. Numbers missing \
          in between were deleted by somebody else.",
    benign: "An administrator who edited the database.",
    attack: CLEAR_LOGS,
    next: LOOK_ELSEWHERE,
};

pub(crate) static LOG_EMPTIED: Rule = Rule {
    id: "logins/log-emptied",
    severity: Medium,
    confidence: Likely,
    title: "A log was emptied and not by rotation",
    why: "The log has no content while its rotations have, and it was changed long after the last \
          rotation: what it held since then was removed.",
    benign: "An administrator who made room on a full disk.",
    attack: CLEAR_LOGS,
    next: LOOK_ELSEWHERE,
};

pub(crate) static LOG_TO_NOWHERE: Rule = Rule {
    id: "logins/log-to-nowhere",
    severity: High,
    confidence: Likely,
    title: "A log of logins leads to nowhere",
    why: "The log is a link to the null device or no regular file: nothing that is written to it is \
          kept. Intruders do this once instead of cleaning the log each time.",
    benign: "Images made for containers, where nobody logs in.",
    attack: CLEAR_LOGS,
    next: &[
        "Remove the link, restart the log daemon, and find out who made it",
        "Look for logins in the other sources since the link was made",
    ],
};

pub(crate) static LASTLOG_TO_NOWHERE: Rule = Rule {
    id: "logins/lastlog-to-nowhere",
    severity: Low,
    confidence: Possible,
    title: "lastlog leads to nowhere",
    why: "The last login of each account is not kept. Intruders do this, and so do builders of \
          images, because the sparse file grows in their archives.",
    benign: "An image that was built so.",
    attack: CLEAR_LOGS,
    next: &["Compare with other hosts of the same image"],
};

pub(crate) static ROTATION_MISSING: Rule = Rule {
    id: "logins/rotation-missing",
    severity: Medium,
    confidence: Likely,
    title: "A rotated log is missing between two others",
    why: "Rotation renames all of a log's files by one and removes the oldest. One missing in the \
          middle was removed by hand, with the days it held.",
    benign: "A file that was moved away for reading, or a rotation that failed on a full disk.",
    attack: CLEAR_LOGS,
    next: LOOK_ELSEWHERE,
};

pub(crate) static MISSING_IN_OTHER_SOURCE: Rule = Rule {
    id: "logins/missing-in-other-source",
    severity: Medium,
    confidence: Likely,
    title: "A login that one source records is missing from another that covers its time",
    why: "wtmp, lastlog, the log of authentication and the journal are cleaned with different \
          tools, and intruders forget one. The other source recorded logins before and after.",
    benign: "A log daemon that was stopped, or dropped messages under a flood.",
    attack: CLEAR_LOGS,
    next: LOOK_ELSEWHERE,
};

pub(crate) static LOG_HOLE: Rule = Rule {
    id: "logins/log-hole",
    severity: Medium,
    confidence: Likely,
    title: "A log is silent for hours in which another source has its messages",
    why: "The log of authentication and the journal get the same messages. One that has none for \
          whole hours, and goes on afterwards, had them removed or was switched off.",
    benign: "The log daemon was stopped or its disk was full.",
    attack: &["T1685.006", "T1070.002", "T1685", "T1562.001"],
    next: LOOK_ELSEWHERE,
};

pub(crate) static JOURNAL_ALTERED: Rule = Rule {
    id: "logins/journal-altered",
    severity: High,
    confidence: Likely,
    title: "Login messages in the journal were changed on disk",
    why: "journald stores each field with a hash of its content. These messages do not have theirs \
          any more: the file was edited.",
    benign: "A damaged disk; then other fields of the file are damaged as well.",
    attack: &["T1685.006", "T1070.002", "T1565.001"],
    next: LOOK_ELSEWHERE,
};

pub(crate) static JOURNAL_ENTRIES_HIDDEN: Rule = Rule {
    id: "logins/journal-entries-hidden",
    severity: High,
    confidence: Likely,
    title: "A journal file holds entries that its index does not show",
    why: "The entries are in the file and journalctl does not list them, as the array of entries \
          skips them. journald adds to the array with each entry.",
    benign: "A crash while the last entry was written.",
    attack: CLEAR_LOGS,
    next: LOOK_ELSEWHERE,
};

pub(crate) static JOURNAL_NUMBERS_MISSING: Rule = Rule {
    id: "logins/journal-numbers-missing",
    severity: Low,
    confidence: Possible,
    title: "Entry numbers are missing inside a journal file",
    why: "journald numbers entries one by one over all its files. Numbers missing inside a file, \
          that no other file has, belong to entries that are gone.",
    benign: "A user's journal that was removed by vacuuming, or a disk that was full.",
    attack: CLEAR_LOGS,
    next: &["Look at what other sources have for the time of the hole"],
};

pub(crate) static JOURNAL_CUT: Rule = Rule {
    id: "logins/journal-cut",
    severity: Medium,
    confidence: Possible,
    title: "A closed journal file is shorter than its header says",
    why: "The file was closed in order and then cut, or its structure was overwritten: what lies \
          behind the break cannot be read.",
    benign: "A copy that broke off, or a damaged disk.",
    attack: CLEAR_LOGS,
    next: LOOK_ELSEWHERE,
};

pub(crate) static HISTORY_NOT_KEPT: Rule = Rule {
    id: "logins/history-not-kept",
    severity: Medium,
    confidence: Likely,
    title: "A shell's history is not kept",
    why: "The history file is a link to the null device, no regular file, or immutable, so that no \
          command is added to it. Intruders do this first of all.",
    benign: "A person who wants no history, or a hardening script that meant append-only.",
    attack: CLEAR_HISTORY,
    next: &["Ask the account's owner; compare the time of the change with the account's logins"],
};

pub(crate) static HISTORY_EMPTIED: Rule = Rule {
    id: "logins/history-emptied",
    severity: Low,
    confidence: Possible,
    title: "A shell's history was emptied",
    why: "The file has existed for days, was changed since and has no content.",
    benign: "A person who cleared the history, or an image that was cleaned before use.",
    attack: CLEAR_HISTORY,
    next: &["Compare the time of the change with the logins of the account"],
};

pub(crate) static CREATED_AND_GONE: Rule = Rule {
    id: "logins/created-and-gone",
    severity: Medium,
    confidence: Likely,
    title: "An account was made that is gone, and no log tells of its removal",
    why: "The log has its creation and not its removal, and the password file does not have it: it \
          was edited out.",
    benign: "An account removed by an editor or by configuration management.",
    attack: &["T1136.001", "T1070"],
    next: &["Look for files owned by its uid, and for what it did between its logins"],
};

pub(crate) static WEB_ACCOUNT_ROOT_SHELL: Rule = Rule {
    id: "logins/web-account-root-shell",
    severity: High,
    confidence: Likely,
    title: "The account of a web server got a root shell",
    why: "Whoever breaks into a web application runs as its account; with a rule in sudoers or a \
          password they become root. No web server needs a shell as root.",
    benign: "An administrator who tried out a rule from that account.",
    attack: &["T1548.003", "T1505.003"],
    next: &[
        "Remove the rule in sudoers that allows it",
        "Look for web shells below the web server's document roots",
    ],
};

pub(crate) static WEB_ACCOUNT_SUDO: Rule = Rule {
    id: "logins/web-account-sudo",
    severity: Low,
    confidence: Possible,
    title: "The account of a web server used sudo",
    why: "Few web applications need root. A refused attempt may be an intruder who looks around.",
    benign: "A control panel with a rule for one command.",
    attack: &["T1548.003"],
    next: &["Compare the command with the rules in sudoers"],
};
