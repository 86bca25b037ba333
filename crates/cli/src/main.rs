//! The coroner command: what is asked, what is answered, and the exit status.

mod args;
mod audit;
mod judge;
mod list;
mod output;
mod plugins;
mod progress;
mod tool;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use output::Failure;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return output::usage(&error),
    };
    let done = match args.command {
        Command::Audit(ask) => audit::run(&ask),
        Command::Judge(ask) => judge::run(&ask),
        Command::Plugins(ask) => list::plugins(&ask),
        Command::Schema => list::schema(),
    };
    done.unwrap_or_else(|failure: Failure| failure.report())
}
