//! A short sample of what the host sends, and who sends it.
//!
//! A host that is used against others shows it in its packets, whatever its tables of connections say: a
//! flood from a raw socket belongs to no connection. A few seconds of headers and of samples of the
//! kernel's send queue name the flow and the process behind it, also one that hides from /proc. An
//! intruder's program that is quiet in those seconds is not seen; `coroner traffic` watches for longer.
//!
//! Ordinary are load tests, scans of a monitoring system, routers that forward what others forge, and guests:
//! what a guest sends is its owner's affair first.

mod items;
mod judge;
mod rules;

use std::time::Duration;

use coroner_core::{Blocked, Cx, Findings, HostPath, ItemType, Items, Meta, Needs, Plugin, Skip};
use coroner_traffic::{Ask, Observation, observe};

pub use items::{PastCapture, TrafficFlow, TrafficSample, TrafficSender};

/// The plugin.
pub struct Traffic;

coroner_core::submit!(Traffic);

static META: Meta = Meta {
    id: "traffic",
    summary: "a few seconds of what the host sends: floods by name, and the process behind them",
    reads: &[
        "/proc/net/*",
        "/proc/*/*",
        "/proc/self/mountinfo",
        "/sys/kernel/tracing/events/net/net_dev_queue/*",
        "/sys/devices/system/cpu/online",
        "/sys/fs/cgroup/**",
    ],
    needs: Needs::LiveKernel,
    rules: rules::ALL,
    items: &[
        ItemType::of::<TrafficFlow>(),
        ItemType::of::<TrafficSender>(),
        ItemType::of::<TrafficSample>(),
        ItemType::of::<PastCapture>(),
    ],
};

/// Rows of a report; an attack is among the largest.
const MOST_FLOWS: usize = 25;
const MOST_SENDERS: usize = 25;

impl Plugin for Traffic {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn names_no_files(&self) -> bool {
        true
    }

    fn collect(&self, cx: &mut Cx<'_>) -> Result<(), Skip> {
        let time = cx.options().traffic.min(cx.deadline().left());
        if time == Duration::ZERO {
            return Err(Skip("not asked for (--traffic TIME)".to_owned()));
        }
        if !cx.host().has_network() {
            let net = HostPath::new("/proc/1/ns/net");
            let detail = "this process is not in the host's network namespace";
            cx.minor_gap(&net, Blocked::Unavailable, detail);
            return Ok(());
        }
        match observe(cx.host(), Ask::default(), time) {
            Ok(seen) => emit(cx, seen),
            Err(trouble) => {
                let table = HostPath::new("/proc/net/packet");
                cx.minor_gap(&table, Blocked::Unavailable, trouble.to_string());
            }
        }
        Ok(())
    }

    fn judge(&self, items: &Items, out: &mut Findings) {
        judge::everything(items, out);
    }
}

/// A sample that could not be taken does not make a host look less clean: quiet seconds prove as little.
fn emit(cx: &mut Cx<'_>, seen: Observation) {
    for missing in &seen.missing {
        let path = HostPath::from(missing.path.clone());
        cx.minor_gap(&path, Blocked::Unavailable, missing.reason.clone());
    }
    cx.emit(TrafficSample(seen.seen));
    seen.flows.into_iter().take(MOST_FLOWS).for_each(|flow| cx.emit(TrafficFlow(flow)));
    let senders = seen.senders.into_iter().chain(seen.suspects);
    senders.take(MOST_SENDERS).for_each(|sender| cx.emit(TrafficSender(sender)));
    seen.unseen.into_iter().for_each(|device| cx.emit(PastCapture(device)));
}
