//! How plans and measures are shown.

use std::fmt::Write;

use coroner_throttle::{
    Body, Counts, Discipline, Filter, Hits, Measure, Phase, Plan, Rate, State, Then,
    commands as tc, now,
};
use serde_json::json;

use crate::failure::Failure;

/// A plan for people: tree, filters, notes, and the same with tc.
pub(crate) fn plan(plan: &Plan) -> String {
    let mut text = format!("On {}:\n", plan.device.escape_debug());
    for qdisc in &plan.qdiscs {
        let _ = writeln!(
            text,
            "qdisc {:6} on {:8} {}",
            qdisc.handle.to_string(),
            qdisc.parent.to_string(),
            options(&qdisc.discipline)
        );
    }
    for class in &plan.classes {
        let _ = writeln!(
            text,
            "class {:6} on {:8} {:7} rate {} ceil {} burst {}",
            class.handle.to_string(),
            class.parent.to_string(),
            class.name,
            class.rate,
            class.ceil,
            class.burst
        );
    }
    let entries = plan.filters.iter().filter(|filter| matches!(filter.body, Body::Entry { .. }));
    for filter in entries {
        let _ = writeln!(
            text,
            "filter {:2} {:7} {}",
            filter.priority,
            filter.frames.to_string(),
            entry(filter)
        );
    }
    text.push_str(&notes(plan));
    text.push_str("The same with tc:\n");
    for line in tc(plan) {
        let _ = writeln!(text, "  {line}");
    }
    text
}

fn options(discipline: &Discipline) -> String {
    match discipline {
        Discipline::Htb { default } => format!("htb, what no filter names goes to {default}"),
        Discipline::Sfq { perturb } => format!("sfq, hash changed every {perturb} s"),
        Discipline::Pfifo { limit } => format!("pfifo of {limit} packets"),
        Discipline::Tbf { rate, burst, limit } => {
            format!("tbf rate {rate} burst {burst} limit {limit}")
        }
        Discipline::FqCodel => "fq_codel".to_owned(),
        Discipline::Ingress => "ingress".to_owned(),
    }
}

fn entry(filter: &Filter) -> String {
    let Body::Entry { table, keys, mark, then } = &filter.body else { return String::new() };
    let place = table.map(|table| format!(" table {table:x}")).unwrap_or_default();
    let mark = mark.map(|m| format!(" mark {:#x}/{:#x}", m.value, m.mask)).unwrap_or_default();
    let then = match then {
        Then::Class(class) => format!("to {class}"),
        Then::Ask { table, .. } => format!("ask table {table:x}"),
        Then::Police { rate, .. } => format!("drop above {rate}"),
    };
    let count = keys.len();
    let keys = if count == 1 { "1 key".to_owned() } else { format!("{count} keys") };
    format!("{}:{place} {keys}{mark}, {then}", filter.name)
}

fn notes(plan: &Plan) -> String {
    plan.notes.iter().fold(String::new(), |text, note| text + "note: " + note + "\n")
}

/// The commands of tc, one a line.
pub(crate) fn commands(plan: &Plan) -> String {
    tc(plan).into_iter().map(|line| line + "\n").collect()
}

pub(crate) fn plan_json(plan: &Plan) -> Result<String, Failure> {
    document(&json!({ "schema": "coroner.throttle-plan/1", "plan": plan, "tc": tc(plan) }))
}

fn document(value: &serde_json::Value) -> Result<String, Failure> {
    let text = serde_json::to_string(value).map_err(|error| Failure::Broken(error.to_string()))?;
    Ok(text + "\n")
}

/// A state and what was measured, as JSON.
pub(crate) fn state_json(state: &State, counts: &Counts) -> Result<String, Failure> {
    let left = |at: Option<u64>| at.map(|at| at.saturating_sub(now()));
    document(&json!({
        "schema": "coroner.throttle-status/1",
        "device": state.device,
        "direction": state.direction,
        "phase": state.phase,
        "undone_in_seconds": left(state.until),
        "undone_unless_confirmed_in_seconds": left(state.confirm_by),
        "guard": state.guard,
        "trouble": state.trouble,
        "measures": counts.measures,
        "filters": counts.filters,
    }))
}

