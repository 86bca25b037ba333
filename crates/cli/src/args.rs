//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use coroner_core::{Network, Scope};
use coroner_render::Lang;
use coroner_throttle::Span;

use crate::baseline_args::BaselineCommand;
use crate::locate_args::LocateArgs;
use crate::medium_args::MediumCommand;
use crate::progress::Voice;
use crate::shell::{CompletionsArgs, ManArgs};
use crate::throttle_args::ThrottleArgs;
use crate::traffic_args::TrafficArgs;

const STATUS: &str = "Examples:
  coroner audit                                what happened to this machine?
  coroner audit --root /mnt -o web1.json       to a mounted disk?
  coroner traffic                              who sends the packets?
  coroner throttle plan --dev eth0 --rate 1mbit --dport 80,443
                                               what would hold the attack down?

Exit status: 0 clean, 1 suspicious, 2 compromised, 3 inconclusive, \
                      64 wrong arguments, 70 coroner itself failed.";

/// Looks at a Linux host before it is reinstalled, and says what happened to it.
#[derive(Debug, Parser)]
#[command(name = "coroner", version, after_help = STATUS, infer_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Audits the machine it runs on, or a mounted root.
    #[command(after_help = AUDIT_EXAMPLES)]
    Audit(Box<AuditArgs>),
    /// Judges a saved report again, by the rules of this version.
    #[command(after_help = "Example:\n  coroner judge web1.json --policy accepted.toml")]
    Judge(JudgeArgs),
    /// Makes, lists and checks packs: what packages hold, as proof from outside the host.
    Baseline(Box<BaselineCommand>),
    /// Says what changed between two reports of a host, or what a running host did not show of its disk.
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(DiffArgs),
    /// Finds the node, the network card and the machine that fills an uplink, from the metrics of a Prometheus.
    Locate(Box<LocateArgs>),
    /// Makes and checks the medium: a read-only stick or image to start from.
    Medium(Box<MediumCommand>),
    /// Lists plugins, their rules and what each reads.
    #[command(
        after_help = "Examples:\n  coroner plugins\n  coroner plugins hidden\n  coroner plugins cron/fetch-and-run --json"
    )]
    Plugins(PluginsArgs),
    /// Prints the JSON schema of reports.
    #[command(after_help = "Example:\n  coroner schema >report.schema.json")]
    Schema,
    /// Holds an attack down on a network device, and undoes itself.
    Throttle(Box<ThrottleArgs>),
    /// Shows what this machine sends, and who sends it.
    Traffic(TrafficArgs),
    /// Prints completions for a shell.
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArgs),
    /// Writes man pages.
    #[command(after_help = "Example:\n  coroner man --out /usr/local/share/man/man1")]
    Man(ManArgs),
}

/// Whether the throttle is asked for: its mistakes are said in one line.
pub(crate) fn is_throttle() -> bool {
    let word = std::env::args_os().nth(1).unwrap_or_default();
    word.len() > 1 && "throttle".starts_with(&*word.to_string_lossy())
}

const AUDIT_EXAMPLES: &str = "Examples:
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
pub(crate) struct BaselineArgs {
    /// A pack, or a folder of packs, that files are checked against; may be given again. Without it the
    /// folder `baselines` beside the binary, or in a folder above it, is taken
    #[arg(long, value_name = "DIR or FILE")]
    pub(crate) baseline: Vec<PathBuf>,
    /// A public key that your packs are signed with (the file that `minisign -G` made, or its last line),
    /// or OpenPGP public keys that rpm packages are signed with; may be given again
    #[arg(long, value_name = "FILE or KEY")]
    pub(crate) key: Vec<String>,
    /// Take packs that nobody vouches for: what agrees with them is `local`, never `vendor`
    #[arg(long)]
    pub(crate) allow_unsigned: bool,
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

#[derive(Debug, clap::Args)]
pub(crate) struct JudgeArgs {
    /// A report in JSON; - for standard input
    #[arg(value_name = "REPORT")]
    pub(crate) report: PathBuf,
    /// Findings that you accept, with reasons (TOML)
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

const COMPLETIONS_EXAMPLES: &str = "Examples:
  coroner completions bash >/etc/bash_completion.d/coroner
  coroner completions zsh >/usr/local/share/zsh/site-functions/_coroner
  coroner completions fish >~/.config/fish/completions/coroner.fish";

const DIFF_EXAMPLES: &str = "Examples:
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

#[derive(Debug, clap::Args)]
pub(crate) struct PluginsArgs {
    /// Describe one plugin, or one rule, in full
    #[arg(value_name = "PLUGIN or RULE")]
    pub(crate) about: Option<String>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// Write the report to this file (through a temporary file beside it) instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Text on a terminal and JSON elsewhere, unless said here
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Write it in another format to another file too, such as prometheus=/var/lib/x/coroner.prom
    #[arg(long, value_name = "FORMAT=FILE", value_parser = also)]
    pub(crate) also: Vec<(Format, PathBuf)>,
    #[command(flatten)]
    pub(crate) lang: LangArgs,
}

#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct LangArgs {
    /// The language of text and pages [default: that of the locale]; JSON is English always
    #[arg(long, value_enum)]
    lang: Option<LangArg>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LangArg {
    /// English
    En,
    /// Chinese
    Zh,
}

impl LangArgs {
    /// What was asked for, else the locale's.
    pub(crate) fn lang(self) -> Lang {
        match self.lang {
            Some(LangArg::En) => Lang::En,
            Some(LangArg::Zh) => Lang::Zh,
            None => Lang::of_environment(|name| std::env::var(name).ok()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For people, in a browser: one file that loads nothing
    Html,
    /// One document
    Json,
    /// One record a line
    Ndjson,
    /// OCSF detection findings, one a line
    Ocsf,
    /// RFC 5424 lines: the verdict, then each finding
    Syslog,
    /// A textfile for Prometheus' node exporter
    Prometheus,
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

fn also(text: &str) -> Result<(Format, PathBuf), String> {
    let (format, file) = text.split_once('=').unwrap_or((text, ""));
    if file.is_empty() {
        return Err("write it as FORMAT=FILE, such as syslog=/var/log/coroner.log".to_owned());
    }
    Ok((Format::from_str(format, false)?, PathBuf::from(file)))
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
    use clap::CommandFactory;

    #[test]
    fn the_arguments_fit_together() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_help_has_an_example_and_every_argument_is_explained() {
        let mut commands = vec![Args::command()];
        while let Some(command) = commands.pop() {
            let shown = command.get_subcommands().filter(|sub| !sub.is_hide_set());
            commands.extend(shown.cloned());
            let (name, help) = (command.get_name(), command.get_after_help());
            assert!(help.is_some_and(|help| help.to_string().contains("  coroner ")), "{name}");
            for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
                assert!(argument.get_help().is_some(), "{name} {}", argument.get_id());
            }
        }
    }

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
