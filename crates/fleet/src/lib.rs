//! Many reports: what few hosts have, what changed, what hosts share.
//!
//! [`Ingest`] takes reports into a [`Store`] of Parquet files, each run once. [`Engine`] answers
//! [`Query`]s over it, SQL files in `queries/` or a user's own, in this process or on a cluster: its
//! [`Site`]. A [`Sheet`] writes the answer, and a [`Page`] the answers to all that `compare` asks.

mod batch;
mod bucket;
#[cfg(feature = "cluster")]
mod cluster;
mod engine;
mod error;
mod gathered;
mod groups;
mod identity;
mod ingest;
mod items;
mod known;
mod lasting;
mod layout;
mod lists;
mod marks;
mod names;
mod once;
mod page;
mod parquet;
mod query;
mod read;
mod rows;
mod scheduler;
mod session;
mod sheet;
mod site;
mod sources;
mod store;
mod table;

pub use bucket::{Bucket, BucketError, BucketSettings};
#[cfg(feature = "cluster")]
pub use cluster::{SchedulerService, ServiceError, WorkerService};
pub use engine::{Answer, Engine};
pub use error::EngineError;
pub use ingest::{Ingest, Skipped, Taken};
pub use lists::{expect, find_roles};
pub use page::{Ask, Overview, Page};
pub use query::{Heading, Parameter, Query, QueryError, Type, Values};
pub use read::Refused;
pub use scheduler::Scheduler;
pub use session::Bounds;
pub use sheet::{Columns, Csv, Json, Row, Sheet, Table, rows};
pub use site::Site;
pub use sources::{Source, SourceError, Sources};
pub use store::{Locked, Store, StoreError};
