//! Which task puts which packet into a device's queue: samples of `net:net_dev_queue` (`perf_event_open(2)`).
//!
//! The tracepoint is asked of each processor, in every network namespace alike. It changes nothing that
//! outlives the descriptors: no probe is written to tracefs, and tracefs is read only where it is mounted.

mod event;

use coroner_parse::perf::{Layout, QueueLayout, Record, record};

use crate::netfilter::Unseen;
use crate::{Blocked, Host, HostPath, ReadError};

use event::Event;

const FOLDER: &str = "/sys/kernel/tracing/events/net/net_dev_queue";
const ONLINE: &str = "/sys/devices/system/cpu/online";
/// Memory of all rings together, and of one.
const ALL_RINGS: usize = 32 << 20;
const RING: std::ops::RangeInclusive<usize> = (64 << 10)..=(1 << 20);
/// No machine of today has more processors.
const MOST_PROCESSORS: usize = 4096;

/// The numbers of the processors that run, from `/sys/devices/system/cpu/online`; the first alone when
/// that cannot be read.
pub fn processors(host: &Host) -> Vec<u32> {
    let list = host.read(&HostPath::new(ONLINE), 4096).map(|content| content.bytes);
    let numbers = online(&list.unwrap_or_default());
    if numbers.is_empty() { vec![0] } else { numbers }
}

/// `0-3,5` (Documentation/admin-guide/cputopology.rst).
fn online(list: &[u8]) -> Vec<u32> {
    let text = String::from_utf8_lossy(list);
    let ranges = text.trim().split(',').filter_map(|range| {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        Some(from.parse().ok()?..=to.parse().ok()?)
    });
    ranges.flatten().take(MOST_PROCESSORS).collect()
}

/// Open events on every processor; closed when it is dropped.
#[derive(Debug)]
pub struct Tracepoint {
    events: Vec<Event>,
    layout: QueueLayout,
    cgroups: bool,
    lost: u64,
}

impl Tracepoint {
    /// Opens `net:net_dev_queue` on these processors; nothing is sampled before [`Self::enable`].
    ///
    /// # Errors
    /// Why it cannot be had, with the file that told.
    pub fn open(host: &Host, processors: &[u32]) -> Result<Self, Unseen> {
        let folder = HostPath::new(FOLDER);
        if !host.has_kernel() {
            return Err(Unseen::new(&folder, Blocked::Unavailable, "another machine's kernel"));
        }
        let id = number(&read(host, &folder.join("id"))?);
        let layout = Layout::parse(&read(host, &folder.join("format"))?).queue();
        let (Some(id), Some(layout)) = (id, layout) else {
            let detail = "the tracepoint's description is not what any kernel writes";
            return Err(Unseen::new(&folder, Blocked::Malformed, detail));
        };
        let ring = (ALL_RINGS / processors.len().max(1)).clamp(*RING.start(), *RING.end());
        let with = |cgroups| -> Result<Vec<Event>, rustix::io::Errno> {
            processors.iter().map(|&cpu| Event::open(id, cpu, cgroups, ring)).collect()
        };
        let opened = with(true).map(|events| (events, true));
        // Kernels before 5.7, or built without perf's cgroups, do not know the last field.
        let opened = opened.or_else(|_| with(false).map(|events| (events, false)));
        let (events, cgroups) = opened
            .map_err(|errno| Unseen::new(&folder, Blocked::from_errno(errno), "perf_event_open"))?;
        Ok(Self { events, layout, cgroups, lost: 0 })
    }

    /// Samples every packet from now on.
    pub fn enable(&self) {
        self.events.iter().for_each(Event::enable);
    }

    /// Samples nothing from now on; what was sampled can still be drained.
    pub fn disable(&self) {
        self.events.iter().for_each(Event::disable);
    }

    /// Hands out what was sampled, processor by processor. A record that is malformed counts as lost.
    pub fn drain(&mut self, each: &mut dyn FnMut(Record)) {
        let (layout, cgroups) = (self.layout, self.cgroups);
        let lost = &mut self.lost;
        for event in &mut self.events {
            event.drain(&mut |kind, body| match record(kind, body, &layout, cgroups) {
                Some(Record::Lost(count)) => *lost += count,
                Some(record) => each(record),
                None => *lost += 1,
            });
        }
    }

    /// Samples that found no room in a ring.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}

fn read(host: &Host, path: &HostPath) -> Result<Vec<u8>, Unseen> {
    match host.read(path, 64 << 10) {
        Ok(content) => Ok(content.bytes),
        Err(ReadError::Absent) => Err(Unseen::new(
            path,
            Blocked::Unavailable,
            "tracefs is not mounted there, and coroner mounts nothing",
        )),
        Err(ReadError::Blocked(reason)) => Err(Unseen::new(path, reason, "tracefs")),
    }
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text.trim_ascii()).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_processors_are_read_and_bounded() {
        assert_eq!(online(b"0-3,5\n"), [0, 1, 2, 3, 5]);
        assert_eq!(online(b"0\n"), [0]);
        assert_eq!(online(b"x,2-1,7\n"), [7]);
        assert_eq!(online(b"0-4294967295").len(), MOST_PROCESSORS);
    }
}
