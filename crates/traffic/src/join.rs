//! Packets of the capture meet the samples that say who queued them.
//!
//! A sample knows the task, the device's name, the length and the kernel's address of a packet, but not
//! where it goes; a captured frame knows where it goes, but not who sent it. Both are taken on the same
//! processor, the sample a moment before the frame, so a frame belongs to the newest sample before
//! it with its device and length. Where packets wait in a queue that other processors empty, it belongs to
//! the oldest such sample that no frame has claimed.
//!
//! In an interrupt the running task means nothing. Such a packet belongs to a flow whose other packets
//! were seen with their task; or it was queued before on an inner device (a container's), where its address
//! was seen with the task; or nobody on this host sent it. Addresses are used again at once, so the second
//! answer is checked further by those who ask ([`Met::Forwarded`]).

use std::collections::{HashMap, VecDeque};

use coroner_parse::Text;
use coroner_parse::perf::{Context, Queued, Sample};

/// The task that sent a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub(crate) pid: u32,
    pub(crate) tid: u32,
    pub(crate) cgroup: Option<u64>,
}

/// What a sample says of the frame that it met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Met {
    /// The task that sent it.
    Task(Origin),
    /// A task queued a packet at the same address a moment before, on an inner device if this is the same
    /// packet.
    Forwarded {
        /// That task.
        origin: Origin,
        /// That device had the same name, so it is either this one, and the packet another, or one of
        /// another network namespace.
        same_name: bool,
    },
    /// The kernel queued it in an interrupt, for nobody that was seen.
    Kernel,
    /// No sample is left that could be its own.
    Nothing,
}

#[derive(Debug)]
struct Waiting {
    /// Nanoseconds since 1970.
    time: u64,
    device: Text,
    length: u32,
    met: Met,
    /// Queued by a task of another network namespace, so on a device that is not captured here, unless the
    /// task holds a socket of this one.
    foreign: bool,
    claimed: bool,
}

/// The last task that queued a packet at some address.
#[derive(Debug, Clone)]
struct Seen {
    time: u64,
    length: u32,
    device: Text,
    origin: Origin,
}

/// Between queueing and capture, when nothing waits: microseconds; more under load.
const AT_ONCE: u64 = 300_000;
/// Between queueing and capture, when packets wait in a queue.
const WAITED: u64 = 1_000_000_000;
/// Between an inner device and the next one. Addresses are used again at once, so not for long.
const FORWARDED: u64 = 20_000_000;
/// Bytes that a tunnel may put around a packet on its way out.
const AROUND: u32 = 128;
/// A frame longer than any Ethernet carries is cut into several after it was sampled.
pub(crate) const UNCUT: u32 = 1_600;
/// Samples that wait, of one processor, and addresses that are remembered.
const MOST_WAITING: usize = 50_000;
const MOST_ADDRESSES: usize = 50_000;
/// Samples that are looked at for a frame that waited.
const MOST_SEARCHED: usize = 2_000;

/// Samples that wait for their frames, by ring.
#[derive(Debug)]
pub(crate) struct Join {
    rings: Vec<VecDeque<Waiting>>,
    addresses: HashMap<u64, Seen>,
    /// Nanoseconds to add to a sample's clock for the time since 1970.
    offset: i128,
}

impl Join {
    pub(crate) fn new(rings: usize) -> Self {
        let rings = (0..rings.max(1)).map(|_| VecDeque::new()).collect();
        Self { rings, addresses: HashMap::new(), offset: 0 }
    }

    /// Sets the difference of the two clocks.
    pub(crate) fn set_offset(&mut self, offset: i128) {
        self.offset = offset;
    }

    fn since_1970(&self, time: u64) -> u64 {
        u64::try_from(i128::from(time) + self.offset).unwrap_or(0)
    }

    /// Takes samples of all processors, in any order. `foreign` tells tasks of other network namespaces:
    /// devices of all of them are called alike.
    pub(crate) fn add(
        &mut self,
        mut samples: Vec<Sample>,
        foreign: &mut dyn FnMut(Origin) -> bool,
    ) {
        samples.sort_by_key(|sample| sample.time);
        for sample in samples {
            self.add_one(sample, foreign);
        }
    }

