//! What goes over the network: the headers of a captured packet, and the tables that say which
//! source addresses a host may use.

mod block;
mod counters;
mod headers;
mod local;

pub use block::{Frame, frames};
pub use counters::{DeviceCounters, device_counters};
pub use headers::{Packet, Ports, TcpFlags};
pub use local::{LocalNets, fib_trie, inet6_addresses, ipv4_routes, ipv6_routes};
