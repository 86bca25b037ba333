//! How much is looked at, so that looking costs little whatever the host sends.
//!
//! A packet that is looked at costs the sending task about a microsecond and a half (the kernel's sample and its
//! copy for the capture) and this process another. Above a rate, packets are looked at in short stretches
//! of time, in each of which every packet is captured and sampled: so a packet's sample on an inner device
//! and on the next one are both there, or both not. Stretches begin at times that nobody can guess. Of packets that
//! come in, which are not sampled, one in N is captured at random.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use coroner_host::capture::Share;

/// Packets sent that are looked at in a second, and packets received that are captured; together they cost
/// under a twentieth of a processor.
const LOOKED_AT: f64 = 10_000.0;
const CAPTURED: f64 = 6_000.0;
/// One round of sampling, capturing and reading.
pub(crate) const ROUND: Duration = Duration::from_millis(40);
/// The shortest stretch in which a packet and its sample are both seen.
const SHORTEST: Duration = Duration::from_micros(600);
/// What is sent and received in a second as long as nothing is known: a first look at a flood is short.
const SUPPOSED: f64 = 400_000.0;
/// How much of the newest round counts in the rate.
const NEW: f64 = 0.4;
/// What was looked at beyond the budget is made up for, up to so many packets: a flood that begins, or a stretch
/// that lasts because this process had to wait for a processor.
const MOST_DEBT: f64 = LOOKED_AT * 0.4;

/// What to do in the next round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Sampling {
    /// All the time.
    Always,
    /// After a pause, for a stretch.
    Stretch { pause: Duration, length: Duration },
    /// Not at all: too much was looked at before.
    Never,
}

/// What a round brought.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Round {
    /// Packets that were looked at, and in how much time.
    pub(crate) looked_at: u64,
    pub(crate) within: Duration,
    /// Packets received, whether captured or not.
    pub(crate) received: u64,
    /// How long it was.
    pub(crate) took: Duration,
}

#[derive(Debug)]
pub(crate) struct Pace {
    sent: f64,
    received: f64,
    debt: f64,
    rounds: u64,
    random: RandomState,
}

impl Pace {
    pub(crate) fn new() -> Self {
        let random = RandomState::new();
        Self { sent: SUPPOSED, received: SUPPOSED, debt: 0.0, rounds: 0, random }
    }

    pub(crate) fn round(&mut self, round: Round) {
        let count = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let rate = |packets, time: Duration| count(packets) / time.as_secs_f64().max(1e-4);
        let measured = self.rounds > 0;
        if round.within > Duration::ZERO {
            self.sent = followed(self.sent, rate(round.looked_at, round.within), measured);
        }
        self.received = followed(self.received, rate(round.received, round.took), measured);
        let over = count(round.looked_at) - LOOKED_AT * round.took.as_secs_f64();
        self.debt = (self.debt + over).clamp(0.0, MOST_DEBT);
        self.rounds += 1;
    }

    /// The share of packets received to capture.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 1 and 1000
    pub(crate) fn share(&self) -> Share {
        let wanted = (self.received / CAPTURED).ceil().clamp(1.0, 1_000.0);
        // Powers of two, so that the filter is not changed for every small change of the rate.
        Share::one_in((wanted as u32).next_power_of_two())
    }

    /// When to look at what is sent in the next round.
    pub(crate) fn sampling(&self) -> Sampling {
        let budget = LOOKED_AT * ROUND.as_secs_f64() - self.debt;
        let part = budget / (self.sent * ROUND.as_secs_f64()).max(1.0);
        if part >= 1.0 {
            return Sampling::Always;
        }
        let length = ROUND.mul_f64(part.max(0.0));
        if length < SHORTEST && self.debt > 0.0 {
            return Sampling::Never;
        }
        let length = length.max(SHORTEST);
        let free = ROUND.saturating_sub(length);
        let chance = u32::try_from(self.random.hash_one(self.rounds) % 1_000).unwrap_or(0);
        Sampling::Stretch { pause: free.mul_f64(f64::from(chance) / 1_000.0), length }
    }
}

/// A rate that follows the newest one, if the old one was measured; a flood that begins is met at once.
fn followed(old: f64, new: f64, measured: bool) -> f64 {
    if !measured {
        return new;
    }
    (old * (1.0 - NEW) + new * NEW).max(new * 0.8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounds in which so many packets a second are sent and received, looked at as the pace says.
    fn rounds(pace: &mut Pace, a_second: u64, count: usize) -> u64 {
        let mut looked_at_in_all = 0;
        for _ in 0..count {
            let within = match pace.sampling() {
                Sampling::Always => ROUND,
                Sampling::Stretch { length, .. } => length,
                Sampling::Never => Duration::ZERO,
            };
            let looked_at = a_second * u64::try_from(within.as_micros()).unwrap() / 1_000_000;
            let received = a_second / 25;
            pace.round(Round { looked_at, within, received, took: ROUND });
            looked_at_in_all += looked_at;
        }
        looked_at_in_all
    }

    fn after(a_second: u64) -> Pace {
        let mut pace = Pace::new();
        rounds(&mut pace, a_second, 50);
        pace
    }

    #[test]
    fn a_quiet_host_is_looked_at_whole() {
        let pace = after(1_000);
        assert_eq!(pace.sampling(), Sampling::Always);
        assert_eq!(pace.share(), Share::ALL);
    }

    #[test]
    fn a_flood_is_looked_at_in_part_and_within_the_budget_whatever_its_rate() {
        for rate in [20_000, 100_000, 500_000, 5_000_000] {
            let mut pace = after(rate);
            let in_ten_seconds = rounds(&mut pace, rate, 250);
            assert!((80_000..=104_000).contains(&in_ten_seconds), "{rate}: {in_ten_seconds}");
            assert!(rate / u64::from(pace.share().stands_for()) <= 6_000);
        }
    }

    #[test]
    fn a_flood_that_begins_is_met_in_the_next_round_and_a_host_that_calms_down_is_seen_whole_again()
    {
        let mut pace = after(100);
        rounds(&mut pace, 500_000, 1);
        assert_ne!(pace.sampling(), Sampling::Always);
        assert!(pace.share() > Share::ALL);
        rounds(&mut pace, 100, 50);
        assert_eq!(pace.sampling(), Sampling::Always);
    }

    #[test]
    fn a_stretch_that_lasted_too_long_is_made_up_for() {
        let mut pace = after(500_000);
        let late = Duration::from_millis(5);
        pace.round(Round { looked_at: 2_500, within: late, received: 0, took: ROUND });
        assert_eq!(pace.sampling(), Sampling::Never);
        rounds(&mut pace, 500_000, 12);
        assert!(matches!(pace.sampling(), Sampling::Stretch { .. } | Sampling::Never));
        assert!(rounds(&mut pace, 500_000, 25) > 5_000, "not for ever");
    }

    #[test]
    fn stretches_begin_at_different_times() {
        let mut pace = after(500_000);
        let mut pauses = std::collections::BTreeSet::new();
        for _ in 0..40 {
            if let Sampling::Stretch { pause, length } = pace.sampling() {
                assert!(pause + length <= ROUND);
                pauses.insert(pause);
            }
            rounds(&mut pace, 500_000, 1);
        }
        assert!(pauses.len() > 10);
    }
}
