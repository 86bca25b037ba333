//! What deploy/ holds for audits on a schedule, by the checkers of those who will run it and in a real systemd.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use coroner_core::{Gap, Report};
use coroner_host::sandbox::Enforced;
use support::guest::Guest;
use support::shown;

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy")
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// What the Kubernetes schemas say of a manifest (the checker and the schemas are fetched by tests/run).
fn checked(manifest: &Path) -> Output {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/schemas/bin/python3");
    let named = std::env::var_os("CORONER_SCHEMAS_PYTHON").map(PathBuf::from);
    run(Command::new(named.unwrap_or(made))
        .args(["-m", "kubernetes_validate", "--strict"])
        .arg(manifest))
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs the schemas: tests/run")]
fn the_kubernetes_manifests_fit_the_schemas_and_a_misspelt_right_does_not() {
    for name in ["namespace.yaml", "daemonset.yaml", "cronjob.yaml"] {
        let output = checked(&deploy().join("kubernetes").join(name));
        assert!(output.status.success(), "{name}: {output:?}");
    }
    let good = std::fs::read_to_string(deploy().join("kubernetes/daemonset.yaml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("daemonset.yaml");
    std::fs::write(&bad, good.replace("readOnlyRootFilesystem", "readonlyRootFilesystem")).unwrap();
    assert!(!checked(&bad).status.success());
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs systemd's own tools: tests/run")]
fn systemd_rates_the_service_below_three() {
    let rate = |limit: &str| {
        let mut command = Command::new("systemd-analyze");
        command.args(["security", "--offline=true", "--no-pager", limit]);
        run(command.arg(deploy().join("systemd/coroner.service")))
    };
    let output = rate("--threshold=29");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(!rate("--threshold=10").status.success(), "a limit that is not kept is noticed");
}

fn gaps(report: &Report) -> BTreeSet<String> {
    let line = |gap: &Gap| format!("{} {} {:?} {:?}", gap.plugin, gap.path, gap.reason, gap.detail);
    report.gaps.iter().map(line).collect()
}

/// The sandbox of the unit must hide nothing: the audit in it sees what one by hand sees.
#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs an emulated Debian: tests/run")]
fn in_a_real_systemd_the_service_sees_what_an_audit_by_hand_sees() {
    let script = "
        cp coroner /usr/bin/coroner
        cp systemd/coroner.service systemd/coroner.timer /etc/systemd/system/
        cp systemd/coroner.sysusers /usr/lib/sysusers.d/coroner.conf
        part=accounts,cron,firewall,hidden,libvirt,processes,sockets
        echo CORONER_OPTIONS=--scope quick --budget 500 --only $part >/etc/default/coroner
        systemd-sysusers 2>/dev/null
        systemctl daemon-reload
        systemd-analyze verify /etc/systemd/system/coroner.service /etc/systemd/system/coroner.timer
        systemctl start coroner.timer
        systemctl list-timers --no-legend coroner.timer | grep -c coroner.service
        systemctl start coroner.service || true
        cp /var/lib/coroner/latest.json /var/lib/coroner/coroner.prom $OUT
        stat -c '%U %a' /var/lib/coroner/latest.json
        ./coroner audit --scope quick --budget 500 --only $part --format json -o $OUT/hand.json || true";
    let folder = deploy().join("systemd");
    let outcome = Guest::new().limit(Duration::from_mins(25)).with(&folder).must(script);
    assert_eq!(outcome.stdout, "1\ncoroner 600\n", "{}", outcome.stderr);
    let report = |name| Report::from_json(&outcome.file(name)).unwrap();
    let (service, hand) = (report("latest.json"), report("hand.json"));
    assert!(service.run.privileged, "by its capabilities");
    assert_eq!(service.run.read_only, hand.run.read_only);
    assert_ne!(service.run.read_only, Enforced::None);
    assert_eq!(gaps(&service), gaps(&hand));
    assert_eq!(service.verdict.level, hand.verdict.level);
    let found = |report: &Report| shown(&report.findings.iter().collect::<Vec<_>>());
    assert_eq!(found(&service), found(&hand));
    let kinds = |report: &Report| {
        report.items.iter().map(|item| item.kind.clone()).collect::<BTreeSet<_>>()
    };
    assert_eq!(kinds(&service), kinds(&hand));
    assert!(outcome.text("coroner.prom").contains("coroner_verdict"));
}
