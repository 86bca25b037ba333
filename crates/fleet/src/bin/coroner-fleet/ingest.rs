//! `coroner-fleet ingest` and `expect`.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use coroner_compare::Kinds;
use coroner_core::{Text, Time};
use coroner_fleet::{
    Bounds, BucketSettings, Ingest, Locked, Sources, Taken, expect as write_expected, find_roles,
};
use coroner_plugins::registry;

use crate::args::{BoundsArgs, ExpectArgs, IngestArgs, ReadingArgs};
use crate::failure::{Failure, say};

/// Some files were not taken in.
const SKIPPED: u8 = 1;
/// Bytes of a list of hosts.
const LONGEST_LIST: u64 = 16 << 20;

pub(crate) fn run(args: &IngestArgs) -> Result<ExitCode, Failure> {
    let taken = take(&args.inputs, &args.store.store, &args.reading, args.bounds)?;
    Ok(status(&taken))
}

/// Takes reports in and says what came of it.
pub(crate) fn take(
    inputs: &[String],
    dir: &Path,
    reading: &ReadingArgs,
    limits: BoundsArgs,
) -> Result<Taken, Failure> {
    let sources = Sources::of(inputs, &buckets(reading))?;
    let plugins = registry().map_err(|error| Failure::Broken(error.to_string()))?;
    let kinds = Kinds::of(&plugins);
    let store = Locked::open(dir)?;
    let ingest = Ingest { kinds: &kinds, largest: reading.largest, now: Time::now() };
    let taken = ingest.run(&sources, &store)?;
    if taken.new > 0 {
        find_roles(&store, bounds(limits))?;
    }
    for skipped in &taken.skipped {
        let why = Text::from(skipped.why.as_str());
        say(&format!("not taken in: {}: {why}", skipped.name));
    }
    let (new, known, skipped) = (taken.new, taken.known, taken.skipped.len());
    say(&format!("{new} reports taken in, {known} known already, {skipped} files not taken in"));
    Ok(taken)
}

/// Keys and secrets come from the environment alone: arguments stand in the list of processes.
fn buckets(reading: &ReadingArgs) -> BucketSettings {
    let mut settings = BucketSettings::of(|name| std::env::var(name).ok());
    settings.authorities.clone_from(&reading.ca_file);
    if reading.s3_endpoint.is_some() {
        settings.endpoint.clone_from(&reading.s3_endpoint);
    }
    settings
}

pub(crate) fn status(taken: &Taken) -> ExitCode {
    ExitCode::from(if taken.skipped.is_empty() { 0 } else { SKIPPED })
}

pub(crate) fn bounds(args: BoundsArgs) -> Bounds {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Bounds { memory: args.memory, threads: args.threads.unwrap_or(processors) }
}

pub(crate) fn expect(args: &ExpectArgs) -> Result<ExitCode, Failure> {
    let wrong = |error| Failure::Usage(format!("{}: {error}", args.file.display()));
    let mut text = String::new();
    let file = File::open(&args.file).map_err(wrong)?;
    file.take(LONGEST_LIST).read_to_string(&mut text).map_err(wrong)?;
    let lines = text.lines().map(str::trim);
    let hosts = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    write_expected(&Locked::open(&args.store.store)?, hosts.map(str::to_owned))?;
    Ok(ExitCode::SUCCESS)
}
