//! What filters counted: `cls_u32` with `CONFIG_CLS_U32_PERF`, and the policer behind them.

use serde::Serialize;

use crate::model::{Body, Frames, Plan};
use crate::object::{Object, Seen, Sort, attributes_of, word};

/// `linux/pkt_cls.h`
const SELECTOR: u16 = 5;
const COUNTERS: u16 = 9;
const TERMINAL: u8 = 1;
/// Tables from this number on are the first of their priority.
const FIRST_TABLE: u32 = 0x800;

/// The counters of one filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hits {
    /// `attack`, `exempt ...`: the name that the plan gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its handle as tc shows it: table, bucket, number.
    pub handle: String,
    /// Lower is asked earlier.
    pub priority: u16,
    /// The frames it sees; none when they are none of ours.
    pub frames: Option<Frames>,
    /// Packets for which it was asked; `None` when the kernel does not count.
    pub asked: Option<u64>,
    /// Packets that matched; for one that leads to a table those that went there.
    pub matched: Option<u64>,
    /// What the policer counted, which all filters share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policer: Option<Policer>,
}

/// The counters of a policer (struct `tc_stats` in `linux/pkt_sched.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Policer {
    /// Bytes seen.
    pub bytes: u64,
    /// Packets seen.
    pub packets: u32,
    /// Packets dropped.
    pub drops: u32,
    /// Packets above the rate.
    pub overlimits: u32,
}

/// Reads the entries among what was seen, in the order in which they are asked.
pub(crate) fn hits(seen: &[Seen], names: &[(u32, String)]) -> Vec<Hits> {
    let mut entries: Vec<&Seen> = seen.iter().filter(|seen| is_entry(&seen.object)).collect();
    entries.sort_by_key(|seen| (seen.object.info >> 16, seen.object.handle.bits()));
    entries.into_iter().map(|seen| read(seen, names)).collect()
}

/// Gives the entries that the kernel made of a plan their names, by handle. The kernel numbers the
/// entries of a table in the order in which they are made.
pub(crate) fn names(plan: &Plan, seen: &[Seen]) -> Vec<(u32, String)> {
    let planned = plan.filters.iter().filter_map(|filter| match filter.body {
        Body::Entry { table, .. } => {
            Some(((table.unwrap_or(0).into(), u32::from(filter.priority)), &filter.name))
        }
        Body::Table { .. } => None,
    });
    let mut made: Vec<&Object> = seen.iter().map(|s| &s.object).filter(|o| is_entry(o)).collect();
    made.sort_by_key(|object| object.handle.bits());
    let mut names = Vec::new();
    for (place, name) in planned {
        if let Some(at) = made.iter().position(|object| place_of(object) == place) {
            names.push((made.remove(at).handle.bits(), name.clone()));
        }
    }
    names
}

/// The table of an entry, nought for the first, and its priority.
fn place_of(object: &Object) -> (u32, u32) {
    let table = object.handle.bits() >> 20;
    (if table < FIRST_TABLE { table } else { 0 }, object.info >> 16)
}

fn options(object: &Object) -> Vec<(u16, &[u8])> {
    attributes_of(object.options.as_deref().unwrap_or_default())
}

fn is_entry(object: &Object) -> bool {
    let selects = || options(object).iter().any(|(kind, _)| *kind == SELECTOR);
    object.sort == Sort::Filter && object.kind == "u32" && selects()
}

fn read(seen: &Seen, names: &[(u32, String)]) -> Hits {
    let object = &seen.object;
    let bits = object.handle.bits();
    let bucket = bits >> 12 & 0xff;
    let bucket = if bucket == 0 { String::new() } else { format!("{bucket:x}") };
    let counted = counted(object);
    Hits {
        name: names.iter().find(|(handle, _)| *handle == bits).map(|(_, name)| name.clone()),
        handle: format!("{:x}:{bucket}:{:x}", bits >> 20, bits & 0xfff),
        priority: u16::try_from(object.info >> 16).unwrap_or(u16::MAX),
        frames: frames(object),
        asked: counted.map(|(asked, _)| asked),
        matched: counted.map(|(_, matched)| matched),
        policer: policer(&seen.old_stats),
    }
}

