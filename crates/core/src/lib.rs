//! Items, rules, findings, gaps, reports and verdicts; plugins and the runner.
//!
//! Collecting makes items, judging makes findings from items alone. Nothing here knows a file
//! format or a technique: those are the plugins'.

mod acceptance;
pub mod audit;
mod claim;
mod cx;
mod digest;
mod examine;
mod files;
mod finding;
mod gap;
mod identity;
mod item;
mod items;
mod judging;
mod known;
mod launches;
mod memory;
mod nature;
mod network;
mod options;
pub mod packages;
mod plugin;
pub mod policy;
mod recall;
mod redact;
mod report;
mod room;
mod rule;
mod runner;
mod schema;
mod shared;
mod time;
mod verdict;
mod verified;

pub use coroner_host::{
    AnonymousCode, Blocked, Content, Descriptors, DirEntry, Executable, FileType, ForeignCode,
    ForeignPage, HostPath, Listing, MappedFile, Namespaces, OnDisk, Process, ProcessCode,
    Processes, ReadError, Stat,
};
pub use coroner_parse::{Algorithm, Digest, Text, hex, shell_word};
pub use cx::{Cx, Deadline};
pub use digest::{Hasher, sha256_of};
pub use finding::{Draft, Evidence, Finding, Findings, Subject};
pub use gap::Gap;
pub use identity::os_release;
#[doc(hidden)]
pub use inventory;
pub use item::{Item, ItemKind, ItemType, is_zero};
pub use items::Items;
pub use judging::judge_again;
pub use known::{ContentFacts, KnownContent, NothingKnown};
pub use memory::{Done, Memory, day_of};
pub use nature::{Course, Nature, View};
pub use network::Network;
pub use options::{Clock, Options, Scope};
pub use plugin::{DuplicateId, Meta, Needs, Plugin, Registered, Skip, registry};
pub use report::{
    BaselineUse, Coverage, HostIdentity, Mode, OsIdentity, PackUse, Report, ReportError, Run,
    SCHEMA, Status, Tool, UnreadItems, Verified,
};
pub use rule::{Confidence, Rule, Severity};
pub use schema::{report_schema, shared_items};
pub use shared::{FileFacts, Launch, PackageState, Script, Trigger};
pub use time::Time;
pub use verdict::{Level, Verdict};
