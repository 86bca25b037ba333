//! The coroner command: what is asked, what is answered, and the exit status.

mod args;
mod audit;
mod audit_args;
mod baseline;
mod baseline_args;
mod baseline_build;
mod baseline_diff;
mod baseline_files;
mod baselines;
mod diff;
mod diff_args;
mod failure;
mod judge;
mod list;
mod locate;
mod locate_args;
mod locate_show;
mod medium;
mod medium_args;
mod medium_build;
mod numbers;
mod output;
mod output_args;
mod own_medium;
mod progress;
mod shell;
mod shell_args;
mod state;
mod target;
mod throttle;
mod throttle_args;
mod throttle_show;
mod tool;
mod traffic;
mod traffic_args;
mod traffic_hold;
mod traffic_show;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use failure::Failure;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) if error.use_stderr() && args::is_throttle() => {
            return throttle::wrong(&error).report();
        }
        Err(error) => return failure::usage(&error),
    };
    run(args.command).unwrap_or_else(Failure::report)
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    // What is to be checked does not keep it from being checked.
    if !matches!(command, Command::Medium(_)) {
        own_medium::check()?;
    }
    match command {
        Command::Audit(ask) => audit::run(&ask),
        Command::Judge(ask) => judge::run(&ask),
        Command::Baseline(ask) => baseline::run(&ask.action),
        Command::Diff(ask) => diff::run(&ask),
        Command::Locate(ask) => locate::run(&ask),
        Command::Medium(ask) => medium::run(&ask.action),
        Command::Plugins(ask) => list::plugins(&ask),
        Command::Schema => list::schema(),
        Command::Throttle(ask) => throttle::run(&ask),
        Command::Traffic(ask) => traffic::run(&ask),
        Command::Completions(ask) => shell::completions(&ask),
        Command::Man(ask) => shell::man(&ask),
    }
}
