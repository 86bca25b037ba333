//! The facts that this plugin collects.

use coroner_core::{HostPath, ItemKind, Nature, Text};
use coroner_parse::account::{Criterion, Member, PasswordKind, PasswordState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One line of /etc/passwd with what shadow, group and the disk say of it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// Login name.
    pub name: Text,
    /// User id.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Comment field.
    pub gecos: Text,
    /// Home directory as written.
    pub home: Text,
    /// Shell as written; empty means `/bin/sh`.
    pub shell: Text,
    /// Line in /etc/passwd.
    pub line: u32,
    /// An earlier line has the same name.
    pub repeated: bool,
    /// A line for NIS (`+`, `-`).
    pub compat: bool,
    /// What no tool would have written.
    pub odd: Option<String>,
    /// Its uid is below `UID_MIN` of /etc/login.defs (and not 0), or nobody's.
    pub system: bool,
    /// Its password.
    pub password: Password,
    /// Whether the home directory is there.
    pub home_state: HomeState,
    /// Groups that give power over the host.
    pub powerful_groups: Vec<Text>,
}

impl ItemKind for Account {
    const KIND: &'static str = "account";
    const NATURE: Nature = Nature::STANDING.moving(&["password.shadow_line"]).live(&["home_state"]);

    fn key(&self) -> Text {
        let line = format!("{}:{}", self.name.to_stored(), self.line);
        if self.repeated { Text::from(line) } else { self.name.clone() }
    }
}

/// What became of a home directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HomeState {
    /// It is there.
    Present,
    /// It is not there.
    Absent,
    /// It is not there, and belongs to a file system that may not be mounted here.
    Elsewhere,
}

/// Where a password was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// In the world-readable passwd.
    Passwd,
    /// In shadow.
    Shadow,
    /// passwd points to shadow, which has no line for it.
    Nowhere,
    /// passwd points to shadow, which could not be read.
    Unread,
}

/// How a password was guessed. The password itself is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Guess {
    /// It is the account's name or a variant of it.
    Name,
    /// It is on the built-in list of common passwords.
    Common,
    /// It is on the list that was given.
    Wordlist,
}

/// A password without its hash.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Password {
    /// Where it is.
    pub place: Place,
    /// Line in /etc/shadow.
    pub shadow_line: Option<u32>,
    /// Method and lock.
    pub state: PasswordState,
    /// Day of the last change, from 1970-01-01.
    pub changed: Option<i64>,
    /// The account's last day is over.
    pub expired: bool,
    /// How it was guessed, if it was.
    pub guess: Option<Guess>,
}

impl Password {
    /// Whether some password, or none, opens the account today.
    pub fn opens(&self) -> bool {
        self.state.is_usable() && !self.expired
    }

    /// Whether it opens without any password.
    pub fn is_empty(&self) -> bool {
        self.opens() && self.state.kind == PasswordKind::Empty
    }
}

/// One line of /etc/group.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// Group name.
    pub name: Text,
    /// Group id.
    pub gid: u32,
    /// Line in /etc/group.
    pub line: u32,
    /// An earlier line has the same name.
    pub repeated: bool,
    /// Members beside those whose primary group it is.
    pub members: Vec<Text>,
    /// Its password, from gshadow or group.
    pub password: PasswordState,
}

impl ItemKind for Group {
    const KIND: &'static str = "account.group";

    fn key(&self) -> Text {
        let line = format!("{}:{}", self.name.to_stored(), self.line);
        if self.repeated { Text::from(line) } else { self.name.clone() }
    }
}

/// A line of passwd, shadow, group or sudoers that no reader takes, or a shadow line of nobody.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct OddLine {
    /// The file.
    pub file: HostPath,
    /// The line.
    pub line: u32,
    /// What is wrong with it.
    pub reason: String,
    /// Its first bytes; for shadow its name alone.
    pub start: Text,
}

impl ItemKind for OddLine {
    const KIND: &'static str = "account.odd-line";

    fn key(&self) -> Text {
        Text::new([self.file.as_bytes(), b":", self.line.to_string().as_bytes()].concat())
    }
}

