//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::audit_args::{AUDIT_EXAMPLES, AuditArgs};
use crate::baseline_args::BaselineCommand;
use crate::diff_args::{DIFF_EXAMPLES, DiffArgs};
use crate::locate_args::LocateArgs;
use crate::medium_args::MediumCommand;
use crate::output_args::OutputArgs;
use crate::shell_args::{COMPLETIONS_EXAMPLES, CompletionsArgs, ManArgs};
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

#[derive(Debug, clap::Args)]
pub(crate) struct PluginsArgs {
    /// Describe one plugin, or one rule, in full
    #[arg(value_name = "PLUGIN or RULE")]
    pub(crate) about: Option<String>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
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
}
