//! A fleet in which every host tries to get something done in the browser of whoever reads its page.

use serde_json::{Value, json};

use crate::generator::Plan;

/// What tries to become markup, to end the data, or to mislead the eye.
pub(crate) const HOSTILE: &str = "</script><script>window.pwned=1;alert(1)</script><img src=x onerror=window.pwned=2>\
                                  \"'><svg onload=window.pwned=3><!--<script>]]>&lt;\u{202e}gnp.exe\u{200b}\u{1b}[31m\u{0}\u{2028}";
/// In the evidence of one host alone.
pub(crate) const NEEDLE: &str = "a-needle-among-them";
/// More than the matrix shows at once.
pub(crate) const RULES: usize = 80;

const PLAN: Plan = Plan { hosts: 300, items: 40, seed: 23, labels: true };

pub(crate) fn reports() -> impl Iterator<Item = (usize, Value)> {
    (0..PLAN.hosts).map(|host| (host, report(host)))
}

pub(crate) fn hosts() -> usize {
    PLAN.hosts
}

fn report(host: usize) -> Value {
    let mut report = PLAN.report(host, 0);
    report["host"]["kernel"] = json!(HOSTILE);
    report["host"]["labels"]["role"] = json!(if host < 290 { "web" } else { HOSTILE });
    report["tool"]["version"] = json!(HOSTILE);
    if host.is_multiple_of(3) {
        report["host"]["name"] = json!(format!("{host} {HOSTILE}{}", "long".repeat(2500)));
        report["host"]["os"] = json!({"id": HOSTILE, "version": format!("%bytes:%FF{HOSTILE}")});
    }
    let items = report["items"].as_array_mut().unwrap();
    items.push(item(host));
    if host < 20 {
        report["verdict"]["level"] = json!(if host < 5 { "compromised" } else { "suspicious" });
        report["findings"] = (0..RULES).map(|rule| finding(host, rule)).collect();
    }
    report
}

/// On two hosts each, one of them with findings: rare, and shared.
fn item(host: usize) -> Value {
    let number = host % 150;
    json!({"kind": format!("kind{HOSTILE}"), "key": format!("{number} {HOSTILE}"), "path": format!("/{number}{HOSTILE}"),
        "command": HOSTILE, HOSTILE: [HOSTILE]})
}

fn finding(host: usize, rule: usize) -> Value {
    let needle = if (host, rule) == (4, 0) { NEEDLE } else { "" };
    let severity = ["critical", "high", "medium", "low", "info"][rule % 5];
    let accepted = json!({"reason": HOSTILE, "rule": "x", "expires": null});
    json!({"id": format!("f{rule}{HOSTILE}"), "rule": format!("{rule:02}{HOSTILE}"), "severity": severity,
        "confidence": "certain", "title": format!("{rule} {HOSTILE}"), "why": HOSTILE, "benign": HOSTILE,
        "attack": [HOSTILE], "subject": {"kind": HOSTILE, "key": HOSTILE}, "path": format!("/{HOSTILE}"), "line": 3,
        "evidence": [{"name": HOSTILE, "value": HOSTILE}, {"name": "command", "value": format!("{needle}\nrule: innocent")}],
        "next": [], "accepted": if rule % 7 == 6 { accepted } else { Value::Null }})
}
