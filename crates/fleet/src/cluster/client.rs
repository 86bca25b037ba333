//! The side that asks.

use std::time::Duration;

use ballista_core::config::{
    BALLISTA_CLIENT_GRPC_CONNECT_TIMEOUT_SECONDS,
    BALLISTA_CLIENT_GRPC_HTTP2_KEEPALIVE_INTERVAL_SECONDS,
};
use ballista_core::extension::{SessionConfigExt, SessionStateExt};
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::SessionContext;

use super::LOST_AFTER;
use crate::engine::EngineError;
use crate::site::{Scheduler, config};

/// Into how many parts a stage's work is cut.
const PARTS: usize = 16;

/// A session whose queries are worked on by a cluster.
pub(crate) fn session(scheduler: Scheduler) -> Result<SessionContext, EngineError> {
    let config = config(PARTS)
        .upgrade_for_ballista()
        // Plans that are changed while they run gave rows of a UNION ALL twice, and out of order.
        .with_ballista_adaptive_query_planner(false)
        .set_u64(BALLISTA_CLIENT_GRPC_CONNECT_TIMEOUT_SECONDS, LOST_AFTER)
        // A machine that is gone says nothing: it is asked.
        .set_u64(BALLISTA_CLIENT_GRPC_HTTP2_KEEPALIVE_INTERVAL_SECONDS, LOST_AFTER);
    let state = SessionStateBuilder::new().with_config(config).with_default_features().build();
    let state = state.upgrade_for_ballista(format!("http://{}", scheduler.0))?;
    Ok(SessionContext::new_with_state(state))
}

/// A query that no worker takes up would wait for one, however long: that is found out before.
pub(crate) fn ready(scheduler: Scheduler) -> Result<(), EngineError> {
    let none = |why: String| EngineError::NoScheduler(scheduler, why);
    let asked = ureq::get(format!("http://{}/readyz", scheduler.0))
        .config()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(LOST_AFTER)))
        .build()
        .call();
    let answer = asked.map_err(|error| none(error.to_string()))?;
    match answer.status().as_u16() {
        200 => Ok(()),
        503 => Err(EngineError::NoWorker(scheduler)),
        status => Err(none(format!("something else does: HTTP {status}"))),
    }
}
