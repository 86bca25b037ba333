//! What a store answers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::generator::{Plan, Planted};
use crate::support::{Bench, SMALL, fleet, said, text};

/// The rows that tell of what was planted, and how many others stand above the last of them.
fn false_ones_above(rows: &[Value], planted: &[Planted]) -> usize {
    let tells = |row: &Value, planted: &Planted| {
        text(row, "host") == planted.host
            && text(row, "kind") == planted.kind
            && (text(row, "item").contains(planted.text)
                || text(row, "path").contains(planted.text))
    };
    let at = |planted: &Planted| rows.iter().position(|row| tells(row, planted));
    let places: Vec<usize> =
        planted.iter().map(|one| at(one).unwrap_or_else(|| panic!("not found: {one:?}"))).collect();
    let last = *places.iter().max().unwrap();
    rows[..=last].iter().filter(|row| !planted.iter().any(|one| tells(row, one))).count()
}

fn outliers_are_on_top(plan: &Plan) {
    let bench = Bench::with(plan);
    let planted: Vec<Planted> = plan.planted().into_iter().map(|(planted, _)| planted).collect();
    let (rare, content) = planted.split_at(planted.len() - 2);
    let above = false_ones_above(&bench.json(&["query", "stack"]), rare);
    assert!(above <= 10, "{above} false ones among rare items");
    let above = false_ones_above(&bench.json(&["query", "content"]), content);
    assert!(above <= 10, "{above} false ones among changed content");
    let roles = bench.json(&["query", "roles"]);
    assert_eq!(roles.len(), 5, "{roles:?}");
    assert!(roles.iter().all(|role| role["hosts"] == plan.hosts / 5));
}

#[test]
fn planted_outliers_are_on_top_of_their_role() {
    outliers_are_on_top(&SMALL);
}

#[test]
fn without_labels_the_roles_are_found_and_the_outliers_too() {
    outliers_are_on_top(&Plan { labels: false, ..SMALL });
}

#[test]
fn every_shipped_query_answers_with_the_columns_that_its_header_names() {
    let bench = Bench::with(&Plan { hosts: 110, items: 40, ..SMALL });
    let list = fleet().arg("queries").output().unwrap();
    said(&list, 0);
    let list = String::from_utf8(list.stdout).unwrap();
    let names: Vec<&str> =
        list.lines().filter(|line| !line.starts_with(' ') && !line.is_empty()).collect();
    assert!(names.len() > 10);
    for name in names {
        let query = coroner_fleet::Query::shipped(name).unwrap();
        let mut ask = fleet();
        ask.args(["query", name, "--format", "csv", "--store"]).arg(bench.store());
        if query.parameters.iter().any(|parameter| parameter.usual.is_none()) {
            ask.args(["--set", "value=/usr/bin/ss"]);
        }
        let output = ask.output().unwrap();
        said(&output, 0);
        let answer = String::from_utf8(output.stdout).unwrap();
        let columns: Vec<&str> = query.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(answer.lines().next().unwrap(), columns.join(","), "{name}");
    }
}

#[test]
fn drift_names_what_is_new_gone_and_changed_and_nothing_else() {
    let plan = Plan { hosts: 110, items: 40, ..SMALL };
    let bench = Bench::with(&plan);
    for host in 0..plan.hosts {
        let mut report = plan.report(host, 1);
        let items = report["items"].as_array_mut().unwrap();
        match host {
            0 => items.push(json!({"kind": "account", "key": "eve", "name": "eve", "uid": 0})),
            1 => items.retain(|item| item["key"] != "/etc/ssh/sshd_config PermitRootLogin"),
            2 => items.iter_mut().filter(|item| item["key"] == "/usr/bin/ss").for_each(|item| {
                item["sha256"] = json!("0".repeat(64));
                item["state"] = json!("modified");
            }),
            3 => items.iter_mut().filter(|item| item["kind"] == "file").for_each(|item| {
                item["modified"] = json!("2026-06-02T00:00:00Z");
            }),
            _ => {}
        }
        bench.put(&format!("second-{host}.json"), &serde_json::to_vec(&report).unwrap());
    }
    bench.ingest(0);
    let rows = bench.json(&["drift"]);
    let changes: BTreeSet<(String, String, String)> = rows
        .iter()
        .map(|row| {
            let get = |name| text(row, name).to_owned();
            (get("name"), get("change"), get("subject"))
        })
        .collect();
    let expected = [
        (Plan::name(0), "new", "eve"),
        (Plan::name(1), "gone", "/etc/ssh/sshd_config PermitRootLogin"),
        (Plan::name(2), "changed", "/usr/bin/ss"),
    ];
    let expected =
        expected.map(|(name, change, subject)| (name, change.to_owned(), subject.to_owned()));
    assert_eq!(changes, BTreeSet::from(expected));
    let window = bench.json(&["drift", "--since", "2026-06-02", "--until", "2026-06-03"]);
    assert!(window.iter().any(|row| row["item"] == "eve" && row["hosts"] == 1), "{window:?}");
    assert!(!window.iter().any(|row| row["item"] == "sshd: ann"));
}

#[test]
fn a_plugin_that_did_not_look_is_not_taken_for_a_change() {
    let plan = Plan { hosts: 110, items: 40, ..SMALL };
    let bench = Bench::with(&plan);
    let mut report = plan.report(5, 1);
    report["coverage"] = json!([]);
    report["items"].as_array_mut().unwrap().retain(|item| item["kind"] != "account.key");
    bench.put("partial.json", &serde_json::to_vec(&report).unwrap());
    bench.ingest(0);
    assert!(!bench.json(&["drift"]).iter().any(|row| text(row, "kind") == "account.key"));
}

