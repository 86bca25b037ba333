//! The coroner command: what is asked, what is answered, and the exit status.

mod args;
mod audit;
mod baseline;
mod baseline_args;
mod baseline_build;
mod baseline_diff;
mod baselines;
mod diff;
mod judge;
mod list;
mod output;
mod progress;
mod state;
mod throttle;
mod throttle_args;
mod throttle_show;
mod tool;
mod traffic;
mod traffic_args;
mod traffic_show;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use output::Failure;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) if error.use_stderr() && args::is_throttle() => {
            return throttle::wrong(&error).report();
        }
        Err(error) => return output::usage(&error),
    };
    let done = match args.command {
        Command::Audit(ask) => audit::run(&ask),
        Command::Judge(ask) => judge::run(&ask),
        Command::Baseline(ask) => baseline::run(&ask.action),
        Command::Diff(ask) => diff::run(&ask),
        Command::Plugins(ask) => list::plugins(&ask),
        Command::Schema => list::schema(),
        Command::Throttle(ask) => throttle::run(&ask),
        Command::Traffic(ask) => traffic::run(&ask),
    };
    done.unwrap_or_else(|failure: Failure| failure.report())
}