/// A key that may log in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AuthorizedKey {
    /// The account it opens.
    pub account: Text,
    /// Its uid.
    pub uid: u32,
    /// The file it stands in.
    pub file: HostPath,
    /// The line.
    pub line: u32,
    /// `ssh-ed25519` and the like.
    pub algorithm: Text,
    /// Size, where it is cheap to tell.
    pub bits: Option<u32>,
    /// `SHA256:...`
    pub fingerprint: String,
    /// What follows the key.
    pub comment: Text,
    /// Options as `name` or `name=value`.
    pub options: Vec<Text>,
    /// Not in the copy beside the file (`.bak`, `~`, `.old`), when there is one.
    pub newer_than_copy: Option<HostPath>,
}

impl ItemKind for AuthorizedKey {
    const KIND: &'static str = "account.key";

    fn key(&self) -> Text {
        let parts: [&[u8]; 5] = [
            self.account.as_bytes(),
            b":",
            self.file.as_bytes(),
            b":",
            self.fingerprint.as_bytes(),
        ];
        Text::new(parts.concat())
    }
}

/// A file that opens an account to keys.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct KeyFile {
    /// The account.
    pub account: Text,
    /// Its uid.
    pub uid: u32,
    /// The file.
    pub file: HostPath,
    /// Keys in it.
    pub keys: usize,
}

impl ItemKind for KeyFile {
    const KIND: &'static str = "account.key-file";

    fn key(&self) -> Text {
        Text::new([self.account.as_bytes(), b":", self.file.as_bytes()].concat())
    }
}

/// A private key in a home's .ssh directory, without its secret.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PrivateKey {
    /// The account.
    pub account: Text,
    /// Its uid.
    pub uid: u32,
    /// The file.
    pub file: HostPath,
    /// Whether a passphrase protects it.
    pub encrypted: bool,
    /// Of its public half, where the file or the `.pub` beside it tells it.
    pub fingerprint: Option<String>,
}

impl ItemKind for PrivateKey {
    const KIND: &'static str = "account.private-key";

    fn key(&self) -> Text {
        Text::new([self.account.as_bytes(), b":", self.file.as_bytes()].concat())
    }
}

/// Where a sudoers or doas statement came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// cloud-init's own drop-in on a host that has cloud-init.
    CloudInit,
    /// Any other file.
    Ordinary,
}

/// One command that sudo allows.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SudoRule {
    /// The file.
    pub file: HostPath,
    /// The line.
    pub line: u32,
    /// Which command of the line.
    pub index: usize,
    /// See [`Origin`].
    pub origin: Origin,
    /// Who, aliases put in place.
    pub users: Vec<Member>,
    /// Where.
    pub hosts: Vec<Member>,
    /// As whom; none stands for root.
    pub run_as: Option<Vec<Member>>,
    /// As which groups.
    pub run_as_groups: Vec<Member>,
    /// `NOPASSWD` and the like.
    pub tags: Vec<Text>,
    /// What, aliases put in place.
    pub commands: Vec<Member>,
}

impl ItemKind for SudoRule {
    const KIND: &'static str = "sudoers.rule";

    fn key(&self) -> Text {
        let place = format!(":{}:{}", self.line, self.index);
        Text::new([self.file.as_bytes(), place.as_bytes()].concat())
    }
}

/// One setting of a `Defaults` line.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SudoDefault {
    /// The file.
    pub file: HostPath,
    /// The line.
    pub line: u32,
    /// Whether it holds for everyone.
    pub global: bool,
    /// Whom or what it holds for otherwise.
    pub scope: Vec<Member>,
    /// `!name`
    pub negated: bool,
    /// The setting.
    pub name: Text,
    /// Its value.
    pub value: Option<Text>,
}

impl ItemKind for SudoDefault {
    const KIND: &'static str = "sudoers.default";

    fn key(&self) -> Text {
        let place = format!(":{}:", self.line);
        Text::new([self.file.as_bytes(), place.as_bytes(), self.name.as_bytes()].concat())
    }
}

/// A file that sudo reads.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SudoFile {
    /// The file.
    pub file: HostPath,
    /// The include that named it: file and line; none for /etc/sudoers.
    pub included_by: Option<(HostPath, u32)>,
}

