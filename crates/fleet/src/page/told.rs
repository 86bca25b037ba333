//! What a fleet's page tells.

use std::io;

use coroner_core::Rule;
use coroner_render::Lang;
use serde::Deserialize;

use crate::sheet::Sheet;

/// The answer to the query `overview`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Overview {
    pub(super) hosts: u64,
    pub(super) reports: u64,
    pub(super) first_seen: String,
    pub(super) last_seen: String,
    pub(super) compromised: u64,
    pub(super) suspicious: u64,
    pub(super) inconclusive: u64,
    pub(super) clean: u64,
}

/// A fleet's page.
#[derive(Debug)]
pub struct Page<'a> {
    /// Its language.
    pub lang: Lang,
    /// The fleet in one line.
    pub overview: &'a Overview,
    /// Hosts that were not heard of for long.
    pub stale: u64,
    /// Hosts that should be there and have no report.
    pub missing: u64,
    /// Rules that hold, as this version explains them.
    pub rules: &'a [&'static Rule],
}

/// Fills a sheet with the answer to a query.
pub type Ask<'a> = dyn FnMut(&str, &mut dyn Sheet) -> io::Result<()> + 'a;
