//! A plan's parts as rtnetlink objects (`linux/pkt_sched.h`, `linux/pkt_cls.h`).

use crate::handle::Handle;
use crate::model::{Body, Class, Discipline, Filter, Header, Key, Plan, Qdisc, Start, Then};
use crate::object::{Object, Sort, put};
use crate::tree::LONGEST_FRAME;
use crate::{Rate, Size};

/// Ethernet: the kernel then reckons sizes itself and needs no rate tables.
const ETHERNET: u8 = 1;
/// The kernel's tick for traffic control (`PSCHED_SHIFT`).
const NANOSECONDS_A_TICK: u64 = 64;
/// `linux/pkt_cls.h`
const TERMINAL: u8 = 1;
const OFFSET: u8 = 2;
const VARIABLE_OFFSET: u8 = 4;
const DROP: u32 = 2;
mod u32_attribute {
    pub(super) const CLASSID: u16 = 1;
    pub(super) const HASH: u16 = 2;
    pub(super) const LINK: u16 = 3;
    pub(super) const DIVISOR: u16 = 4;
    pub(super) const SEL: u16 = 5;
    pub(super) const POLICE: u16 = 6;
    pub(super) const MARK: u16 = 10;
}

/// All objects of a plan, in the order in which they are made.
pub(crate) fn objects(plan: &Plan) -> Vec<Object> {
    // The root, the classes below it, the queues below these, then what fills them.
    let (roots, leaves): (Vec<_>, Vec<_>) = plan
        .qdiscs
        .iter()
        .partition(|qdisc| matches!(qdisc.parent, Handle::ROOT | Handle::INGRESS));
    let roots = roots.into_iter().map(qdisc);
    let classes = plan.classes.iter().map(class);
    let leaves = leaves.into_iter().map(qdisc);
    roots.chain(classes).chain(leaves).chain(plan.filters.iter().map(filter)).collect()
}

fn object(
    sort: Sort,
    handle: Handle,
    parent: Handle,
    kind: &str,
    options: Option<Vec<u8>>,
) -> Object {
    Object { sort, handle, parent, info: 0, kind: kind.to_owned(), options }
}

fn qdisc(qdisc: &Qdisc) -> Object {
    let options = match &qdisc.discipline {
        Discipline::Htb { default } => Some(htb(*default)),
        Discipline::Sfq { perturb } => Some(words(&[0, *perturb, 0, 0, 0])),
        Discipline::Pfifo { limit } => Some(words(&[*limit])),
        Discipline::Tbf { rate, burst, limit } => Some(tbf(*rate, *burst, *limit)),
        Discipline::FqCodel | Discipline::Ingress => None,
    };
    object(Sort::Qdisc, qdisc.handle, qdisc.parent, qdisc.discipline.kind(), options)
}

