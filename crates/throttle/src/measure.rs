//! What classes and qdiscs counted (`linux/gen_stats.h`).

use serde::Serialize;

use crate::handle::Handle;
use crate::hits::{Hits, hits};
use crate::netlink::{Link, Refusal};
use crate::object::{Seen, Sort, attributes_of, word};
use crate::snapshot::look;
use crate::state::State;

/// The counters of one qdisc, class or filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// What it is.
    pub sort: Sort,
    /// `attack`, `rest`, ...: the name that the plan gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `htb`, `sfq`, ...
    pub kind: String,
    /// Its handle.
    pub handle: Handle,
    /// What it hangs on.
    pub parent: Handle,
    /// Bytes that passed.
    pub bytes: u64,
    /// Packets that passed.
    pub packets: u64,
    /// Packets dropped.
    pub drops: u32,
    /// How often something had to wait.
    pub overlimits: u32,
    /// Packets put back.
    pub requeues: u32,
    /// Bytes that wait.
    pub backlog: u32,
    /// Packets that wait.
    pub waiting: u32,
    /// Bits a second since the measure before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits_per_second: Option<u64>,
}

/// Everything that counts on a device in one direction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Qdiscs and classes.
    pub measures: Vec<Measure>,
    /// Filters, in the order in which they are asked.
    pub filters: Vec<Hits>,
}

/// Measures a throttled device.
///
/// # Errors
/// The kernel does not answer.
pub fn measure(state: &State) -> Result<Counts, Refusal> {
    let seen = look(&mut Link::open()?, state.index, state.direction)?;
    let wanted = seen.iter().filter(|seen| seen.object.sort != Sort::Filter);
    let measures = wanted.map(|seen| read(seen, &state.names)).collect();
    Ok(Counts { measures, filters: hits(&seen, &state.filter_names) })
}

/// Adds to measures how fast each went since earlier ones.
pub fn add_rates(now: &mut [Measure], earlier: &[Measure], elapsed: std::time::Duration) {
    let micros = elapsed.as_micros().max(1);
    for measure in now {
        let same = |m: &&Measure| {
            m.sort == measure.sort && m.handle == measure.handle && m.parent == measure.parent
        };
        let before = earlier.iter().find(same).map_or(0, |measure| measure.bytes);
        let bits = u128::from(measure.bytes.saturating_sub(before)) * 8_000_000 / micros;
        measure.bits_per_second = u64::try_from(bits).ok();
    }
}

fn read(seen: &Seen, names: &[(u32, String)]) -> Measure {
    let object = &seen.object;
    let name = names.iter().find(|(bits, _)| *bits == object.handle.bits());
    let mut measure = Measure {
        sort: object.sort,
        name: name.map(|(_, name)| name.clone()).filter(|_| object.sort == Sort::Class),
        kind: object.kind.clone(),
        handle: object.handle,
        parent: object.parent,
        bytes: 0,
        packets: 0,
        drops: 0,
        overlimits: 0,
        requeues: 0,
        backlog: 0,
        waiting: 0,
        bits_per_second: None,
    };
    for (kind, value) in attributes_of(&seen.stats) {
        measure.take(kind, value);
    }
    measure
}

impl Measure {
    fn take(&mut self, kind: u16, value: &[u8]) {
        let large = |value: &[u8]| value.first_chunk().map_or(0, |b| u64::from_ne_bytes(*b));
        match kind {
            1 => {
                self.bytes = large(value);
                let packets = value.get(8..).and_then(word).map_or(0, |(packets, _)| packets);
                self.packets = self.packets.max(packets.into());
            }
            3 => self.queue(value),
            // Beyond 32 bits.
            8 => self.packets = large(value),
            _ => {}
        }
    }

    /// struct `gnet_stats_queue`
    fn queue(&mut self, value: &[u8]) {
        let places = [
            &mut self.waiting,
            &mut self.backlog,
            &mut self.drops,
            &mut self.requeues,
            &mut self.overlimits,
        ];
        let words = value.as_chunks().0.iter().map(|bytes| u32::from_ne_bytes(*bytes));
        for (place, number) in places.into_iter().zip(words) {
            *place = number;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{Object, put};
    use proptest::prelude::*;

    fn seen(stats: Vec<u8>) -> Seen {
        let object = Object {
            sort: Sort::Class,
            handle: Handle::new(1, 0x10),
            parent: Handle::new(1, 1),
            info: 0,
            kind: "htb".to_owned(),
            options: None,
        };
        Seen { object, stats, old_stats: Vec::new(), more: None }
    }

    #[test]
    fn counters_are_read_and_rates_reckoned() {
        let mut stats = Vec::new();
        let basic = [1_000_000_u64.to_ne_bytes().as_slice(), &70_u32.to_ne_bytes()].concat();
        put(&mut stats, 1, &basic);
        let queue: Vec<u8> = [1_u32, 2, 3, 4, 5].iter().flat_map(|n| n.to_ne_bytes()).collect();
        put(&mut stats, 3, &queue);
        let names = [(Handle::new(1, 0x10).bits(), "attack".to_owned())];
        let earlier = vec![read(&seen(Vec::new()), &names)];
        let mut now = vec![read(&seen(stats), &names)];
        add_rates(&mut now, &earlier, std::time::Duration::from_secs(2));
        let m = &now[0];
        assert_eq!((m.waiting, m.backlog, m.drops, m.requeues, m.overlimits), (1, 2, 3, 4, 5));
        assert_eq!((m.name.as_deref(), m.bytes, m.packets), (Some("attack"), 1_000_000, 70));
        assert_eq!(m.bits_per_second, Some(4_000_000));
    }

    proptest! {
        #[test]
        fn no_counters_make_the_reader_panic(bytes: Vec<u8>) {
            let _ = read(&seen(bytes), &[]);
        }
    }
}