/// What apply did.
pub(crate) fn applied(plan: &Plan, state: &State) -> String {
    let mut text = format!("{} is throttled.\n", state.device.escape_debug());
    text.push_str(&notes(plan));
    text.push_str(&timers(state));
    if state.guard.is_none() {
        text.push_str("note: no process watches over this: only revert undoes it\n");
    }
    text.push_str("Look with `coroner throttle status`, undo with `coroner throttle revert`.\n");
    text
}

fn timers(state: &State) -> String {
    let mut text = String::new();
    let left = |at: u64| at.saturating_sub(now());
    if let Some(at) = state.confirm_by {
        let _ =
            writeln!(text, "Undone in {} s unless you call `coroner throttle confirm`.", left(at));
    }
    if let Some(at) = state.until {
        let _ = writeln!(text, "Undone by itself in {} s.", left(at));
    }
    text
}

/// What confirm did.
pub(crate) fn confirmed(state: &State) -> String {
    format!("{}: confirmed.\n{}", state.device.escape_debug(), timers(state))
}

/// What passes, for people.
pub(crate) fn status(state: &State, counts: &Counts) -> String {
    let mut text = format!("{}\n", state.device.escape_debug());
    if state.phase == Phase::Applying {
        text.push_str("note: applying was cut short; revert puts back what was there\n");
    }
    if let Some(trouble) = &state.trouble {
        let _ = writeln!(text, "note: undoing failed: {}", trouble.escape_debug());
    }
    text.push_str(&timers(state));
    let _ = writeln!(
        text,
        "{:22} {:>12} {:>15} {:>12} {:>10} {:>10} {:>8}",
        "", "rate", "bytes", "packets", "dropped", "overlimit", "waiting"
    );
    for m in &counts.measures {
        let rate = m.bits_per_second.map(|bits| Rate::from_bytes(bits / 8).rounded());
        let _ = writeln!(
            text,
            "{:22} {:>12} {:>15} {:>12} {:>10} {:>10} {:>8}",
            label(m),
            rate.unwrap_or_default(),
            m.bytes,
            m.packets,
            m.drops,
            m.overlimits,
            m.waiting
        );
    }
    text.push_str(&filters(&counts.filters));
    text
}

/// What filters saw, in the order in which they are asked.
fn filters(filters: &[Hits]) -> String {
    let mut text = String::new();
    if filters.is_empty() {
        return text;
    }
    let _ = writeln!(text, "{:50} {:>12} {:>12}", "filters", "asked", "matched");
    for filter in filters {
        let frames = filter.frames.map(|frames| frames.to_string()).unwrap_or_default();
        let name = filter.name.as_deref().unwrap_or_default().escape_debug();
        let label = format!("  {} {} {frames} {name}", filter.priority, filter.handle);
        let count = |number: Option<u64>| number.map_or("-".to_owned(), |n| n.to_string());
        let _ =
            writeln!(text, "{label:50} {:>12} {:>12}", count(filter.asked), count(filter.matched));
    }
    if filters.iter().all(|filter| filter.asked.is_none()) {
        text.push_str("note: this kernel does not count for each filter (CONFIG_CLS_U32_PERF)\n");
    }
    if let Some(policer) = filters.iter().find_map(|filter| filter.policer) {
        let _ = writeln!(
            text,
            "policer: {} packets of {} bytes, {} dropped",
            policer.packets, policer.bytes, policer.drops
        );
    }
    text
}

fn label(measure: &Measure) -> String {
    let kind = measure.kind.escape_debug();
    match &measure.name {
        Some(name) => format!("  {} {name}", measure.handle),
        None => format!("{kind} {}", measure.handle),
    }
}
