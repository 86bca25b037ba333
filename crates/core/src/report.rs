//! The report: all that an audit saw and thought, in one document.

use std::collections::BTreeMap;

use coroner_host::sandbox::Enforced;
use coroner_parse::Text;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Finding, Gap, Item, Scope, Time, Verdict};

/// The schema this version writes and reads.
pub const SCHEMA: &str = "coroner.report/1";

// `I`: see `UnreadItems`.
/// A report. The same host gives the same bytes, times aside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "Report")]
pub struct Report<I = Item> {
    /// `coroner.report/1`.
    pub schema: String,
    /// What made it.
    pub tool: Tool,
    /// Of whom.
    pub host: HostIdentity,
    /// How and when.
    pub run: Run,
    /// One word and its reasons.
    pub verdict: Verdict,
    /// Judgements, worst first.
    pub findings: Vec<Finding>,
    /// Facts, by kind and key.
    pub items: Vec<I>,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
    /// What each plugin did.
    pub coverage: Vec<Coverage>,
}

/// The tool that made a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Tool {
    /// Its version.
    pub version: String,
    /// The commit it was built from, if the build knew.
    pub commit: Option<String>,
    /// SHA-256 of the binary that ran.
    pub sha256: Option<String>,
    /// SHA-256 of the manifest of the medium that it was started from, as on the medium's label; none
    /// when it did not lie on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// Baselines in use.
    pub baselines: Vec<BaselineUse>,
}

/// A baseline that file states rest on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BaselineUse {
    /// Its name.
    pub name: String,
    /// SHA-256 of its file.
    pub sha256: String,
    /// The minisign key that signed it; none when the binary itself knows it, or nobody signed it.
    pub key: Option<String>,
    /// Whether agreement with it proves anything; without it files are `local` at best.
    #[serde(default)]
    pub trusted: bool,
}

/// Who the host is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HostIdentity {
    /// A hash of its machine-id (or of its name), the same on every run.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// Its distribution.
    pub os: OsIdentity,
    /// Its running kernel's release, live only.
    pub kernel: Option<Text>,
    /// Labels from the command line.
    pub labels: BTreeMap<String, String>,
}

/// os-release(5), in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OsIdentity {
    /// `debian`, `rocky`, ...
    pub id: Text,
    /// `12`, `9.4`, ...
    pub version: Text,
}

/// How and when an audit ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Run {
    /// `live` or `offline`.
    pub mode: Mode,
    /// The root on the auditor's side.
    pub root: Text,
    /// How much was looked at.
    pub scope: Scope,
    /// When it began.
    pub started: Time,
    /// When it ended.
    pub finished: Time,
    /// Whether it ran as root.
    pub privileged: bool,
    /// How far the kernel held the auditor to reading.
    pub read_only: Enforced,
    /// Whether access times were certain to stay as they were.
    pub keeps_atime: bool,
    /// Networks that were said to be trusted.
    pub trusted_nets: Vec<String>,
    /// Whether secrets in scripts and commands were masked.
    pub redacted: bool,
    /// Files that were not read, because they have not changed since an earlier audit read them;
    /// none without a state folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_files: Option<u64>,
    /// Parts that an earlier audit did and that were not done again, because nothing they looked at
    /// has changed: plugins, `files` for named and packaged files, and `judging`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unchanged: Vec<String>,
    /// What checking every packaged file came to; none in scope `quick`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
}

/// What checking every packaged file came to, beyond the files that items name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Verified {
    /// Files opened and digested.
    pub checked: u64,
    /// Of these, how many agree with their packages.
    pub agreed: u64,
    /// Packaged files of whose content the database says nothing (links, mostly).
    pub without_digest: u64,
    /// Files that are proved from outside the host, those that items name among them.
    #[serde(default)]
    pub proved: u64,
    /// Files that agree with the host's own lists alone.
    #[serde(default)]
    pub local: u64,
    /// Installed packages that a pack knows in their very version, or whose entry the vendor signed.
    #[serde(default)]
    pub packages_known: u64,
    /// Installed packages that a pack knows in other versions alone.
    #[serde(default)]
    pub packages_of_unknown_version: u64,
    /// Who proved how much.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packs: Vec<PackUse>,
}

/// What one pack, or the vendors' signatures together, proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PackUse {
    /// Its name.
    pub name: String,
    /// Installed packages that it vouches for.
    pub packages: u64,
    /// Files that agree with it.
    pub files: u64,
}

/// Whether the host ran while it was audited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It ran.
    Live,
    /// Its disk was mounted elsewhere.
    Offline,
}

/// What became of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It saw all it wanted.
    Ran,
    /// It ran and left gaps that matter.
    Partial,
    /// It had nothing to do here; `why` says why.
    Skipped,
    /// It panicked or overran its time.
    Failed,
}

/// What one plugin did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Coverage {
    /// Its id.
    pub plugin: String,
    /// See [`Status`].
    pub status: Status,
    /// Items it made.
    pub items: usize,
    /// Findings of its rules.
    pub findings: usize,
    /// Gaps it left.
    pub gaps: usize,
    /// Milliseconds it took to collect.
    pub ms: u64,
    /// Why it was skipped or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Coverage {
    /// The same with each plugin's findings and gaps counted.
    pub(crate) fn counted(
        mut coverage: Vec<Self>,
        findings: &[Finding],
        gaps: &[Gap],
    ) -> Vec<Self> {
        for row in &mut coverage {
            let own = |rule: &str| rule.split('/').next() == Some(row.plugin.as_str());
            row.findings = findings.iter().filter(|finding| own(&finding.rule)).count();
            row.gaps = gaps.iter().filter(|gap| gap.plugin == row.plugin).count();
        }
        coverage
    }
}

/// Why a saved report cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// Not JSON, or fields are missing.
    #[error("not a coroner report: {0}")]
    Format(#[from] serde_json::Error),
    /// Written by another version.
    #[error("schema '{0}' is not '{SCHEMA}': use the version of coroner that wrote it")]
    Schema(String),
}

/// A report whose items are JSON still, for whoever knows most of them already.
pub type UnreadItems<'j> = Report<&'j RawValue>;

impl Report {
    /// Reads a saved report.
    ///
    /// # Errors
    /// Not a report, or one of another schema.
    pub fn from_json(json: &[u8]) -> Result<Self, ReportError> {
        read(json)
    }
}

impl<'j> UnreadItems<'j> {
    /// Reads all of a saved report but its items.
    ///
    /// # Errors
    /// Not a report, or one of another schema.
    pub fn around_items(json: &'j [u8]) -> Result<Self, ReportError> {
        read(json)
    }
}

fn read<'j, I: Deserialize<'j>>(json: &'j [u8]) -> Result<Report<I>, ReportError> {
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    let report = serde_json::from_slice::<Report<I>>(json);
    // What another version wrote may lack what this one needs: its schema is the better word.
    let schema = match &report {
        Ok(report) => report.schema.clone(),
        Err(_) => serde_json::from_slice::<Head>(json)?.schema,
    };
    if schema == SCHEMA { Ok(report?) } else { Err(ReportError::Schema(schema)) }
}
