//! What devices count of themselves: `/proc/net/dev`.
//!
//! A packet socket with `PACKET_QDISC_BYPASS`, `AF_XDP` and pktgen hand packets to the driver past the queue
//! and past every capture. The driver's counter still has them.

use std::collections::{BTreeMap, HashMap};

use coroner_host::{Host, HostPath};
use coroner_parse::Text;
use coroner_parse::packet::device_counters;

/// Whole packets and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
}

impl Sent {
    pub(crate) fn add(&mut self, packets: u64, bytes: u64) {
        self.packets = self.packets.saturating_add(packets);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// What each device has sent.
#[derive(Debug, Default)]
pub(crate) struct Counters(BTreeMap<Text, Sent>);

impl Counters {
    pub(crate) fn read(host: &Host) -> Self {
        let table = host.read(&HostPath::new("/proc/net/dev"), 4 << 20);
        let table = table.map(|content| content.bytes).unwrap_or_default();
        let sent = device_counters(&table).map(|one| {
            let sent = Sent { packets: one.packets_sent, bytes: one.bytes_sent };
            (one.device, sent)
        });
        Self(sent.collect())
    }

    /// What each device has sent since.
    pub(crate) fn since(&self, earlier: &Self) -> BTreeMap<Text, Sent> {
        let sent = self.0.iter().map(|(device, now)| {
            let before = earlier.0.get(device).unwrap_or(now);
            let packets = now.packets.saturating_sub(before.packets);
            let bytes = now.bytes.saturating_sub(before.bytes);
            (device.clone(), Sent { packets, bytes })
        });
        sent.collect()
    }
}

/// In one of so many stretches devices are asked what they count meanwhile.
const ONE_IN: u32 = 8;

/// What devices counted, and what was captured, in the same moments: whether packets go past the capture
/// while only stretches of the time are looked at.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    stretches: u32,
    before: Option<(u64, Counters)>,
    /// The newest moment, in nanoseconds since 1970; its frames are handed over later.
    moment: (u64, u64),
    counted: BTreeMap<Text, Sent>,
    captured: HashMap<u32, Sent>,
}

impl Checks {
    /// A stretch has begun.
    pub(crate) fn begin(&mut self, host: &Host, now: u64) {
        if self.stretches.is_multiple_of(ONE_IN) {
            self.before = Some((now, Counters::read(host)));
        }
        self.stretches = self.stretches.wrapping_add(1);
    }

    /// A stretch is about to end: what is counted until here is captured as well.
    pub(crate) fn end(&mut self, host: &Host, now: impl Fn() -> u64) {
        let Some((begun, before)) = self.before.take() else { return };
        for (device, sent) in Counters::read(host).since(&before) {
            self.counted.entry(device).or_default().add(sent.packets, sent.bytes);
        }
        self.moment = (begun, now());
    }

    /// A frame was sent and captured.
    pub(crate) fn captured(&mut self, device: u32, time: u64, length: u32) {
        if (self.moment.0..self.moment.1).contains(&time) {
            self.captured.entry(device).or_default().add(1, u64::from(length));
        }
    }

    /// What a device counted, and what was captured of it.
    pub(crate) fn of(&self, index: u32, name: &Text) -> (Sent, Sent) {
        let counted = self.counted.get(name).copied().unwrap_or_default();
        (counted, self.captured.get(&index).copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(packets: u64, bytes: u64) -> Counters {
        Counters(BTreeMap::from([(Text::from("eth0"), Sent { packets, bytes })]))
    }

    #[test]
    fn a_device_that_is_new_or_began_anew_has_sent_nothing() {
        let since = counters(90, 9_000).since(&counters(100, 10_000));
        assert_eq!(since.get(&Text::from("eth0")), Some(&Sent::default()));
        let since = counters(90, 9_000).since(&Counters::default());
        assert_eq!(since.get(&Text::from("eth0")), Some(&Sent::default()));
        let since = counters(110, 10_540).since(&counters(100, 10_000));
        assert_eq!(since.get(&Text::from("eth0")), Some(&Sent { packets: 10, bytes: 540 }));
    }

    #[test]
    fn frames_outside_the_moment_of_a_check_do_not_count() {
        let mut checks = Checks { moment: (100, 200), ..Checks::default() };
        for time in [99, 100, 199, 200] {
            checks.captured(2, time, 60);
        }
        let (counted, captured) = checks.of(2, &Text::from("eth0"));
        assert_eq!((counted, captured), (Sent::default(), Sent { packets: 2, bytes: 120 }));
    }
}
