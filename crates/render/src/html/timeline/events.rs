//! Events: the times that items hold, each in the lane of its kind.

use std::collections::HashMap;

use coroner_core::{Finding, Item, Report, Text, Time};
use serde_json::Value;

/// A row of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    Finding,
    File,
    Login,
    Log,
    Process,
    Package,
}

impl Lane {
    pub(super) const ALL: [Self; 6] =
        [Self::Finding, Self::File, Self::Login, Self::Log, Self::Process, Self::Package];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Finding => "Findings",
            Self::File => "Foreign or changed files",
            Self::Login => "Logins",
            Self::Log => "Logs",
            Self::Process => "Processes",
            Self::Package => "Packaged files",
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Finding => "finding",
            Self::File => "file",
            Self::Login => "login",
            Self::Log => "log",
            Self::Process => "process",
            Self::Package => "package",
        }
    }
}

/// Something that happened at a time.
pub(super) struct Event<'a> {
    pub(super) at: Time,
    pub(super) lane: Lane,
    pub(super) what: &'a Text,
    /// The field that holds the time, or the rule.
    pub(super) detail: String,
}

/// All events, by time.
pub(super) fn of(report: &Report) -> Vec<Event<'_>> {
    let mut events: Vec<Event<'_>> = report.items.iter().flat_map(of_item).collect();
    let times = subjects(report);
    let open = report.findings.iter().filter(|finding| finding.accepted.is_none());
    events.extend(open.filter_map(|finding| of_finding(finding, &times)));
    events.sort_by(|a, b| (a.at, a.lane, a.what).cmp(&(b.at, b.lane, b.what)));
    events
}

fn of_item(item: &Item) -> Vec<Event<'_>> {
    let Some((lane, fields)) = lane(item) else { return Vec::new() };
    let mut events: Vec<Event<'_>> = fields
        .iter()
        .filter_map(|field| Some((*field, time(item.fields.get(*field)?)?)))
        .filter(|(_, at)| at.seconds() > 0)
        .map(|(field, at)| Event { at, lane, what: &item.key, detail: field.to_owned() })
        .collect();
    events.dedup_by_key(|event| event.at);
    events
}

fn time(value: &Value) -> Option<Time> {
    Time::parse(value.as_str()?)
}

/// Where an item belongs, and its fields that tell when something happened.
fn lane(item: &Item) -> Option<(Lane, &'static [&'static str])> {
    let kind = item.kind.as_str();
    let family = kind.split('.').next().unwrap_or_default();
    match (kind, family) {
        ("file", _) if is_packaged(item) => Some((Lane::Package, &["changed"])),
        ("file", _) => Some((Lane::File, &["changed"])),
        ("account.event", _) | (_, "login") => {
            Some((Lane::Login, &["first", "last", "from", "to"]))
        }
        ("shell.history", _) => Some((Lane::Log, &["modified"])),
        (_, "log" | "journal") => Some((Lane::Log, &["first", "last", "from", "to", "changed"])),
        ("process", _) => Some((Lane::Process, &["started"])),
        _ => None,
    }
}

fn is_packaged(item: &Item) -> bool {
    let state = item.fields.get("state").and_then(Value::as_str);
    matches!(state, Some("vendor" | "local"))
}

/// The last change of each file, and the last time of each other item, by kind and key.
fn subjects(report: &Report) -> HashMap<(&str, &[u8]), Time> {
    let last = |item| of_item(item).last().map(|event| event.at);
    let items = report.items.iter();
    items
        .filter_map(|item| Some(((item.kind.as_str(), item.key.as_bytes()), last(item)?)))
        .collect()
}

fn of_finding<'a>(finding: &'a Finding, times: &HashMap<(&str, &[u8]), Time>) -> Option<Event<'a>> {
    let subject = (finding.subject.kind.as_str(), finding.subject.key.as_bytes());
    let file = finding.path.as_ref().and_then(|path| times.get(&("file", path.as_bytes())));
    let at = times.get(&subject).or(file)?;
    Some(Event {
        at: *at,
        lane: Lane::Finding,
        what: &finding.subject.key,
        detail: Text::from(finding.rule.as_str()).to_string(),
    })
}
