//! The facts this plugin makes: who came in, and what state the records of it are in.

use coroner_core::{HostPath, ItemKind, Nature, Text, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which kind of record tells of a login. Records of one source complete each other; records of
/// two sources are compared.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// utmp: who is in now.
    Utmp,
    /// wtmp and btmp.
    Wtmp,
    /// lastlog.
    Lastlog,
    /// auth.log, secure, or messages where neither is.
    AuthLog,
    /// The systemd journal.
    Journal,
    /// The database of wtmpdb.
    Wtmpdb,
    /// The database of lastlog2.
    Lastlog2,
}

impl Source {
    /// The name a reader knows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utmp => "utmp",
            Self::Wtmp => "wtmp",
            Self::Lastlog => "lastlog",
            Self::AuthLog => "auth.log",
            Self::Journal => "journal",
            Self::Wtmpdb => "wtmpdb",
            Self::Lastlog2 => "lastlog2",
        }
    }
}

/// What became of an attempt.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Somebody is in.
    Accepted,
    /// Somebody was turned away.
    Failed,
}

/// What kind of account a name is on this host.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Uid 0.
    Root,
    /// A person's, or one made for a purpose, with a uid from 1000 on.
    Person,
    /// One that a package made for a service.
    Service,
    /// One that a package made for a service and gave no shell.
    ShellLess,
    /// One of those every system has and nobody uses: daemon, bin, games, www-data, nobody, ...
    Base,
    /// In no password file, though one was read and accounts come from nowhere else.
    Absent,
    /// Nothing can be said: no password file, or accounts come from a directory service too.
    Unknown,
}

/// Logins, folded by source, account, address and method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Login {
    /// Where it is recorded.
    pub source: Source,
    /// What became of it.
    pub outcome: Outcome,
    /// The account. For failures, empty: they are folded by address.
    pub user: Text,
    /// The names tried from an address, the first few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<Text>,
    /// The address, else the host as written, else empty for a terminal of the host itself.
    pub from: Text,
    /// `password`, `publickey`, ..., `console`; `session` where the record does not say.
    pub method: Text,
    /// How many times.
    pub count: u64,
    /// The first time.
    pub first: Time,
    /// The last time.
    pub last: Time,
    /// Fingerprints of the keys used, the first few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Text>,
    /// The file with the first of them.
    pub file: HostPath,
    /// Its line in it; for binary records, its number counted from 1.
    pub line: u32,
    /// The most failures from the same address in the one or two hours before one of them.
    pub failed_before: u64,
    /// The address is one of the internet's.
    pub public: bool,
    /// The address lies in a trusted network; `None` when none were named.
    pub trusted: Option<bool>,
    /// What the account is on this host.
    pub standing: Standing,
    /// Seconds spent in ended sessions, where the record tells of the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
}

impl ItemKind for Login {
    const KIND: &'static str = "login";
    const NATURE: Nature = Nature::PASSING.moving(&[
        "count",
        "first",
        "last",
        "file",
        "failed_before",
        "seconds",
        "tried",
    ]);

    fn key(&self) -> Text {
        let parts = [self.user.as_bytes(), self.from.as_bytes(), self.method.as_bytes()];
        let outcome = if self.outcome == Outcome::Accepted { "accepted" } else { "failed" };
        let mut key = format!("{} {outcome} ", self.source.name()).into_bytes();
        key.extend(parts.join(&b' '));
        Text::new(key)
    }
}

/// A log or a file of login records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogFile {
    /// Where it is.
    pub path: HostPath,
    /// The log it is a rotation of: the path of the current one.
    pub log: HostPath,
    /// 0 for the current one; `None` when rotations carry dates.
    pub rotation: Option<u32>,
    /// The date or second in its name, as a number.
    pub dated: Option<u64>,
    /// Bytes.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Content last changed.
    pub modified: Time,
    /// Inode last changed.
    pub changed: Time,
    /// Created, where the file system keeps it.
    pub born: Option<Time>,
    /// Where it points, when it is a link.
    pub link: Option<Text>,
    /// It is a device, a pipe or a socket.
    pub special: bool,
    /// The time of its first entry.
    pub first: Option<Time>,
    /// The time of its last entry.
    pub last: Option<Time>,
    /// Entries read.
    pub entries: u64,
}