#[test]
fn a_pivot_finds_every_host_that_has_a_fingerprint_or_an_address() {
    let bench = Bench::with(&SMALL);
    let planted = SMALL.planted();
    let holders: BTreeSet<&str> = planted
        .iter()
        .filter(|(planted, _)| planted.text == "SHA256:evil")
        .map(|(planted, _)| planted.host.as_str())
        .collect();
    let rows = bench.json(&["pivot", "SHA256:evil"]);
    assert_eq!(rows.iter().map(|row| text(row, "host")).collect::<BTreeSet<_>>(), holders);
    let rows = bench.json(&["query", "shared"]);
    assert!(rows.iter().any(|row| text(row, "item").contains("SHA256:evil")), "{rows:?}");
    assert!(bench.json(&["pivot", "SHA256:nobody"]).is_empty());
}

#[test]
fn one_package_version_with_two_contents_is_named_on_the_host_that_differs() {
    let bench = Bench::with(&SMALL);
    let rows = bench.json(&["packages"]);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["path"], "/usr/bin/ss");
    let planted = SMALL.planted();
    let (replaced, _) = planted.iter().find(|(planted, _)| planted.text == "/usr/bin/ss").unwrap();
    assert_eq!(text(&rows[0], "host"), replaced.host);
}

#[test]
fn stale_and_missing_hosts_are_named() {
    let plan = Plan { hosts: 110, items: 40, ..SMALL };
    let bench = Bench::with(&plan);
    let list = bench.path().join("expected");
    std::fs::write(&list, format!("# ours\n{}\n{}\nlost-host\n", Plan::name(0), plan.id(1)))
        .unwrap();
    let expect = fleet().arg("expect").arg(&list).arg("--store").arg(bench.store()).output();
    said(&expect.unwrap(), 0);
    let rows = bench.json(&["stale", "--before", "2026-05-01"]);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((text(&rows[0], "state"), text(&rows[0], "name")), ("missing", "lost-host"));
    assert_eq!(bench.json(&["stale", "--before", "2027-01-01"]).len(), 111);
}

#[test]
fn a_query_of_ones_own_takes_values_and_can_only_read() {
    let bench = Bench::with(&Plan { hosts: 110, items: 40, ..SMALL });
    let own = bench.path().join("own.sql");
    let ask = |sql: &str, set: &str| {
        std::fs::write(&own, sql).unwrap();
        let mut ask = fleet();
        ask.args(["query", "--format", "json", "--set", set, "--query"]).arg(&own);
        ask.arg("--store").arg(bench.store()).output().unwrap()
    };
    let good = "-- Hosts of a name.\n-- parameters:\n--   name text   the name\nSELECT host FROM latest WHERE name = $name;\n";
    let output = ask(good, "name=web-00005");
    said(&output, 0);
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows.len(), 1);
    let injected = ask(good, "name=x' OR '1'='1");
    assert_eq!(serde_json::from_slice::<Vec<Value>>(&injected.stdout).unwrap().len(), 0);
    let stolen = bench.path().join("stolen.csv");
    let copy = format!(
        "-- Copies.\n-- parameters:\n--   name text   x\nCOPY items TO '{}'",
        stolen.display()
    );
    said(&ask(&copy, "name=x"), 64);
    assert!(!stolen.exists());
    said(&ask("-- Wrong.\n-- parameters:\n--   name text   x\nSELEC 1", "name=x"), 64);
}

#[test]
fn too_little_memory_is_said_and_never_half_an_answer() {
    let bench = Bench::with(&SMALL);
    let whole = bench.json(&["query", "stack"]);
    let ask = fleet()
        .args(["query", "stack", "--memory", "1", "--format", "json", "--store"])
        .arg(bench.store())
        .output()
        .unwrap();
    let rows = serde_json::from_slice::<Vec<Value>>(&ask.stdout);
    if ask.status.success() {
        assert_eq!(rows.unwrap(), whole);
    } else {
        said(&ask, 70);
        assert!(rows.is_err());
    }
}

#[cfg(not(feature = "cluster"))]
#[test]
fn without_the_distributed_engine_it_is_said_how_to_get_it() {
    let bench = Bench::with(&Plan { hosts: 110, items: 40, ..SMALL });
    let ask = |args: &[&str]| said(&fleet().args(args).output().unwrap(), 64);
    let store = bench.store();
    let store = store.to_str().unwrap();
    assert!(
        ask(&["hosts", "--store", store, "--cluster", "df://127.0.0.1:1"])
            .contains("--features cluster")
    );
    assert!(ask(&["cluster", "worker"]).contains("--features cluster"));
    assert!(
        ask(&["hosts", "--store", store, "--cluster", "df://scheduler:1"]).contains("ADDRESS:PORT")
    );
}

#[test]
fn compare_needs_no_store_and_says_what_stands_out() {
    let bench = Bench::new();
    bench.write(&Plan { hosts: 110, items: 40, ..SMALL }, 0);
    let output =
        fleet().arg("compare").arg(bench.input()).args(["--format", "text"]).output().unwrap();
    said(&output, 0);
    let page = String::from_utf8(output.stdout).unwrap();
    for words in ["the worst first", "cron/fetch-and-run", "nfnetlink_diag", "/usr/bin/.kauditd"] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    let json = fleet().arg("compare").arg(bench.input()).output().unwrap();
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(json["stack"].as_array().is_some_and(|rows| !rows.is_empty()));
}
