//! What earlier commands of a text did.

use std::collections::{BTreeMap, BTreeSet};

use super::super::shell::Span;
use super::Strength;
use super::descriptors::Descriptors;

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Fetched,
    Decoded,
}

/// A file that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fetched {
    pub(super) path: Vec<u8>,
    pub(super) strength: Strength,
}

/// What earlier commands of the text did.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Descriptors that `exec` tied to a network address.
    pub(super) network: Descriptors,
    /// Files that were fetched, as written.
    pub(super) fetched: Vec<Fetched>,
    /// Files that decoded text was written to.
    pub(super) decoded: Vec<Vec<u8>>,
    /// Variables that hold fetched or decoded text.
    pub(super) tainted: BTreeMap<Vec<u8>, Origin>,
    /// Variables filled by `read`.
    pub(super) read: BTreeSet<Vec<u8>>,
    /// Something was connected to `/dev/tcp` at all.
    pub(super) connected: Option<Span>,
    /// Commands that were run from a variable filled by `read`.
    pub(super) ran_read: Option<Span>,
    /// Where `cd` went last.
    pub(super) directory: Option<Vec<u8>>,
    /// Firewall rules removed, and added.
    pub(super) flushed: Option<Span>,
    pub(super) firewall_rules: u32,
    /// Programs of others that were killed.
    pub(super) rivals: u32,
}
