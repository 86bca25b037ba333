//! What `coroner completions` and `coroner man` take.

use std::path::PathBuf;

use clap_complete::Shell;

pub(crate) const COMPLETIONS_EXAMPLES: &str = "Examples:
  coroner completions bash >/etc/bash_completion.d/coroner
  coroner completions zsh >/usr/local/share/zsh/site-functions/_coroner
  coroner completions fish >~/.config/fish/completions/coroner.fish";

#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// Write a page for each command into this folder; without it the first page goes to standard output
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
