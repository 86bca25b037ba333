//! What must hold of every plugin and rule at once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests

mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use support::coroner;

fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn plugins() -> Vec<Value> {
    let output = coroner().args(["plugins", "--json"]).output().unwrap();
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    list.as_array().unwrap().clone()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

#[test]
fn every_folder_of_plugins_is_linked_into_the_binary_under_its_name() {
    let folders = std::fs::read_dir(workspace().join("plugins")).unwrap();
    let folders: BTreeSet<String> =
        folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let linked: BTreeSet<String> =
        plugins().iter().map(|plugin| text(plugin, "id").to_owned()).collect();
    assert_eq!(linked, folders);
}

#[test]
fn every_rule_is_named_after_its_plugin_once_and_says_all_that_a_reader_needs() {
    let mut seen = BTreeSet::new();
    for plugin in plugins() {
        for rule in plugin["rules"].as_array().unwrap() {
            let id = text(rule, "id");
            let (owner, name) = id.split_once('/').unwrap();
            assert_eq!(owner, text(&plugin, "id"), "{id}");
            let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.chars().all(kebab), "{id}");
            assert!(seen.insert(id.to_owned()), "{id} twice");
            for field in ["title", "why", "benign"] {
                assert!(text(rule, field).len() > 5, "{id} has no {field}");
            }
            assert!(!rule["next"].as_array().unwrap().is_empty(), "{id} says nothing to do next");
            for technique in rule["attack"].as_array().unwrap() {
                assert!(is_technique(technique.as_str().unwrap()), "{id}: {technique}");
            }
        }
    }
    assert!(seen.len() > 50);
}

/// `T1053` or `T1053.003`.
fn is_technique(id: &str) -> bool {
    let (technique, sub) = id.split_once('.').map_or((id, None), |(t, s)| (t, Some(s)));
    let digits =
        |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    technique.strip_prefix('T').is_some_and(|number| digits(number, 4))
        && sub.is_none_or(|number| digits(number, 3))
}

/// All pairs of the Chinese catalogue of rules.
fn chinese() -> std::collections::BTreeMap<String, String> {
    let file = workspace().join("crates/render/lang/zh.rules.toml");
    let file: toml::Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
    let sections = file.into_iter().map(|(_, section)| section.as_table().unwrap().clone());
    let pair = |(english, zh): (String, toml::Value)| (english, zh.as_str().unwrap().to_owned());
    sections.flatten().map(pair).collect()
}

#[test]
fn every_text_of_every_rule_has_its_chinese_and_none_is_left_over() {
    let mut stale = chinese();
    let have = stale.clone();
    let mut missing = Vec::new();
    for rule in plugins().iter().flat_map(|plugin| plugin["rules"].as_array().unwrap()) {
        let fixed = ["title", "why", "benign"].map(|field| text(rule, field));
        let steps = rule["next"].as_array().unwrap().iter().filter_map(Value::as_str);
        for english in fixed.into_iter().chain(steps) {
            stale.remove(english);
            let said = have.get(english).is_some_and(|zh| !zh.is_ascii());
            if !said {
                missing.push(format!("{}: {english}", text(rule, "id")));
            }
        }
    }
    assert!(missing.is_empty(), "crates/render/lang/zh.rules.toml lacks {missing:#?}");
    assert!(
        stale.is_empty(),
        "crates/render/lang/zh.rules.toml holds what no rule says: {stale:#?}"
    );
}

#[test]
fn the_published_schema_is_the_one_that_reports_are_written_by() {
    let output = coroner().arg("schema").output().unwrap();
    let schema = String::from_utf8(output.stdout).unwrap();
    in_step("docs/report.schema.json", &schema);
}

#[test]
fn the_page_of_rules_lists_every_rule() {
    in_step("docs/rules.md", &rules_page());
}

/// Compares a checked-in file; with `UPDATE=1` in the environment it is written instead.
fn in_step(path: &str, now: &str) {
    let file = workspace().join(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, now).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == now,
        "{path} is behind: run UPDATE=1 cargo test -p coroner-cli --test registry"
    );
}

fn rules_page() -> String {
    let mut page = String::from(
        "# Rules\n\nMade from the rules themselves (`coroner plugins RULE` prints one in full); \
         a test keeps it current.\n",
    );
    for plugin in plugins() {
        let _ = write!(page, "\n## {}\n\n{}.\n\n", text(&plugin, "id"), text(&plugin, "summary"));
        let rules = plugin["rules"].as_array().unwrap();
        if rules.is_empty() {
            page.push_str("Collects only; other plugins judge its items.\n");
            continue;
        }
        page.push_str("| rule | severity, confidence | ATT&CK | what it says | unless |\n");
        page.push_str("| --- | --- | --- | --- | --- |\n");
        for rule in rules {
            let attack: Vec<_> =
                rule["attack"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            let row = [
                format!("`{}`", text(rule, "id")),
                format!("{}, {}", text(rule, "severity"), text(rule, "confidence")),
                attack.join(" "),
                text(rule, "title").to_owned(),
                text(rule, "benign").to_owned(),
            ];
            let _ = writeln!(page, "| {} |", row.map(|cell| cell.replace('|', "\\|")).join(" | "));
        }
    }
    page
}
