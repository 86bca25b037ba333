//! What `coroner diff` takes.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::output_args::LangArgs;

pub(crate) const DIFF_EXAMPLES: &str = "Examples:
  coroner diff monday.json tuesday.json      what changed on this host
  coroner diff live.json disk.json           what the running kernel did not show of its disk

Exit status: 0 nothing changed, 1 something did, 2 new findings of medium or above, or something
hidden, 64 wrong arguments, 70 coroner itself failed. What comes and goes in ordinary life (logins,
logs, processes) is shown and does not count.";

#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// The earlier report, in JSON
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The later report, in JSON
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// Compare reports of two different hosts
    #[arg(long)]
    pub(crate) any_host: bool,
    /// Take OLD for what the running kernel showed and NEW for what is on the disk, as is done by
    /// itself when one report is live and the other offline
    #[arg(long)]
    pub(crate) cross_view: bool,
    /// Write to this file (through a temporary file beside it) instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Text on a terminal and JSON elsewhere, unless said here
    #[arg(long, value_enum)]
    pub(crate) format: Option<DiffFormat>,
    #[command(flatten)]
    pub(crate) lang: LangArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For people
    Text,
    /// One document
    Json,
}