impl ItemKind for LogFile {
    const KIND: &'static str = "log.file";
    const NATURE: Nature = Nature::PASSING
        .moving(&["size", "modified", "changed", "born", "first", "last", "entries"]);

    fn key(&self) -> Text {
        self.path.text().clone()
    }
}

/// What is odd about a file of login records.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Odd {
    /// Records of nothing but NUL among others.
    Zeroed,
    /// NULs over whole blocks or behind the last record, as a power cut leaves them.
    ZeroedByPowerCut,
    /// Records marked as deleted whose other fields are still filled.
    Unmarked,
    /// Records older than the ones before them.
    Backwards,
    /// Text behind the terminator of a name.
    Residue,
    /// Types that no program writes.
    UnknownType,
    /// The file ends inside a record.
    CutShort,
    /// Row numbers missing in a database that only adds rows.
    MissingRows,
}

/// Records of one file that their writers do not make, folded by what is odd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordOddity {
    /// Where.
    pub file: HostPath,
    /// What.
    pub odd: Odd,
    /// How many records.
    pub count: u64,
    /// The first of them, counted from 1.
    pub record: u64,
    /// More on the first of them, in plain words.
    pub detail: String,
}

impl ItemKind for RecordOddity {
    const KIND: &'static str = "login.oddity";
    const NATURE: Nature = Nature::PASSING.moving(&["count", "record", "detail"]);

    fn key(&self) -> Text {
        Text::from(format!("{} {:?}", self.file.text().to_stored(), self.odd))
    }
}

/// A login that one source has and another, which covers the time, lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mismatch {
    /// Who has it.
    pub present_in: Source,
    /// Where.
    pub file: HostPath,
    /// The line or record in it.
    pub line: u32,
    /// Who lacks it.
    pub absent_from: Source,
    /// The account.
    pub user: Text,
    /// Where from.
    pub from: Text,
    /// How many such logins.
    pub count: u64,
    /// The first of them.
    pub first: Time,
    /// The last of them.
    pub last: Time,
    /// How many logins the two sources agree on.
    pub agreed: u64,
}

impl ItemKind for Mismatch {
    const KIND: &'static str = "login.mismatch";
    const NATURE: Nature = Nature::PASSING.moving(&["count", "first", "last", "agreed"]);

    fn key(&self) -> Text {
        let (present, absent) = (self.present_in.name(), self.absent_from.name());
        let (user, from) = (self.user.to_stored(), self.from.to_stored());
        Text::from(format!("{present} not {absent} {user} {from}"))
    }
}

/// Hours in which one source is silent while another has what both would have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogHole {
    /// The silent one.
    pub silent: Source,
    /// The one that is not.
    pub other: Source,
    /// The silent one's current file.
    pub file: HostPath,
    /// The first silent hour.
    pub from: Time,
    /// The end of the last silent hour.
    pub to: Time,
    /// Messages that the other has in these hours.
    pub messages: u64,
}

impl ItemKind for LogHole {
    const KIND: &'static str = "log.hole";
    const NATURE: Nature = Nature::PASSING.moving(&["messages", "to"]);

    fn key(&self) -> Text {
        Text::from(format!("{} {}", self.silent.name(), self.from))
    }
}

/// A journal file and whether it holds together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JournalFile {
    /// Where.
    pub path: HostPath,
    /// Closed, being written, or rotated.
    pub state: JournalState,
    /// Entries by its header.
    pub entries: u64,
    /// The number of its first entry.
    pub first_number: u64,
    /// The number of its last entry.
    pub last_number: u64,
    /// The time of its first entry.
    pub first: Time,
    /// The time of its last entry.
    pub last: Time,
    /// The end of its content by its header, in bytes.
    pub used: u64,
    /// Its size in bytes.
    pub size: u64,
    /// What a walk over all its objects found; `None` when it was not walked.
    pub walk: Option<JournalWalk>,
    /// Login messages whose content no longer has the hash that was stored with it.
    pub altered: Vec<AlteredEntry>,
}

/// Whether a journal file is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JournalState {
    /// Closed in order.
    Offline,
    /// Open, or its writer died.
    Online,
    /// Rotated.
    Archived,
    /// A state that does not exist.
    Unknown,
}

