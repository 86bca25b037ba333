//! A plan as the commands of tc(8) that do the same.

use std::fmt::Write;

use coroner_parse::shell_word;

use crate::handle::Handle;
use crate::model::{Body, Class, Discipline, Filter, Header, Key, Plan, Qdisc, Start, Then};
use crate::tree::LONGEST_FRAME;

/// The commands, one a line, that a person can read or paste.
pub fn commands(plan: &Plan) -> Vec<String> {
    let device = shell_word(plan.device.as_bytes());
    let (roots, leaves): (Vec<_>, Vec<_>) = plan
        .qdiscs
        .iter()
        .partition(|qdisc| matches!(qdisc.parent, Handle::ROOT | Handle::INGRESS));
    let roots = roots.into_iter().map(|q| qdisc(&device, q));
    let classes = plan.classes.iter().map(|c| class(&device, c));
    let leaves = leaves.into_iter().map(|q| qdisc(&device, q));
    let filters = plan.filters.iter().map(|f| filter(&device, f));
    roots.chain(classes).chain(leaves).chain(filters).collect()
}

fn qdisc(device: &str, qdisc: &Qdisc) -> String {
    let place = match qdisc.parent {
        Handle::ROOT => format!("root handle {}", qdisc.handle),
        Handle::INGRESS => format!("handle {}", qdisc.handle),
        parent => format!("parent {parent} handle {}", qdisc.handle),
    };
    let options = match &qdisc.discipline {
        Discipline::Htb { default } => format!(" default {:x}", default.minor()),
        Discipline::Sfq { perturb } => format!(" perturb {perturb}"),
        Discipline::Pfifo { limit } => format!(" limit {limit}"),
        Discipline::Tbf { rate, burst, limit } => {
            format!(" rate {rate} burst {burst} limit {limit}")
        }
        Discipline::FqCodel | Discipline::Ingress => String::new(),
    };
    format!("tc qdisc add dev {device} {place} {}{options}", qdisc.discipline.kind())
}

fn class(device: &str, class: &Class) -> String {
    let Class { handle, parent, rate, ceil, burst, quantum, .. } = class;
    format!(
        "tc class add dev {device} parent {parent} classid {handle} htb \
         rate {rate} ceil {ceil} burst {burst} cburst {burst} quantum {quantum}"
    )
}

fn filter(device: &str, filter: &Filter) -> String {
    let Filter { frames, priority, parent, body, .. } = filter;
    let mut line =
        format!("tc filter add dev {device} parent {parent} protocol {frames} prio {priority} ");
    let _ = match body {
        Body::Table { table } => write!(line, "handle {table:x}: u32 divisor 1"),
        Body::Entry { table, keys, mark, then } => {
            let table = table.map(|table| format!(" ht {table:x}:")).unwrap_or_default();
            let mark = mark.map(|m| format!(" match mark {:#x} {:#x}", m.value, m.mask));
            let keys: String = keys.iter().map(key).collect();
            write!(line, "u32{table}{keys}{}{}", mark.unwrap_or_default(), consequence(then))
        }
    };
    line
}

fn key(key: &Key) -> String {
    let base = if key.header == Header::Transport { "nexthdr+" } else { "" };
    format!(" match u32 {:#010x} {:#010x} at {base}{}", key.value, key.mask, key.offset)
}

fn consequence(then: &Then) -> String {
    match then {
        Then::Class(class) => format!(" flowid {class}"),
        Then::Ask { table, start: Start::HeaderLength } => {
            format!(" offset at 0 mask 0f00 shift 6 link {table:x}:")
        }
        Then::Ask { table, start: Start::Fixed } => format!(" offset plus 40 link {table:x}:"),
        Then::Police { rate, burst, index } => format!(
            " flowid :1 police index {index} rate {rate} burst {burst} mtu {LONGEST_FRAME} drop"
        ),
    }
}
