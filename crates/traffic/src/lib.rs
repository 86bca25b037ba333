//! Who sends what: packets as they leave, rates by destination and port, and the process behind each.
//!
//! A raw socket owns no connection, so no table of connections tells who floods. Two views together do: the
//! capture knows where packets go, samples of the kernel's `net:net_dev_queue` tracepoint know which
//! task put them into a device's queue ([`join`] says how they meet). Nothing is changed on the host: no
//! probe, no filter, no promiscuous mode.

mod captured;
mod cgroups;
mod clock;
mod counters;
mod distinct;
mod flood;
mod frames;
mod join;
mod namespaces;
mod pace;
mod pcapng;
mod result;
mod rounds;
mod scale;
mod senders;
mod stretches;
mod summary;
mod suspects;
mod tally;
mod watch;

use std::time::{Duration, Instant};

use coroner_host::Host;

pub use coroner_parse::process::Placement;
pub use flood::{Attack, answered_percent, attack};
pub use result::{
    Destination, Direction, Flow, Hidden, Missing, Namespace, Observation, Seen, Sender, Share,
    Unseen,
};
pub use watch::{Ask, Trouble, Watch};

/// Watches for some time.
///
/// # Errors
/// Why nothing can be watched.
pub fn observe(host: &Host, ask: Ask, time: Duration) -> Result<Observation, Trouble> {
    let mut watch = Watch::start(host, ask)?;
    let end = Instant::now() + time;
    while Instant::now() < end {
        watch.round();
    }
    watch.settle();
    Ok(watch.observation())
}
