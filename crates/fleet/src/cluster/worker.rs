//! The part that works on tasks.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use tokio::signal::unix::{SignalKind, signal};

use super::{POLICY, ServiceError, free, in_url, log, reachable, threads};
use crate::scheduler::Scheduler;
use crate::session::Bounds;

/// A worker.
#[derive(Debug)]
pub struct WorkerService {
    /// Whose tasks it works on.
    pub scheduler: Scheduler,
    /// Where others fetch rows.
    pub bind: SocketAddr,
    /// Its address for others, when that is another.
    pub advertise: Option<IpAddr>,
    /// In which folder it makes one of its own for what passes between stages.
    pub work: PathBuf,
    /// What its tasks may use, together.
    pub bounds: Bounds,
}

impl WorkerService {
    /// Works until it is stopped.
    ///
    /// # Errors
    /// It does not start, or what it serves rows with broke.
    pub fn run(&self) -> Result<(), ServiceError> {
        // Gone with this process, unless it is killed.
        let work = tempfile::Builder::new().prefix("coroner-worker-").tempdir_in(&self.work)?;
        let config = Arc::new(self.config(work.path().to_string_lossy().into_owned())?);
        free(self.bind)?;
        log();
        let stopped = Arc::new(AtomicBool::new(false));
        threads()?.block_on(async {
            notice_stop(Arc::clone(&stopped))?;
            let done = start_executor_process(config).await;
            done.map_err(|error| ServiceError::engine(&error))
        })?;
        let broken = || ServiceError::Engine(format!("{}: serves no rows any more", self.bind));
        if stopped.load(Ordering::Acquire) { Ok(()) } else { Err(broken()) }
    }

    fn config(&self, work: String) -> Result<ExecutorProcessConfig, ServiceError> {
        Ok(ExecutorProcessConfig {
            bind_host: in_url(self.bind.ip()),
            external_host: Some(reachable(self.bind, self.advertise)?),
            port: self.bind.port(),
            // Nobody hands it tasks: it asks for them.
            grpc_port: self.bind.port(),
            scheduler_host: in_url(self.scheduler.0.ip()),
            scheduler_port: self.scheduler.0.port(),
            vcores: self.bounds.threads.max(1),
            memory_pool_size: Some((self.bounds.memory as u64) << 20),
            work_dir: Some(work),
            task_scheduling_policy: POLICY,
            ..ExecutorProcessConfig::default()
        })
    }
}

/// The engine ends the same way whether it was told to stop or broke.
fn notice_stop(stopped: Arc<AtomicBool>) -> Result<(), std::io::Error> {
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        stopped.store(true, Ordering::Release);
    });
    Ok(())
}
