//! That an operator accepts a finding.

use serde::{Deserialize, Serialize};

use crate::Time;

/// What a finding carries when a policy accepted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Acceptance {
    /// The operator's reason.
    pub reason: String,
    /// From when on it speaks again.
    pub expires: Option<Time>,
}
