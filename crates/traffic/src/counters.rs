//! What devices count of themselves: `/proc/net/dev`.
//!
//! A packet socket with `PACKET_QDISC_BYPASS`, `AF_XDP` and pktgen hand packets to the driver past the queue
//! and past every capture. The driver's counter still has them.

use std::collections::BTreeMap;

use coroner_host::{Host, HostPath};
use coroner_parse::Text;
use coroner_parse::packet::device_counters;

/// Packets that each device has sent.
#[derive(Debug, Default)]
pub(crate) struct Counters(BTreeMap<Text, u64>);

impl Counters {
    pub(crate) fn read(host: &Host) -> Self {
        let table = host.read(&HostPath::new("/proc/net/dev"), 4 << 20);
        let table = table.map(|content| content.bytes).unwrap_or_default();
        Self(device_counters(&table).map(|one| (one.device, one.packets_sent)).collect())
    }

    /// Packets that a device has sent since.
    pub(crate) fn since(&self, earlier: &Self) -> Vec<(Text, u64)> {
        let sent = self.0.iter().map(|(device, &now)| {
            let before = earlier.0.get(device).copied().unwrap_or(now);
            (device.clone(), now.saturating_sub(before))
        });
        sent.collect()
    }
}
