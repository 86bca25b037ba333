//! From metrics to a machine: asks a Prometheus what people ask by hand when an uplink is full.
//!
//! Is the cluster flapping; which nodes, which network card; is it the node's own traffic or somebody's behind it;
//! which EIP, which machine; since when. The answer is a [`Trail`] with the numbers of each step. All that a server
//! says is hostile: bodies are bounded, series are taken or left one by one, and whatever is shown is escaped.

mod answer;
mod ask;
mod change;
mod client;
mod names;
mod next;
mod nics;
mod query;
mod trail;
mod trouble;
mod walk;

pub use answer::{Labels, Series};
pub use ask::{Ask, Prometheus};
pub use client::{Access, Credentials, Server};
pub use coroner_http::Resolver;
pub use names::Names;
pub use next::{behind, named};
pub use trail::{
    Audit, Change, Counted, Flap, Inner, Machine, Nic, Origin, Sign, Source, Trail, Unasked, Unseen,
};
pub use trouble::Trouble;
pub use walk::locate;
