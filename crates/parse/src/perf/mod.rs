//! What `perf_event_open(2)` hands out: the layout of a tracepoint, and records of a ring.

mod layout;
mod record;

pub use layout::{Layout, QueueLayout};
pub use record::{Context, Queued, Record, Sample, record};