fn frames(object: &Object) -> Option<Frames> {
    let [low, high, ..] = object.info.to_ne_bytes();
    let ethertype = u16::from_be_bytes([low, high]);
    [Frames::Ip, Frames::Ipv6, Frames::Vlan].into_iter().find(|f| f.ethertype() == ethertype)
}

/// struct `tc_u32_pcnt`: how often asked, how often the end, and for each key how often it matched.
/// What leads to another table is never the end: its last key counts.
fn counted(object: &Object) -> Option<(u64, u64)> {
    let options = options(object);
    let value = |wanted: u16| options.iter().find(|(kind, _)| *kind == wanted).map(|(_, v)| *v);
    let (selector, counters) = (value(SELECTOR)?, value(COUNTERS)?);
    let &[flags, _, keys, ..] = selector else { return None };
    let numbers = counters.as_chunks().0;
    let number = |at: usize| numbers.get(at).map(|bytes| u64::from_ne_bytes(*bytes));
    let matched = if flags & TERMINAL == 0 { 1 + usize::from(keys) } else { 1 };
    Some((number(0)?, number(matched)?))
}

fn policer(stats: &[u8]) -> Option<Policer> {
    let (bytes, rest) = stats.split_first_chunk()?;
    let bytes = u64::from_ne_bytes(*bytes);
    let (packets, rest) = word(rest)?;
    let (drops, rest) = word(rest)?;
    let (overlimits, _) = word(rest)?;
    Some(Policer { bytes, packets, drops, overlimits })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Handle;
    use crate::object::put;
    use proptest::prelude::*;

    fn entry(handle: u32, flags: u8, counters: &[u64]) -> Seen {
        let mut options = Vec::new();
        put(&mut options, SELECTOR, &[flags, 0, 2, 0, 0, 0, 0, 0]);
        let counters: Vec<u8> = counters.iter().flat_map(|n| n.to_ne_bytes()).collect();
        put(&mut options, COUNTERS, &counters);
        seen(handle, options, Vec::new())
    }

    fn seen(handle: u32, options: Vec<u8>, old_stats: Vec<u8>) -> Seen {
        let info = 3 << 16 | u32::from(0x0800_u16.to_be());
        let (handle, parent) = (Handle::from(handle), Handle::new(1, 0));
        let (kind, options) = ("u32".to_owned(), Some(options));
        let object = Object { sort: Sort::Filter, handle, parent, info, kind, options };
        Seen { object, stats: Vec::new(), old_stats, more: None }
    }

    #[test]
    fn an_end_counts_its_successes_and_a_lead_those_it_led_on() {
        let names = [(0x8000_0800, "attack".to_owned())];
        let all = [entry(0x0010_2801, 0, &[9, 0, 7, 5]), entry(0x8000_0800, 1, &[20, 4, 8, 4])];
        let read = hits(&all, &names);
        let line = |h: &Hits| (h.handle.clone(), h.asked, h.matched, h.name.clone());
        assert_eq!(line(&read[0]), ("1:2:801".to_owned(), Some(9), Some(5), None));
        let attack = Some("attack".to_owned());
        assert_eq!(line(&read[1]), ("800::800".to_owned(), Some(20), Some(4), attack));
        assert_eq!((read[0].priority, read[0].frames), (3, Some(Frames::Ip)));
    }

    #[test]
    fn a_kernel_that_does_not_count_says_nothing() {
        let mut options = Vec::new();
        put(&mut options, SELECTOR, &[1, 0, 0, 0]);
        let read = hits(&[seen(0x8000_0800, options, Vec::new())], &[]);
        assert_eq!((read[0].asked, read[0].matched, read[0].policer), (None, None, None));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(options: Vec<u8>, stats: Vec<u8>, handle: u32) {
            let _ = hits(&[seen(handle, options, stats)], &[]);
        }
    }
}
