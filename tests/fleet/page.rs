//! The fleet's page: its data, byte by byte, and in a real browser.
#![cfg_attr(not(feature = "test-browser"), allow(dead_code))]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::generator::Plan;
use crate::hostile::{self, NEEDLE, RULES};
use crate::support::{Bench, SMALL, fleet, said};

/// Makes the page of all reports of the bench.
fn page(bench: &Bench, lang: &str, more: &[&str]) -> PathBuf {
    let path = bench.path().join(format!("{lang}.html"));
    let mut compare = fleet();
    compare.args(["compare", "--format", "html", "--lang", lang, "--store"]).arg(bench.store());
    said(&compare.arg("-o").arg(&path).args(more).output().unwrap(), 0);
    path
}

fn hostile() -> Bench {
    let bench = Bench::new();
    for (host, report) in hostile::reports() {
        bench.put(&format!("{host}.json"), &serde_json::to_vec(&report).unwrap());
    }
    bench.ingest(0);
    bench
}

fn data(page: &str) -> Value {
    let data = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    serde_json::from_str(data).unwrap()
}

/// The rows of a table of the data, as objects; null is as in the row above.
fn table(data: &Value, name: &str) -> Vec<Value> {
    let table = &data["tables"][name];
    let columns = table["columns"].as_array().unwrap();
    let mut out: Vec<Value> = Vec::new();
    for row in table["rows"].as_array().unwrap() {
        let mut object = out.last().cloned().unwrap_or_else(|| json!({}));
        for (name, cell) in columns.iter().zip(row.as_array().unwrap()) {
            if !cell.is_null() {
                object[name.as_str().unwrap()] = cell.clone();
            }
        }
        out.push(object);
    }
    out
}

#[test]
fn the_page_has_every_host_each_finding_with_its_evidence_and_what_stands_out() {
    let bench = Bench::with(&SMALL);
    let text = std::fs::read_to_string(page(&bench, "en", &[])).unwrap();
    let planted = SMALL.planted();
    let holders: BTreeSet<&str> = planted.iter().map(|(one, _)| one.host.as_str()).collect();
    let head = format!("{} of {} hosts", holders.len(), SMALL.hosts);
    assert!(text.contains(&format!("<h1>{head}</h1>")), "{head}");
    let data = data(&text);
    assert_eq!(table(&data, "hosts").len(), SMALL.hosts);
    let cells = table(&data, "cells");
    let found: BTreeSet<&str> = cells.iter().map(|cell| cell["host"].as_str().unwrap()).collect();
    assert_eq!(found, holders);
    assert!(cells.iter().all(|cell| cell["severity"] == "high" && cell["open_findings"] == 1));
    let evidence = table(&data, "evidence");
    assert_eq!(evidence.len(), holders.len());
    assert!(evidence.iter().all(|finding| finding["evidence"] == json!([["command", "curl"]])));
    let stack = table(&data, "stack");
    for (one, _) in planted.iter().take(planted.len() - 2) {
        let tells = |row: &&Value| row["host"] == one.host.as_str() && row["kind"] == one.kind;
        assert!(stack.iter().any(|row| tells(&row)), "{one:?}");
    }
    assert_eq!(table(&data, "packages").len(), 1);
    assert!(table(&data, "content").iter().any(|row| row["path"] == "/usr/bin/ss"));
    assert!(table(&data, "shared").iter().all(|row| row["suspect_host"] != row["host"]));
}

#[test]
fn what_a_limit_leaves_out_is_marked_and_the_matrix_stays_whole() {
    let bench = Bench::with(&Plan { hosts: 110, items: 40, ..SMALL });
    let text = std::fs::read_to_string(page(&bench, "en", &["--limit", "2"])).unwrap();
    let data = data(&text);
    let more = |name: &str| (table(&data, name).len(), data["tables"][name]["more"] == true);
    assert_eq!(more("stack"), (2, true));
    assert_eq!(more("hosts"), (110, false));
    assert!(table(&data, "cells").len() > 2 && !more("cells").1);
}

#[test]
fn a_cell_is_as_bad_as_its_worst_finding_that_no_policy_accepts() {
    let bench = Bench::new();
    let mut report = SMALL.report(1, 0);
    let finding = |severity: &str, accepted: bool| {
        let accepted =
            if accepted { json!({"reason": "ours", "expires": null}) } else { Value::Null };
        let mut finding = SMALL.report(48, 0)["findings"][0].clone();
        finding["severity"] = json!(severity);
        finding["accepted"] = accepted;
        finding
    };
    assert!(finding("low", false)["rule"].is_string(), "host 48 has something planted");
    report["findings"] =
        json!([finding("low", false), finding("critical", true), finding("medium", false)]);
    bench.put("one.json", &serde_json::to_vec(&report).unwrap());
    bench.ingest(0);
    let cells = bench.json(&["query", "cells"]);
    assert_eq!(cells.len(), 1);
    assert_eq!((&cells[0]["severity"], &cells[0]["open_findings"]), (&json!("medium"), &json!(2)));
    assert_eq!(cells[0]["accepted_findings"], 1);
    let evidence = bench.json(&["query", "evidence"]);
    let order: Vec<&Value> = evidence.iter().map(|finding| &finding["severity"]).collect();
    assert_eq!(order, ["medium", "low", "critical"], "accepted ones come last");
}

#[test]
fn no_byte_of_a_hostile_fleet_is_markup_or_misleads() {
    let text = std::fs::read_to_string(page(&hostile(), "zh", &[])).unwrap();
    assert_eq!(text.matches("<script").count(), 2, "the data and our own script");
    assert_eq!(text.matches("</script").count(), 2);
    assert!(!text.contains("<img") && !text.contains("<svg") && !text.contains("<!--"));
    let misleads = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
    };
    assert_eq!(text.chars().find(|&c| misleads(c)), None);
    assert!(text.contains("\\u{202e}"), "what misleads is shown by its number");
    let policy = text.split("Content-Security-Policy\" content=\"").nth(1).unwrap();
    let policy = policy.split('"').next().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    assert!(text.starts_with("<!DOCTYPE html><html lang=\"zh-CN\">") && text.contains("已被入侵"));
}

#[test]
fn only_compare_makes_a_page() {
    let bench = Bench::with(&Plan { hosts: 110, items: 40, ..SMALL });
    let ask = fleet().args(["hosts", "--format", "html", "--store"]).arg(bench.store()).output();
    assert!(said(&ask.unwrap(), 64).contains("compare --format html"));
}

fn check(page: &Path, chinese: &Path) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fleet/check_page.py");
    let output = Command::new("python3")
        .arg("-B")
        .arg(script)
        .arg(page)
        .args([hostile::hosts().to_string(), (RULES + 1).to_string(), NEEDLE.to_owned()])
        .arg(chinese)
        .output()
        .expect("python3 runs: tests/run installs it");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
#[cfg_attr(
    not(feature = "test-browser"),
    ignore = "needs chromium and chromedriver: run tests/run"
)]
fn a_browser_leads_through_a_hostile_fleet_to_the_evidence_and_runs_nothing_of_it() {
    let bench = hostile();
    let (english, chinese) = (page(&bench, "en", &[]), page(&bench, "zh", &[]));
    let (fine, said) = check(&english, &chinese);
    assert!(fine, "{said}");
    let text = std::fs::read_to_string(&english).unwrap();
    std::fs::write(&english, text.replacen("<main", "<img alt=\"\"><main", 1)).unwrap();
    let (fine, said) = check(&english, &chinese);
    assert!(!fine && said.contains("foreign"), "the check sees what got in: {said}");
}
