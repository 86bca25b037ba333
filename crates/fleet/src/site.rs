//! Where a query is worked on: in this process, or on the workers of a cluster.

use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::engine::EngineError;

/// What an engine may use.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// MiB that a query may hold before it goes to the disk or fails.
    pub memory: usize,
    /// Threads, at most.
    pub threads: usize,
}

/// Where the scheduler of a cluster listens: `df://192.0.2.7:50050`. An address and not a name: names
/// are resolved by libraries that a static binary does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheduler(pub SocketAddr);

/// Where a query is worked on.
#[derive(Debug, Clone, Copy)]
pub enum Site {
    /// In this process.
    Here(Bounds),
    /// On the workers of a cluster, which see the store at the same path.
    Cluster(Scheduler),
}

impl FromStr for Scheduler {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.strip_prefix("df://").and_then(|address| address.parse().ok());
        address.map(Self).ok_or("say df://ADDRESS:PORT, with an address and not a name")
    }
}

impl std::fmt::Display for Scheduler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "df://{}", self.0)
    }
}

impl Site {
    /// Threads of this process.
    pub(crate) fn threads(self) -> usize {
        match self {
            Self::Here(bounds) => bounds.threads.max(1),
            // It sends a plan and fetches rows.
            Self::Cluster(_) => 1,
        }
    }

    /// A session of an engine that has no tables yet.
    pub(crate) fn session(self) -> Result<SessionContext, EngineError> {
        match self {
            Self::Here(bounds) => embedded(bounds),
            #[cfg(feature = "cluster")]
            Self::Cluster(scheduler) => crate::cluster::session(scheduler),
            #[cfg(not(feature = "cluster"))]
            Self::Cluster(_) => Err(EngineError::NoCluster),
        }
    }

    /// That somebody will take up a query that is asked now.
    pub(crate) fn ready(self) -> Result<(), EngineError> {
        match self {
            #[cfg(feature = "cluster")]
            Self::Cluster(scheduler) => crate::cluster::ready(scheduler),
            #[cfg(not(feature = "cluster"))]
            Self::Cluster(_) => Err(EngineError::NoCluster),
            Self::Here(_) => Ok(()),
        }
    }
}

fn embedded(bounds: Bounds) -> Result<SessionContext, EngineError> {
    let runtime = RuntimeEnvBuilder::new().with_memory_limit(bounds.memory << 20, 1.0).build()?;
    Ok(SessionContext::new_with_config_rt(config(bounds.threads.max(1)), Arc::new(runtime)))
}

/// What holds wherever a query is worked on.
pub(crate) fn config(parts: usize) -> SessionConfig {
    // A join's build side that fills a filter of another join's scan: `shared` waited for ever on two
    // threads and more, and between the stages of a cluster nobody would fill it.
    SessionConfig::new()
        .with_target_partitions(parts)
        .set_bool("datafusion.optimizer.enable_dynamic_filter_pushdown", false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheduler_is_an_address_and_a_port() {
        let read: Scheduler = "df://192.0.2.7:50050".parse().unwrap();
        assert_eq!(read.to_string(), "df://192.0.2.7:50050");
        assert!("df://[2001:db8::7]:50050".parse::<Scheduler>().is_ok());
        for wrong in ["192.0.2.7:50050", "df://192.0.2.7", "df://scheduler:50050", "http://a:1"] {
            assert!(wrong.parse::<Scheduler>().is_err(), "{wrong}");
        }
    }
}
