//! What `coroner audit` takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use coroner_core::{Network, Scope};
use coroner_throttle::Span;

use crate::baseline_args::BaselineArgs;
use crate::output_args::OutputArgs;
use crate::progress::Voice;

pub(crate) const AUDIT_EXAMPLES: &str = "Examples:
  coroner audit                                    this machine, as text on a terminal
  coroner audit -o /media/stick/web1.json          this machine, as JSON in a file
  coroner audit --format html -o web1.html         as a page for a browser; --lang zh for Chinese
  coroner audit --root /mnt                        a mounted disk
  coroner audit --root /host --proc /host/proc     the host, from a container that mounts it
  coroner audit --state /var/lib/coroner           on a schedule: quick when little has changed
  coroner audit --scope quick --only cron,startup  a first look
  coroner audit --baseline /media/stick/own --key own.pub
                                                   with packs that you signed";

#[derive(Debug, clap::Args)]
pub(crate) struct AuditArgs {
    /// The root of a mounted host, instead of this machine
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// The running host's /proc, when its root is mounted into a container
    #[arg(long, value_name = "DIR", requires = "root")]
    pub(crate) proc: Option<PathBuf>,
    /// How much to look at
    #[arg(long, value_enum, default_value_t = ScopeArg::Standard)]
    pub(crate) scope: ScopeArg,
    /// Run these plugins alone
    #[arg(long, value_name = "PLUGIN", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Leave these plugins out
    #[arg(long, value_name = "PLUGIN", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
    /// Networks that logins and console peers are expected from, such as 203.0.113.0/24
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    pub(crate) trusted_net: Vec<Network>,
    /// Passwords to try, one a line, beside the built-in ones
    #[arg(long, value_name = "FILE")]
    pub(crate) wordlist: Option<PathBuf>,
    /// A label for comparing hosts, such as role=gateway
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    pub(crate) label: Vec<(String, String)>,
    /// Findings that you accept, with reasons (TOML)
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) baselines: BaselineArgs,
    /// Seconds that each plugin may take
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) budget: u64,
    /// How long to watch this machine's traffic, beside the rest; 0 switches it off [default: 3s on a live
    /// machine, 0 with --scope quick]
    #[arg(long, value_name = "TIME", value_parser = traffic_time)]
    pub(crate) traffic: Option<Duration>,
    /// Mask what looks like a secret in commands and scripts
    #[arg(long)]
    pub(crate) redact: bool,
    #[command(flatten)]
    pub(crate) voice: Voice,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// Started from a medium, write to a disk of the audited host all the same
    #[arg(long)]
    pub(crate) write_on_audited_disk: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct StateArgs {
    /// Keep the last reports in this folder, and what is known of files that have not changed, so
    /// that the next audit need not read them
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// How many reports to keep there
    #[arg(long, value_name = "NUMBER", default_value_t = 10, requires = "state", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) keep: u16,
    /// Read every file, whatever is known of it: on the audited host an intruder can forge that
    #[arg(long, requires = "state")]
    pub(crate) no_cache: bool,
    /// Let the exit status speak only of findings that the last report in the folder does not have
    #[arg(long, requires = "state")]
    pub(crate) since_last: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScopeArg {
    /// What plugins name, and no more
    Quick,
    /// And every packaged file
    Standard,
    /// And what costs minutes
    Full,
}

impl From<ScopeArg> for Scope {
    fn from(scope: ScopeArg) -> Self {
        match scope {
            ScopeArg::Quick => Self::Quick,
            ScopeArg::Standard => Self::Standard,
            ScopeArg::Full => Self::Full,
        }
    }
}

/// Longer than this the traffic is watched by `coroner traffic`.
const LONGEST_TRAFFIC: Duration = Duration::from_secs(50);

fn traffic_time(text: &str) -> Result<Duration, String> {
    if matches!(text, "0" | "0s") {
        return Ok(Duration::ZERO);
    }
    let time = text.parse::<Span>().map_err(|wrong| wrong.to_string())?.duration();
    if time > LONGEST_TRAFFIC {
        return Err("at most 50s; coroner traffic watches for longer".to_owned());
    }
    Ok(time)
}

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE, such as role=gateway".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_traffic_is_watched_for_seconds_or_not_at_all() {
        assert_eq!(traffic_time("0"), Ok(Duration::ZERO));
        assert_eq!(traffic_time("5s"), Ok(Duration::from_secs(5)));
        assert!(traffic_time("10m").is_err() && traffic_time("soon").is_err());
    }

    #[test]
    fn a_label_needs_a_key() {
        assert!(label("=x").is_err());
        assert_eq!(label("role=a=b").unwrap(), ("role".to_owned(), "a=b".to_owned()));
    }
}