fn class(class: &Class) -> Object {
    let options = Some(htb_class(class));
    object(Sort::Class, class.handle, class.parent, "htb", options)
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// struct `tc_htb_glob`: version 3, quantum = rate / 10, the default class.
fn htb(default: Handle) -> Vec<u8> {
    let mut options = Vec::new();
    put(&mut options, 2, &words(&[3, 10, u32::from(default.minor()), 0, 0]));
    options
}

/// struct `tc_ratespec`; rates of 4 GB/s and more go into an attribute of their own.
fn rate_spec(rate: Rate, cell_log: u8) -> Vec<u8> {
    let mut spec = vec![cell_log, ETHERNET, 0, 0];
    spec.extend((-1_i16).to_ne_bytes());
    spec.extend([0; 2]);
    spec.extend(u32::try_from(rate.bytes()).unwrap_or(u32::MAX).to_ne_bytes());
    spec
}

fn put_large(options: &mut Vec<u8>, kind: u16, rate: Rate) {
    if rate.bytes() > u64::from(u32::MAX) {
        put(options, kind, &rate.bytes().to_ne_bytes());
    }
}

/// How long sending so many bytes takes, in ticks, rounded as tc rounds: to whole microseconds,
/// then to ticks, each time down.
fn ticks(size: Size, rate: Rate) -> u32 {
    let micros = u64::from(size.bytes()) * 1_000_000 / rate.bytes().max(1);
    let micros = micros.min(u64::from(u32::MAX));
    u32::try_from(micros * 1_000 / NANOSECONDS_A_TICK).unwrap_or(u32::MAX)
}

/// struct `tc_htb_opt`, with RATE64 (6) and CEIL64 (7).
fn htb_class(class: &Class) -> Vec<u8> {
    let mut parameters = rate_spec(class.rate, 0);
    parameters.extend(rate_spec(class.ceil, 0));
    let (buffer, ceil_buffer) = (ticks(class.burst, class.rate), ticks(class.burst, class.ceil));
    parameters.extend(words(&[buffer, ceil_buffer, class.quantum, 0, 0]));
    let mut options = Vec::new();
    put_large(&mut options, 6, class.rate);
    put_large(&mut options, 7, class.ceil);
    put(&mut options, 1, &parameters);
    options
}

/// struct `tc_tbf_qopt`, with RATE64 (4) and the burst in bytes (6).
fn tbf(rate: Rate, burst: Size, limit: Size) -> Vec<u8> {
    let mut parameters = rate_spec(rate, 0);
    parameters.extend([0; 12]);
    parameters.extend(words(&[limit.bytes(), ticks(burst, rate), 0]));
    let mut options = Vec::new();
    put(&mut options, 1, &parameters);
    put_large(&mut options, 4, rate);
    put(&mut options, 6, &burst.bytes().to_ne_bytes());
    options
}

fn filter(filter: &Filter) -> Object {
    let info = u32::from(filter.priority) << 16 | u32::from(filter.frames.ethertype().to_be());
    let mut options = Vec::new();
    let handle = match &filter.body {
        Body::Table { table } => {
            put(&mut options, u32_attribute::DIVISOR, &1_u32.to_ne_bytes());
            table_bits(*table)
        }
        Body::Entry { table, keys, mark, then } => {
            if let Some(table) = table {
                put(&mut options, u32_attribute::HASH, &table_bits(*table).to_ne_bytes());
            }
            let consequence = consequence(then);
            put(&mut options, u32_attribute::SEL, &selector(keys, then));
            options.extend(consequence);
            if let Some(mark) = mark {
                put(&mut options, u32_attribute::MARK, &words(&[mark.value, mark.mask, 0]));
            }
            0
        }
    };
    let options = Some(options);
    Object { info, ..object(Sort::Filter, handle.into(), filter.parent, "u32", options) }
}

fn table_bits(table: u16) -> u32 {
    u32::from(table) << 20
}

fn consequence(then: &Then) -> Vec<u8> {
    let mut options = Vec::new();
    match then {
        Then::Class(class) => {
            put(&mut options, u32_attribute::CLASSID, &class.bits().to_ne_bytes());
        }
        Then::Ask { table, .. } => {
            put(&mut options, u32_attribute::LINK, &table_bits(*table).to_ne_bytes());
        }
        Then::Police { rate, burst, index } => {
            put(&mut options, u32_attribute::CLASSID, &1_u32.to_ne_bytes());
            put(&mut options, u32_attribute::POLICE, &police(*rate, *burst, *index));
        }
    }
    options
}

/// struct `tc_u32_sel` and its keys.
fn selector(keys: &[Key], then: &Then) -> Vec<u8> {
    // With IPv4 the low half of the first byte counts words: 16 bits under 0x0f00, by 6 to bytes.
    let (flags, shift, mask, plus) = match then {
        Then::Ask { start: Start::HeaderLength, .. } => (VARIABLE_OFFSET, 6, 0x0f00_u16, 0_u16),
        Then::Ask { start: Start::Fixed, .. } => (OFFSET, 0, 0, 40),
        Then::Class(_) | Then::Police { .. } => (TERMINAL, 0, 0, 0),
    };
    let mut bytes = vec![flags, shift, u8::try_from(keys.len()).unwrap_or(u8::MAX), 0];
    bytes.extend(mask.to_be_bytes());
    bytes.extend(plus.to_ne_bytes());
    bytes.extend([0; 8]);
    for key in keys.iter().take(usize::from(u8::MAX)) {
        bytes.extend(key.mask.to_be_bytes());
        bytes.extend((key.value & key.mask).to_be_bytes());
        bytes.extend(i32::from(key.offset).to_ne_bytes());
        let follow: i32 = if key.header == Header::Transport { -1 } else { 0 };
        bytes.extend(follow.to_ne_bytes());
    }
    bytes
}

/// struct `tc_police` (1) and the rate table (2) that `act_police` still asks for.
fn police(rate: Rate, burst: Size, index: u32) -> Vec<u8> {
    // 256 cells of this size cover the longest frame.
    const CELL_LOG: u8 = 8;
    let mut parameters = words(&[index, DROP, 0, ticks(burst, rate), LONGEST_FRAME]);
    parameters.extend(rate_spec(rate, CELL_LOG));
    parameters.extend([0; 24]);
    let cell = |n: u32| ticks(Size::from_bytes((n + 1) << CELL_LOG), rate).to_ne_bytes();
    let table: Vec<u8> = (0..256).flat_map(cell).collect();
    let mut options = Vec::new();
    put(&mut options, 1, &parameters);
    put(&mut options, 2, &table);
    put_large(&mut options, 8, rate);
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::attributes_of;

    #[test]
    fn structures_have_the_sizes_of_the_kernel_headers() {
        let rate = Rate::from_megabits(1);
        assert_eq!(rate_spec(rate, 0).len(), 12);
        let police = police(rate, Size::from_bytes(2_000), 7);
        let lengths: Vec<_> = attributes_of(&police).iter().map(|(k, v)| (*k, v.len())).collect();
        assert_eq!(lengths, [(1, 56), (2, 1_024)]);
        let tbf = tbf(rate, Size::from_bytes(2_000), Size::from_bytes(9_000));
        let lengths: Vec<_> = attributes_of(&tbf).iter().map(|(k, v)| (*k, v.len())).collect();
        assert_eq!(lengths, [(1, 36), (6, 4)]);
    }

    #[test]
    fn large_rates_go_into_their_own_attributes() {
        let class = |megabits| Class {
            name: "device",
            handle: Handle::new(1, 1),
            parent: Handle::new(1, 0),
            rate: Rate::from_megabits(megabits),
            ceil: Rate::from_megabits(megabits),
            burst: Size::from_bytes(1_600),
            quantum: 2_000,
        };
        let kinds = |megabits| {
            attributes_of(&htb_class(&class(megabits))).iter().map(|a| a.0).collect::<Vec<_>>()
        };
        assert_eq!(kinds(10_000), [1]);
        assert_eq!(kinds(48_000), [6, 7, 1]);
        assert_eq!(attributes_of(&htb_class(&class(1)))[0].1.len(), 44);
    }

    #[test]
    fn ticks_are_64_nanoseconds() {
        assert_eq!(ticks(Size::from_bytes(1_600), Rate::from_megabits(1)), 200_000);
        assert_eq!(ticks(Size::from_bytes(1 << 30), Rate::from_bytes(1)), u32::MAX);
    }

    #[test]
    fn a_selector_counts_from_the_header_behind_options() {
        let key = Key { value: 80, mask: 0xffff, offset: 0, header: Header::Transport };
        let ask = Then::Ask { table: 1, start: Start::HeaderLength };
        let bytes = selector(&[key], &ask);
        assert_eq!(bytes.len(), 32);
        assert_eq!(bytes[..6], [VARIABLE_OFFSET, 6, 1, 0, 0x0f, 0]);
        assert_eq!(bytes[16..24], [0, 0, 0xff, 0xff, 0, 0, 0, 80]);
        assert_eq!(bytes[28..], (-1_i32).to_ne_bytes());
    }
}