    fn add_one(&mut self, sample: Sample, foreign: &mut dyn FnMut(Origin) -> bool) {
        let time = self.since_1970(sample.time);
        let Sample { pid, tid, cgroup, queued, cpu, .. } = sample;
        let met = match queued.context {
            // The idle task sends nothing, and a task outside our pid namespace has no number here.
            Context::Task if pid == 0 => Met::Nothing,
            Context::Task => Met::Task(Origin { pid, tid, cgroup }),
            Context::Interrupt => self.at_address(&queued, time),
        };
        self.remember(&queued, time, met);
        let foreign = matches!(met, Met::Task(origin) if foreign(origin));
        let rings = self.rings.len();
        let ring = self.rings.get_mut(cpu as usize % rings);
        if let Some(ring) = ring {
            if ring.len() >= MOST_WAITING {
                ring.pop_front();
            }
            let (device, length) = (queued.device, queued.length);
            ring.push_back(Waiting { time, device, length, met, foreign, claimed: false });
        }
    }

    fn remember(&mut self, queued: &Queued, time: u64, met: Met) {
        if self.addresses.len() >= MOST_ADDRESSES {
            self.addresses.retain(|_, seen| time.saturating_sub(seen.time) < FORWARDED);
        }
        match met {
            Met::Task(origin) if self.addresses.len() < MOST_ADDRESSES => {
                let (length, device) = (queued.length, queued.device.clone());
                self.addresses.insert(queued.address, Seen { time, length, device, origin });
            }
            Met::Forwarded { .. } => {
                if let Some(seen) = self.addresses.get_mut(&queued.address) {
                    (seen.time, seen.length) = (time, queued.length);
                }
            }
            _ => {
                self.addresses.remove(&queued.address);
            }
        }
    }

    /// Who queued a packet at this address a moment before.
    fn at_address(&self, queued: &Queued, time: u64) -> Met {
        let Some(seen) = self.addresses.get(&queued.address) else { return Met::Kernel };
        let soon = time.checked_sub(seen.time).is_some_and(|past| past <= FORWARDED);
        let same_name = seen.device == queued.device;
        let around = if same_name { 0 } else { AROUND };
        let grown = queued.length.checked_sub(seen.length).is_some_and(|more| more <= around);
        if soon && grown { Met::Forwarded { origin: seen.origin, same_name } } else { Met::Kernel }
    }

    /// Finds the sample of a frame that `ring` captured.
    pub(crate) fn meet(&mut self, ring: usize, device: &Text, length: u32, time: u64) -> Met {
        let at_once = self.at_once(ring, device, length, time, false);
        let found = at_once.or_else(|| self.after_waiting(device, length, time));
        let found = found.or_else(|| match self.at_once(ring, device, length, time, true)? {
            Met::Task(origin) => Some(Met::Forwarded { origin, same_name: false }),
            other => Some(other),
        });
        found.unwrap_or(Met::Nothing)
    }

    /// The newest sample of the same processor before the frame.
    fn at_once(
        &mut self,
        ring: usize,
        device: &Text,
        length: u32,
        time: u64,
        foreign: bool,
    ) -> Option<Met> {
        let waiting = self.rings.get_mut(ring)?;
        let end = waiting.partition_point(|sample| sample.time <= time);
        let start = waiting.partition_point(|sample| sample.time + AT_ONCE < time);
        for sample in waiting.range_mut(start.min(end)..end).rev() {
            if sample.device != *device || sample.foreign != foreign {
                continue;
            }
            if sample.length == length && !sample.claimed {
                sample.claimed = true;
                return Some(sample.met);
            }
            if sample.length > length && sample.length > UNCUT {
                return Some(sample.met);
            }
        }
        None
    }

    /// The oldest sample of any processor that no frame has claimed.
    fn after_waiting(&mut self, device: &Text, length: u32, time: u64) -> Option<Met> {
        let fits = |sample: &&mut Waiting| {
            let free = !sample.claimed && !sample.foreign;
            free && sample.length == length && sample.device == *device
        };
        let oldest = self.rings.iter_mut().filter_map(|ring| {
            let end = ring.partition_point(|sample| sample.time <= time);
            let start = ring.partition_point(|sample| sample.time + WAITED < time);
            ring.range_mut(start.min(end)..end).take(MOST_SEARCHED).find(fits)
        });
        let sample = oldest.min_by_key(|sample| sample.time)?;
        sample.claimed = true;
        Some(sample.met)
    }

