//! What could not be seen, and why.

use coroner_host::{Blocked, HostPath};
use serde::{Deserialize, Serialize};

/// Something that could not be seen. Empty never means clean: a gap that matters keeps the verdict
/// from being `clean`.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Gap {
    /// The plugin that wanted to see it, or `core`.
    pub plugin: String,
    /// What it wanted to see.
    pub path: HostPath,
    /// The line, when one line of a file could not be understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Why it could not.
    pub reason: Blocked,
    /// More, in plain words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Whether the verdict needed it.
    pub matters: bool,
}

impl Gap {
    /// A plugin, or the core, could not do its part on the host at all.
    pub(crate) fn of_all(plugin: &str, reason: Blocked, detail: &str) -> Self {
        Self {
            plugin: plugin.to_owned(),
            path: HostPath::new("/"),
            line: None,
            reason,
            detail: Some(detail.to_owned()),
            matters: true,
        }
    }
}
