//! Writes the reports of a made-up fleet into a folder: `make-fleet DIR HOSTS ITEMS [DAYS [FINDINGS]]`. Each day
//! after the first, two hosts have something new. FINDINGS rules hold on every host, beside what is planted. For
//! benches/fleet.sh, and for the page of a large fleet.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a tool for tests

mod generator;

use std::path::PathBuf;

use generator::Plan;
use serde_json::{Value, json};

/// One of the rules of this version, as it would hold on a host.
fn finding(number: usize, rules: &[&coroner_core::Rule]) -> Value {
    let rule = rules[number % rules.len()];
    json!({"id": format!("ordinary-{number}"), "rule": rule.id, "severity": "low", "confidence": "possible",
        "title": rule.title, "why": rule.why, "benign": rule.benign, "attack": [], "next": [],
        "subject": {"kind": "file", "key": format!("/etc/ordinary-{number}")},
        "path": format!("/etc/ordinary-{number}"), "line": number,
        "evidence": [{"name": "line", "value": "a line of ordinary length, as a configuration file has it"},
            {"name": "owner", "value": "root"}], "accepted": null})
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let number = |at: usize| args.get(at).map_or(1, |text| text.parse::<usize>().unwrap());
    let dir = PathBuf::from(&args[1]);
    let plan = Plan { hosts: number(2), items: number(3), seed: 7, labels: true };
    std::fs::create_dir_all(&dir).unwrap();
    let findings = args.get(5).map_or(0, |text| text.parse::<usize>().unwrap());
    let plugins = coroner_plugins::registry().unwrap();
    let rules: Vec<_> =
        plugins.iter().flat_map(|plugin| plugin.meta().rules.iter().copied()).collect();
    for day in 0..number(4) {
        for host in 0..plan.hosts {
            let day_number = i64::try_from(day).unwrap();
            let mut report = plan.report(host, day_number);
            let ordinary = (0..findings).map(|number| finding(number, &rules));
            report["findings"].as_array_mut().unwrap().extend(ordinary);
            if day > 0 && host < 2 {
                let new = json!({"kind": "account", "key": format!("eve{host}"), "name": "eve", "uid": 0});
                report["items"].as_array_mut().unwrap().push(new);
            }
            let path = dir.join(format!("{}-{day}.json", Plan::name(host)));
            std::fs::write(path, serde_json::to_vec(&report).unwrap()).unwrap();
        }
    }
}
