//! How much is looked at, so that looking costs little whatever the host sends.
//!
//! A sample costs the sending task about a microsecond and this process half of one, a captured packet
//! about half as much. Above a rate, the capture keeps one packet in N at random, and senders are sampled
//! in short stretches of time, in each of which every packet is sampled: so a packet's sample on an inner
//! device and on the next one are both there, or both not. Stretches begin at times that nobody can guess.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use coroner_host::capture::Share;

/// Samples and captured packets in a second that together cost under a twentieth of a processor.
const SAMPLES: f64 = 9_000.0;
const CAPTURED: f64 = 16_000.0;
/// One round of sampling, capturing and reading.
pub(crate) const ROUND: Duration = Duration::from_millis(40);
/// The shortest stretch in which a packet and its sample are both seen.
const SHORTEST: Duration = Duration::from_micros(800);
/// How much of the newest round counts in the rate.
const NEW: f64 = 0.4;

/// What to do in the next round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Sampling {
    /// All the time.
    Always,
    /// After a pause, for a stretch.
    Stretch { pause: Duration, length: Duration },
}

#[derive(Debug)]
pub(crate) struct Pace {
    sent: f64,
    passed: f64,
    rounds: u64,
    random: RandomState,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self { sent: 0.0, passed: 0.0, rounds: 0, random: RandomState::new() }
    }

    /// Counts of a round: samples in the time that was sampled, and captured packets with what each
    /// stood for in the time of the round.
    pub(crate) fn round(&mut self, samples: u64, within: Duration, captured: u64, took: Duration) {
        let rate = |count: u64, time: Duration| {
            f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64().max(1e-4)
        };
        let mix = |old: f64, new: f64| old * (1.0 - NEW) + new * NEW;
        let (sent, passed) = (rate(samples, within), rate(captured, took));
        // A flood that begins is met at once.
        self.sent = mix(self.sent, sent).max(sent * 0.8);
        self.passed = mix(self.passed, passed).max(passed * 0.8);
        self.rounds += 1;
    }

    /// The share of packets to capture.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 1 and 1000
    pub(crate) fn share(&self) -> Share {
        let wanted = (self.passed / CAPTURED).ceil().clamp(1.0, 1_000.0);
        // Powers of two, so that the filter is not changed for every small change of the rate.
        Share::one_in((wanted as u32).next_power_of_two())
    }

    /// When to sample senders in the next round.
    pub(crate) fn sampling(&self) -> Sampling {
        let part = SAMPLES / self.sent.max(1.0);
        if part >= 1.0 {
            return Sampling::Always;
        }
        let length = ROUND.mul_f64(part).max(SHORTEST);
        let free = ROUND.saturating_sub(length);
        let chance = u32::try_from(self.random.hash_one(self.rounds) % 1_000).unwrap_or(0);
        Sampling::Stretch { pause: free.mul_f64(f64::from(chance) / 1_000.0), length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(packets_a_second: u64) -> Pace {
        let mut pace = Pace::new();
        for _ in 0..10 {
            let count = packets_a_second / 25;
            pace.round(count, ROUND, count, ROUND);
        }
        pace
    }

    #[test]
    fn a_quiet_host_is_looked_at_whole() {
        let pace = after(1_000);
        assert_eq!(pace.sampling(), Sampling::Always);
        assert_eq!(pace.share(), Share::ALL);
    }

    #[test]
    fn a_flood_is_looked_at_in_part_and_within_the_budget() {
        let pace = after(500_000);
        let Sampling::Stretch { pause, length } = pace.sampling() else { panic!("always") };
        assert!(pause + length <= ROUND);
        assert!(length.as_secs_f64() / ROUND.as_secs_f64() * 500_000.0 <= 11_000.0, "{length:?}");
        assert!(500_000 / pace.share().stands_for() <= 16_000);
    }

    #[test]
    fn a_flood_that_begins_is_met_in_the_next_round() {
        let mut pace = after(100);
        pace.round(20_000, ROUND, 20_000, ROUND);
        assert!(matches!(pace.sampling(), Sampling::Stretch { .. }));
        assert!(pace.share() > Share::ALL);
    }

    #[test]
    fn stretches_begin_at_different_times() {
        let mut pace = after(500_000);
        let mut pauses = std::collections::BTreeSet::new();
        for _ in 0..20 {
            if let Sampling::Stretch { pause, .. } = pace.sampling() {
                pauses.insert(pause);
            }
            pace.round(800, Duration::from_micros(1_600), 20_000, ROUND);
        }
        assert!(pauses.len() > 10);
    }
}
