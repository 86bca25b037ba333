//! `coroner-fleet` as a person runs it, over a made-up fleet with outliers planted in it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests

mod bucket;
mod generator;
mod hostile;
mod ingest;
mod page;
mod queries;
mod siblings;
mod support;
