//! A manager of units: the system's, the users' common part, or one user's own.

use coroner_core::Text;

/// What a manager is called, and as whom its commands run.
#[derive(Debug, Clone)]
pub(super) struct Manager {
    pub(super) label: Text,
    pub(super) account: Option<Text>,
    /// It runs from boot on, with or without a login: the system's own, and users who linger.
    pub(super) from_boot: bool,
}
