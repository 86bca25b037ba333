//! `coroner-fleet cluster`.

use std::process::ExitCode;

use crate::args::ClusterCommand;
use crate::failure::Failure;

/// The engine is not there.
#[cfg(not(feature = "cluster"))]
pub(crate) fn run(_: &ClusterCommand) -> Result<ExitCode, Failure> {
    Err(coroner_fleet::EngineError::NoCluster.into())
}

#[cfg(feature = "cluster")]
pub(crate) fn run(command: &ClusterCommand) -> Result<ExitCode, Failure> {
    use coroner_fleet::{SchedulerService, WorkerService};
    match command {
        ClusterCommand::Scheduler(args) => {
            SchedulerService { bind: args.bind, advertise: args.advertise }.run()?;
        }
        ClusterCommand::Worker(args) => {
            let worker = WorkerService {
                scheduler: args.scheduler,
                bind: args.bind,
                advertise: args.advertise,
                work: args.work.clone(),
                bounds: crate::ingest::bounds(args.bounds),
            };
            worker.run()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
