//! The part that cuts queries into tasks and hands them out.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::{SchedulerConfig, TaskDistributionPolicy};
use ballista_scheduler::scheduler_process::start_server;

use super::{LOST_AFTER, POLICY, ServiceError, free, log, reachable, threads};

/// Seconds between two looks for lost workers.
const LOOK_FOR_LOST: u64 = 1;
/// Seconds that a query waits for a new worker when the last one is lost.
const WAIT_FOR_WORKER: u64 = 20;

/// A scheduler.
#[derive(Debug, Clone, Copy)]
pub struct SchedulerService {
    /// Where it listens.
    pub bind: SocketAddr,
    /// Its address for workers, when that is another.
    pub advertise: Option<IpAddr>,
}

impl SchedulerService {
    /// Works until it is stopped.
    ///
    /// # Errors
    /// It does not start.
    pub fn run(self) -> Result<(), ServiceError> {
        let config = Arc::new(self.config()?);
        free(self.bind)?;
        log();
        threads()?.block_on(async {
            let cluster = BallistaCluster::new_from_config(&config).await;
            let cluster = cluster.map_err(|error| ServiceError::engine(&error))?;
            let served = start_server(cluster, self.bind, config).await;
            served.map_err(|error| ServiceError::engine(&error))
        })
    }

    fn config(self) -> Result<SchedulerConfig, ServiceError> {
        Ok(SchedulerConfig {
            bind_host: self.bind.ip().to_string(),
            bind_port: self.bind.port(),
            external_host: reachable(self.bind, self.advertise)?,
            scheduling_policy: POLICY,
            task_distribution: TaskDistributionPolicy::RoundRobin,
            executor_timeout_seconds: LOST_AFTER,
            expire_dead_executor_interval_seconds: LOOK_FOR_LOST,
            no_executors_grace_period_seconds: WAIT_FOR_WORKER,
            ..SchedulerConfig::default()
        })
    }
}
