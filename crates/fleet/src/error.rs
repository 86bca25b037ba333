//! Why an engine does not answer.

use datafusion::error::DataFusionError;

use crate::query::QueryError;
use crate::scheduler::Scheduler;
use crate::store::StoreError;

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The query, or its values.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The engine's own words: SQL that is wrong, memory that ran out, a file that is damaged.
    #[error("{0}")]
    Engine(#[from] DataFusionError),
    /// No threads, no folder for what does not fit into memory.
    #[error("the engine did not start: {0}")]
    Start(#[from] std::io::Error),
    /// A cluster was asked for.
    #[error(
        "this coroner-fleet has the embedded engine alone; cargo build --profile fleet -p coroner-fleet \
         --features cluster makes one that has both"
    )]
    NoCluster,
    /// Nobody listens, or somebody else.
    #[error("{0}: no scheduler answers there ({1}); coroner-fleet cluster scheduler starts one")]
    NoScheduler(Scheduler, String),
    /// Nobody would work on a query.
    #[error(
        "{0}: the cluster has no worker; coroner-fleet cluster worker --scheduler {0} adds one"
    )]
    NoWorker(Scheduler),
    /// The cluster's own words: a worker that does not see the store, the last worker lost.
    #[error("{0}: the cluster did not answer: {1}")]
    Cluster(Scheduler, String),
}

impl EngineError {
    /// Whether the person who wrote the query can mend it.
    pub fn is_the_queries(&self) -> bool {
        let Self::Engine(error) = self else { return matches!(self, Self::Query(_)) };
        matches!(
            error.find_root(),
            DataFusionError::SQL(..) | DataFusionError::Plan(_) | DataFusionError::SchemaError(..)
        )
    }
}
