//! The clocks of packets, of samples and of this process.

use std::time::Duration;

fn nanoseconds(clock: rustix::time::ClockId) -> u64 {
    let time = rustix::time::clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000) + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// Nanoseconds since 1970, the clock of captured packets.
pub(crate) fn now() -> u64 {
    nanoseconds(rustix::time::ClockId::Realtime)
}

/// From the clock of samples to that of captured packets. Whoever is stopped between two readings is wrong
/// by as long, so the closest of a few pairs counts.
pub(crate) fn offset() -> i128 {
    let pairs = (0..5).map(|_| {
        let before = nanoseconds(rustix::time::ClockId::Monotonic);
        let between = now();
        let after = nanoseconds(rustix::time::ClockId::Monotonic);
        (after.saturating_sub(before), i128::from(between) - i128::from(before.midpoint(after)))
    });
    pairs.min_by_key(|(apart, _)| *apart).map_or(0, |(_, offset)| offset)
}

/// Processor time of this process.
pub(crate) fn processor_time() -> Duration {
    Duration::from_nanos(nanoseconds(rustix::time::ClockId::ProcessCPUTime))
}
