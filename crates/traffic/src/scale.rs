//! What was looked at, scaled to what the devices counted.
//!
//! A sender that uses most of its processor is slowed by being looked at and catches up between the
//! stretches, so the rate within them is too low. Who sends how much of the whole is right all the same; the
//! whole itself is what the device counted.

use coroner_parse::Text;

use crate::counters::Sent;
use crate::tally::{Count, WHOLE, whole};

/// Packets that a device must have sent past the capture before it is said.
const UNSEEN: u64 = 1_000;

/// One device: what was told of it from the packets that were looked at, and what it counted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Device {
    pub(crate) told: Count,
    /// It was handed packets that it may cut into several.
    pub(crate) cuts: bool,
    pub(crate) counted: Sent,
    /// While only stretches were looked at: what it counted, and what was captured, in the same moments.
    pub(crate) checked: Option<(Sent, Sent)>,
}

/// What numbers of packets and of bytes are multiplied by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    packets: Ratio,
    bytes: Ratio,
}

#[derive(Debug, Clone, Copy)]
struct Ratio(u64, u64);

impl Ratio {
    const SAME: Self = Self(1, 1);

    fn of(self, number: u64) -> u64 {
        let scaled = u128::from(number) * u128::from(self.0) / u128::from(self.1.max(1));
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }

    /// From what was told to what was counted. A device that counts less than half does not count what it
    /// throws away (a tap nobody reads), and then what was seen stands.
    fn between(told: u64, counted: u64) -> Self {
        let counted = counted.saturating_mul(WHOLE);
        if told == 0 || counted < told / 2 { Self::SAME } else { Self(counted, told) }
    }
}

impl Scale {
    /// What was looked at is all there was.
    pub(crate) const SAME: Self = Self { packets: Ratio::SAME, bytes: Ratio::SAME };

    pub(crate) fn packets(self, number: u64) -> u64 {
        self.packets.of(number)
    }

    pub(crate) fn count(self, count: Count) -> Count {
        Count { packets: self.packets.of(count.packets), bytes: self.bytes.of(count.bytes) }
    }
}

impl Device {
    pub(crate) fn scale(&self) -> Scale {
        let Some(checked) = self.checked else { return Scale::SAME };
        let mut counted = self.counted;
        if self.past().is_some() {
            // Only the part that passes the capture is the senders' that were seen.
            let (all, seen) = checked;
            counted.packets = Ratio(seen.packets, all.packets).of(counted.packets);
            counted.bytes = Ratio(seen.bytes, all.bytes).of(counted.bytes);
        }
        let bytes = Ratio::between(self.told.bytes, counted.bytes);
        // The device counts the pieces, of which the capture knows nothing.
        let packets =
            if self.cuts { bytes } else { Ratio::between(self.told.packets, counted.packets) };
        Scale { packets, bytes }
    }

    /// Packets that were told, when the device counted far more than passed the capture.
    pub(crate) fn past(&self) -> Option<u64> {
        let told = Sent { packets: whole(self.told.packets), bytes: whole(self.told.bytes) };
        let past = went_past(self.counted, told, UNSEEN);
        let also = self.checked.is_none_or(|(counted, captured)| went_past(counted, captured, 0));
        (past && also).then_some(told.packets)
    }
}

/// Whether a device counted far more packets than were captured. A card that cuts long packets itself
/// counts the pieces, of more than a thousand bytes each.
fn went_past(counted: Sent, captured: Sent, few: u64) -> bool {
    let explained = captured.packets.max(captured.bytes / 1_000);
    let past = counted.packets.saturating_sub(explained);
    past > few && past > counted.packets / 2
}

/// The devices of which something was captured or counted.
#[derive(Debug, Default)]
pub(crate) struct Devices(pub(crate) Vec<(u32, Text, Device)>);

impl Devices {
    /// What to multiply a device's numbers by.
    pub(crate) fn scale(&self, index: u32) -> Scale {
        let found = self.0.iter().find(|(one, ..)| *one == index);
        found.map_or(Scale::SAME, |(_, _, device)| device.scale())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(packets: u64, length: u64) -> Sent {
        Sent { packets, bytes: packets * length }
    }

    fn told(packets: u64, length: u64) -> Count {
        Count { packets: packets * WHOLE, bytes: packets * length * WHOLE }
    }

    fn in_stretches(told: Count, counted: Sent, checked: (Sent, Sent)) -> Device {
        Device { told, counted, cuts: false, checked: Some(checked) }
    }

    #[test]
    fn packets_past_the_capture_are_told_from_pieces_that_the_card_cut() {
        assert!(went_past(sent(900_000, 60), sent(100, 60), UNSEEN));
        assert!(!went_past(sent(900_000, 1_500), sent(20_000, 64_000), UNSEEN), "cut by the card");
        assert!(!went_past(sent(900_000, 60), sent(890_000, 60), UNSEEN));
        assert!(
            !went_past(sent(900, 60), sent(0, 0), UNSEEN),
            "a few that the kernel sends by itself"
        );
    }

    #[test]
    fn a_sender_that_catches_up_between_the_stretches_is_told_with_its_whole_rate() {
        let checked = (sent(2_000, 54), sent(2_100, 54));
        let device = in_stretches(told(200_000, 54), sent(500_000, 54), checked);
        assert_eq!(device.past(), None, "though more than half was not told");
        let scaled = device.scale().count(told(50_000, 54));
        assert_eq!((whole(scaled.packets), whole(scaled.bytes)), (125_000, 125_000 * 54));
    }

    #[test]
    fn what_goes_past_the_capture_is_not_laid_at_the_door_of_who_was_seen() {
        let checked = (sent(4_000, 54), sent(1_000, 54));
        let device = in_stretches(told(100_000, 54), sent(480_000, 54), checked);
        assert_eq!(device.past(), Some(100_000));
        assert_eq!(whole(device.scale().packets(100_000 * WHOLE)), 120_000);
    }

    #[test]
    fn what_was_looked_at_whole_is_not_scaled() {
        let device =
            Device { told: told(1_000, 54), counted: sent(1_100, 54), ..Device::default() };
        assert_eq!(device.scale().packets(7), 7);
    }

    #[test]
    fn where_the_card_counts_pieces_the_bytes_decide() {
        let pieces = sent(440_000, 1_500);
        let checked = (pieces, sent(10_000, 64_000));
        let device = Device { cuts: true, ..in_stretches(told(5_000, 66_000), pieces, checked) };
        assert_eq!(whole(device.scale().packets(5_000 * WHOLE)), 10_000);
    }

    #[test]
    fn a_device_that_does_not_count_what_it_throws_away_changes_nothing() {
        let device = in_stretches(told(100_000, 54), sent(3, 54), (sent(0, 0), sent(2_000, 54)));
        assert_eq!(whole(device.scale().packets(100_000 * WHOLE)), 100_000);
        let nothing = in_stretches(told(0, 0), sent(500, 54), (sent(0, 0), sent(0, 0)));
        assert_eq!(nothing.scale().packets(0), 0);
    }
}
