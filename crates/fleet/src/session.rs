//! A session of the embedded engine, and what holds for every session.

use std::sync::Arc;

use datafusion::error::DataFusionError;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};

/// What an engine may use.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// MiB that a query may hold before it goes to the disk or fails.
    pub memory: usize,
    /// Threads, at most.
    pub threads: usize,
}

/// Without tables yet.
pub(crate) fn embedded(bounds: Bounds) -> Result<SessionContext, DataFusionError> {
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
