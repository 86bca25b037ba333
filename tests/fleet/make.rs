//! Writes the reports of a made-up fleet into a folder: `make-fleet DIR HOSTS ITEMS [DAYS]`. Each day
//! after the first, two hosts have something new. For benches/fleet.sh.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a tool for tests

mod generator;

use std::path::PathBuf;

use generator::Plan;
use serde_json::json;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let number = |at: usize| args.get(at).map_or(1, |text| text.parse::<usize>().unwrap());
    let dir = PathBuf::from(&args[1]);
    let plan = Plan { hosts: number(2), items: number(3), seed: 7, labels: true };
    std::fs::create_dir_all(&dir).unwrap();
    for day in 0..number(4) {
        for host in 0..plan.hosts {
            let day_number = i64::try_from(day).unwrap();
            let mut report = plan.report(host, day_number);
            if day > 0 && host < 2 {
                let new = json!({"kind": "account", "key": format!("eve{host}"), "name": "eve", "uid": 0});
                report["items"].as_array_mut().unwrap().push(new);
            }
            let path = dir.join(format!("{}-{day}.json", Plan::name(host)));
            std::fs::write(path, serde_json::to_vec(&report).unwrap()).unwrap();
        }
    }
}
