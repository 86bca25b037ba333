//! The stretches of time in which everything that is sent is looked at, and what one packet stands for.
//!
//! A stretch stands for all the time since the one before it, so a packet in it stands for as many as the
//! stretch fits into that time. Stretches begin at times that nobody can guess, so on average that is right
//! also for what is sent in bursts.

use std::collections::VecDeque;

use crate::tally::WHOLE;

/// At its beginning a packet and its sample may fall apart.
const EDGE: u64 = 100_000;
/// Stretches that frames may still belong to.
const MOST: usize = 64;

#[derive(Debug)]
struct Stretch {
    from: u64,
    until: u64,
    /// What a packet stands for, in parts ([`WHOLE`]); 0 until that is known.
    weight: u64,
}

/// All times are nanoseconds since 1970.
#[derive(Debug)]
pub(crate) struct Stretches {
    newest: VecDeque<Stretch>,
    /// Until when the time has been accounted for.
    accounted: u64,
}

impl Stretches {
    pub(crate) fn new(now: u64) -> Self {
        Self { newest: VecDeque::new(), accounted: now }
    }

    /// From now on everything is looked at.
    pub(crate) fn begin(&mut self, now: u64) {
        if self.newest.len() >= MOST {
            self.newest.pop_front();
        }
        self.newest.push_back(Stretch { from: now + EDGE, until: u64::MAX, weight: 0 });
    }

    /// From now on nothing is.
    pub(crate) fn end(&mut self, now: u64) {
        if let Some(stretch) = self.newest.back_mut() {
            stretch.until = stretch.until.min(now);
        }
    }

    /// The round is over: its stretch stands for the time until now, if it had one.
    pub(crate) fn account(&mut self, now: u64) {
        let Some(stretch) = self.newest.back_mut() else { return };
        if stretch.until == u64::MAX {
            stretch.weight = WHOLE;
            self.accounted = now;
        } else if stretch.weight == 0 && stretch.until > stretch.from {
            let stands_for = u128::from(now.saturating_sub(self.accounted)) * u128::from(WHOLE)
                / u128::from(stretch.until - stretch.from);
            stretch.weight = u64::try_from(stands_for).unwrap_or(u64::MAX).max(WHOLE);
            self.accounted = now;
        }
    }

    /// What a packet of this time stands for, in parts; none when it passed between stretches.
    pub(crate) fn weight(&self, time: u64) -> Option<u64> {
        let within = |stretch: &&Stretch| (stretch.from..stretch.until).contains(&time);
        let stretch = self.newest.iter().find(within)?;
        (stretch.weight > 0).then_some(stretch.weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn without_pauses_a_packet_stands_for_itself() {
        let mut stretches = Stretches::new(0);
        stretches.begin(0);
        stretches.account(40 * MS);
        assert_eq!(stretches.weight(MS), Some(WHOLE));
        stretches.account(80 * MS);
        assert_eq!(stretches.weight(79 * MS), Some(WHOLE));
        stretches.end(80 * MS);
        stretches.account(80 * MS);
        assert_eq!((stretches.weight(79 * MS), stretches.weight(81 * MS)), (Some(WHOLE), None));
    }

    #[test]
    fn a_stretch_stands_for_the_time_since_the_one_before() {
        let mut stretches = Stretches::new(0);
        let stretch = |stretches: &mut Stretches, from: u64| {
            stretches.begin(from * MS - EDGE);
            stretches.end((from + 2) * MS);
        };
        stretch(&mut stretches, 10);
        assert_eq!(stretches.weight(11 * MS), None, "the round goes on");
        stretches.account(40 * MS);
        stretches.account(80 * MS); // a round without a stretch
        stretch(&mut stretches, 90);
        stretches.account(120 * MS);
        assert_eq!(stretches.weight(11 * MS), Some(20 * WHOLE));
        assert_eq!(stretches.weight(91 * MS), Some(40 * WHOLE));
        assert_eq!(stretches.weight(50 * MS), None);
    }

    #[test]
    fn a_stretch_shorter_than_its_edge_stands_for_nothing() {
        let mut stretches = Stretches::new(0);
        stretches.begin(MS);
        stretches.end(MS + EDGE / 2);
        stretches.account(40 * MS);
        assert_eq!(stretches.weight(MS + EDGE / 4), None);
        stretches.begin(50 * MS - EDGE);
        stretches.end(52 * MS);
        stretches.account(80 * MS);
        assert_eq!(stretches.weight(51 * MS), Some(40 * WHOLE));
    }
}
