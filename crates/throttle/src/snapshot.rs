//! What is on a device, whole: to be saved, compared and put back.

use serde::{Deserialize, Serialize};

use crate::handle::Handle;
use crate::netlink::{Link, Refusal};
use crate::object::{Object, Seen, Sort, attributes_of, put, question, word};
use crate::request::Direction;
use crate::rounding::as_asked;

/// Kinds that are rebuilt from what the kernel says of them.
const QDISCS: &[&str] = &[
    "noqueue",
    "pfifo",
    "bfifo",
    "pfifo_head_drop",
    "pfifo_fast",
    "mq",
    "htb",
    "tbf",
    "sfq",
    "fq",
    "fq_codel",
    "codel",
    "prio",
    "ingress",
    "clsact",
];
/// Where filters hang on what comes in and, with clsact, on what goes out (`TC_H_MIN_INGRESS`,
/// `TC_H_MIN_EGRESS`).
const HOOKS: [Handle; 2] = [Handle::new(0xffff, 0xfff2), Handle::new(0xffff, 0xfff3)];

/// What was on a device in one direction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Everything, in the order in which the kernel said it.
    pub objects: Vec<Object>,
    /// What could not be rebuilt, by name.
    pub obstacles: Vec<String>,
}

/// Objects and what they counted.
pub(crate) fn look(
    link: &mut Link,
    device: i32,
    direction: Direction,
) -> Result<Vec<Seen>, Refusal> {
    let mut seen = ask(link, Sort::Qdisc, device, Handle::from(0))?;
    let incoming = direction == Direction::Ingress;
    seen.retain(|s| (s.object.parent == Handle::INGRESS) == incoming);
    if !incoming {
        // Qdiscs that hash flows show each as a class that comes and goes.
        let classes = ask(link, Sort::Class, device, Handle::from(0))?;
        seen.extend(classes.into_iter().filter(|class| class.object.kind == "htb"));
    }
    let mut filters = Vec::new();
    for hook in hooks(&seen) {
        filters.extend(ask(link, Sort::Filter, device, hook)?);
    }
    // Beside its entries the kernel shows each priority once, without anything in it.
    filters.retain(|f| f.object.options.is_some() || f.object.handle.bits() != 0);
    seen.extend(filters);
    Ok(seen)
}

/// Everything that filters can hang on.
fn hooks(seen: &[Seen]) -> Vec<Handle> {
    let handles = seen.iter().map(|s| &s.object).filter(|o| o.handle.bits() != 0);
    let of = |object: &Object| match (object.parent, object.kind.as_str()) {
        (Handle::INGRESS, "clsact") => HOOKS.to_vec(),
        // It has one place, and would name the same filters again at the other.
        (Handle::INGRESS, _) => vec![HOOKS[0]],
        _ => vec![object.handle],
    };
    handles.flat_map(of).collect()
}

fn ask(link: &mut Link, sort: Sort, device: i32, parent: Handle) -> Result<Vec<Seen>, Refusal> {
    let body = question(device, Handle::from(0), parent, 0);
    let answers = link.dump(sort.get_message(), &body)?;
    Ok(answers.iter().filter_map(|payload| Seen::parse(sort, payload, device)).collect())
}

impl Snapshot {
    /// Looks at a device.
    pub(crate) fn take(
        link: &mut Link,
        device: i32,
        direction: Direction,
    ) -> Result<Self, Refusal> {
        let seen = look(link, device, direction)?;
        let obstacles = seen.iter().filter_map(obstacle).collect();
        let objects = seen.into_iter().map(|seen| without_counters(seen.object)).collect();
        Ok(Self { objects, obstacles })
    }

    /// The qdisc that a person (or a program) put on the device; `None` when it is the kernel's
    /// own choice, which comes back by itself.
    pub fn chosen_root(&self) -> Option<&Object> {
        let root = |o: &&Object| {
            o.sort == Sort::Qdisc && matches!(o.parent, Handle::ROOT | Handle::INGRESS)
        };
        self.objects.iter().find(root).filter(|object| object.handle.bits() != 0)
    }

    /// What must be made, in order, so that all this is there again.
    pub(crate) fn rebuild(&self) -> Vec<Object> {
        let mut made = tree(&self.objects);
        let mut filters: Vec<&Object> =
            self.objects.iter().filter(|object| object.sort == Sort::Filter).collect();
        filters.sort_by_key(|filter| (filter.parent, self.first_table(filter), !is_table(filter)));
        made.extend(filters.into_iter().filter(|f| !is_first_table(f)).map(rebuilt_filter));
        made
    }

