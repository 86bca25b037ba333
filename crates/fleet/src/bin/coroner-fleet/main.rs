//! The coroner-fleet command: what is asked, what is answered, and the exit status.

mod args;
mod ask;
mod asked;
mod cluster;
mod failure;
mod file;
mod ingest;
mod page;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return failure::usage(&error),
    };
    let done = match args.command {
        Command::Ingest(args) => ingest::run(&args),
        Command::Compare(args) => ask::compare(&args),
        Command::Pivot(args) => ask::pivot(&args),
        Command::Drift(args) => ask::drift(&args),
        Command::Stale(args) => ask::stale(&args),
        Command::Packages(args) => ask::plain("packages", &args),
        Command::Hosts(args) => ask::plain("hosts", &args),
        Command::Query(args) => ask::query(&args),
        Command::Queries => ask::list(),
        Command::Expect(args) => ingest::expect(&args),
        Command::Cluster(command) => cluster::run(&command),
    };
    done.unwrap_or_else(failure::Failure::report)
}
