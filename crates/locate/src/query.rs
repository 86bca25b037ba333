//! Questions in Prometheus' language.

use std::time::Duration;

use crate::names::{Names, Node};

/// A string of the query language: whatever a label holds stays inside the quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            c if c.is_control() => quoted.extend(format!("\\u{:04x}", u32::from(c)).chars()),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A time as the query language writes it.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{}s", time.as_secs().max(1))
}

/// Rates of a counter of network cards, for each card.
pub(crate) fn of_cards(node: &Node, counter: &str, window: Duration) -> String {
    let Node { label, device, virtual_devices, .. } = node;
    let (window, not) = (seconds(window), quoted(virtual_devices));
    format!("sum by ({label},{device}) (rate({counter}{{{device}!~{not}}}[{window}]))")
}

/// The middle of the same over a history that ends where the window begins.
pub(crate) fn habit(node: &Node, counter: &str, window: Duration, history: Duration) -> String {
    let step = Duration::from_secs((history.as_secs() / 288).max(15));
    let (rates, offset) = (of_cards(node, counter, window), seconds(window));
    let (history, step) = (seconds(history), seconds(step));
    format!("quantile_over_time(0.5, ({rates})[{history}:{step}] offset {offset})")
}

/// What a card can carry, in bytes a second.
pub(crate) fn speeds(node: &Node) -> String {
    let Node { label, device, virtual_devices, speed, .. } = node;
    let not = quoted(virtual_devices);
    format!("max by ({label},{device}) ({speed}{{{device}!~{not}}}) > 0")
}

/// Rates of a counter on every device of one node.
pub(crate) fn of_node(node: &Node, counter: &str, instance: &str, window: Duration) -> String {
    let Node { label, device, .. } = node;
    let (instance, window) = (quoted(instance), seconds(window));
    format!("sum by ({device}) (rate({counter}{{{label}={instance}}}[{window}]))")
}

/// The rate of a counter on one card.
pub(crate) fn of_card(node: &Node, counter: &str, card: (&str, &str), window: Duration) -> String {
    let Node { label, device, .. } = node;
    let (instance, name, window) = (quoted(card.0), quoted(card.1), seconds(window));
    format!("sum (rate({counter}{{{label}={instance},{device}={name}}}[{window}]))")
}

/// The busiest series of a counter, by labels.
pub(crate) fn busiest(
    counter: &str,
    selector: &str,
    labels: &[String],
    window: Duration,
) -> String {
    let (labels, window) = (labels.join(","), seconds(window));
    format!("topk(10, sum by ({labels}) (rate({counter}{{{selector}}}[{window}])) > 0)")
}

/// How often a node's readiness changed.
pub(crate) fn flaps(names: &Names, history: Duration) -> String {
    let cluster = &names.cluster;
    let (condition, selector, label) = (&cluster.condition, &cluster.selector, &cluster.label);
    let history = seconds(history);
    format!("max by ({label}) (changes({condition}{{{selector}}}[{history}]))")
}

/// Nodes that are not ready now.
pub(crate) fn unready(names: &Names) -> String {
    let cluster = &names.cluster;
    let (condition, selector, label) = (&cluster.condition, &cluster.selector, &cluster.label);
    format!("min by ({label}) ({condition}{{{selector}}}) == 0")
}

/// Node exporters that do not answer, though they did within the history.
pub(crate) fn unseen(node: &Node, history: Duration) -> String {
    let Node { label, sent_bytes, .. } = node;
    let history = seconds(history);
    format!(
        "max by ({label}) (up == 0) and on ({label}) \
         count by ({label}) (last_over_time({sent_bytes}[{history}]))"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_leave_its_quotes() {
        assert_eq!(quoted("a\"} or up{x=\"\\\n"), r#""a\"} or up{x=\"\\\u000a""#);
    }

    #[test]
    fn a_time_is_never_nothing() {
        assert_eq!(seconds(Duration::from_millis(3)), "1s");
    }
}