    /// Priorities get their first tables in the order in which they are made.
    fn first_table(&self, filter: &Object) -> u32 {
        let same =
            |o: &&Object| is_first_table(o) && o.info == filter.info && o.parent == filter.parent;
        self.objects.iter().find(same).map_or(u32::MAX, |table| table.handle.bits())
    }
}

fn obstacle(seen: &Seen) -> Option<String> {
    let object = &seen.object;
    let (handle, kind) = (object.handle, &object.kind);
    match (object.sort, seen.more) {
        // The kernel makes these again by itself.
        (Sort::Qdisc | Sort::Class, _) if handle.bits() == 0 => None,
        (Sort::Qdisc, Some(more)) => Some(format!("qdisc {kind} {handle} has {more}")),
        (Sort::Qdisc, None) if !QDISCS.contains(&kind.as_str()) || is_offloaded(object) => {
            Some(format!("qdisc {} {handle}", kind.escape_debug()))
        }
        (Sort::Filter, more) => {
            let priority = object.info >> 16;
            let what = if kind == "u32" { more.or(action(object)) } else { Some("no known form") };
            what.map(|what| {
                format!("filter {} with priority {priority} has {what}", kind.escape_debug())
            })
        }
        _ => None,
    }
}

fn options(object: &Object) -> Vec<(u16, &[u8])> {
    attributes_of(object.options.as_deref().unwrap_or_default())
}

/// `TCA_HTB_OFFLOAD`: done by the hardware.
fn is_offloaded(object: &Object) -> bool {
    object.kind == "htb" && options(object).iter().any(|(kind, _)| *kind == 9)
}

/// `TCA_U32_POLICE`, `TCA_U32_ACT`, `TCA_U32_INDEV`.
fn action(object: &Object) -> Option<&'static str> {
    let kinds: Vec<u16> = options(object).iter().map(|(kind, _)| *kind).collect();
    let acts = kinds.iter().any(|kind| matches!(kind, 6 | 7));
    let device = kinds.contains(&8).then_some("a device of its own");
    if acts { Some("an action") } else { device }
}

/// `TCA_U32_MARK`
pub(crate) fn has_mark(object: &Object) -> bool {
    object.sort == Sort::Filter && options(object).iter().any(|(kind, _)| *kind == 10)
}

/// `TCA_U32_DIVISOR`
fn is_table(object: &Object) -> bool {
    options(object).iter().any(|(kind, _)| *kind == 4)
}

/// The table that the kernel makes with each priority: numbers from 800 on.
fn is_first_table(object: &Object) -> bool {
    object.sort == Sort::Filter && is_table(object) && object.handle.bits() >> 20 >= 0x800
}

/// Two dumps of the same thing must be equal: counters among the options become zero.
fn without_counters(mut object: Object) -> Object {
    object.info = if object.sort == Sort::Qdisc { 0 } else { object.info };
    let changed = match (object.sort, object.kind.as_str()) {
        (Sort::Qdisc, "sfq") => object.options.as_deref().map(plain_sfq),
        (Sort::Qdisc, "htb") => Some(mapped(&object, plain_htb)),
        (Sort::Filter, "u32") => Some(mapped(&object, plain_u32)),
        _ => None,
    };
    object.options = changed.or(object.options);
    object
}

fn mapped(object: &Object, map: fn(u16, &[u8]) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, value) in options(object) {
        if let Some(value) = map(kind, value) {
            put(&mut bytes, kind, &value);
        }
    }
    bytes
}

#[allow(clippy::unnecessary_wraps)] // one of two that are chosen between
/// `TCA_HTB_INIT` (2): the version is asked for without its minor part, and the last two of its
/// five words are for looking only.
fn plain_htb(kind: u16, value: &[u8]) -> Option<Vec<u8>> {
    match value.get(4..12) {
        Some(kept) if kind == 2 => {
            let version = 3_u32.to_ne_bytes();
            Some([version.as_slice(), kept, &[0; 8]].concat())
        }
        _ => Some(value.to_vec()),
    }
}

/// struct `tc_sfq_qopt_v1`: behind its first 48 bytes it counts.
fn plain_sfq(options: &[u8]) -> Vec<u8> {
    let kept = options.get(..48).unwrap_or(options);
    let mut bytes = kept.to_vec();
    bytes.resize(options.len(), 0);
    bytes
}

/// `TCA_U32_PCNT` (9) and the last word of `TCA_U32_MARK` (10) count; of `TCA_U32_FLAGS` (11) the
/// lowest two were asked for.
fn plain_u32(kind: u16, value: &[u8]) -> Option<Vec<u8>> {
    match kind {
        9 => None,
        10 => value.get(..8).map(|kept| [kept, &[0; 4]].concat()),
        11 => match word(value)?.0 & 3 {
            0 => None,
            flags => Some(flags.to_ne_bytes().to_vec()),
        },
        _ => Some(value.to_vec()),
    }
}

