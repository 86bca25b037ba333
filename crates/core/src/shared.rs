//! The three items that many plugins share: what starts by itself, a file's facts, a script's text.

use coroner_host::{FileType, HostPath, Stat};
use coroner_parse::Text;
use coroner_parse::elf::ElfFacts;
use serde::{Deserialize, Serialize};

use crate::{Digest, ItemKind, Nature, Time};

/// What makes a program start by itself.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// The system starts or stops.
    Boot,
    /// A time comes.
    Time,
    /// A user logs in or starts a shell or a desktop.
    Login,
    /// A user is authenticated, or a key or a PAM stack is used.
    Authentication,
    /// A device appears.
    Device,
    /// The network changes.
    Network,
    /// A package is installed, removed or updated.
    PackageRun,
    /// Someone asks: D-Bus, a socket, a path, polkit.
    Activation,
    /// A kernel event: a module, a core dump, a helper program.
    Kernel,
    /// A program starts and pulls this in: an interpreter's start-up file, a git hook.
    Program,
    /// A virtual machine or a container starts or stops.
    Guest,
}

/// Something that starts a program by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Launch {
    /// What makes it start.
    pub trigger: Trigger,
    /// As whom, when the file says so.
    pub user: Option<Text>,
    /// The command as the file has it; empty when the file itself is what runs.
    pub command: Text,
    /// The file that says so.
    pub file: HostPath,
    /// The line that says so; 0 when the whole file does.
    pub line: u32,
    /// The mechanism's own name for it: the unit, the rule, the crontab's owner.
    pub name: Text,
    /// Whether it is switched on.
    pub enabled: bool,
    /// The files it runs. Core adds what it finds in `command` and along the usual PATH.
    #[serde(default)]
    pub programs: Vec<HostPath>,
}

impl ItemKind for Launch {
    const KIND: &'static str = "launch";

    fn key(&self) -> Text {
        let line = self.line.to_string();
        let parts: [&[u8]; 5] =
            [self.file.as_bytes(), b":", line.as_bytes(), b":", self.name.as_bytes()];
        Text::new(parts.concat())
    }

    fn normal(&self) -> Option<Text> {
        Some(coroner_parse::command::normal(self.command.as_bytes()))
    }
}

/// What the packages of a root say of a file.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PackageState {
    /// Agrees with a signature or a pack that the host could not have edited.
    Vendor,
    /// Agrees with the host's own database.
    Local,
    /// A configuration file that differs from what the package brought.
    ConffileChanged,
    /// Differs from what its package brought.
    Modified,
    /// Agrees with the host's database, which disagrees with the proof from outside.
    Forged,
    /// No package owns it.
    Unowned,
    /// A package owns it and it is not there.
    Missing,
    /// A package owns it and says nothing of its content, or there is no package database.
    Unknown,
}

impl PackageState {
    /// Whether somebody other than the file itself says that its content is right.
    pub fn is_vouched(self) -> bool {
        matches!(self, Self::Vendor | Self::Local)
    }
}

/// A file: what it is, what it holds, and what its package says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FileFacts {
    /// The path that was asked for.
    pub path: HostPath,
    /// Where it lies, links followed, when that is another path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub real: Option<HostPath>,
    /// The text of the link, when the path itself is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Text>,
    /// What it is, links followed.
    #[serde(rename = "type")]
    pub file_type: FileType,
    /// Bytes.
    pub size: u64,
    /// Permission bits with set-uid, set-gid and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Hard links.
    pub links: u32,
    /// Content last changed (mtime).
    pub modified: Time,
    /// Inode last changed (ctime), which an intruder cannot set.
    pub changed: Time,
    /// Created (btime), where the file system keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born: Option<Time>,
    /// The immutable attribute is set.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub immutable: bool,
    /// Of the content, in lower-case hexadecimal; none for files that are not regular or too large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The first line of a script: what runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shebang: Option<Text>,
    /// What the ELF headers say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elf: Option<ElfFacts>,
    /// `security.capability`, in lower-case hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<String>,
    /// The package that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Text>,
    /// What the packages say of it.
    pub state: PackageState,
    /// The pack that says what it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// The permission bits that the pack has for it, when set-uid or set-gid was added since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_mode: Option<u32>,
    /// What its package says the content is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Digest>,
    /// What the content is, by the package's algorithm, when the two differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<Digest>,
    /// What the host's own list says the content is, when the vendor's says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<Digest>,
}

impl FileFacts {
    /// The facts of one statx(2); content and package are still to be found out.
    pub fn from_stat(path: HostPath, stat: &Stat) -> Self {
        Self {
            file_type: stat.kind,
            size: stat.size,
            mode: stat.mode,
            uid: stat.uid,
            gid: stat.gid,
            links: stat.links,
            modified: stat.modified.into(),
            changed: stat.changed.into(),
            born: stat.born.map(Time::from),
            immutable: stat.immutable == Some(true),
            ..Self::nothing_known(path)
        }
    }

    /// A file that its package brought and that is gone.
    pub fn missing(path: HostPath, package: Text) -> Self {
        Self { package: Some(package), state: PackageState::Missing, ..Self::nothing_known(path) }
    }

    fn nothing_known(path: HostPath) -> Self {
        let epoch = Time::from_seconds(0);
        Self {
            path,
            real: None,
            target: None,
            file_type: FileType::Unknown,
            size: 0,
            mode: 0,
            uid: 0,
            gid: 0,
            links: 0,
            modified: epoch,
            changed: epoch,
            born: None,
            immutable: false,
            sha256: None,
            shebang: None,
            elf: None,
            capabilities: None,
            package: None,
            state: PackageState::Unknown,
            proof: None,
            vendor_mode: None,
            expected: None,
            actual: None,
            listed: None,
        }
    }

    /// Where it lies: the real path, or the asked one.
    pub fn lies_at(&self) -> &HostPath {
        self.real.as_ref().unwrap_or(&self.path)
    }

    /// Whether anybody but its owner may write it.
    pub fn writable_by_others(&self) -> bool {
        self.file_type != FileType::Link && self.mode & 0o022 != 0
    }
}

impl ItemKind for FileFacts {
    const KIND: &'static str = "file";
    const NATURE: Nature = Nature::STANDING.moving(&["modified", "changed", "born"]);

    fn key(&self) -> Text {
        Text::from(&self.path)
    }
}

/// The text of a launched or hooked file that no package vouches for, so that a saved report can
/// be judged as the host was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Script {
    /// Where it lies.
    pub path: HostPath,
    /// Its first 64 KiB.
    pub text: Text,
    /// There was more.
    pub truncated: bool,
}

impl ItemKind for Script {
    const KIND: &'static str = "script";

    fn key(&self) -> Text {
        Text::from(&self.path)
    }
}
