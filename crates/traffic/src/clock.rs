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

/// From the clock of samples to that of captured packets.
pub(crate) fn offset() -> i128 {
    i128::from(now()) - i128::from(nanoseconds(rustix::time::ClockId::Monotonic))
}

/// Processor time of this process.
pub(crate) fn processor_time() -> Duration {
    Duration::from_nanos(nanoseconds(rustix::time::ClockId::ProcessCPUTime))
}