    /// Forgets samples whose frames would have come before `time`.
    pub(crate) fn forget_before(&mut self, time: u64) {
        for ring in &mut self.rings {
            ring.retain(|sample| {
                sample.time + if sample.claimed { 2 * AT_ONCE } else { WAITED } >= time
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(pid: u32, time: u64, cpu: u32, address: u64, device: &str, length: u32) -> Sample {
        let context = if pid == 0 { Context::Interrupt } else { Context::Task };
        let queued = Queued { address, length, device: Text::from(device), context };
        Sample { pid, tid: pid, time, cpu, cgroup: None, queued }
    }

    fn join(samples: Vec<Sample>) -> Join {
        let mut join = Join::new(2);
        join.add(samples, &mut |origin| origin.pid >= 100);
        join
    }

    #[test]
    fn a_device_of_another_namespace_with_the_same_name_takes_no_frame_from_its_sender() {
        let mut join =
            join(vec![sample(1, 1_000, 0, 10, "eth0", 54), sample(100, 2_000, 0, 11, "eth0", 54)]);
        let eth0 = Text::from("eth0");
        assert_eq!(
            join.meet(0, &eth0, 54, 2_500),
            Met::Task(Origin { pid: 1, tid: 1, cgroup: None })
        );
        // A task may hold a socket of this namespace all the same; it is believed less.
        let met = join.meet(0, &eth0, 54, 2_600);
        assert!(matches!(
            met,
            Met::Forwarded { origin: Origin { pid: 100, .. }, same_name: false }
        ));
    }

    fn pid(met: Met) -> Option<u32> {
        match met {
            Met::Task(origin) | Met::Forwarded { origin, .. } => Some(origin.pid),
            Met::Kernel | Met::Nothing => None,
        }
    }

    #[test]
    fn a_frame_belongs_to_the_newest_sample_before_it_on_its_processor() {
        let mut join = join(vec![
            sample(1, 1_000, 0, 10, "eth0", 54),
            sample(2, 2_000, 1, 11, "eth0", 54),
            sample(3, 2_500, 0, 12, "eth0", 60),
            sample(4, 3_000, 0, 13, "eth1", 54),
        ]);
        let eth0 = Text::from("eth0");
        assert_eq!(pid(join.meet(0, &eth0, 54, 3_500)), Some(1));
        assert_eq!(pid(join.meet(1, &eth0, 54, 3_500)), Some(2));
        assert_eq!(pid(join.meet(0, &eth0, 60, 3_500)), Some(3));
        assert_eq!(join.meet(0, &eth0, 54, 3_600), Met::Nothing, "each sample is used once");
    }

    #[test]
    fn a_packet_that_waited_belongs_to_the_oldest_unclaimed_sample() {
        let mut join =
            join(vec![sample(1, 1_000, 0, 10, "eth0", 54), sample(2, 900_000, 0, 11, "eth0", 54)]);
        assert_eq!(pid(join.meet(1, &Text::from("eth0"), 54, 500_000_000)), Some(1));
        assert_eq!(pid(join.meet(1, &Text::from("eth0"), 54, 500_000_000)), Some(2));
    }

    #[test]
    fn a_forwarded_packet_is_the_one_that_was_queued_on_the_inner_device() {
        let mut join = join(vec![
            sample(7, 1_000, 0, 0xaa, "eth0", 54),
            sample(0, 4_000, 0, 0xaa, "ens3", 54),
            sample(0, 5_000, 0, 0xaa, "vxlan0", 104),
        ]);
        assert_eq!(pid(join.meet(0, &Text::from("ens3"), 54, 4_500)), Some(7));
        assert_eq!(pid(join.meet(0, &Text::from("vxlan0"), 104, 5_500)), Some(7));
    }

    #[test]
    fn an_address_that_was_used_again_names_nobody() {
        let mut join = join(vec![
            sample(7, 1_000, 0, 0xaa, "eth0", 54),
            sample(0, 2_000, 0, 0xaa, "ens3", 1_514),
            sample(9, 2_200, 0, 0xcc, "ens3", 54),
            sample(0, 2_300, 0, 0xcc, "ens3", 66),
            sample(8, 3_000, 0, 0xbb, "eth0", 54),
            sample(0, 3_000 + FORWARDED + 1, 0, 0xbb, "ens3", 54),
        ]);
        assert_eq!(join.meet(0, &Text::from("ens3"), 1_514, 2_500), Met::Kernel);
        assert_eq!(join.meet(0, &Text::from("ens3"), 66, 2_500), Met::Kernel);
        assert_eq!(join.meet(0, &Text::from("ens3"), 54, 3_000 + FORWARDED + 2), Met::Kernel);
    }

    #[test]
    fn frames_cut_from_one_long_packet_belong_to_its_sender() {
        let mut join = join(vec![sample(7, 1_000, 0, 1, "eth0", 29_000)]);
        for _ in 0..20 {
            assert_eq!(pid(join.meet(0, &Text::from("eth0"), 1_514, 2_000)), Some(7));
        }
    }

    #[test]
    fn old_samples_are_forgotten() {
        let mut join = join(vec![sample(7, 1_000, 0, 1, "eth0", 54)]);
        join.forget_before(WAITED + 2_000);
        assert_eq!(join.meet(0, &Text::from("eth0"), 54, WAITED), Met::Nothing);
    }
}
