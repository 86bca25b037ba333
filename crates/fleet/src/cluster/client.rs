//! The side that asks.

use std::time::Duration;

use ballista_core::config::{
    BALLISTA_CLIENT_GRPC_CONNECT_TIMEOUT_SECONDS,
    BALLISTA_CLIENT_GRPC_HTTP2_KEEPALIVE_INTERVAL_SECONDS,
};
use ballista_core::extension::{SessionConfigExt, SessionStateExt};
use coroner_http::{Access, Patience, Resolver};
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::SessionContext;
use ureq::http::Uri;

use super::LOST_AFTER;
use crate::error::EngineError;
use crate::scheduler::Scheduler;
use crate::session::config;

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
    let url = format!("http://{}/readyz", scheduler.0);
    let uri: Uri = url.parse().map_err(|_| none("not an address".to_owned()))?;
    let wait = Duration::from_secs(LOST_AFTER);
    let access = Access {
        authorities: None,
        patience: Patience { connect: wait, whole: wait },
        resolver: Resolver::of_this_machine(),
    };
    let agent = access.agent(&uri).map_err(|failure| none(failure.to_string()))?;
    let answer = agent.get(&url).call().map_err(|error| none(error.to_string()))?;
    match answer.status().as_u16() {
        200 => Ok(()),
        503 => Err(EngineError::NoWorker(scheduler)),
        status => Err(none(format!("something else does: HTTP {status}"))),
    }
}