impl ItemKind for SudoFile {
    const KIND: &'static str = "sudoers.file";

    fn key(&self) -> Text {
        Text::from(&self.file)
    }
}

/// One rule of doas.conf.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DoasRule {
    /// The file.
    pub file: HostPath,
    /// The line.
    pub line: u32,
    /// `permit`; `deny` otherwise.
    pub permit: bool,
    /// `nopass`, `keepenv`, ...
    pub options: Vec<Text>,
    /// The user, or `:group`.
    pub identity: Text,
    /// As whom; root when absent.
    pub target: Option<Text>,
    /// Which command; any when absent.
    pub command: Option<Text>,
}

impl ItemKind for DoasRule {
    const KIND: &'static str = "doas.rule";

    fn key(&self) -> Text {
        Text::new([self.file.as_bytes(), b":", self.line.to_string().as_bytes()].concat())
    }
}

/// One setting of sshd, in force or not.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SshdSetting {
    /// The file.
    pub file: HostPath,
    /// The line.
    pub line: u32,
    /// In lower case.
    pub keyword: String,
    /// Without quotes.
    pub arguments: Vec<Text>,
    /// Conditions that must all hold.
    pub conditions: Vec<Criterion>,
    /// No earlier setting of the same keyword and conditions beats it.
    pub decides: bool,
}

impl ItemKind for SshdSetting {
    const KIND: &'static str = "sshd.setting";

    fn key(&self) -> Text {
        let place = format!(":{}:{}", self.line, self.keyword);
        Text::new([self.file.as_bytes(), place.as_bytes()].concat())
    }
}

/// An `Include` of sshd's configuration.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SshdInclude {
    /// The file.
    pub file: HostPath,
    /// The line.
    pub line: u32,
    /// As written.
    pub pattern: Text,
}

impl ItemKind for SshdInclude {
    const KIND: &'static str = "sshd.include";

    fn key(&self) -> Text {
        let place = format!(":{}:", self.line);
        Text::new([self.file.as_bytes(), place.as_bytes(), self.pattern.as_bytes()].concat())
    }
}

/// A service that answers for a database of nsswitch.conf.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NssService {
    /// `passwd`, `hosts`.
    pub database: Text,
    /// Line in /etc/nsswitch.conf.
    pub line: u32,
    /// `files`, `sss`.
    pub service: Text,
    /// Its library, where one lies in a usual place.
    pub library: Option<HostPath>,
}

impl ItemKind for NssService {
    const KIND: &'static str = "nss.service";

    fn key(&self) -> Text {
        Text::new([self.database.as_bytes(), b":", self.service.as_bytes()].concat())
    }
}

/// One line of the `auth` stack of a PAM service, includes put in place.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PamAuth {
    /// The file of /etc/pam.d that the service starts with.
    pub service: HostPath,
    /// The file the line stands in.
    pub file: HostPath,
    /// The line.
    pub line: u32,
    /// Its place in the stack.
    pub index: usize,
    /// How deep in `substack`s.
    pub substack: usize,
    /// `sufficient`, or answer and action pairs.
    pub control: PamAction,
    /// `pam_unix.so`
    pub module: Text,
    /// Its arguments.
    pub arguments: Vec<Text>,
}

/// What a module's answer does to its stack.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PamAction {
    /// `required` and the like.
    Word(String),
    /// `[success=1 default=ignore]`
    Pairs(Vec<(Text, Text)>),
}

impl ItemKind for PamAuth {
    const KIND: &'static str = "pam.auth";
    const NATURE: Nature = Nature::STANDING.moving(&["index"]);

    fn key(&self) -> Text {
        let place = format!(":{:05}", self.index);
        Text::new([self.service.as_bytes(), place.as_bytes()].concat())
    }
}

/// A line of /etc/shells.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ListedShell {
    /// The path, blanks at its end kept.
    pub path: Text,
    /// The line.
    pub line: u32,
}

impl ItemKind for ListedShell {
    const KIND: &'static str = "account.shell";

    fn key(&self) -> Text {
        self.path.clone()
    }
}
