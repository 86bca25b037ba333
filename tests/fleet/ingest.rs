//! What goes into a store, and what does not.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::generator::Plan;
use crate::support::{Bench, SMALL, fleet, gzip, said, zstd};

const FEW: Plan = Plan { hosts: 110, items: 40, seed: 3, labels: true };

#[test]
fn the_same_report_counts_once_however_it_is_packed_or_judged() {
    let bench = Bench::with(&FEW);
    let mut again = FEW.report(0, 0);
    bench.put("copy.json", &serde_json::to_vec_pretty(&again).unwrap());
    bench.put("copy.json.zst", &zstd(&serde_json::to_vec(&again).unwrap()));
    again["findings"] = json!([]);
    bench.put("judged.json", &serde_json::to_vec(&again).unwrap());
    let said = bench.ingest(0);
    assert!(said.contains("0 reports taken in, 113 known already"), "{said}");
    assert_eq!(bench.hosts(), 110);
    let rows = bench.json(&["query", "hosts"]);
    assert!(rows.iter().all(|row| row["reports"] == 1));
}

#[test]
fn a_hundred_bad_files_are_named_and_stop_nothing() {
    let bench = Bench::new();
    bench.write(&FEW, 0);
    let good = serde_json::to_vec(&FEW.report(0, 1)).unwrap();
    let mut newer = FEW.report(0, 1);
    newer["schema"] = json!("coroner.report/9");
    let newer = serde_json::to_vec(&newer).unwrap();
    let nameless = {
        let mut report = FEW.report(0, 1);
        report["host"]["id"] = json!("");
        serde_json::to_vec(&report).unwrap()
    };
    let packed = gzip(&good);
    for number in 0..100 {
        let content: Vec<u8> = match number % 8 {
            0 => good[..good.len() * number / 100].to_vec(),
            1 => packed[..packed.len() / 2].to_vec(),
            2 => newer.clone(),
            3 => b"{\"schema\": \"somebody.else/1\"}".to_vec(),
            4 => (0..2000).map(|at| u8::try_from(at * number % 251).unwrap()).collect(),
            5 => vec![b'['; 200_000],
            6 => nameless.clone(),
            _ => zstd(&good)[..50].to_vec(),
        };
        bench.put(&format!("bad-{number:03}.json"), &content);
    }
    let said = bench.ingest(1);
    assert!(
        said.contains("110 reports taken in, 0 known already, 100 files not taken in"),
        "{said}"
    );
    for number in 0..100 {
        assert!(said.contains(&format!("bad-{number:03}.json: ")), "{number} is not named");
    }
    assert!(said.contains("use the version of coroner that wrote it"));
    assert_eq!(bench.hosts(), 110);
}

#[test]
fn a_packed_file_that_unpacks_without_end_is_refused() {
    let bench = Bench::new();
    bench.put("good.json", &serde_json::to_vec(&FEW.report(1, 0)).unwrap());
    bench.put("bomb.json.gz", &gzip(&vec![b' '; 3 << 20]));
    let output = fleet()
        .arg("ingest")
        .arg(bench.input())
        .arg("--store")
        .arg(bench.store())
        .args(["--largest", "2"])
        .output();
    let said = said(&output.unwrap(), 1);
    assert!(said.contains("bomb.json.gz: has more than 2 MiB unpacked"), "{said}");
}

#[test]
fn two_hosts_of_one_name_are_kept_apart_and_named() {
    let bench = Bench::with(&FEW);
    let mut twin = FEW.report(1, 0);
    twin["host"]["id"] = json!("another");
    bench.put("twin.json", &serde_json::to_vec(&twin).unwrap());
    bench.ingest(0);
    assert_eq!(bench.hosts(), 111);
    let clones = bench.json(&["query", "clones"]);
    assert_eq!(clones.len(), 1);
    assert_eq!(clones[0]["value"], json!(Plan::name(1)));
    assert_eq!(clones[0]["number"], 2);
}

