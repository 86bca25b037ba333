//! Records of a perf ring (`enum perf_event_type`, `linux/perf_event.h`), in the machine's byte order.

use crate::Text;
use crate::perf::layout::{Field, QueueLayout};

const LOST: u32 = 2;
const COMM: u32 = 3;
const SAMPLE: u32 = 9;

/// In which context the kernel put a packet into a device's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// On behalf of the task that ran: the task is the sender.
    Task,
    /// In an interrupt: whichever task ran has nothing to do with it.
    Interrupt,
}

/// `TRACE_FLAG_HARDIRQ` and `TRACE_FLAG_SOFTIRQ`, `linux/trace_events.h`.
const IN_INTERRUPT: u8 = 0x08 | 0x10;

/// A packet that went into a device's queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// The kernel's address of it: the same packet has the same address on its next device.
    pub address: u64,
    /// Bytes, with the link header.
    pub length: u32,
    /// The device's name in its own network namespace.
    pub device: Text,
    /// See [`Context`].
    pub context: Context,
}

/// A sample of `net:net_dev_queue`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The process, 0 for the idle task.
    pub pid: u32,
    /// The task of it.
    pub tid: u32,
    /// Nanoseconds of the event's clock.
    pub time: u64,
    /// The processor.
    pub cpu: u32,
    /// The cgroup's number (its directory's inode), where the kernel says it.
    pub cgroup: Option<u64>,
    /// The packet.
    pub queued: Queued,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A packet was queued.
    Sample(Sample),
    /// The ring was full: so many records are missing.
    Lost(u64),
    /// A task has a new name.
    Comm {
        /// The process.
        pid: u32,
        /// The task.
        tid: u32,
        /// The name, at most 15 bytes.
        comm: Text,
    },
    /// Nothing that is used here.
    Other,
}

/// Takes fields off the front of a record.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn word(&mut self) -> Option<u32> {
        Some(u32::from_ne_bytes(self.take(4)?.try_into().ok()?))
    }

    fn long(&mut self) -> Option<u64> {
        Some(u64::from_ne_bytes(self.take(8)?.try_into().ok()?))
    }
}

/// Reads a record: its type (`perf_event_header.type`) and the body after the header. Samples have
/// `PERF_SAMPLE_TID | TIME | CPU | RAW`, and `CGROUP` when `cgroups`. `None` when it is malformed.
pub fn record(kind: u32, body: &[u8], layout: &QueueLayout, cgroups: bool) -> Option<Record> {
    let mut reader = Reader(body);
    match kind {
        SAMPLE => sample(&mut reader, layout, cgroups).map(Record::Sample),
        LOST => {
            reader.long()?;
            reader.long().map(Record::Lost)
        }
        COMM => {
            let (pid, tid) = (reader.word()?, reader.word()?);
            let comm = reader.0.split(|&byte| byte == 0).next()?;
            Some(Record::Comm { pid, tid, comm: Text::from(comm) })
        }
        _ => Some(Record::Other),
    }
}

fn sample(reader: &mut Reader<'_>, layout: &QueueLayout, cgroups: bool) -> Option<Sample> {
    let (pid, tid) = (reader.word()?, reader.word()?);
    let time = reader.long()?;
    let cpu = reader.word()?;
    reader.word()?;
    let size = usize::try_from(reader.word()?).ok()?;
    let queued = queued(reader.take(size)?, layout)?;
    let cgroup = if cgroups { reader.long() } else { None };
    Some(Sample { pid, tid, time, cpu, cgroup, queued })
}

fn bytes(raw: &[u8], field: Field) -> Option<&[u8]> {
    raw.get(field.offset..)?.get(..field.size)
}

fn number(raw: &[u8], field: Field) -> Option<u64> {
    match bytes(raw, field)? {
        [byte] => Some(u64::from(*byte)),
        four @ [_, _, _, _] => Some(u64::from(u32::from_ne_bytes(four.try_into().ok()?))),
        eight => Some(u64::from_ne_bytes(eight.try_into().ok()?)),
    }
}