/// A walk over all objects of a journal file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JournalWalk {
    /// Entries met.
    pub entries: u64,
    /// Entries that are there and that the index, and so journalctl, does not show.
    pub unlinked: u64,
    /// Numbers missing between its entries that no other file of the same numbering has.
    pub missing: u64,
    /// When the entry before the first hole was written.
    pub hole_from: Option<Time>,
    /// When the entry behind it was written.
    pub hole_to: Option<Time>,
    /// Where no object is though the header says there are more.
    pub broken_at: Option<u64>,
}

/// A journal entry that was changed on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlteredEntry {
    /// Its number.
    pub number: u64,
    /// Its time.
    pub time: Time,
    /// What it says now.
    pub message: Text,
}

impl ItemKind for JournalFile {
    const KIND: &'static str = "journal.file";
    const NATURE: Nature = Nature::PASSING.moving(&[
        "entries",
        "first_number",
        "last_number",
        "first",
        "last",
        "used",
        "size",
        "state",
        "walk",
    ]);

    fn key(&self) -> Text {
        self.path.text().clone()
    }
}

/// Use of sudo or su, folded by account, target and program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Elevation {
    /// `sudo` or `su`.
    pub by: Text,
    /// Who asked.
    pub user: Text,
    /// As whom.
    pub target: Text,
    /// The program; empty for su.
    pub program: Text,
    /// The first command in full, at most 1 KiB.
    pub command: Text,
    /// It was granted.
    pub granted: bool,
    /// How many times.
    pub count: u64,
    /// The first time.
    pub first: Time,
    /// The last time.
    pub last: Time,
    /// Where the first is written.
    pub file: HostPath,
    /// On which line.
    pub line: u32,
}

impl ItemKind for Elevation {
    const KIND: &'static str = "login.elevation";
    const NATURE: Nature = Nature::PASSING.moving(&["count", "first", "last", "file"]);

    fn key(&self) -> Text {
        let granted: &[u8] = if self.granted { b"granted" } else { b"refused" };
        let fields = [&self.by, &self.user, &self.target, &self.program];
        let mut parts: Vec<&[u8]> = fields.iter().map(|field| field.as_bytes()).collect();
        parts.push(granted);
        Text::new(parts.join(&b' '))
    }
}

/// What was done to an account, as the log tells.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum AccountDeed {
    /// Made.
    Added,
    /// Removed.
    Deleted,
    /// Given another name.
    Renamed,
    /// Put into a group.
    Joined,
    /// Given a password.
    Password,
    /// Changed otherwise.
    Changed,
    /// A group was made.
    GroupAdded,
}

/// A change to an account that a log tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountEvent {
    /// What.
    pub deed: AccountDeed,
    /// Whose; for a group, its name.
    pub name: Text,
    /// The group joined, the new name, or the message.
    pub detail: Text,
    /// How many times.
    pub count: u64,
    /// The first time.
    pub first: Time,
    /// The last time.
    pub last: Time,
    /// Where the first is written.
    pub file: HostPath,
    /// On which line.
    pub line: u32,
    /// What the name is on this host now.
    pub standing: Standing,
}

impl ItemKind for AccountEvent {
    const KIND: &'static str = "account.event";
    const NATURE: Nature = Nature::PASSING.moving(&["count", "first", "last", "file"]);

    fn key(&self) -> Text {
        let mut key = format!("{:?} ", self.deed).into_bytes();
        key.extend([self.name.as_bytes(), self.detail.as_bytes()].join(&b' '));
        Text::new(key)
    }
}

/// The file a shell keeps its history in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct History {
    /// Where.
    pub path: HostPath,
    /// Whose home it is in.
    pub user: Text,
    /// Bytes.
    pub size: u64,
    /// Where it points, when it is a link.
    pub link: Option<Text>,
    /// It is no regular file and no link.
    pub special: bool,
    /// It carries the immutable attribute.
    pub immutable: bool,
    /// Names of the file.
    pub links: u32,
    /// Content last changed.
    pub modified: Time,
    /// Created, where the file system keeps it.
    pub born: Option<Time>,
}

impl ItemKind for History {
    const KIND: &'static str = "shell.history";
    const NATURE: Nature = Nature::PASSING.moving(&["size", "modified", "born"]);

    fn key(&self) -> Text {
        self.path.text().clone()
    }
}
