//! The alert rules of deploy/prometheus, by Prometheus' own tester.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

use std::path::{Path, PathBuf};
use std::process::Command;

fn tree(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(tree(path)).unwrap()
}

fn alerts() -> Vec<String> {
    let rules = read("deploy/prometheus/alerts.rules.yml");
    let names = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    names.map(str::to_owned).collect()
}

#[cfg(feature = "real-roots")]
#[test]
fn every_alert_fires_for_its_series_and_for_no_other() {
    let tests = ["tests/prometheus/alerts.test.yml", "tests/prometheus/audits.test.yml"];
    let output = Command::new("promtool")
        .args(["test", "rules"])
        .args(tests.map(tree))
        .output()
        .expect("promtool runs: install prometheus");
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{}", said.concat());
}

#[test]
fn no_alert_is_without_a_series_that_fires_it() {
    let tests =
        read("tests/prometheus/alerts.test.yml") + &read("tests/prometheus/audits.test.yml");
    let alerts = alerts();
    assert!(alerts.len() > 15, "{alerts:?}");
    for alert in alerts {
        assert!(tests.contains(&format!("alertname=\"{alert}\"")), "{alert} never fires");
    }
}

#[test]
fn the_rules_and_locate_call_metrics_and_devices_the_same() {
    let rules = read("deploy/prometheus/names.rules.yml");
    let names = read("crates/locate/src/names.toml");
    let value = |line: &str| {
        line.split_once(" = \"").and_then(|(_, rest)| Some(rest.split_once('"')?.0.to_owned()))
    };
    let metrics = [
        "sent_bytes",
        "sent_packets",
        "received_packets",
        "speed",
        "tcp_",
        "conntrack",
        "condition",
    ];
    // Machines are counted by whichever exporter a site has; the rules show kube-ovn's.
    let usual = names.split("name = \"cadvisor\"").next().unwrap();
    let lines = usual.lines().filter(|line| metrics.iter().any(|metric| line.starts_with(metric)));
    let fields: Vec<String> = lines.filter_map(value).collect();
    assert!(fields.len() >= 10, "{fields:?}");
    for metric in fields {
        assert!(rules.contains(&metric), "{metric} is not in the rules");
    }
    let devices = names.lines().find(|line| line.starts_with("virtual")).and_then(value).unwrap();
    // A dot stands in brackets in the rules, and behind backslashes in the other file.
    assert!(rules.contains(&devices.replace("\\\\.", "[.]")), "{devices}");
}