fn queued(raw: &[u8], layout: &QueueLayout) -> Option<Queued> {
    let flags = u8::try_from(number(raw, layout.flags)?).ok()?;
    let context = if flags & IN_INTERRUPT == 0 { Context::Task } else { Context::Interrupt };
    // __data_loc: the low half is the offset, the high half the length with its final zero.
    let place = u32::try_from(number(raw, layout.device)?).ok()?;
    let offset = usize::try_from(place & 0xffff).ok()?;
    let length = usize::try_from(place >> 16).ok()?;
    let name = raw.get(offset..)?.get(..length)?;
    let name = name.split(|&byte| byte == 0).next()?;
    Some(Queued {
        address: number(raw, layout.address)?,
        length: u32::try_from(number(raw, layout.length)?).ok()?,
        device: Text::from(name),
        context,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::perf::Layout;
    use crate::perf::layout::tests::FORMAT;
    use proptest::prelude::*;

    fn layout() -> QueueLayout {
        Layout::parse(FORMAT).queue().unwrap()
    }

    /// A sample as the kernel lays it out, 64 bits.
    fn body(flags: u8) -> Vec<u8> {
        let mut raw = vec![0, 9, flags, 0];
        raw.extend(42_u32.to_ne_bytes());
        raw.extend(0xffff_8881_8d84_0800_u64.to_ne_bytes());
        raw.extend(54_u32.to_ne_bytes());
        raw.extend((0x18_u32 | (5 << 16)).to_ne_bytes());
        raw.extend(b"eth0\0\0\0\0\0\0\0\0");
        let mut body = Vec::new();
        body.extend(42_u32.to_ne_bytes());
        body.extend(43_u32.to_ne_bytes());
        body.extend(1_000_u64.to_ne_bytes());
        body.extend(1_u64.to_ne_bytes());
        body.extend(u32::try_from(raw.len()).unwrap().to_ne_bytes());
        body.extend(raw);
        body.extend(77_u64.to_ne_bytes());
        body
    }

    #[test]
    fn a_sample_is_read_with_sender_and_packet() {
        let Some(Record::Sample(sample)) = record(SAMPLE, &body(0x84), &layout(), true) else {
            panic!("no sample");
        };
        assert_eq!((sample.pid, sample.tid, sample.time), (42, 43, 1_000));
        assert_eq!(sample.cgroup, Some(77));
        assert_eq!(sample.queued.address, 0xffff_8881_8d84_0800);
        assert_eq!((sample.queued.length, sample.queued.device), (54, Text::from("eth0")));
    }

    #[test]
    fn in_an_interrupt_the_running_task_is_not_the_sender() {
        let context = |flags| match record(SAMPLE, &body(flags), &layout(), true) {
            Some(Record::Sample(sample)) => sample.queued.context,
            other => panic!("{other:?}"),
        };
        for flags in [0x80, 0x84, 0xa4, 0x00, 0x01] {
            assert_eq!(context(flags), Context::Task, "{flags:#x}");
        }
        for flags in [0x90, 0x94, 0xb4, 0x08, 0x18] {
            assert_eq!(context(flags), Context::Interrupt, "{flags:#x}");
        }
    }

    #[test]
    fn lost_records_and_names_are_read() {
        let lost = [7_u64.to_ne_bytes(), 12_u64.to_ne_bytes()].concat();
        assert_eq!(record(LOST, &lost, &layout(), false), Some(Record::Lost(12)));
        let comm = [&[4, 0, 0, 0, 5, 0, 0, 0][..], b"evil\0\0\0\0"].concat();
        let named = record(COMM, &comm, &layout(), false);
        if cfg!(target_endian = "little") {
            assert_eq!(named, Some(Record::Comm { pid: 4, tid: 5, comm: Text::from("evil") }));
        }
        assert_eq!(record(5, &lost, &layout(), false), Some(Record::Other));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_record_or_nothing(kind in 0_u32..20, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = record(kind, &bytes, &layout(), true);
        }

        #[test]
        fn a_sample_cut_anywhere_before_its_cgroup_is_nothing(cut in 0_usize..64) {
            let body = body(0);
            prop_assume!(cut < body.len() - 8);
            prop_assert_eq!(record(SAMPLE, &body[..cut], &layout(), true), None);
        }
    }
}
