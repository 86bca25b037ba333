//! Where a query is worked on: in this process, or on the workers of a cluster.

use datafusion::prelude::SessionContext;

use crate::error::EngineError;
use crate::scheduler::Scheduler;
use crate::session::{Bounds, embedded};

/// Where a query is worked on.
#[derive(Debug, Clone, Copy)]
pub enum Site {
    /// In this process.
    Here(Bounds),
    /// On the workers of a cluster, which see the store at the same path.
    Cluster(Scheduler),
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
            Self::Here(bounds) => Ok(embedded(bounds)?),
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