#[test]
fn a_killed_ingest_leaves_what_was_there_whole_and_the_next_one_ends_it() {
    let bench = Bench::with(&FEW);
    bench.write(&SMALL, 1);
    let mut child = fleet()
        .arg("ingest")
        .arg(bench.input())
        .arg("--store")
        .arg(bench.store())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let patience = Instant::now() + Duration::from_mins(5);
    while !bench.store().join(".new").exists() && child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < patience);
        std::thread::yield_now();
    }
    let _ = child.kill();
    child.wait().unwrap();
    let hosts = bench.hosts();
    assert!(hosts == 110 || hosts == 310, "half a batch: {hosts}");
    bench.ingest(0);
    assert_eq!(bench.hosts(), 310);
    assert_eq!(bench.json(&["query", "stack"]), bench.json(&["query", "stack"]));
}

#[test]
fn files_of_a_batch_without_its_reports_are_not_counted_and_are_removed() {
    let bench = Bench::with(&FEW);
    let before = bench.json(&["query", "stack"]);
    let days = std::fs::read_dir(bench.store().join("items")).unwrap();
    let day = days.map(|day| day.unwrap().path()).next().unwrap();
    let left = day.join("batch-000002.parquet");
    std::fs::copy(day.join("batch-000001.parquet"), &left).unwrap();
    assert_eq!(bench.json(&["query", "stack"]), before);
    bench.ingest(0);
    assert!(!left.exists());
}

#[test]
fn a_clock_that_is_ahead_does_not_hide_later_reports() {
    let bench = Bench::with(&FEW);
    let mut ahead = FEW.report(1, 0);
    ahead["run"]["started"] = json!("9990-01-01T00:00:00Z");
    bench.put("ahead.json", &serde_json::to_vec(&ahead).unwrap());
    bench.ingest(0);
    let rows = bench.json(&["hosts"]);
    assert!(rows.iter().all(|row| row["seen"].as_str().unwrap() < "9000"));
}

#[test]
fn a_folder_of_something_else_is_no_store_and_an_empty_one_has_no_answers() {
    let bench = Bench::new();
    bench.put("x", b"something of mine");
    let into = fleet().arg("ingest").arg(bench.input()).arg("--store").arg(bench.input()).output();
    assert!(said(&into.unwrap(), 64).contains("not a store"));
    let ask = fleet().arg("hosts").arg("--store").arg(bench.store()).output();
    assert!(said(&ask.unwrap(), 64).contains("no reports have been taken in"));
    let absent = fleet().args(["ingest", "/no/such/*.json", "--store"]).arg(bench.store()).output();
    assert!(said(&absent.unwrap(), 64).contains("no such file"));
}

#[test]
fn a_store_of_another_version_is_refused_by_name_and_left_as_it_is() {
    let bench = Bench::with(&SMALL);
    let layout = std::fs::read(bench.store().join(".layout")).unwrap();
    std::fs::write(bench.store().join(".layout"), "1\n").unwrap();
    let ask = fleet().arg("hosts").arg("--store").arg(bench.store()).output();
    assert!(said(&ask.unwrap(), 64).contains("another version of coroner-fleet"));
    let into = fleet().arg("ingest").arg(bench.input()).arg("--store").arg(bench.store()).output();
    assert!(said(&into.unwrap(), 64).contains("another version of coroner-fleet"));
    std::fs::write(bench.store().join(".layout"), layout).unwrap();
    assert_eq!(bench.hosts(), 200);
}

#[test]
fn an_ingest_works_within_bounded_memory() {
    let bench = Bench::new();
    bench.write(&SMALL, 0);
    let output = std::process::Command::new("sh")
        .args([
            "-c",
            "ulimit -v 2000000; export MALLOC_ARENA_MAX=2; exec \"$@\"",
            "sh",
            env!("CARGO_BIN_EXE_coroner-fleet"),
        ])
        .args(["ingest", "--threads", "2"])
        .arg(bench.input())
        .arg("--store")
        .arg(bench.store())
        .output();
    said(&output.unwrap(), 0);
    assert_eq!(bench.hosts(), 200);
}