/// Qdiscs and classes, each after what it hangs on.
fn tree(objects: &[Object]) -> Vec<Object> {
    let chosen = |o: &&Object| o.sort != Sort::Filter && o.handle.bits() != 0;
    let mut waiting: Vec<&Object> = objects.iter().filter(chosen).collect();
    let mut made: Vec<Object> = Vec::new();
    loop {
        let (ready, rest): (Vec<_>, Vec<_>) =
            waiting.iter().partition(|object| stands(object, &made));
        if ready.is_empty() {
            return made;
        }
        made.extend(ready.into_iter().cloned().map(as_asked));
        waiting = rest;
    }
}

/// Whether what an object hangs on is there.
fn stands(object: &Object, made: &[Object]) -> bool {
    let (handle, parent) = (object.handle, object.parent);
    let has = |handle: Handle| made.iter().any(|o| o.handle == handle);
    match object.sort {
        // A class right below its qdisc says "root".
        Sort::Class => {
            has(Handle::new(handle.major(), 0)) && (parent == Handle::ROOT || has(parent))
        }
        _ => {
            matches!(parent, Handle::ROOT | Handle::INGRESS) || has(parent) || implied(parent, made)
        }
    }
}

/// Classes of HTB are made one by one; other qdiscs have theirs from the start.
fn implied(class: Handle, made: &[Object]) -> bool {
    let owner = Handle::new(class.major(), 0);
    made.iter().any(|o| o.handle == owner && o.sort == Sort::Qdisc && o.kind != "htb")
}

/// An entry names its table again when it is made.
fn rebuilt_filter(filter: &Object) -> Object {
    let mut filter = filter.clone();
    if !is_table(&filter) {
        let table = filter.handle.bits() & 0xffff_f000;
        let mut bytes = Vec::new();
        put(&mut bytes, 2, &table.to_ne_bytes());
        for (kind, value) in options(&filter).into_iter().filter(|(kind, _)| *kind != 2) {
            put(&mut bytes, kind, value);
        }
        filter.options = Some(bytes);
    }
    filter
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(sort: Sort, handle: u32, parent: u32, kind: &str) -> Object {
        let (handle, parent) = (handle.into(), parent.into());
        Object { sort, handle, parent, info: 0, kind: kind.to_owned(), options: None }
    }

    #[test]
    fn parents_are_made_before_children_whatever_the_order_of_the_dump() {
        let objects = vec![
            object(Sort::Qdisc, 0x20_0000, 0x1_0010, "pfifo"),
            object(Sort::Class, 0x1_0010, 0x1_0001, "htb"),
            object(Sort::Qdisc, 0x1_0000, u32::MAX, "htb"),
            object(Sort::Class, 0x1_0001, u32::MAX, "htb"),
            object(Sort::Qdisc, 0, 0x1_0011, "pfifo"),
        ];
        let snapshot = Snapshot { objects, obstacles: Vec::new() };
        let order: Vec<u32> = snapshot.rebuild().iter().map(|o| o.handle.bits()).collect();
        assert_eq!(order[order.len() - 2..], [0x1_0010, 0x20_0000]);
        assert_eq!(order.len(), 4);
        assert!(snapshot.chosen_root().is_some());
    }

    #[test]
    fn what_cannot_be_rebuilt_is_named_and_the_kernels_own_choice_need_not_be() {
        let named = |sort, handle, kind: &str| {
            let object = object(sort, handle, u32::MAX, kind);
            obstacle(&Seen { object, stats: vec![], old_stats: vec![], more: None })
        };
        assert_eq!(named(Sort::Qdisc, 0, "cake"), None);
        assert_eq!(named(Sort::Qdisc, 0x1_0000, "cake"), Some("qdisc cake 1:".to_owned()));
        assert_eq!(named(Sort::Qdisc, 0x1_0000, "fq_codel"), None);
        assert!(named(Sort::Filter, 1, "bpf").unwrap().contains("filter bpf"));
    }

    #[test]
    fn counters_do_not_make_two_dumps_differ() {
        let with = |count: u32| {
            let mut bytes = Vec::new();
            let words = [0x30011_u32, 10, 0x30, 0, count];
            put(&mut bytes, 2, &words.iter().flat_map(|w| w.to_ne_bytes()).collect::<Vec<_>>());
            let options = Some(bytes);
            without_counters(Object { options, ..object(Sort::Qdisc, 1, u32::MAX, "htb") })
        };
        assert_eq!(with(0), with(77));
    }
}
