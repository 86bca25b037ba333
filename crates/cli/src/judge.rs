//! `coroner judge`.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use coroner_core::judge_again;
use coroner_core::{Report, Time};

use crate::args::JudgeArgs;
use crate::audit::{all_plugins, policy, read};
use crate::failure::Failure;
use crate::output::{Outputs, Told};

pub(crate) fn run(args: &JudgeArgs) -> Result<ExitCode, Failure> {
    let plugins = all_plugins()?;
    let policy = policy(args.policy.as_deref(), &plugins)?;
    let outputs = Outputs::open(&args.output)?;
    let json = load(&args.report)?;
    let wrong = |error| Failure::usage(format!("{}: {error}", args.report.display()));
    let mut report = Report::from_json(&json).map_err(wrong)?;
    judge_again(&mut report, &plugins, &policy, Time::now());
    outputs.write(&Told::of(&report), args.output.format)?;
    Ok(ExitCode::from(report.verdict.level.exit_status()))
}

fn load(path: &Path) -> Result<Vec<u8>, Failure> {
    if path != Path::new("-") {
        return read(path);
    }
    let mut json = Vec::new();
    let done = std::io::stdin().lock().read_to_end(&mut json);
    done.map_err(|error| Failure::usage(format!("standard input: {error}")))?;
    Ok(json)
}
