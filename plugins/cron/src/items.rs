//! The facts that this plugin makes.

use coroner_core::{FileType, HostPath, ItemKind, Nature, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of schedule a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Storage {
    /// A user's own crontab.
    Spool,
    /// `/etc/crontab` and `/etc/cron.d`.
    System,
    /// `/etc/cron.daily` and its kin: scripts that are run as they are.
    Periodic,
    /// `/etc/anacrontab`.
    Anacron,
    /// A job of at or batch.
    At,
}

/// A command that runs at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CronEntry {
    /// The file that says so.
    pub file: HostPath,
    /// The line in it.
    pub line: u32,
    /// What kind of file it is.
    pub storage: Storage,
    /// The fields of time, the period, or at's time.
    pub schedule: Text,
    /// As whom it runs.
    pub user: Option<Text>,
    /// Whether that account exists; unknown when accounts come from elsewhere.
    pub user_exists: Option<bool>,
    /// The command.
    pub command: Text,
    /// What the command reads: the text behind `%`.
    pub input: Option<Text>,
    /// cron is told not to log the run.
    pub silent: bool,
    /// Blanks before the entry or before its command.
    pub indent: u32,
    /// Empty lines right above the entry.
    pub lines_above: u32,
}

impl ItemKind for CronEntry {
    const KIND: &'static str = "cron.entry";
    const NATURE: Nature = Nature::STANDING.moving(&["lines_above"]);

    fn key(&self) -> Text {
        Text::new([self.file.as_bytes(), b":", self.line.to_string().as_bytes()].concat())
    }

    fn normal(&self) -> Option<Text> {
        Some(coroner_parse::command::normal(self.command.as_bytes()))
    }
}

/// A variable that a crontab sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CronVariable {
    /// The file that says so.
    pub file: HostPath,
    /// The line in it.
    pub line: u32,
    /// The name.
    pub name: Text,
    /// The value.
    pub value: Text,
}

impl ItemKind for CronVariable {
    const KIND: &'static str = "cron.variable";

    fn key(&self) -> Text {
        Text::new([self.file.as_bytes(), b":", self.line.to_string().as_bytes()].concat())
    }
}

/// A file or a directory in which schedules are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScheduleFile {
    /// Where it lies.
    pub path: HostPath,
    /// What kind of schedule it holds.
    pub storage: Storage,
    /// What it is.
    #[serde(rename = "type")]
    pub file_type: FileType,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// For a user's crontab: the uid that should own it, when the account is known.
    pub expected_uid: Option<u32>,
    /// For a user's crontab: whether the account exists, when that can be told.
    pub user_exists: Option<bool>,
    /// Why its scheduler leaves it alone, if it does.
    pub ignored: Option<Text>,
    /// For a link: where it points.
    pub target: Option<Text>,
    /// It holds more than comments and blank lines.
    pub has_content: bool,
    /// The first line with bytes that act on a terminal, and the line as it is.
    pub terminal_codes: Option<(u32, Text)>,
}

impl ItemKind for ScheduleFile {
    const KIND: &'static str = "cron.file";

    fn key(&self) -> Text {
        Text::from(&self.path)
    }
}

/// When anacron last ran a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AnacronStamp {
    /// The job's identifier.
    pub job: Text,
    /// The date, as anacron writes it.
    pub date: Text,
}

impl ItemKind for AnacronStamp {
    const KIND: &'static str = "cron.anacron-stamp";
    const NATURE: Nature = Nature::PASSING.moving(&["date"]);

    fn key(&self) -> Text {
        self.job.clone()
    }
}

/// Who may and who may not schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccessList {
    /// `/etc/cron.allow` and its kin.
    pub path: HostPath,
    /// The names in it.
    pub users: Vec<Text>,
}

impl ItemKind for AccessList {
    const KIND: &'static str = "cron.access";

    fn key(&self) -> Text {
        Text::from(&self.path)
    }
}

/// Names, one a line.
pub(crate) fn lines_of_names(content: &[u8]) -> Vec<Text> {
    let lines = content.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let names = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    names.take(10_000).map(Text::from).collect()
}

/// More than comments and blank lines.
pub(crate) fn has_content(content: &[u8]) -> bool {
    !lines_of_names(content).is_empty()
}

/// The first line whose bytes act on a terminal: `cat` and `crontab -l` then show something else.
/// A carriage return at the end of a line is what Windows editors leave.
pub(crate) fn terminal_codes(content: &[u8]) -> Option<(u32, Text)> {
    let lines = content.split(|&byte| byte == b'\n').zip(1_u32..);
    let acts = |line: &[u8]| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.iter().any(|byte| matches!(byte, 0x08 | 0x0b | b'\r' | 0x1b | 0x7f))
    };
    let (line, number) = lines.into_iter().find(|(line, _)| acts(line))?;
    Some((number, Text::from(line.get(..512).unwrap_or(line))))
}
