//! A host beside one, two or three siblings: what it has alone is a lead, what two of them have is not.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::generator::Plan;
use crate::support::{Bench, SMALL, text};

const PLAN: Plan = Plan { hosts: 110, items: 40, ..SMALL };

/// Web hosts alike, each changed by hand as its place among them says.
fn siblings(number: usize, change: impl Fn(usize, &mut Vec<Value>)) -> Bench {
    let bench = Bench::new();
    for place in 0..number {
        let mut report = PLAN.report(place * 5, 0);
        let items = report["items"].as_array_mut().unwrap();
        items.retain(|item| !matches!(item["kind"].as_str(), Some("module" | "sshd.setting")));
        change(place, items);
        bench.put(&format!("{place}.json"), &serde_json::to_vec(&report).unwrap());
    }
    bench.ingest(0);
    bench
}

fn module(name: &str) -> Value {
    json!({"kind": "module", "key": name, "name": name, "size": 4096})
}

fn root_login(value: &str) -> Value {
    json!({"kind": "sshd.setting", "key": "/etc/ssh/sshd_config PermitRootLogin",
        "file": "/etc/ssh/sshd_config", "name": "PermitRootLogin", "value": value})
}

/// The items of a kind that a query answers, with the host that has them.
fn answer(bench: &Bench, query: &str, kind: &str) -> BTreeSet<(String, String)> {
    let rows = bench.json(&["query", query]);
    let of_kind = rows.iter().filter(|row| text(row, "kind") == kind);
    of_kind.map(|row| (text(row, "item").to_owned(), text(row, "name").to_owned())).collect()
}

#[test]
fn what_one_of_three_or_four_has_is_a_lead_and_what_two_have_is_not() {
    for number in [3, 4] {
        let bench = siblings(number, |place, items| {
            items.push(module("of_all"));
            match place {
                0 => items.extend([module("of_one"), module("of_two")]),
                1 => items.push(module("of_two")),
                _ => {}
            }
        });
        let expected = BTreeSet::from([("of_one".to_owned(), Plan::name(0))]);
        assert_eq!(answer(&bench, "stack", "module"), expected, "{number} hosts");
    }
}

#[test]
fn of_two_hosts_neither_is_the_odd_one() {
    let bench = siblings(2, |place, items| {
        items.push(module(["of_one", "of_the_other"][place]));
        items.push(root_login(["yes", "no"][place]));
    });
    assert_eq!(answer(&bench, "stack", "module"), BTreeSet::new());
    assert_eq!(answer(&bench, "content", "sshd.setting"), BTreeSet::new());
}

#[test]
fn what_one_of_three_or_four_has_otherwise_is_a_lead() {
    for number in [3, 4] {
        let bench = siblings(number, |place, items| {
            items.push(root_login(if place == 1 { "yes" } else { "no" }));
        });
        let rows = answer(&bench, "content", "sshd.setting");
        assert_eq!(rows.len(), 1, "{number} hosts: {rows:?}");
        assert!(rows.iter().all(|(_, name)| *name == Plan::name(5)), "{rows:?}");
    }
}

#[test]
fn where_two_of_four_differ_or_all_three_nobody_is_the_odd_one() {
    let halves = siblings(4, |place, items| {
        items.push(root_login(if place < 2 { "yes" } else { "no" }));
    });
    assert_eq!(answer(&halves, "content", "sshd.setting"), BTreeSet::new());
    let all = siblings(3, |place, items| items.push(root_login(["yes", "no", "without"][place])));
    assert_eq!(answer(&all, "content", "sshd.setting"), BTreeSet::new());
}
