//! The distributed engine: Ballista, which has the embedded engine's SQL and planner.
//!
//! A client sends the plan of a query to the scheduler, which cuts it into stages and hands their tasks
//! to workers; the client fetches the rows from the workers. All of them read the store at one path.
//! Nobody proves who they are: whoever reaches the ports may run what the workers' account may.

mod client;
mod scheduler;
mod worker;

use std::net::{IpAddr, SocketAddr, TcpListener};

use ballista_core::config::TaskSchedulingPolicy;
use coroner_core::Text;

pub(crate) use client::{ready, session};
pub use scheduler::SchedulerService;
pub use worker::WorkerService;

/// Workers ask for tasks, and say so how much they can take. When tasks were handed to them, a query that had
/// lost a worker waited for ever: the scheduler took the other one for busy.
const POLICY: TaskSchedulingPolicy = TaskSchedulingPolicy::PullStaged;
/// Seconds without a sign of life (a busy worker gives one every 5) after which a worker counts as lost, and
/// its tasks go to another.
const LOST_AFTER: u64 = 12;
/// Bytes of a thread's stack: plans are trees that are walked by recursion, `compare`'s beyond 2 MiB.
const STACK: usize = 32 << 20;

/// Why a part of a cluster does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// Others could not answer.
    #[error(
        "{0}: others cannot reach every address of a machine; name one of them: --advertise ADDRESS"
    )]
    Unreachable(SocketAddr),
    /// Somebody else has it.
    #[error("{0}: {1}")]
    Taken(SocketAddr, std::io::Error),
    /// No threads, no folder for what tasks write.
    #[error("it did not start: {0}")]
    Start(#[from] std::io::Error),
    /// The engine's own words.
    #[error("{0}")]
    Engine(String),
}

impl ServiceError {
    fn engine(error: &ballista_core::error::BallistaError) -> Self {
        Self::Engine(Text::from(error.to_string()).to_string())
    }
}

/// What others are told to connect to.
fn reachable(bind: SocketAddr, advertise: Option<IpAddr>) -> Result<String, ServiceError> {
    let address = advertise.unwrap_or(bind.ip());
    if address.is_unspecified() {
        Err(ServiceError::Unreachable(bind))
    } else {
        Ok(in_url(address))
    }
}

fn in_url(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// The engine binds late and says little when it cannot.
fn free(address: SocketAddr) -> Result<(), ServiceError> {
    TcpListener::bind(address).map(drop).map_err(|error| ServiceError::Taken(address, error))
}

/// What the engine warns of (workers lost, tasks that failed), on standard error; `RUST_LOG` says more.
fn log() {
    // Whoever has read enough of a partition ends it, which its sender calls an error, hundreds of times; what
    // could not be sent otherwise is the query's error as well.
    let quiet = "warn,ballista_core::execution_plans::shuffle_reader=off";
    let usual = env_logger::Env::default().default_filter_or(quiet);
    let started = env_logger::Builder::from_env(usual)
        .format(|out, record| {
            use std::io::Write;
            writeln!(out, "coroner-fleet: {}", Text::from(record.args().to_string()))
        })
        .try_init();
    // A second part in one process has the first one's.
    drop(started);
}

fn threads() -> Result<tokio::runtime::Runtime, std::io::Error> {
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    threads.enable_all().thread_stack_size(STACK).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_told_an_address_that_they_can_reach() {
        let every: SocketAddr = "0.0.0.0:50050".parse().unwrap();
        let one: SocketAddr = "[2001:db8::7]:50050".parse().unwrap();
        assert!(matches!(reachable(every, None), Err(ServiceError::Unreachable(_))));
        assert_eq!(reachable(every, Some("192.0.2.7".parse().unwrap())).unwrap(), "192.0.2.7");
        assert_eq!(reachable(one, None).unwrap(), "[2001:db8::7]");
    }

    #[test]
    fn a_port_that_somebody_has_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert!(free(address).unwrap_err().to_string().starts_with(&address.to_string()));
        drop(listener);
        free(address).unwrap();
    }
}
